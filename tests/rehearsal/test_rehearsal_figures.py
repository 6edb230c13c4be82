"""Figures: computed from facts, checked by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.case import Closing
from domain.commands import CallbackResult
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from policies.files import read, rules_of
from rehearsal.course import Course, course_of
from rehearsal.result import DeskLoad, Month, Spread, figures_of, odd_day, pairs_of, spread

OFFICE = rules_of(read("haikou"), date(2026, 11, 23)).calendar
OPENED = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Haikou
DAY = timedelta(days=1)


class Trail:
    """Facts, one after the other."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.rung = Rung.DISPATCH

    def add(self, kind: FactKind, days: float, order_id: str | None = None, **payload: str | bool | None) -> "Trail":
        fact = Fact(
            seq=len(self.facts) + 1,
            kind=kind,
            at=OPENED + days * DAY,
            actor="engine",
            rung=self.rung,
            order_id=order_id,
            payload=dict(payload),
        )
        self.facts.append(fact)
        return self

    def enter(self, rung: Rung, days: float, reason: str) -> "Trail":
        self.rung = rung
        return self.add(FactKind.RUNG_ENTERED, days, reason=reason)

    def order(self, days: float, department: str, due: float, *, provisional: bool | None = None) -> "Trail":
        number = sum(fact.kind is FactKind.ORDER_SENT for fact in self.facts) + 1
        due_at = (OPENED + due * DAY).isoformat()
        told = {"department": department, "role": "lead", "due": due_at, "provisional": provisional}
        return self.add(FactKind.ORDER_SENT, days, f"c.{number}", **told)

    def call(self, days: float, department: str, result: str) -> "Trail":
        self.add(FactKind.CALLBACK_DUE, days - 0.1, department=department, until=str(OPENED + (days + 1) * DAY))
        return self.add(FactKind.CALLBACK_RECORDED, days, result=result)

    def close(self, days: float, closing: str) -> "Trail":
        return self.add(FactKind.CASE_CLOSED, days, closing=closing)


def plain(days: float = 2) -> Course:
    trail = Trail().add(FactKind.CASE_OPENED, 0).enter(Rung.DISPATCH, 0, "opened").order(0, "hk-gas", 7)
    trail.add(FactKind.ORDER_REPLIED, days - 0.5, "c.1", result="resolved").call(days, "hk-gas", "satisfied")
    return course_of(trail.close(days, "resolved").facts)


def climbing() -> Course:
    trail = Trail().add(FactKind.CASE_OPENED, 0).enter(Rung.DISPATCH, 0, "opened").order(0, "hk-gas", 5.5)
    trail.add(FactKind.ORDER_RETURNED, 0.2, "c.1").order(0.2, "hk-bus", 1, provisional=True)
    trail.add(FactKind.ORDER_SILENT, 7, "c.2", awaited="reply")
    trail.enter(Rung.SUPERVISED, 7, "overdue").order(7, "hk-bus", 8).add(FactKind.ORDER_SILENT, 8, "c.3")
    trail.enter(Rung.JOINT_MEETING, 8, "overdue").add(FactKind.MEETING_CONVENED, 9)
    trail.enter(Rung.REFERRAL, 31, "no_conclusion").add(FactKind.REFERRAL_ARMED, 31)
    trail.add(FactKind.REFERRAL_DECIDED, 32, accepted=True).add(FactKind.REFERRAL_DECIDED, 33, accepted=True)
    trail.add(FactKind.RUNG_LEFT, 34, station="referral", outcome="violation_found")
    trail.enter(Rung.RECTIFICATION, 34, "violation_found").call(40, "hk-bus", "unreached").call(
        41, "hk-bus", "satisfied"
    )
    return course_of(trail.close(41, "resolved").facts)


def test_a_course_is_what_the_facts_say() -> None:
    course = climbing()
    assert (course.highest, course.closing, course.ended_at) == (
        Rung.RECTIFICATION,
        Closing.RESOLVED,
        OPENED + 41 * DAY,
    )
    first = course.first_on(Rung.SUPERVISED)
    assert first is not None
    assert (first.department, first.reason) == ("hk-bus", "overdue")
    assert [call.result for call in course.calls] == [CallbackResult.UNREACHED, CallbackResult.SATISFIED]
    assert course.referrals == [OPENED + 34 * DAY]
    assert course.returns == 1


