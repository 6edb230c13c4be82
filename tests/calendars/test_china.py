"""China's calendar against the published lists, and override files.

The lists of ``data/holidays`` come from another project than the library the calendar is made from, and
each names the notice it was taken from.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TypedDict, cast

import chinese_calendar
import pytest
from pydantic import ValidationError

from calendars.china import HAIKOU_SHIFTS, china_calendar, published_until, statutory_days
from calendars.override import Override, read_override
from domain.calendar import Shift, WorkCalendar
from domain.errors import Invalid

LISTS = Path(__file__).parents[2].parent / "shared" / "data" / "holidays"
SHANGHAI = timezone(timedelta(hours=8))
NEW_YEAR = published_until() + timedelta(days=1)
YEAR = NEW_YEAR.year
"""The first year without a published list: 2027 when this was written."""


class ListedDay(TypedDict):
    date: str
    isOffDay: bool


def days_of(first: int, last: int) -> Iterator[date]:
    day = date(first, 1, 1)
    while day.year <= last:
        yield day
        day += timedelta(days=1)


def listed(year: int) -> dict[date, bool]:
    """Whether each listed date is worked, as the public list of this year has it."""
    file = LISTS / f"holiday-cn_{year}.json"
    if not file.exists():
        pytest.skip(f"needs the list in {file}, which is no part of the project")
    days = cast("list[ListedDay]", json.loads(file.read_text("utf-8"))["days"])
    return {date.fromisoformat(day["date"]): not day["isOffDay"] for day in days}


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


# -- published lists -----------------------------------------------------------------------------------


@pytest.mark.parametrize("year", range(2019, 2026))
def test_every_day_is_as_the_public_list_says(year: int) -> None:
    known = china_calendar(date(2019, 1, 1), date(2025, 12, 31))
    work = listed(year)
    differing = [day for day in days_of(year, year) if known.is_working_day(day) != work.get(day, day.weekday() < 5)]
    assert differing == []


def test_every_published_day_is_as_the_library_says() -> None:
    known = china_calendar(date(2004, 1, 1), published_until())
    differing = [
        day
        for day in days_of(2004, published_until().year)
        if known.is_working_day(day) != chinese_calendar.is_workday(day)  # pyright: ignore[reportUnknownMemberType]
    ]
    assert differing == []


def test_the_first_of_february_2020_is_off_as_revised() -> None:
    known = china_calendar(date(2020, 1, 1), date(2020, 12, 31))
    assert [known.is_working_day(date(2020, 2, day)) for day in (1, 2, 3)] == [False, False, True]


def test_haikous_working_day() -> None:
    known = china_calendar(date(2026, 1, 1), date(2026, 12, 31))
    assert known.shifts == HAIKOU_SHIFTS
    assert known.working_day == timedelta(hours=6, minutes=30)
    assert (known.zone, known.revision) == ("Asia/Shanghai", 0)


def test_other_shifts_make_another_working_day() -> None:
    shifts = tuple(Shift.model_validate(times) for times in [{"start": "09:00", "end": "17:00"}])
    known = china_calendar(date(2026, 1, 1), date(2026, 12, 31), shifts=shifts, revision=3)
    assert (known.working_day, known.revision) == (timedelta(hours=8), 3)


def test_a_list_holds_only_the_days_asked_for() -> None:
    known = china_calendar(date(2026, 2, 18), date(2026, 5, 9))
    assert (min(known.days_off), max(known.days_off)) == (date(2026, 2, 18), date(2026, 5, 5))
    assert known.days_worked == (date(2026, 2, 28), date(2026, 5, 9))
    assert known.horizon == date(2026, 5, 9)


# -- past them -----------------------------------------------------------------------------------------


def projected() -> WorkCalendar:
    return china_calendar(date(YEAR - 1, 1, 1), date(YEAR + 1, 12, 31))


def test_the_horizon_is_the_end_of_the_last_published_year() -> None:
    assert projected().horizon == published_until()
    assert (published_until().month, published_until().day) == (12, 31)
    assert published_until() >= date(2026, 12, 31)


def test_past_the_horizon_statutory_holidays_are_off_and_nothing_is_made_up() -> None:
    known = projected()
    past = [day for day in known.days_off if day > published_until()]
    assert frozenset(past) == statutory_days(NEW_YEAR, date(YEAR + 1, 12, 31))
    assert all(day <= published_until() for day in known.days_worked)
    for year in (YEAR, YEAR + 1):
        # 13 days a year by the rule of 2024; a weekend's among them are given back on weekdays, except
        # where two fall on the same day.
        assert 11 <= sum(day.year == year for day in past) <= 13


def test_statutory_days_are_off_in_every_published_year_too() -> None:
    for year in range(2025, YEAR):
        off = china_calendar(date(year, 1, 1), date(year, 12, 31)).days_off
        assert statutory_days(date(year, 1, 1), date(year, 12, 31)) < set(off)


def test_a_bridge_is_not_a_statutory_day() -> None:
    # 2 January 2026 was off in exchange for Sunday the 4th.
    assert statutory_days(date(2026, 1, 1), date(2026, 1, 31)) == {date(2026, 1, 1)}


def test_deadlines_past_the_horizon_are_provisional() -> None:
    known = projected()
    assert not known.is_provisional(midnight(NEW_YEAR) - timedelta(microseconds=1))
    assert known.is_provisional(midnight(NEW_YEAR))


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (date(2003, 12, 31), date(2026, 12, 31), "first"),
        (date(2026, 1, 2), date(2026, 1, 1), "first"),
        (date(2026, 1, 1), date(2101, 1, 1), "last"),
    ],
)
def test_a_range_without_lists_is_refused(first: date, last: date, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        china_calendar(first, last)
    assert refusal.value.code == "calendar-range-invalid"
    assert refusal.value.params["field"] == field


# -- overrides -----------------------------------------------------------------------------------------


def test_an_override_changes_the_status_of_its_dates_and_no_other() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    override = Override(
        source="typhoon",
        days_off=(date(2026, 7, 20), date(2026, 5, 9), date(2026, 7, 25)),  # plain, made up, weekend
        days_worked=(date(2026, 7, 26), date(2026, 10, 7), date(2026, 7, 21)),  # weekend, holiday, plain
    )
    without, known = china_calendar(first, last), china_calendar(first, last, override=override)
    changed = {day for day in days_of(2026, 2026) if known.is_working_day(day) != without.is_working_day(day)}
    assert changed == {date(2026, 7, 20), date(2026, 5, 9), date(2026, 7, 26), date(2026, 10, 7)}
    assert known.horizon == without.horizon
    assert known.source.endswith("override: typhoon")


def test_without_a_horizon_projections_stay_around_an_overrides_dates() -> None:
    override = Override(source="the city", days_off=(date(YEAR, 3, 17),))
    known = china_calendar(date(YEAR, 1, 1), date(YEAR, 12, 31), override=override)
    assert set(known.days_off) - {date(YEAR, 3, 17)} == statutory_days(date(YEAR, 1, 1), date(YEAR, 12, 31))
    assert known.is_provisional(midnight(date(YEAR, 3, 17)))


def test_a_new_list_takes_the_place_of_what_was_projected() -> None:
    """The next year's list arrives before the library has it: stale projections would be wrong days off."""
    listed_only = Override(
        source="next year's list",
        days_off=(date(YEAR, 1, 1), date(YEAR, 10, 1)),
        days_worked=(date(YEAR, 2, 13), date(YEAR, 2, 14)),
        horizon=date(YEAR, 12, 31),
    )
    last = date(YEAR + 1, 12, 31)
    known = china_calendar(NEW_YEAR, last, override=listed_only)
    worked = {day for day in days_of(YEAR, YEAR) if known.is_working_day(day)}
    off = set(listed_only.days_off)
    assert worked == ({day for day in days_of(YEAR, YEAR) if day.weekday() < 5} - off) | set(listed_only.days_worked)
    assert {day for day in known.days_off if day.year == YEAR + 1} == statutory_days(date(YEAR + 1, 1, 1), last)
    assert known.horizon == date(YEAR, 12, 31)
    assert known.is_provisional(midnight(date(YEAR + 1, 1, 1)))


