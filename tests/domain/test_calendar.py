"""Working time against an oracle that counts minute by minute, and the calendar's own refusals.

The oracle shares nothing with the implementation: it walks through every minute of its window, asks
whether the date is worked and whether the minute lies in a shift, and adds up. A deadline is then looked
up in the running total.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import accumulate, product
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from calendars.china import china_calendar, published_until, statutory_days
from calendars.override import Override
from domain.calendar import EARLIEST, LATEST, Shift, WorkCalendar
from domain.clock import Basis, TimeLimit
from domain.errors import Invalid

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
SHANGHAI = timezone(timedelta(hours=8))
HAIKOU = ("08:30-12:00", "14:30-17:30")
NEXT_YEAR = published_until().year + 1
"""The first year without a published list: 2027 when this was written."""
FIRST, LAST = date(2019, 1, 1), date(NEXT_YEAR + 1, 12, 31)


def shift(text: str) -> Shift:
    start, end = text.split("-")
    return Shift(start=time.fromisoformat(start), end=time.fromisoformat(end))


def calendar(
    *shifts: str,
    zone: str = "Asia/Shanghai",
    weekend: tuple[int, ...] = (5, 6),
    days_off: Iterable[date] = (),
    days_worked: Iterable[date] = (),
    horizon: date | None = None,
) -> WorkCalendar:
    return WorkCalendar(
        name="test",
        zone=zone,
        shifts=tuple(shift(text) for text in shifts or HAIKOU),
        working_day=timedelta(hours=6, minutes=30),
        weekend=weekend,
        days_off=tuple(sorted(days_off)),
        days_worked=tuple(sorted(days_worked)),
        horizon=horizon,
        source="made for the tests",
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# -- the oracle --------------------------------------------------------------------------------------


class Minutes:
    """The running total of working minutes, from ``origin`` on: ``total[n]`` before the n-th minute."""

    def __init__(self, origin: datetime, worked: Iterable[bool]) -> None:
        self.origin = origin
        self.total = array("I", accumulate(worked, initial=0))

    def index(self, at: datetime) -> int:
        return (at - self.origin) // MINUTE

    def between(self, start: datetime, end: datetime) -> int:
        return self.total[self.index(end)] - self.total[self.index(start)]

    def after(self, start: datetime, minutes: int) -> datetime:
        since = self.index(start)
        found = bisect_left(self.total, self.total[since] + minutes, lo=since)
        assert found < len(self.total), "the window is too short for this test"
        return self.origin + found * MINUTE


def in_shift(minute_of_day: int, shifts: Iterable[str]) -> bool:
    clock = f"{minute_of_day // 60:02}:{minute_of_day % 60:02}"
    return any(
        start <= clock < (end if end != "00:00" else "24:00") for start, end in (text.split("-") for text in shifts)
    )


def shanghai_minutes(works: Callable[[date], bool], shifts: Iterable[str]) -> Minutes:
    """Every minute from FIRST to LAST in a zone that is always eight hours ahead."""
    shifts = tuple(shifts)
    flags = [in_shift(minute, shifts) for minute in range(1440)]
    nothing = [False] * 1440
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    minutes = (flag for day in days for flag in (flags if works(day) else nothing))
    return Minutes(datetime(2019, 1, 1, tzinfo=SHANGHAI), minutes)


def zoned_minutes(zone: str, first: date, days: int, works: Callable[[date], bool], shifts: list[str]) -> Minutes:
    """Every minute of so many days in UTC, each asked for its local date and time."""
    origin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    info = ZoneInfo(zone)

    def flags() -> Iterator[bool]:
        for minute in range(days * 1440):
            here = (origin + minute * MINUTE).astimezone(info)
            yield works(here.date()) and in_shift(here.hour * 60 + here.minute, shifts)

    return Minutes(origin, flags())


# -- calendars, each with its oracle -----------------------------------------------------------------

NEW_LIST = Override(
    source="a made-up list for the year that has none",
    days_off=tuple(
        date(NEXT_YEAR, month, day)
        for month, days in {
            1: [1],
            2: [4, 5, 8, 9, 10, 11],
            4: [5],
            5: [3, 4, 5],
            6: [9],
            9: [15],
            10: range(1, 8),
        }.items()
        for day in days
    ),
    days_worked=tuple(date(NEXT_YEAR, month, day) for month, day in [(1, 31), (2, 14), (5, 8), (9, 26), (10, 9)]),
    horizon=date(NEXT_YEAR, 12, 31),
)
ORIGINAL_2020 = Override(
    source="the notice of November 2019, before that of 27 January 2020 prolonged the holiday",
    days_worked=(date(2020, 1, 31), date(2020, 2, 1)),
)
PROJECTED = statutory_days(date(NEXT_YEAR, 1, 1), LAST)


def plain(day: date) -> bool:
    return day.weekday() < 5


def published(day: date) -> bool:
    if day.year < NEXT_YEAR:
        return chinese_calendar.is_workday(day)  # pyright: ignore[reportUnknownMemberType]
    return plain(day) and day not in PROJECTED


def before_the_revision(day: date) -> bool:
    return day in ORIGINAL_2020.days_worked or published(day)


def with_new_list(day: date) -> bool:
    if day.year == NEXT_YEAR:
        return day in NEW_LIST.days_worked or (plain(day) and day not in NEW_LIST.days_off)
    return published(day)


def odd_week(day: date) -> bool:
    return day.weekday() in (0, 2, 5) or day == date(2024, 2, 11)


@dataclass(frozen=True)
class Case:
    """A calendar, and what the oracle needs to know of it."""

    calendar: WorkCalendar
    works: Callable[[date], bool]
    shifts: tuple[str, ...] = HAIKOU


ODD_SHIFTS = ("00:00-00:01", "07:13-07:14", "07:14-11:59", "12:01-23:59")
CASES = {
    "published": Case(china_calendar(FIRST, LAST), published),
    "original-2020": Case(china_calendar(FIRST, LAST, override=ORIGINAL_2020), before_the_revision),
    "new-list": Case(china_calendar(FIRST, LAST, override=NEW_LIST, revision=1), with_new_list),
    "weekdays": Case(calendar("09:00-17:00"), plain, ("09:00-17:00",)),
    "odd": Case(calendar(*ODD_SHIFTS, weekend=(1, 3, 4, 6), days_worked=[date(2024, 2, 11)]), odd_week, ODD_SHIFTS),
    "demo": Case(calendar("00:00-00:00", weekend=()), lambda _: True, ("00:00-00:00",)),
}
REVISIONS = [("original-2020", "published"), ("published", "new-list"), ("new-list", "published")]
PAIRS = [(name, name) for name in CASES] + REVISIONS
"""A limit is paused under the first calendar and goes on under the second."""


@cache
def oracle(name: str) -> Minutes:
    case = CASES[name]
    return shanghai_minutes(cache(case.works), case.shifts)


UNUSUAL_DAYS = sorted(
    day
    for known in (CASES["published"].calendar, CASES["new-list"].calendar)
    for day in (*known.days_off, *known.days_worked)
    if day.year <= NEXT_YEAR
)
MIDNIGHT = datetime.combine(FIRST, time(), SHANGHAI)
MINUTES_TO_START_IN = (date(NEXT_YEAR + 1, 1, 1) - FIRST).days * 1440


def near(day: date, minutes: int) -> datetime:
    return max(MIDNIGHT, datetime.combine(day, time(), SHANGHAI) + minutes * MINUTE)


STARTS = st.one_of(
    st.integers(0, MINUTES_TO_START_IN - 1).map(lambda minute: MIDNIGHT + minute * MINUTE),
    st.builds(near, st.sampled_from(UNUSUAL_DAYS), st.integers(-12 * 1440, 3 * 1440)),
)
"""Anywhere in the years, and as often shortly before or within a holiday or a make-up workday."""
BUDGETS = st.one_of(st.integers(0, 40 * 390), st.integers(0, 40).map(lambda days: days * 390))
"""Working minutes: up to forty days of Haikou's, whole days as often as any other number."""
HOLDS = st.tuples(st.integers(0, 30 * 1440), st.integers(0, 60 * 1440))
"""After how many minutes of the clock a hold begins, and how many it lasts."""

