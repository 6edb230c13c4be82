"""Marks: what in the life of a case counts in an assessment, for or against whom. Pure; read off facts.

A mark names the ledger entry that decided it, so every figure can be followed to the entries behind it, and a
period that is over is never counted otherwise by what happens later. ``docs/assessment.md`` says of each figure
what is counted.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from domain.case import Case, Closing
from domain.demand import Channel
from domain.ladder import TRANSITIONS, Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import Order, Role
from domain.values import Instant, Token, Value


class Figure(StrEnum):
    """What an assessment says. The rates come first, then what is merely counted."""

    RESPONSE = "response"
    """Orders that were acknowledged, answered or returned before the limit for it passed (P3)."""
    TIMELY = "timely"
    """Orders that were answered before their limit passed (P4 to P6, P14)."""
    SOLUTION = "solution"
    """Callbacks at which the citizen says that it is really solved (P19)."""
    SATISFACTION = "satisfaction"
    """Callbacks at which the citizen is satisfied, be it with an explanation (P19)."""
    FIRST_GO = "first_go"
    """Cases that the first department solved, without a rung above dispatch."""
    SUPERVISED = "supervised"
    """Supervised orders after which the case was solved (P13)."""
    ACCEPTED = "accepted"
    """Cases that were opened."""
    LED = "led"
    """Cases that a department was first asked to lead."""
    GRID = "grid"
    """Cases that a grid worker entered."""
    REFERRED = "referred"
    """Times that a case came to the referral rung (P17)."""


RATES = (
    Figure.RESPONSE,
    Figure.TIMELY,
    Figure.SOLUTION,
    Figure.SATISFACTION,
    Figure.FIRST_GO,
    Figure.SUPERVISED,
)
COUNTS = tuple(figure for figure in Figure if figure not in RATES)


_CLIMBING = {
    rung: frozenset(outcome for outcome, step in outcomes.items() if isinstance(step, Rung))
    for rung, outcomes in TRANSITIONS.items()
}
"""With which outcomes a rung is left upwards."""


class Mark(Value):
    """One thing that counts: in which figure, by which entry of the ledger, of which department, for or against it."""

    seq: int
    figure: Figure
    department: Token | None
    """None where no department had been asked."""
    at: Instant
    good: bool
    """Whether it is in the numerator; every mark is in the denominator."""


def marks(case: Case, orders: Sequence[Order], facts: Sequence[Fact]) -> list[Mark]:
    """What these facts of a case add. ``orders`` are all of its orders so far, in the order of their sending.

    The same whether a case is read fact by fact or as a whole: of the orders only what never changes is looked at,
    and of the other facts only the leaving that is recorded together with a closing.
    """
    found: list[Mark] = []
    left: Fact | None = None
    by_id = {order.order_id: order for order in orders}
    for fact in facts:
        order = by_id.get(fact.order_id or "")
        if order is not None and order.role is Role.LEAD:
            found += _of_order(fact, order, orders)
        elif fact.kind is FactKind.RUNG_LEFT:
            left = fact
            found += _of_leaving(fact, orders)
        elif fact.kind is FactKind.CASE_CLOSED and left is not None:
            found += _of_closing(fact, left, orders)
        elif fact.kind is FactKind.CASE_OPENED:
            found += _of_opening(fact, case)
        elif fact.kind is FactKind.RUNG_ENTERED and _is_referral(fact):
            found.append(_mark(fact, Figure.REFERRED, _lead_before(fact, orders, any_rung=True), good=True))
    return found


def _mark(fact: Fact, figure: Figure, department: str | None, *, good: bool) -> Mark:
    return Mark(seq=fact.seq, figure=figure, department=department, at=fact.at, good=good)


def _of_opening(fact: Fact, case: Case) -> Iterable[Mark]:
    yield _mark(fact, Figure.ACCEPTED, None, good=True)
    if case.channel is Channel.GRID:
        yield _mark(fact, Figure.GRID, None, good=True)


def _of_order(fact: Fact, order: Order, orders: Sequence[Order]) -> Iterable[Mark]:
    asked = order.acknowledge_by is not None
    match fact.kind:
        case FactKind.ORDER_SENT if _is_first_of_department(order, orders):
            yield _mark(fact, Figure.LED, order.department, good=True)
        case FactKind.ORDER_ACKNOWLEDGED if asked:
            yield _mark(fact, Figure.RESPONSE, order.department, good=True)
        case FactKind.ORDER_RETURNED if asked and order.acknowledged_at is None:
            yield _mark(fact, Figure.RESPONSE, order.department, good=True)
        case FactKind.ORDER_REPLIED:
            if asked and order.acknowledged_at is None:
                yield _mark(fact, Figure.RESPONSE, order.department, good=True)
            yield _mark(fact, Figure.TIMELY, order.department, good=True)
        case FactKind.ORDER_SILENT:
            if asked and order.acknowledged_at is None:
                yield _mark(fact, Figure.RESPONSE, order.department, good=False)
            yield _mark(fact, Figure.TIMELY, order.department, good=False)
        case _:
            return


def _is_first_of_department(order: Order, orders: Sequence[Order]) -> bool:
    led = (one for one in orders if one.role is Role.LEAD and one.department == order.department)
    return next(led).order_id == order.order_id


def _of_leaving(fact: Fact, orders: Sequence[Order]) -> Iterable[Mark]:
    outcome, department = fact.payload.get("outcome"), _lead_before(fact, orders)
    if outcome in (Outcome.SATISFIED, Outcome.UNSATISFIED):
        yield _mark(fact, Figure.SATISFACTION, department, good=outcome == Outcome.SATISFIED)
    if outcome == Outcome.UNSATISFIED:
        yield _mark(fact, Figure.SOLUTION, department, good=False)
    if outcome in _CLIMBING[fact.rung]:
        yield from _of_rung(fact, department, good=False)


def _of_rung(fact: Fact, department: str | None, *, good: bool) -> Iterable[Mark]:
    if fact.rung is Rung.DISPATCH:
        yield _mark(fact, Figure.FIRST_GO, department, good=good)
    if fact.rung is Rung.SUPERVISED:
        yield _mark(fact, Figure.SUPERVISED, department, good=good)


def _of_closing(fact: Fact, left: Fact, orders: Sequence[Order]) -> Iterable[Mark]:
    if left.payload.get("outcome") != Outcome.SATISFIED:
        return
    department, solved = _lead_before(fact, orders), fact.payload.get("closing") == Closing.RESOLVED
    yield _mark(fact, Figure.SOLUTION, department, good=solved)
    asked_once = fact.rung is not Rung.DISPATCH or sum(order.role is Role.LEAD for order in orders) == 1
    yield from _of_rung(fact, department, good=solved and asked_once)


def _lead_before(fact: Fact, orders: Sequence[Order], *, any_rung: bool = False) -> str | None:
    """Who led on this rung before: what follows at the same instant is the next rung's."""
    led = [order for order in orders if order.role is Role.LEAD and order.sent_at < fact.at]
    return next((order.department for order in reversed(led) if any_rung or order.rung is fact.rung), None)


def _is_referral(fact: Fact) -> bool:
    return fact.rung is Rung.REFERRAL and fact.payload.get("came_from") != Rung.REFERRAL
