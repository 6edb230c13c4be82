"""What counts in an assessment: against a slow count that looks only at facts, and the same in whatever batches."""

from collections import Counter
from collections.abc import Iterator

import records
from hypothesis import given
from hypothesis import strategies as st
from lives import Drawn, lives
from records import at, order, record

from domain.demand import Channel
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.marks import Figure, Mark, marks
from domain.order import Order, Role

Counted = tuple[Figure, str | None, bool]


def counted(found: list[Mark]) -> Counter[Counted]:
    return Counter((mark.figure, mark.department, mark.good) for mark in found)


def slowly(life: Drawn) -> Iterator[Counted]:
    """The same, told from the facts alone and the other way round: figure by figure."""
    facts = life.facts
    sent = {f.order_id: f for f in facts if f.kind is FactKind.ORDER_SENT and f.payload["role"] == "lead"}

    def office(order_id: str | None) -> str:
        return str(sent[order_id].payload["department"])

    def of(order_id: str | None) -> set[FactKind]:
        return {f.kind for f in facts if f.order_id == order_id}

    yield Figure.ACCEPTED, None, True
    if life.case.channel is Channel.GRID:
        yield Figure.GRID, None, True
    for department in {office(order_id) for order_id in sent}:
        yield Figure.LED, department, True
    for order_id, fact in sent.items():
        kinds = of(order_id)
        answers = {FactKind.ORDER_ACKNOWLEDGED, FactKind.ORDER_RETURNED, FactKind.ORDER_REPLIED}
        if fact.rung is Rung.DISPATCH and kinds & (answers | {FactKind.ORDER_SILENT}):
            yield Figure.RESPONSE, office(order_id), bool(kinds & answers)
        if kinds & {FactKind.ORDER_REPLIED, FactKind.ORDER_SILENT}:
            yield Figure.TIMELY, office(order_id), FactKind.ORDER_REPLIED in kinds
    yield from _of_stations(facts, sent)


def _of_stations(facts: list[Fact], sent: dict[str | None, Fact]) -> Iterator[Counted]:
    closed = next((f for f in facts if f.kind is FactKind.CASE_CLOSED), None)
    for number, fact in enumerate(facts):
        before = [f for f in facts[:number] if f.order_id in sent and f.kind is FactKind.ORDER_SENT]
        here = [str(f.payload["department"]) for f in before if f.rung is fact.rung]
        leads_on = number + 1 < len(facts) and facts[number + 1].kind is FactKind.RUNG_ENTERED
        if fact.kind is FactKind.RUNG_LEFT:
            office, outcome = (here[-1] if here else None), fact.payload["outcome"]
            solved = outcome == "satisfied" and closed is not None and closed.payload["closing"] == "resolved"
            if outcome in ("satisfied", "unsatisfied"):
                yield Figure.SATISFACTION, office, outcome == "satisfied"
                yield Figure.SOLUTION, office, solved
            if fact.rung is Rung.SUPERVISED and (leads_on or outcome == "satisfied"):
                yield Figure.SUPERVISED, office, solved
            if fact.rung is Rung.DISPATCH and (leads_on or outcome == "satisfied"):
                yield Figure.FIRST_GO, office, solved and len(sent) == 1
        if fact.kind is FactKind.RUNG_ENTERED and fact.rung is Rung.REFERRAL and facts[number - 1].rung != fact.rung:
            yield Figure.REFERRED, str(before[-1].payload["department"]) if before else None, True


@given(lives())
def test_marks_are_what_a_slow_count_of_the_facts_finds(life: Drawn) -> None:
    assert counted(marks(life.case, life.orders, life.facts)) == Counter(slowly(life))


@given(lives(), st.data())
def test_a_case_read_event_by_event_counts_the_same(life: Drawn, data: st.DataObject) -> None:
    """What one event caused is written together; of its orders a case shows only those it had by then."""
    found: list[Mark] = []
    batch: list[Fact] = []
    for fact, following in zip(life.facts, [*life.facts[1:], None], strict=True):
        batch.append(fact)
        if following is None or (following.at != fact.at and data.draw(st.booleans())):
            known = [order for order in life.orders if order.sent_at <= fact.at]
            known = [_as_of(order.order_id, life, fact.seq) for order in known]
            found += marks(life.case, known, batch)
            batch = []
    assert found == marks(life.case, life.orders, life.facts)


def _as_of(order_id: str, life: Drawn, seq: int) -> Order:
    order = next(order for order in life.orders if order.order_id == order_id)
    acknowledged = [f for f in life.facts if f.order_id == order_id and f.kind is FactKind.ORDER_ACKNOWLEDGED]
    return order if acknowledged and acknowledged[0].seq <= seq else order.model_copy(update={"acknowledged_at": None})


@given(lives())
def test_nothing_counts_twice(life: Drawn) -> None:
    found = marks(life.case, life.orders, life.facts)
    assert len({(mark.seq, mark.figure) for mark in found}) == len(found), "the key of the table"
    tally = Counter(mark.figure for mark in found)
    lead_orders = sum(order.role is Role.LEAD for order in life.orders)
    assert max(tally[Figure.FIRST_GO], tally[Figure.SUPERVISED], tally[Figure.ACCEPTED], tally[Figure.GRID]) <= 1
    assert max(tally[Figure.RESPONSE], tally[Figure.TIMELY]) <= lead_orders


def test_the_second_department_that_is_asked_solves_nothing_at_the_first_go() -> None:
    """By hand: returned by one, solved by the other; the citizen is satisfied."""
    first, second = (
        order("a", number, department=department, sent_at=at(sent_at))
        for number, department, sent_at in ((1, "dep-a", 1), (2, "dep-b", 2))
    )
    facts = [
        records.fact(1, kind=FactKind.ORDER_SENT, order_id="a.1"),
        records.fact(2, kind=FactKind.ORDER_RETURNED, order_id="a.1"),
        records.fact(3, kind=FactKind.ORDER_SENT, order_id="a.2", at=at(2)),
        records.fact(4, kind=FactKind.ORDER_REPLIED, order_id="a.2"),
        records.fact(5, kind=FactKind.RUNG_LEFT, payload={"station": "callback", "outcome": "satisfied"}),
        records.fact(6, kind=FactKind.CASE_CLOSED, at=at(5), payload={"closing": "resolved"}),
    ]
    case = record("a", facts).case
    assert [(mark.figure, mark.department, mark.good) for mark in marks(case, [first, second], facts)] == [
        (Figure.LED, "dep-a", True),
        (Figure.RESPONSE, "dep-a", True),
        (Figure.LED, "dep-b", True),
        (Figure.RESPONSE, "dep-b", True),
        (Figure.TIMELY, "dep-b", True),
        (Figure.SATISFACTION, "dep-b", True),
        (Figure.SOLUTION, "dep-b", True),
        (Figure.FIRST_GO, "dep-b", False),
    ]
