"""The audit of lives made by hand: what is late and why, what was overtaken, what is due, and what makes no sense."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support import rules

from domain.audit import WRONG, CaseAudit, Cause, Down, Flaw, Gap, audited
from domain.audit_tally import tally
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.policy import Rules
from domain.reckoning import Firing, Shift

START = datetime(2026, 7, 7, 2, 0, tzinfo=UTC)
"""A Tuesday, 10 o'clock in Haikou."""

RULES = rules("haikou")
CALENDAR = RULES.calendar
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HANDLE = RULES.policy.handle.request.span.after(START, CALENDAR)
"""Five working days."""
ACKNOWLEDGE = RULES.policy.acknowledge.normal.span.after(START, CALENDAR)
YELLOW = RULES.policy.handle.request.span.model_copy(update={"value": 4}).after(START, CALENDAR)
SECOND = timedelta(seconds=1)


def fact(
    kind: FactKind, at: datetime, *, due: datetime | None = None, rung: Rung = Rung.DISPATCH, **payload: Any
) -> Fact:
    order_id = payload.pop("order_id", None)
    caused = {"due_at": due, "fired_at": at} if due else {}
    return Fact(seq=1, kind=kind, at=at, actor="engine", rung=rung, order_id=order_id, payload=payload, **caused)


def begun(*, lead: bool = True) -> list[Fact]:
    """Opened, and sent to a department or put in the queue."""
    codes: dict[str, Any] = {"channel": "phone", "nature": "request", "urgency": "normal"}
    named: dict[str, Any] = {"policy": "haikou@1", "calendar": f"{CALENDAR.name}@0"}
    facts = [
        fact(FactKind.CASE_OPENED, START, **codes, **named, matter=None, district=None, street=None),
        fact(FactKind.RUNG_ENTERED, START, reason="opened"),
    ]
    if not lead:
        return [*facts, fact(FactKind.CASE_QUEUED, START)]
    window = RULES.policy.returns.window.span.after(START, CALENDAR)
    sent: dict[str, Any] = {"role": "lead", "department": "hk-market", "return_by": window.isoformat()}
    return [*facts, fact(FactKind.ORDER_SENT, START, order_id="c.1", **sent)]


def acknowledged() -> list[Fact]:
    return [*begun(), fact(FactKind.ORDER_ACKNOWLEDGED, START + HOUR, order_id="c.1")]


def climbed(due: datetime, fired: datetime, awaited: str = "reply") -> list[Fact]:
    outcome = "overdue" if awaited == "reply" else "not_acknowledged"
    return [
        fact(FactKind.ORDER_SILENT, fired, due=due, order_id="c.1", awaited=awaited),
        fact(FactKind.ORDER_SUPERSEDED, fired, order_id="c.1"),
        fact(FactKind.RUNG_LEFT, fired, outcome=outcome),
        fact(FactKind.RUNG_ENTERED, fired, due=due, rung=Rung.SUPERVISED, reason=outcome),
    ]


def warned(at: datetime = YELLOW) -> Fact:
    return fact(FactKind.WARNING_YELLOW, at, due=YELLOW, order_id="c.1")


def audit(facts: list[Fact], *gaps: Gap, as_of: datetime | None = None, other: Rules = RULES) -> CaseAudit:
    def pinned(policy: str, calendar: str) -> Rules:
        assert policy
        return RULES if calendar.endswith("@0") else other

    return audited("c", facts, pinned, gaps, as_of or facts[-1].at)


def wrong(found: CaseAudit) -> list[tuple[Flaw, Firing | None]]:
    return [(one.flaw, one.firing) for one in found.findings if one.flaw in WRONG]


def causes(found: CaseAudit) -> dict[Firing, Cause]:
    return {one.firing: one.cause for one in found.fired}


def test_on_time() -> None:
    found = audit([*acknowledged(), warned(), *climbed(HANDLE, HANDLE + SECOND / 2)])
    assert wrong(found) == []
    assert set(causes(found).values()) == {Cause.ON_TIME}
    assert found.deemed == 1  # the return window passed


def test_what_is_due_has_a_grace_and_is_missing_after_it() -> None:
    facts = begun()
    assert wrong(audit(facts, as_of=ACKNOWLEDGE + 59 * SECOND)) == []
    found = audit(facts, as_of=ACKNOWLEDGE + 61 * SECOND)
    assert sorted(wrong(found)) == [(Flaw.MISSING, Firing.CLIMB), (Flaw.MISSING, Firing.SILENCE)]