EXAMPLES, EACH = 300, 8


# -- against the oracle ------------------------------------------------------------------------------


# Not shrunk: the failed assertion names its one combination, and shrinking five hundred takes minutes.
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(
    pair=st.sampled_from(PAIRS),
    starts=st.lists(STARTS, min_size=EACH, max_size=EACH, unique=True),
    budgets=st.lists(BUDGETS, min_size=EACH, max_size=EACH, unique=True),
    holds=st.lists(HOLDS, min_size=EACH, max_size=EACH, unique=True),
)
def test_held_limits_end_when_the_oracle_says(
    pair: tuple[str, str], starts: list[datetime], budgets: list[int], holds: list[tuple[int, int]]
) -> None:
    """300 x 8 x 8 x 8 = 153,600 combinations of calendar, revision, start, budget and hold."""
    for start, budget, (delay, length) in product(starts, budgets, holds):
        held = start + delay * MINUTE
        check_limit(pair, start, budget, held, held + length * MINUTE)


def check_limit(pair: tuple[str, str], start: datetime, budget: int, held: datetime, resumed: datetime) -> None:
    before, after = (CASES[name].calendar for name in pair)
    used = oracle(pair[0]).between(start, held)
    expected = oracle(pair[1]).after(resumed, max(budget - used, 0))
    run = TimeLimit(basis=Basis.WORKING, budget=budget * MINUTE).started(start)

    resting = run.paused(held, before)
    deadline = resting.started(resumed).deadline(after)

    assert resting.used == used * MINUTE, (pair, start, held)
    assert resting.expired(held, before) == (used >= budget), (pair, start, budget, held)
    assert deadline is not None
    assert deadline.at == expected, (pair, start, budget, held, resumed)
    horizon = after.horizon
    assert deadline.provisional == (horizon is not None and expected.astimezone(SHANGHAI).date() > horizon)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(CASES)),
    starts=st.lists(STARTS, min_size=EACH, max_size=EACH, unique=True),
    budgets=st.lists(BUDGETS, min_size=EACH, max_size=EACH, unique=True),
)
def test_after_and_working_time_agree_with_the_oracle(name: str, starts: list[datetime], budgets: list[int]) -> None:
    known, minutes = CASES[name].calendar, oracle(name)
    for start, budget in product(starts, budgets):
        assert known.after(start, budget * MINUTE) == minutes.after(start, budget), (start, budget)
    for start, end in product(starts, starts):
        expected = max(minutes.between(start, end), 0) * MINUTE
        assert known.working_time(start, end) == expected, (start, end)


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_date_is_worked_as_the_oracle_says(name: str) -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    case = CASES[name]
    assert [case.calendar.is_working_day(day) for day in days] == [case.works(day) for day in days]


