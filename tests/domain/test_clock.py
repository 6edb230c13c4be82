"""Time limits: units, deadlines, pauses and extensions, and a year of a city's own verdicts.

That deadlines of held limits are right for any calendar is shown in ``test_calendar.py``.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calendar import Shift, WorkCalendar
from domain.clock import Basis, Deadline, Span, TimeLimit, Unit
from domain.errors import Invalid

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
NOTHING = timedelta(0)
SHANGHAI = timezone(timedelta(hours=8))

OFFICE = WorkCalendar(
    name="office",
    zone="Asia/Shanghai",
    shifts=(Shift(start=time(8, 30), end=time(12)), Shift(start=time(14, 30), end=time(17, 30))),
    working_day=timedelta(hours=6, minutes=30),
    horizon=date(2026, 12, 31),
    source="made for the tests",
)
"""Mondays to Fridays, 08:30–12:00 and 14:30–17:30."""

DEMO = WorkCalendar(
    name="demo",
    zone="Asia/Shanghai",
    shifts=(Shift(start=time(), end=time()),),
    working_day=timedelta(seconds=1),
    weekend=(),
    source="made for the tests",
)
"""Every second is worked, and a second is a working day."""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def limit(basis: Basis, hours: float) -> TimeLimit:
    return TimeLimit(basis=basis, budget=hours * HOUR)


MONDAY = local("2026-03-02 10:00")

# -- spans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", Unit)
def test_every_unit_has_a_basis_and_a_worth(unit: Unit) -> None:
    assert unit.basis.value == unit.value.split("_")[0]
    assert Span(value=2, unit=unit).amount(OFFICE) == 2 * Span(value=1, unit=unit).amount(OFFICE) > NOTHING


@pytest.mark.parametrize(
    ("value", "unit", "office", "demo"),
    [
        (30, Unit.CLOCK_MINUTES, 0.5 * HOUR, 0.5 * HOUR),
        (2, Unit.CLOCK_DAYS, 48 * HOUR, 48 * HOUR),
        (90, Unit.WORKING_MINUTES, 1.5 * HOUR, 1.5 * HOUR),
        (5, Unit.WORKING_DAYS, 32.5 * HOUR, timedelta(seconds=5)),
    ],
)
def test_what_a_span_is_worth(value: int, unit: Unit, office: timedelta, demo: timedelta) -> None:
    span = Span(value=value, unit=unit)
    assert span.amount(OFFICE) == office
    assert span.amount(DEMO) == demo


def test_a_span_ends_by_its_own_way_of_counting() -> None:
    friday = local("2026-03-06 17:00")
    assert Span(value=1, unit=Unit.CLOCK_HOURS).after(friday, OFFICE) == local("2026-03-06 18:00")
    assert Span(value=1, unit=Unit.WORKING_HOURS).after(friday, OFFICE) == local("2026-03-09 09:00")
    assert Span(value=5, unit=Unit.WORKING_DAYS).after(friday, DEMO) == friday + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("value", "unit"),
    [(0, "working_days"), (-1, "working_days"), (3661, "clock_days"), (10**18, "clock_seconds"), (1, "weeks")],
)
def test_a_span_that_cannot_be_meant_is_refused(value: int, unit: str) -> None:
    with pytest.raises(ValidationError):
        Span.model_validate({"value": value, "unit": unit})


@pytest.mark.parametrize(("days", "halved"), [(1, 6.5), (2, 6.5), (3, 9.75), (5, 16.25), (15, 48.75)])
def test_half_of_a_limit_is_no_less_than_a_working_day(days: int, halved: float) -> None:
    one = Span(value=1, unit=Unit.WORKING_DAYS)
    assert Span(value=days, unit=Unit.WORKING_DAYS).halved(OFFICE, one) == halved * HOUR


def test_clock_and_working_time_are_not_compared() -> None:
    with pytest.raises(Invalid) as refusal:
        Span(value=30, unit=Unit.CLOCK_MINUTES).halved(OFFICE, Span(value=1, unit=Unit.WORKING_DAYS))
    assert refusal.value.code == "spans-differ-in-basis"


# -- limits --------------------------------------------------------------------------------------------


def test_a_limit_that_rests_has_no_deadline() -> None:
    fresh = limit(Basis.WORKING, 6.5)
    assert fresh.deadline(OFFICE) is None
    assert fresh.remaining(MONDAY, OFFICE) == 6.5 * HOUR
    assert not fresh.expired(MONDAY + timedelta(days=1000), OFFICE)


def test_a_working_limit_from_start_to_overrun() -> None:
    running = limit(Basis.WORKING, 6.5).started(MONDAY)
    deadline = running.deadline(OFFICE)
    assert deadline is not None
    assert deadline == Deadline(at=local("2026-03-03 10:00"), provisional=False)
    assert running.elapsed(local("2026-03-02 15:30"), OFFICE) == 3 * HOUR
    assert running.remaining(local("2026-03-02 15:30"), OFFICE) == 3.5 * HOUR
    assert not running.expired(deadline.at - MICROSECOND, OFFICE)
    assert running.expired(deadline.at, OFFICE)
    assert running.overrun(deadline.at, OFFICE) == NOTHING
    assert running.overrun(local("2026-03-03 11:00"), OFFICE) == HOUR
    assert running.remaining(local("2026-03-03 11:00"), OFFICE) == NOTHING


def test_a_clock_limit_runs_through_the_night_and_is_never_provisional() -> None:
    running = limit(Basis.CLOCK, 24).started(local("2026-12-31 22:30"))
    assert running.deadline(OFFICE) == Deadline(at=local("2027-01-01 22:30"), provisional=False)
    working = limit(Basis.WORKING, 6.5).started(local("2026-12-31 22:30"))
    assert working.deadline(OFFICE) == Deadline(at=local("2027-01-01 17:30"), provisional=True)


def test_starting_and_pausing_twice_changes_nothing() -> None:
    running = limit(Basis.CLOCK, 24).started(MONDAY)
    assert running.started(MONDAY + HOUR) == running
    resting = running.paused(MONDAY + HOUR, OFFICE)
    assert resting.paused(MONDAY + 5 * HOUR, OFFICE) == resting
    assert resting.elapsed(MONDAY + 5 * HOUR, OFFICE) == HOUR


def test_a_pause_costs_nothing_and_gives_nothing_back() -> None:
    resting = limit(Basis.WORKING, 6.5).started(MONDAY).paused(local("2026-03-02 16:30"), OFFICE)
    assert resting.used == 4 * HOUR
    again = resting.started(local("2026-03-09 20:00"))
    assert again.deadline(OFFICE) == Deadline(at=local("2026-03-10 11:00"), provisional=False)


def test_a_limit_that_was_used_up_ends_where_it_goes_on() -> None:
    resting = limit(Basis.CLOCK, 2).started(MONDAY).paused(MONDAY + 3 * HOUR, OFFICE)
    assert resting.expired(MONDAY + 3 * HOUR, OFFICE)
    again = resting.started(MONDAY + 9 * HOUR)
    assert again.deadline(OFFICE) == Deadline(at=MONDAY + 9 * HOUR, provisional=False)
    assert again.overrun(MONDAY + 10 * HOUR, OFFICE) == 2 * HOUR


def test_an_extension_adds_to_the_budget_even_after_it_was_used_up() -> None:
    running = limit(Basis.CLOCK, 2).started(MONDAY)
    assert running.expired(MONDAY + 3 * HOUR, OFFICE)
    longer = running.extended(2 * HOUR)
    assert not longer.expired(MONDAY + 3 * HOUR, OFFICE)
    assert longer.deadline(OFFICE) == Deadline(at=MONDAY + 4 * HOUR, provisional=False)


def test_a_revised_list_moves_the_deadline_but_not_what_was_settled() -> None:
    revised = OFFICE.model_copy(update={"revision": 1, "days_off": (date(2026, 3, 2), date(2026, 3, 4))})
    resting = limit(Basis.WORKING, 13).started(MONDAY).paused(local("2026-03-02 11:00"), OFFICE)
    running = resting.started(local("2026-03-03 08:30"))
    assert running.deadline(OFFICE) == Deadline(at=local("2026-03-04 16:30"), provisional=False)
    assert running.deadline(revised) == Deadline(at=local("2026-03-05 16:30"), provisional=False)


def test_now_before_the_start_adds_nothing() -> None:
    for basis in Basis:
        assert limit(basis, 2).started(MONDAY).elapsed(MONDAY - HOUR, OFFICE) == NOTHING


@given(
    basis=st.sampled_from(Basis),
    budget=st.timedeltas(NOTHING, timedelta(days=90)),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    since=st.timedeltas(NOTHING, timedelta(days=200)),
)
def test_the_parts_of_a_limit_agree(basis: Basis, budget: timedelta, start: datetime, since: timedelta) -> None:
    running = TimeLimit(basis=basis, budget=budget).started(start)
    now = start + since
    deadline = running.deadline(OFFICE)
    assert deadline is not None
    assert running.expired(now, OFFICE) == (now >= deadline.at)
    assert running.expired(deadline.at, OFFICE)
    assert running.remaining(now, OFFICE) - running.overrun(now, OFFICE) == budget - running.elapsed(now, OFFICE)
    assert running.paused(now, OFFICE).elapsed(now, OFFICE) == running.elapsed(now, OFFICE)
    assert running.paused(now, OFFICE).started(now).expired(now, OFFICE) == running.expired(now, OFFICE)
    assert TimeLimit.model_validate_json(running.model_dump_json()) == running


def test_instants_are_kept_in_utc() -> None:
    running = limit(Basis.CLOCK, 1).started(MONDAY)
    built = TimeLimit(basis=Basis.CLOCK, budget=HOUR, running_since=MONDAY)
    for at in (running.running_since, built.running_since, Deadline(at=MONDAY, provisional=False).at):
        assert at is not None
        assert at.tzinfo is UTC
    assert running.model_dump_json() == (
        '{"basis":"clock","budget":"PT1H","used":"PT0S","running_since":"2026-03-02T02:00:00Z"}'
    )


NAIVE = datetime(2026, 3, 2, 10)  # noqa: DTZ001
FAR = timedelta(days=4_000_000)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("instant-without-zone", lambda: limit(Basis.CLOCK, 1).started(NAIVE)),
        ("instant-without-zone", lambda: limit(Basis.CLOCK, 1).started(MONDAY).paused(NAIVE, OFFICE)),
        ("instant-without-zone", lambda: limit(Basis.WORKING, 1).started(MONDAY).expired(NAIVE, OFFICE)),
        ("instant-without-zone", lambda: Span(value=1, unit=Unit.CLOCK_DAYS).after(NAIVE, OFFICE)),
        ("extension-not-positive", lambda: limit(Basis.CLOCK, 1).extended(NOTHING)),
        ("extension-not-positive", lambda: limit(Basis.CLOCK, 1).extended(-HOUR)),
        ("instant-out-of-range", lambda: limit(Basis.CLOCK, 1).extended(FAR).started(MONDAY).deadline(OFFICE)),
        ("instant-out-of-range", lambda: limit(Basis.WORKING, 1).extended(FAR).started(MONDAY).deadline(OFFICE)),
    ],
)
def test_input_that_cannot_be_meant_is_refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(Invalid) as refusal:
        call()
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "fields", [{"budget": -HOUR}, {"budget": HOUR, "used": -HOUR}, {"budget": HOUR, "running_since": NAIVE}]
)
def test_a_limit_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TimeLimit.model_validate({"basis": "clock", **fields})


# -- a city's own verdicts -----------------------------------------------------------------------------
#
# A year of Boston 311 requests, with the city's target and its verdict. What the data says of itself:
# - ONTIME is "closed before the target"; OVERDUE is "closed after it" or "not closed". No request was
#   closed in the very second of its target, so whether that instant is late is not decided here.
# - The times are Boston's, read as if they were UTC and then moved to Boston's zone: opening hours appear
#   as 03:30 in winter and 04:30 in summer. Moved back to UTC they read as Boston's wall clock (08:30).
# - "Pick up Dead Animal" is due one working day (08:30 to 17:00, the city's holidays off) after it was
#   opened; the two housing matters 120 days of the clock.

BOSTON = Path(__file__).parents[2].parent / "shared" / "data" / "boston_sla_2015.csv"
CITY_HOLIDAYS = [(1, 1), (1, 19), (2, 16), (4, 20), (5, 25), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25)]
CITY = WorkCalendar(
    name="boston",
    zone="UTC",
    shifts=(Shift(start=time(8, 30), end=time(17)),),
    working_day=timedelta(hours=8, minutes=30),
    days_off=(*(date(2015, month, day) for month, day in CITY_HOLIDAYS), date(2016, 1, 1)),
    source="the city's holidays of 2015 and the next New Year; hours read off the data",
)


@dataclass(frozen=True)
class Request:
    """One row; instants are Boston's wall clock, written as UTC."""

    matter: str
    opened: datetime
    target: datetime
    closed: datetime | None
    overdue: bool