def test_after_an_outage_the_grace_begins_at_its_end() -> None:
    gap = Gap(what=Down.ENGINE, since=ACKNOWLEDGE - HOUR, until=ACKNOWLEDGE + HOUR)
    assert wrong(audit(begun(), gap, as_of=ACKNOWLEDGE + HOUR + 30 * SECOND)) == []
    found = audit(begun(), gap, as_of=ACKNOWLEDGE + HOUR + 90 * SECOND)
    assert {(one.flaw, one.cause) for one in found.findings} == {(Flaw.MISSING, Cause.ENGINE)}


def test_what_came_while_nobody_could_fire_has_overtaken_it_and_else_it_is_missing() -> None:
    """Withdrawn an hour after the acknowledgement was due, and nothing had happened."""
    late = ACKNOWLEDGE + HOUR
    facts = [
        *begun(),
        fact(FactKind.CASE_WITHDRAWN, late),
        fact(FactKind.ORDER_WITHDRAWN, late, order_id="c.1"),
        fact(FactKind.RUNG_LEFT, late, outcome="withdrawn"),
        fact(FactKind.CASE_CLOSED, late),
    ]
    assert sorted(wrong(audit(facts))) == [(Flaw.MISSING, Firing.CLIMB), (Flaw.MISSING, Firing.SILENCE)]
    found = audit(facts, Gap(what=Down.WORKER, since=ACKNOWLEDGE - HOUR, until=late - SECOND))
    assert wrong(found) == []
    assert {one.flaw for one in found.findings} == {Flaw.OVERTAKEN}
    half = Gap(what=Down.WORKER, since=ACKNOWLEDGE - HOUR, until=ACKNOWLEDGE + HOUR / 2)
    assert len(wrong(audit(facts, half))) == 2


@pytest.mark.parametrize("kind", [FactKind.ORDER_REPLIED, FactKind.ORDER_ACKNOWLEDGED])
def test_a_word_counts_from_when_it_was_received(kind: FactKind) -> None:
    """The engine was away, the gateway was not."""
    word: dict[str, Any] = {"order_id": "c.1", "result": "resolved", "received_at": (ACKNOWLEDGE - HOUR).isoformat()}
    assert wrong(audit([*begun(), fact(kind, ACKNOWLEDGE + HOUR, **word)])) == []
    late: dict[str, Any] = {**word, "received_at": (ACKNOWLEDGE + HOUR).isoformat()}
    assert len(wrong(audit([*begun(), fact(kind, ACKNOWLEDGE + HOUR, **late)]))) == 2


def test_a_return_after_its_window_is_found() -> None:
    window = RULES.policy.returns.window.span.after(START, CALENDAR)

    def returned(at: datetime) -> CaseAudit:
        return audit([*acknowledged(), fact(FactKind.ORDER_RETURNED, at, order_id="c.1")])

    assert wrong(returned(window)) == []
    assert wrong(returned(window + SECOND)) == [(Flaw.LATE_RETURN, None)]


def test_a_hold_moves_what_is_due_and_its_own_end_is_due() -> None:
    until = START + 9 * DAY
    held = [*acknowledged(), fact(FactKind.HOLD_STARTED, START + DAY, until=until.isoformat())]
    assert wrong(audit(held, as_of=HANDLE + HOUR)) == []
    assert wrong(audit(held, as_of=until + HOUR)) == [(Flaw.MISSING, Firing.HOLD_END)]
    due = CALENDAR.after(until, 4 * CALENDAR.working_day)
    yellow = CALENDAR.after(until, 3 * CALENDAR.working_day)
    ended = [
        *held,
        fact(FactKind.HOLD_ENDED, until, due=until),
        fact(FactKind.WARNING_YELLOW, yellow, due=yellow, order_id="c.1"),
        *climbed(due, due),
    ]
    found = audit(ended)
    assert wrong(found) == []
    assert [one.shifts for one in found.fired if one.firing is Firing.CLIMB] == [(Shift.HOLD,)]
    forgotten = [one for one in ended if one.kind is not FactKind.HOLD_ENDED]
    assert wrong(audit(forgotten)) == [(Flaw.MISSING, Firing.HOLD_END)]