CLOCK_CHANGES = [
    ("America/New_York", date(2024, 3, 4)),
    ("America/New_York", date(2024, 10, 28)),
    ("Australia/Lord_Howe", date(2024, 4, 1)),  # by half an hour
    ("Australia/Lord_Howe", date(2024, 9, 30)),
    ("America/Havana", date(2024, 3, 4)),  # at midnight: the date begins at 01:00
    ("America/Havana", date(2024, 10, 28)),  # at 01:00: the date's first hour happens twice
    ("America/St_Johns", date(2010, 3, 8)),
    ("America/St_Johns", date(2010, 11, 1)),  # at 00:01: the date before comes back for an hour
    ("Pacific/Apia", date(2011, 12, 26)),  # 30 December did not happen
    ("Pacific/Kwajalein", date(1969, 9, 25)),  # the same date happened twice
    ("Asia/Shanghai", date(1991, 9, 10)),
    ("Africa/Casablanca", date(2025, 2, 17)),
]
SHIFTS_AT_A_CHANGE = [["00:00-00:00"], ["01:15-02:45"], ["00:00-00:30", "23:15-00:00"], ["02:15-02:45"]]


@pytest.mark.parametrize(("zone", "first"), CLOCK_CHANGES)
@pytest.mark.parametrize("shifts", SHIFTS_AT_A_CHANGE, ids=str)
def test_hours_skipped_and_hours_repeated_are_counted_exactly(zone: str, first: date, shifts: list[str]) -> None:
    """Every 37th minute of twelve days around a change of offset, each with limits of all lengths."""
    off = first + timedelta(days=3)
    known = calendar(*shifts, zone=zone, weekend=(), days_off=[off])
    minutes = zoned_minutes(zone, first, 12, lambda day: day != off, shifts)
    instants = [minutes.origin + n * MINUTE for n in range(0, 12 * 1440 + 1, 37)]
    assert len({at.astimezone(ZoneInfo(zone)).utcoffset() for at in instants}) == 2, "no change in the window"
    for start in instants:
        left = minutes.total[-1] - minutes.total[minutes.index(start)]
        for amount in {0, min(1, left), left // 3, left // 2, max(left - 1, 0), left}:
            assert known.after(start, amount * MINUTE) == minutes.after(start, amount), (start, amount)
        for end in instants[::29]:
            expected = max(minutes.between(start, end), 0) * MINUTE
            assert known.working_time(start, end) == expected, (start, end)


# -- laws that hold to the microsecond ---------------------------------------------------------------

ZONED = [
    CASES["published"].calendar,
    CASES["odd"].calendar,
    CASES["demo"].calendar,
    calendar("22:00-23:30", zone="America/New_York", weekend=(6,)),
    calendar("00:00-03:00", "03:00-00:00", zone="Australia/Lord_Howe", weekend=()),
    calendar("08:30-17:00", zone="UTC", weekend=(0, 1, 2, 3, 4, 5), days_off=[date(2023, 1, 1)]),
]
INSTANTS = st.datetimes(
    datetime(2018, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds without a zone
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, SHANGHAI, ZoneInfo("Europe/Paris")]),
)
AMOUNTS = st.timedeltas(timedelta(0), timedelta(days=60))