def test_an_older_horizon_takes_nothing_back() -> None:
    override = Override(source="last year's file", horizon=date(YEAR - 2, 12, 31))
    known = china_calendar(date(YEAR - 1, 1, 1), date(YEAR, 12, 31), override=override)
    assert known.horizon == published_until()


# -- override files ------------------------------------------------------------------------------------


@pytest.fixture
def override_file(tmp_path: Path) -> Path:
    return tmp_path / "override.toml"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_an_override_file_is_read(override_file: Path, mark: str) -> None:
    text = """
    source = "国务院办公厅关于2027年部分节假日安排的通知"
    days_off = [2027-02-05, "2027-01-01"]
    days_worked = [2027-02-14]
    horizon = 2027-12-31
    """
    override_file.write_text(mark + text, "utf-8")
    assert read_override(override_file) == Override(
        source="国务院办公厅关于2027年部分节假日安排的通知",
        days_off=(date(2027, 1, 1), date(2027, 2, 5)),
        days_worked=(date(2027, 2, 14),),
        horizon=date(2027, 12, 31),
    )


def test_a_source_is_enough(override_file: Path) -> None:
    override_file.write_text('source = "nothing new"', "utf-8")
    assert read_override(override_file) == Override(source="nothing new")


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("", "source", "missing"),
        ("days_off = [2027-01-01]", "source", "missing"),
        ('source = " "', "source", "empty"),
        ('source = "x"\nholidays = [2027-01-01]', "holidays", "unknown-key"),
        ('source = "x"\ndays_off = [2027-01-01, 2027-01-02, 2027-01-01]', "days_off", "duplicate-date"),
        ('source = "x"\ndays_worked = [2027-01-03, "2027-01-03"]', "days_worked", "duplicate-date"),
        ('source = "x"\ndays_off = ["2027-02-05", "2027-02-30"]', "days_off.1", "impossible-date"),
        ('source = "x"\ndays_off = ["tomorrow"]', "days_off.0", "impossible-date"),
        ('source = "x"\ndays_off = [20270101]', "days_off.0", "impossible-date"),
        ('source = "x"\ndays_off = [2027-01-01T00:00:00]', "days_off.0", "impossible-date"),
        ('source = "x"\nhorizon = "2027-13-01"', "horizon", "impossible-date"),
        ('source = "x"\ndays_off = 2027-01-01', "days_off", "not-a-list"),
        (
            'source = "x"\ndays_off = [2027-01-01]\ndays_worked = [2027-01-01]',
            "days_worked",
            "in-both-lists",
        ),
        ("source = 7", "source", "not-a-text"),
        ('source = "x"\ndays_off = [2027-02-30]', "-", "not-toml"),
        ("source = ", "-", "not-toml"),
        ('source = "x"\nsource = "y"', "-", "not-toml"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(override_file: Path, text: str, field: str, reason: str) -> None:
    override_file.write_text(text, "utf-8")
    with pytest.raises(Invalid) as refusal:
        read_override(override_file)
    assert refusal.value.code == "calendar-file-invalid"
    named = {key: refusal.value.params[key] for key in ("file", "field", "reason")}
    assert named == {"file": str(override_file), "field": field, "reason": reason}
    assert refusal.value.params["detail"]


def test_a_file_in_another_encoding_is_refused(override_file: Path) -> None:
    override_file.write_bytes('source = "国务院"'.encode("gb18030"))
    with pytest.raises(Invalid) as refusal:
        read_override(override_file)
    assert refusal.value.params["reason"] == "not-toml"


def test_a_file_that_is_not_there_is_refused(override_file: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        read_override(override_file)
    assert (refusal.value.code, refusal.value.params) == ("file-unreadable", {"file": str(override_file)})


def test_an_override_made_in_code_is_checked_like_a_file() -> None:
    with pytest.raises(ValidationError):
        Override(source="x", days_off=(date(2027, 1, 1),), days_worked=(date(2027, 1, 1),))
