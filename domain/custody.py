"""Custody: in whose hands a case was, from its first fact to its last. Pure; read off the ledger alone.

At every instant of a case's life exactly one custodian has it, so the stretches, in clock as in working time,
add up to the whole life without a rest. The lead has a case from the sending of its order to its answer;
assisting departments never do.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.order import Role
from domain.values import Instant, Token, Value


class Hands(StrEnum):
    """Who can have a case."""

    HOTLINE = "hotline"
    """Operators and supervisors: in the queue, between two orders, an explanation to confirm."""
    DEPARTMENT = "department"
    """The lead, while its order is open or its head is to call back."""
    MEETING = "meeting"
    COMMISSION = "commission"
    HOLD = "hold"


class Custodian(Value):
    """Whose hands, and which department's."""

    hands: Hands
    department: Token | None = None


class Stretch(Value):
    """One custodian, from one instant to another."""

    custodian: Custodian
    start: Instant
    end: Instant


class Booking(Value):
    """All the time that one custodian had the case."""

    custodian: Custodian
    clock: timedelta
    working: timedelta


HOTLINE = Custodian(hands=Hands.HOTLINE)

_BY_RUNG = {
    Rung.JOINT_MEETING: Custodian(hands=Hands.MEETING),
    Rung.REFERRAL: Custodian(hands=Hands.COMMISSION),
}

_BACK_TO_HOTLINE = frozenset(
    {FactKind.CASE_QUEUED, FactKind.CALLBACK_RECORDED, FactKind.EXPLANATION_CONFIRMED, FactKind.EXPLANATION_REFUSED}
)

_LEAD_DONE = frozenset({FactKind.ORDER_REPLIED, FactKind.ORDER_RETURNED, FactKind.ORDER_WITHDRAWN})


def stretches(facts: Sequence[Fact], until: datetime) -> list[Stretch]:
    """Who had the case when, from its first fact to ``until`` or to its closing, whichever is earlier."""
    if not facts:
        return []
    closed = next((fact.at for fact in facts if fact.kind is FactKind.CASE_CLOSED), None)
    end = min(until, closed) if closed else until
    found: list[Stretch] = []
    holder, since = HOTLINE, facts[0].at
    for at, custodian in _changes(facts):
        if custodian != holder and since < min(at, end):
            found.append(Stretch(custodian=holder, start=since, end=min(at, end)))
        if custodian != holder:
            holder, since = custodian, max(since, at)
    if since < end:
        found.append(Stretch(custodian=holder, start=since, end=end))
    return found


def _changes(facts: Iterable[Fact]) -> Iterable[tuple[datetime, Custodian]]:
    lead_orders: set[str] = set()
    holder, before_hold = HOTLINE, None
    for fact in facts:
        if fact.kind is FactKind.ORDER_SENT and fact.payload.get("role") == Role.LEAD:
            lead_orders.add(fact.order_id or "")
        if fact.kind is FactKind.HOLD_STARTED:
            before_hold = holder
            yield fact.at, Custodian(hands=Hands.HOLD)
            continue
        if fact.kind is FactKind.HOLD_ENDED and before_hold is not None:
            holder, before_hold = before_hold, None
            yield fact.due_at or fact.at, holder  # it ended when it was due, however late that was seen
            continue
        holder = _after(fact, holder, lead_orders)
        if before_hold is None:
            yield fact.at, holder
        else:
            before_hold = holder


def _after(fact: Fact, holder: Custodian, lead_orders: set[str]) -> Custodian:
    """Who has the case after this fact."""
    department = fact.payload.get("department")
    match fact.kind:
        case FactKind.ORDER_SENT if fact.order_id in lead_orders:
            return Custodian(hands=Hands.DEPARTMENT, department=str(department))
        case FactKind.CALLBACK_DUE if department:
            return Custodian(hands=Hands.DEPARTMENT, department=str(department))
        case FactKind.RUNG_ENTERED:
            return _BY_RUNG.get(fact.rung, HOTLINE)
        case kind if kind in _BACK_TO_HOTLINE or (kind in _LEAD_DONE and fact.order_id in lead_orders):
            return HOTLINE
        case _:
            return holder


def bookings(facts: Sequence[Fact], calendar: WorkCalendar, until: datetime) -> list[Booking]:
    """The time of each custodian, in the order in which they first had the case. Adds up exactly to its life."""
    totals: dict[Custodian, Booking] = {}
    for stretch in stretches(facts, until):
        known = totals.get(stretch.custodian) or Booking(
            custodian=stretch.custodian, clock=timedelta(0), working=timedelta(0)
        )
        totals[stretch.custodian] = Booking(
            custodian=stretch.custodian,
            clock=known.clock + (stretch.end - stretch.start),
            working=known.working + calendar.working_time(stretch.start, stretch.end),
        )
    return list(totals.values())