@given(known=st.sampled_from(ZONED), start=INSTANTS, amount=AMOUNTS)
def test_after_is_the_earliest_instant_with_that_working_time(
    known: WorkCalendar, start: datetime, amount: timedelta
) -> None:
    end = known.after(start, amount)
    assert end.tzinfo is UTC
    assert known.working_time(start, end) == amount
    if amount:
        assert known.working_time(start, end - MICROSECOND) == amount - MICROSECOND


@given(known=st.sampled_from(ZONED), instants=st.lists(INSTANTS, min_size=3, max_size=3))
def test_working_time_adds_up_and_is_never_more_than_the_clock(known: WorkCalendar, instants: list[datetime]) -> None:
    first, second, third = sorted(at.astimezone(UTC) for at in instants)
    whole = known.working_time(first, third)
    assert whole == known.working_time(first, second) + known.working_time(second, third)
    assert timedelta(0) <= whole <= third - first


@given(known=st.sampled_from(ZONED), start=INSTANTS, amount=AMOUNTS)
def test_the_zone_an_instant_is_written_in_does_not_matter(
    known: WorkCalendar, start: datetime, amount: timedelta
) -> None:
    assert known.after(start, amount) == known.after(start.astimezone(UTC), amount)


# -- single cases, to be read --------------------------------------------------------------------------

OFFICE = calendar()
"""Mondays to Fridays, 08:30–12:00 and 14:30–17:30."""


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (
            "2026-03-02 08:30",
            3.5,
            "2026-03-02 12:00",
        ),  # used up with a shift: its end, not the next one's start
        ("2026-03-02 08:30", 6.5, "2026-03-02 17:30"),
        ("2026-03-02 12:30", 3, "2026-03-02 17:30"),
        ("2026-03-02 12:30", 0, "2026-03-02 12:30"),  # nothing to use up: ends where it starts
        ("2026-03-07 23:00", 0, "2026-03-07 23:00"),
        ("2026-03-06 17:30", 6.5, "2026-03-09 17:30"),  # over a weekend
        ("2026-03-06 22:30", 0.5, "2026-03-09 09:00"),
    ],
)
def test_where_an_amount_ends(start: str, hours: float, end: str) -> None:
    assert OFFICE.after(local(start), timedelta(hours=hours)) == local(end)


def test_a_make_up_sunday_counts_and_a_holiday_does_not() -> None:
    known = china_calendar(date(2026, 1, 1), date(2026, 12, 31))
    # Friday 13 February 2026 is worked, so is Saturday the 14th; then nothing before Tuesday the 24th.
    assert known.after(local("2026-02-13 17:30"), timedelta(hours=6.5)) == local("2026-02-14 17:30")
    assert known.after(local("2026-02-14 17:30"), timedelta(hours=1)) == local("2026-02-24 09:30")
    assert known.working_time(local("2026-02-15 00:00"), local("2026-02-24 00:00")) == timedelta(0)


def test_no_time_passes_backwards() -> None:
    assert OFFICE.working_time(local("2026-03-03 10:00"), local("2026-03-02 10:00")) == timedelta(0)


