"""Custody: whatever happens to a case, the stretches of its custodians lie end to end and add up to its life."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support import rules

from domain.custody import Custodian, Hands, bookings, stretches
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.order import Role

CALENDAR = rules("haikou").calendar
OPENED = datetime(2026, 2, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD = Custodian(hands=Hands.DEPARTMENT, department="hk-urban-mgmt")
HOTLINE = Custodian(hands=Hands.HOTLINE)
HOLD = Custodian(hands=Hands.HOLD)


def life(*told: tuple[FactKind, timedelta], rung: Rung = Rung.DISPATCH) -> list[Fact]:
    """Facts of one order to the lead, each so long after the one before."""
    facts: list[Fact] = []
    at = OPENED
    for seq, (kind, after) in enumerate(told, start=1):
        at += after
        facts.append(
            Fact(
                seq=seq,
                kind=kind,
                at=at,
                actor="engine",
                rung=rung,
                order_id="c-1.1" if kind.startswith("order.") else None,
                payload={"department": "hk-urban-mgmt", "role": Role.LEAD.value},
            )
        )
    return facts


@given(
    kinds=st.lists(st.sampled_from([kind for kind in FactKind if kind is not FactKind.CASE_CLOSED]), max_size=20),
    waits=st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), min_size=22, max_size=22),
    rung=st.sampled_from(Rung),
    closes=st.booleans(),
)
def test_it_adds_up_exactly_to_the_cases_life(
    kinds: list[FactKind], waits: list[timedelta], rung: Rung, closes: bool
) -> None:
    told = [FactKind.CASE_OPENED, *kinds, *([FactKind.CASE_CLOSED] if closes else [])]
    facts = life(*zip(told, waits, strict=False), rung=rung)
    until = facts[-1].at + timedelta(days=3)
    end = facts[-1].at if closes else until
    found = stretches(facts, until)
    assert [stretch.start for stretch in found[1:]] == [stretch.end for stretch in found[:-1]]
    assert all(stretch.start < stretch.end for stretch in found)
    booked = bookings(facts, CALENDAR, until)
    assert sum((one.clock for one in booked), timedelta(0)) == end - facts[0].at
    assert sum((one.working for one in booked), timedelta(0)) == CALENDAR.working_time(facts[0].at, end)


def test_a_hold_stands_between_two_stretches_of_the_department_that_has_the_case() -> None:
    facts = life(
        (FactKind.CASE_OPENED, HOUR),
        (FactKind.ORDER_SENT, HOUR),
        (FactKind.HOLD_STARTED, HOUR),
        (FactKind.HOLD_ENDED, HOUR),
    )
    found = [(stretch.custodian, stretch.end - stretch.start) for stretch in stretches(facts, facts[-1].at + 2 * HOUR)]
    assert found == [(HOTLINE, HOUR), (LEAD, HOUR), (HOLD, HOUR), (LEAD, 2 * HOUR)]


def test_who_answers_during_a_hold_does_not_have_the_case_after_it() -> None:
    facts = life(
        (FactKind.CASE_OPENED, HOUR),
        (FactKind.ORDER_SENT, HOUR),
        (FactKind.HOLD_STARTED, HOUR),
        (FactKind.ORDER_REPLIED, HOUR),
        (FactKind.HOLD_ENDED, HOUR),
    )
    found = [(stretch.custodian, stretch.end - stretch.start) for stretch in stretches(facts, facts[-1].at + HOUR)]
    assert found == [(HOTLINE, HOUR), (LEAD, HOUR), (HOLD, 2 * HOUR), (HOTLINE, HOUR)]