def test_a_limit_that_passed_in_a_hold_whose_end_was_seen_late() -> None:
    started = HANDLE - HOUR
    until, seen = started + DAY, started + DAY + 3 * HOUR
    facts = [
        *acknowledged(),
        warned(),
        fact(FactKind.HOLD_STARTED, started, until=until.isoformat()),
        fact(FactKind.HOLD_ENDED, seen, due=until),
        *climbed(until + HOUR, seen),
    ]
    assert CALENDAR.working_time(until, until + HOUR) == HOUR
    found = audit(facts, Gap(what=Down.ENGINE, since=until - HOUR, until=seen))
    assert wrong(found) == []
    assert causes(found)[Firing.HOLD_END] is Cause.ENGINE
    assert causes(found)[Firing.CLIMB] is Cause.HOLD


def test_a_calendar_that_was_revised_after_the_fact() -> None:
    """A holiday less: the limit had passed when the revision came, and fires at once."""
    extra = CALENDAR.model_copy(update={"revision": 1, "days_worked": (*CALENDAR.days_worked,)})
    later = CALENDAR.model_copy(update={"days_off": tuple(sorted((*CALENDAR.days_off, HANDLE.date())))})
    first = RULES.model_copy(update={"calendar": later})
    due = later.after(START, 5 * CALENDAR.working_day)
    yellow = later.after(START, 4 * CALENDAR.working_day)
    assert due > HANDLE
    moved = due - HOUR
    facts = [
        *acknowledged(),
        fact(FactKind.WARNING_YELLOW, yellow, due=yellow, order_id="c.1"),
        fact(FactKind.LIMITS_MOVED, moved, policy="haikou@1", calendar="china@1"),
        *climbed(HANDLE, moved),
    ]

    def pinned(policy: str, calendar: str) -> Rules:
        assert policy
        return RULES.model_copy(update={"calendar": extra}) if calendar.endswith("@1") else first

    found = audited("c", facts, pinned, (), moved)
    assert [one for one in wrong(found) if one != (Flaw.MISDATED, None)] == []
    assert causes(found)[Firing.CLIMB] is Cause.CALENDAR


def test_in_the_queue_the_wait_is_overdue_once() -> None:
    due = START + timedelta(minutes=30)
    overdue = fact(FactKind.WAIT_OVERDUE, due + SECOND, due=due, awaited="assignment", party="operator")
    assert wrong(audit(begun(lead=False), as_of=due + HOUR)) == [(Flaw.MISSING, Firing.WAIT)]
    assert wrong(audit([*begun(lead=False), overdue], as_of=due + 400 * DAY)) == []
    assert wrong(audit([*begun(lead=False), overdue, overdue])) == [(Flaw.DOUBLED, Firing.WAIT)]


def test_what_fires_without_or_before_its_time_or_with_another_is_found() -> None:
    early = HANDLE - HOUR
    assert (Flaw.EARLY, Firing.YELLOW) in wrong(audit([*acknowledged(), warned(YELLOW - SECOND)]))
    assert (Flaw.MISDATED, Firing.SILENCE) in wrong(audit([*acknowledged(), warned(), *climbed(early, early)]))
    red = fact(FactKind.WARNING_RED, HANDLE, due=HANDLE, order_id="c.1")
    assert wrong(audit([*acknowledged(), red], as_of=START + 2 * HOUR)) == []  # it lies beyond that moment
    assert (Flaw.UNFOUNDED, Firing.RED) in wrong(audit([*acknowledged(), warned(), red]))


def test_a_case_that_nothing_moves_is_adrift() -> None:
    opened = begun()[:2]
    assert wrong(audit(opened, as_of=START + SECOND)) == []
    assert wrong(audit(opened, as_of=START + HOUR)) == [(Flaw.ADRIFT, None)]


@pytest.mark.parametrize("number", [0, 1])
def test_facts_that_make_no_sense_are_unreadable_and_stop_nothing(number: int) -> None:
    broken = begun()
    broken[number] = fact(FactKind.RUNG_LEFT, START, outcome="nonsense")
    assert wrong(audit(broken)) == [(Flaw.UNREADABLE, None)]


def test_a_tally_counts_all_and_lists_the_first() -> None:
    lost = [audit(begun(), as_of=ACKNOWLEDGE + DAY) for _ in range(300)]
    found = tally(lost).summary(START, whole=True)
    assert (found.cases, found.missing, found.wrong, found.doubled) == (300, 600, 600, 0)
    assert len(found.findings) == 200
    late = tally([audit([*acknowledged(), warned(), *climbed(HANDLE, HANDLE + n * SECOND)]) for n in range(100)])
    climbs = {one.firing: one for one in late.summary(START, whole=True).lateness}[Firing.CLIMB]
    assert (climbs.number, climbs.median, climbs.p99, climbs.worst) == (100, 49.5, 99.0, 99.0)