def test_a_day_is_provisional_from_its_local_midnight() -> None:
    known = calendar(horizon=date(2026, 12, 31))
    assert not known.is_provisional(local("2026-12-31 23:59:59.999999"))
    assert known.is_provisional(local("2027-01-01 00:00"))
    assert not OFFICE.is_provisional(local("2099-01-01 00:00"))


# -- the value itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_travels_as_json(name: str) -> None:
    known = CASES[name].calendar
    known.after(MIDNIGHT, timedelta(hours=1))  # has compiled its tables, which must not travel
    text = known.model_dump_json()
    back = WorkCalendar.model_validate_json(text)
    assert back == known
    assert hash(back) == hash(known)
    assert back.model_dump_json() == text


def test_four_years_take_less_than_two_kilobytes() -> None:
    four_years = china_calendar(date(NEXT_YEAR - 2, 1, 1), date(NEXT_YEAR + 1, 12, 31))
    assert len(four_years.model_dump_json()) < 2000


def test_a_copy_with_other_lists_forgets_what_was_compiled() -> None:
    start, day = local("2026-03-02 08:30"), timedelta(hours=6.5)
    assert OFFICE.after(start, day) == local("2026-03-02 17:30")
    revised = OFFICE.model_copy(update={"days_off": (date(2026, 3, 2),)})
    assert revised.after(start, day) == local("2026-03-03 17:30")
    assert OFFICE.after(start, day) == local("2026-03-02 17:30")


def as_json(**changes: object) -> dict[str, object]:
    return OFFICE.model_dump(mode="json") | changes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Asia/Haikou"),
        ("zone", "../../etc/passwd"),
        ("zone", "localtime"),
        ("zone", "Asia"),
        ("zone", ""),
        ("shifts", []),
        ("shifts", [{"start": "12:00", "end": "08:30"}]),
        ("shifts", [{"start": "08:30", "end": "08:30"}]),
        ("shifts", [{"start": "08:30Z", "end": "12:00Z"}]),
        ("shifts", [{"start": "14:30", "end": "17:30"}, {"start": "08:30", "end": "12:00"}]),
        ("shifts", [{"start": "08:30", "end": "12:00"}, {"start": "11:59", "end": "17:30"}]),
        ("shifts", [{"start": "08:30", "end": "00:00"}, {"start": "09:00", "end": "10:00"}]),
        ("working_day", "PT0S"),
        ("working_day", "P1DT1S"),
        ("weekend", [0, 1, 2, 3, 4, 5, 6]),
        ("weekend", [6, 5]),
        ("weekend", [5, 5]),
        ("weekend", [7]),
        ("days_off", ["2026-03-03", "2026-03-02"]),
        ("days_off", ["2026-03-02", "2026-03-02"]),
        ("days_off", ["2026-03-07"]),
        ("days_off", ["2026-02-30"]),
        ("days_worked", ["2026-03-02"]),
        ("revision", -1),
        ("source", " "),
        ("holidays", []),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        WorkCalendar.model_validate(as_json(**{field: value}))


NAIVE = datetime(2026, 3, 2, 9)  # noqa: DTZ001
NOON = local("2026-03-02 12:00")


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("instant-without-zone", lambda: OFFICE.after(NAIVE, timedelta(0))),
        ("instant-without-zone", lambda: OFFICE.working_time(NAIVE, NOON)),
        ("instant-without-zone", lambda: OFFICE.working_time(NOON, NAIVE)),
        ("instant-without-zone", lambda: calendar(horizon=LAST).is_provisional(NAIVE)),
        ("instant-out-of-range", lambda: OFFICE.after(EARLIEST - MICROSECOND, timedelta(0))),
        ("instant-out-of-range", lambda: OFFICE.working_time(NOON, LATEST)),
        ("instant-out-of-range", lambda: OFFICE.working_time(datetime.min.replace(tzinfo=SHANGHAI), NOON)),
        ("instant-out-of-range", lambda: OFFICE.after(NOON, timedelta(days=365 * 100))),
        ("instant-out-of-range", lambda: OFFICE.after(NOON, timedelta.max)),
        ("amount-negative", lambda: OFFICE.after(NOON, -MICROSECOND)),
        ("date-expected", lambda: OFFICE.is_working_day(NOON)),
    ],
)
def test_input_that_cannot_be_meant_is_refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(Invalid) as refusal:
        call()
    assert refusal.value.code == code
    assert refusal.value.params["field"]