def test_a_declined_referral_is_none() -> None:
    trail = Trail().add(FactKind.CASE_OPENED, 0).enter(Rung.REFERRAL, 1, "overdue").add(FactKind.REFERRAL_ARMED, 1)
    trail.add(FactKind.REFERRAL_DECIDED, 2, accepted=True).add(FactKind.REFERRAL_DECIDED, 2.5, accepted=False)
    trail.add(FactKind.RUNG_LEFT, 3, station="referral", outcome="declined")
    course = course_of(trail.facts)
    assert course.referrals == []
    assert course.ended_at is None


def test_the_figures_of_two_cases() -> None:
    figures = figures_of([plain(), climbing()], OFFICE)
    assert (figures.cases, figures.ended, figures.first_go, figures.returns) == (2, 2, 1, 1)
    by_rung = {found.rung: found for found in figures.rungs}
    supervised = by_rung[Rung.SUPERVISED]
    assert (supervised.cases, supervised.share) == (1, 0.5)
    assert supervised.calendar_days == Spread(median=7, p90=7)
    assert supervised.working_days == Spread(median=5, p90=5)
    assert supervised.reasons == {"overdue": 1}
    assert [(tally.department, tally.cases) for tally in supervised.departments] == [("hk-bus", 1)]
    assert by_rung[Rung.DISPATCH].cases == 2
    assert figures.months == (
        Month(month="2026-11", opened=2, supervised=0, meetings=0, referrals=0),
        Month(month="2026-12", opened=0, supervised=1, meetings=1, referrals=0),
        Month(month="2027-01", opened=0, supervised=0, meetings=0, referrals=1),
    )
    assert figures.outcomes == {Closing.RESOLVED: 2}
    assert (figures.orders, figures.silent) == (4, 2)
    assert [(d.department, d.orders, d.silent) for d in figures.departments] == [("hk-bus", 2, 2), ("hk-gas", 2, 0)]
    deadlines = figures.order_deadlines
    assert (deadlines.total, deadlines.weekend, deadlines.outside_hours, deadlines.provisional) == (4, 1, 0, 1)


def test_too_many_calls_for_one_head() -> None:
    callbacks = figures_of([plain() for _ in range(31)], OFFICE).callbacks
    assert (callbacks.limit, callbacks.calls, callbacks.busiest, callbacks.days_over) == (30, 31, 31, 1)
    load = DeskLoad(department="hk-gas", calls=31, busiest_day=date(2026, 12, 2), busiest=31, days=1, days_over=1)
    assert callbacks.departments == (load,)
    assert figures_of([plain() for _ in range(30)], OFFICE).callbacks.days_over == 0


@pytest.mark.parametrize(
    ("local", "kind"),
    [
        ("2026-11-30T08:30", ""),
        ("2026-11-30T12:00", ""),
        ("2026-11-30T17:30", ""),
        ("2026-11-30T12:01", "outside_hours"),
        ("2026-11-30T08:29", "outside_hours"),
        ("2026-11-30T23:00", "outside_hours"),
        ("2026-11-28T10:00", "weekend"),
        ("2026-10-01T10:00", "holiday"),
        ("2026-10-03T10:00", "weekend"),
        ("2026-10-10T10:00", ""),  # a make-up Saturday
    ],
)
def test_odd_days(local: str, kind: str) -> None:
    assert odd_day(datetime.fromisoformat(f"{local}:00+08:00"), OFFICE) == kind


def test_spreads_are_lengths_that_occur() -> None:
    assert spread([]) is None
    assert spread([3]) == Spread(median=3, p90=3)
    assert spread(range(1, 11)) == Spread(median=5, p90=9)


def test_pairs_are_of_the_same_case() -> None:
    pairs = pairs_of({1: plain(), 2: plain(), 3: climbing()}, {1: plain(), 2: climbing()})
    assert [(pair.a, pair.b, pair.cases) for pair in pairs] == [
        (Rung.DISPATCH, Rung.DISPATCH, 1),
        (Rung.DISPATCH, Rung.RECTIFICATION, 1),
    ]


def test_of_nothing_there_are_no_figures() -> None:
    figures = figures_of([], OFFICE)
    assert (figures.cases, figures.months, figures.days_to_end) == (0, (), None)