def wall_clock(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    if not BOSTON.exists():
        pytest.skip(f"needs the Boston data in {BOSTON}, which is no part of the project")
    with BOSTON.open(newline="", encoding="utf-8") as file:
        return [
            Request(
                matter=row["type"],
                opened=wall_clock(row["open_dt"]),
                target=wall_clock(row["sla_target_dt"]),
                closed=wall_clock(row["closed_dt"]) if row["closed_dt"] else None,
                overdue=row["on_time"] == "OVERDUE",
            )
            for row in csv.DictReader(file)
            if row["sla_target_dt"]
        ]


def test_overdue_means_what_the_city_says(requests: list[Request]) -> None:
    exported = max(request.closed for request in requests if request.closed)
    for request in requests:
        ran = TimeLimit(basis=Basis.CLOCK, budget=request.target - request.opened).started(request.opened)
        settled = ran.paused(request.closed, CITY) if request.closed else ran
        assert ran.deadline(CITY) == Deadline(at=request.target, provisional=False)
        assert settled.expired(exported, CITY) == request.overdue, request
        assert ran.expired(request.closed or exported, CITY) == request.overdue, request
    assert len(requests) == 3053
    assert sum(request.overdue for request in requests) == 614


def test_no_request_was_closed_in_the_second_of_its_target(requests: list[Request]) -> None:
    assert not [request for request in requests if request.closed == request.target]


def test_the_citys_targets_are_a_working_day_away(requests: list[Request]) -> None:
    """By our count of working time, 2,236 of 2,247 targets are within a minute of one working day."""
    animals = [request for request in requests if request.matter == "Pick up Dead Animal"]
    minute = timedelta(minutes=1)
    near = [r for r in animals if abs(CITY.working_time(r.opened, r.target) - CITY.working_day) <= minute]
    assert (len(near), len(animals)) == (2236, 2247)
