"""Publishing dates: what a revision is made of, what is refused, and what becomes of a deadline."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from calendars.china import china_calendar, published_until, statutory_days
from calendars.override import Override, read_override
from calendars.revisions import (
    ChangedDay,
    changed_days,
    check_override,
    in_the_hours_of,
    merged,
    require_future,
    revision_of,
    says_the_same,
)
from desk.rules import Published, activate, china_calendar_in_force, publish, rules_in_force
from domain.clock import TimeLimit
from domain.commands import Decision
from domain.errors import Invalid, Refused
from domain.policy import Rules
from policies.files import read
from storage import policies
from storage.database import Pool

SHANGHAI = timezone(timedelta(hours=8))
NEXT = published_until().year + 1
"""The first year without a published list: 2027 when this was written."""
TODAY = date(NEXT - 1, 11, 23)
FIRST, LAST = date(NEXT - 2, 11, 18), date(NEXT + 1, 12, 31)
SHIFTS = china_calendar(date(2026, 1, 1), date(2026, 1, 2)).shifts


def next_years_list(*, off: Iterable[date] = (), without: Iterable[date] = ()) -> Override:
    """A list for the next year, MADE UP for these tests: its statutory days, a bridge, and a day worked for it.

    The real list for 2027 was not published when this was written.
    """
    year = statutory_days(date(NEXT, 1, 1), date(NEXT, 12, 31))
    bridge = next(day for number in range(4, 12) if (day := date(NEXT, 1, number)).weekday() < 5)
    worked = next(day for number in range(24, 32) if (day := date(NEXT, 1, number)).weekday() == 6)
    return Override(
        source="made up for the tests",
        days_off=tuple(sorted({*year, bridge, *off} - set(without))),
        days_worked=(worked,),
        horizon=date(NEXT, 12, 31),
    )


def word(*days: date, source: str = "the city", worked: Iterable[date] = ()) -> Override:
    return Override(source=source, days_off=days, days_worked=tuple(worked))


def decided(by: str = "wang") -> Decision:
    return Decision(by=by, reason="the dates were announced")


async def in_force(pool: Pool) -> Rules:
    return await rules_in_force(pool, "haikou", today=TODAY)


async def revisions(pool: Pool) -> int:
    return len(await policies.calendars(pool, "china"))


# -- a deadline past the horizon -----------------------------------------------------------------------


async def test_a_deadline_is_provisional_until_the_list_is_published(pool: Pool) -> None:
    """A case opened on 28 December with 15 working days."""
    opened = datetime(NEXT - 1, 12, 28, 9, 0, tzinfo=SHANGHAI)
    rules = await in_force(pool)
    span = rules.policy.handle.complaint.span
    limit = TimeLimit(basis=span.unit.basis, budget=span.amount(rules.calendar), running_since=opened)
    before = limit.deadline(rules.calendar)
    assert before is not None
    assert (before.provisional, before.at.astimezone(SHANGHAI).year) == (True, NEXT)

    await publish(pool, next_years_list(), decided(), today=date(NEXT - 1, 12, 30))

    after = limit.deadline((await in_force(pool)).calendar)
    assert after is not None
    assert not after.provisional
    assert after.at > before.at


async def test_the_deadline_of_2026_12_28(pool: Pool) -> None:
    """The same in figures: Friday 1 January is off either way; the made-up list also takes Monday the 4th."""
    if NEXT != 2027:
        pytest.skip("the libraries know the list for 2027 now")
    limit = TimeLimit(
        basis=read("haikou").handle.complaint.unit.basis,
        budget=15 * timedelta(hours=6, minutes=30),
        running_since=datetime(2026, 12, 28, 9, 0, tzinfo=SHANGHAI),
    )
    published = await publish(pool, next_years_list(), decided(), today=TODAY)
    assert published.changed == (
        ChangedDay(day=date(2027, 1, 4), worked=False),
        ChangedDay(day=date(2027, 1, 24), worked=True),
    )
    # 15 working days from 9:00 on the first end at 9:00 on the sixteenth; Sunday the 24th is worked too late to help.
    before, after = limit.deadline(published.before), limit.deadline(published.after)
    assert before is not None
    assert after is not None
    assert (before.at, before.provisional) == (datetime(2027, 1, 19, 9, 0, tzinfo=SHANGHAI), True)
    assert (after.at, after.provisional) == (datetime(2027, 1, 20, 9, 0, tzinfo=SHANGHAI), False)


# -- publishing ----------------------------------------------------------------------------------------


async def test_a_list_becomes_the_next_revision(pool: Pool) -> None:
    before = await china_calendar_in_force(pool, today=TODAY)
    published = await publish(pool, next_years_list(), decided(), today=TODAY)
    assert published.before == before.calendar
    assert (published.after.revision, published.after.horizon) == (1, date(NEXT, 12, 31))
    stored = await policies.latest_calendar(pool, "china")
    assert stored is not None
    assert (stored.calendar, stored.published_by, stored.source) == (published.after, "wang", "made up for the tests")
    assert (stored.first_day, stored.last_day) == (before.first_day, before.last_day)
    assert (await in_force(pool)).calendar == published.after


async def test_publishing_the_same_again_stores_nothing(pool: Pool) -> None:
    first = await publish(pool, next_years_list(), decided(), today=TODAY)
    again = await publish(pool, next_years_list(), decided("li"), today=TODAY)
    assert again == Published(before=first.after, after=first.after, changed=())
    assert await revisions(pool) == 2


async def test_a_list_that_confirms_what_was_projected_moves_the_horizon(pool: Pool) -> None:
    as_projected = Override(
        source="made up for the tests",
        days_off=tuple(statutory_days(date(NEXT, 1, 1), date(NEXT, 12, 31))),
        horizon=date(NEXT, 12, 31),
    )
    published = await publish(pool, as_projected, decided(), today=TODAY)
    assert published.changed == ()
    assert (published.before.horizon, published.after.horizon) == (published_until(), date(NEXT, 12, 31))
    assert await revisions(pool) == 2


async def test_what_was_published_stays_when_more_is(pool: Pool) -> None:
    typhoon, storm = date(NEXT, 8, 11), date(NEXT, 9, 1)
    for override in (word(typhoon), next_years_list(), word(storm)):
        await publish(pool, override, decided(), today=TODAY)
    calendar = (await in_force(pool)).calendar
    assert calendar.revision == 3
    assert not any(calendar.is_working_day(day) for day in (typhoon, storm))
    assert calendar.horizon == date(NEXT, 12, 31)
    later = await rules_in_force(pool, "haikou", today=date(NEXT, 2, 1))
    assert later.calendar.revision == 4
    assert not any(later.calendar.is_working_day(day) for day in (typhoon, storm))
    assert later.calendar.horizon == date(NEXT, 12, 31)


async def test_of_two_at_once_one_is_told(pool: Pool) -> None:
    await china_calendar_in_force(pool, today=TODAY)
    days = [date(NEXT, 3, 10 + number) for number in range(6)]
    overrides = [word(day) for day in days if day.weekday() < 5]
    tries = (publish(pool, override, decided(), today=TODAY) for override in overrides)
    results = await asyncio.gather(*tries, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refused)]
    assert {refusal.code for refusal in refused} <= {"calendar-changed-meanwhile"}
    published = [result for result in results if isinstance(result, Published)]
    assert len(published) + len(refused) == len(overrides)
    assert await revisions(pool) == 1 + len(published)
    calendar = (await in_force(pool)).calendar
    changed = [change.day for result in published for change in result.changed]
    assert not any(calendar.is_working_day(day) for day in changed)


async def test_other_hours_do_not_touch_the_days(pool: Pool) -> None:
    published = await publish(pool, next_years_list(), decided(), today=TODAY)
    opened_under = china_calendar(FIRST, LAST, shifts=SHIFTS[:1])
    moved = in_the_hours_of(opened_under, published.after)
    assert (moved.shifts, moved.working_day) == (SHIFTS[:1], timedelta(hours=3.5))
    assert (moved.days_off, moved.revision) == (published.after.days_off, 1)


async def test_an_activation_leaves_the_calendar(pool: Pool) -> None:
    published = await publish(pool, next_years_list(), decided(), today=TODAY)
    await activate(pool, read("beijing-style"), Decision(by="wang", reason="to try it"))
    assert (await in_force(pool)).calendar == published.after


# -- the past ------------------------------------------------------------------------------------------


async def test_a_list_that_moves_past_deadlines_is_refused(pool: Pool) -> None:
    await china_calendar_in_force(pool, today=TODAY)
    past = word(date(NEXT - 1, 11, 19), date(NEXT - 1, 11, 20), date(NEXT - 1, 11, 30))
    with pytest.raises(Refused) as refusal:
        await publish(pool, past, decided(), today=TODAY)
    assert refusal.value.code == "calendar-moves-past"
    assert refusal.value.params == {
        "dates": f"{NEXT - 1}-11-19, {NEXT - 1}-11-20",
        "count": 2,
        "allowed": "--revise",
    }
    assert await revisions(pool) == 1


async def test_to_revise_the_past_is_allowed_when_it_is_meant(pool: Pool) -> None:
    past = date(NEXT - 1, 11, 20)
    published = await publish(pool, word(past), decided(), revise=True, today=TODAY)
    assert published.changed == (ChangedDay(day=past, worked=False),)
    assert not (await in_force(pool)).calendar.is_working_day(past)
    with pytest.raises(Refused):
        await publish(pool, word(worked=[past]), decided(), today=TODAY)
    back = await publish(pool, word(worked=[past]), decided(), revise=True, today=TODAY)
    assert back.changed == (ChangedDay(day=past, worked=True),)


async def test_today_is_not_past(pool: Pool) -> None:
    published = await publish(pool, word(TODAY), decided(), today=TODAY)
    assert [change.day for change in published.changed] == [TODAY]


async def test_a_past_day_that_stays_as_it_is_moves_nothing(pool: Pool) -> None:
    known = word(date(NEXT - 1, 10, 1), date(NEXT - 1, 11, 30))
    published = await publish(pool, known, decided(), today=TODAY)
    assert [change.day for change in published.changed] == [date(NEXT - 1, 11, 30)]


# -- what is no list -----------------------------------------------------------------------------------


async def test_a_list_that_forgets_a_holiday_is_refused(pool: Pool) -> None:
    forgotten = sorted(statutory_days(date(NEXT, 9, 1), date(NEXT, 12, 31)))
    with pytest.raises(Invalid) as refusal:
        await publish(pool, next_years_list(without=forgotten), decided(), today=TODAY)
    assert refusal.value.code == "calendar-list-incomplete"
    named = ", ".join(day.isoformat() for day in forgotten)
    assert refusal.value.params == {"dates": named, "count": len(forgotten)}
    assert await revisions(pool) == 1


async def test_a_list_for_a_later_year_leaves_no_year_out(pool: Pool) -> None:
    year_after = tuple(statutory_days(date(NEXT + 1, 1, 1), date(NEXT + 1, 12, 31)))
    later = Override(source="made up", days_off=year_after, horizon=date(NEXT + 1, 12, 31))
    with pytest.raises(Invalid) as refusal:
        await publish(pool, later, decided(), today=TODAY)
    assert refusal.value.code == "calendar-list-incomplete"
    assert str(refusal.value.params["dates"]).startswith(f"{NEXT}-01-")
    await publish(pool, next_years_list(), decided(), today=TODAY)
    assert (await publish(pool, later, decided(), today=TODAY)).after.horizon == date(NEXT + 1, 12, 31)


@pytest.mark.parametrize(
    ("override", "dates"),
    [
        (word(date(NEXT + 180, 1, 4)), f"{NEXT + 180}-01-04"),
        (word(date(2004, 1, 5), date(NEXT, 3, 17), date(NEXT + 2, 1, 1)), f"2004-01-05, {NEXT + 2}-01-01"),
        (Override(source="x", horizon=date(NEXT + 180, 12, 31)), f"{NEXT + 180}-12-31"),
    ],
    ids=["a slip of the pen", "dates on both sides", "the horizon"],
)
async def test_dates_that_the_calendar_does_not_cover_are_refused(pool: Pool, override: Override, dates: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await publish(pool, override, decided(), today=TODAY)
    assert refusal.value.code == "calendar-dates-outside"
    assert refusal.value.params == {
        "dates": dates,
        "count": dates.count(",") + 1,
        "first": FIRST.isoformat(),
        "last": LAST.isoformat(),
    }
    assert await revisions(pool) == 1


@pytest.mark.parametrize(
    ("dates", "field", "reason"),
    [
        ("[2027-01-01, 2027-01-01]", "days_off", "duplicate-date"),
        ('["2027-01-01", "2027-02-30"]', "days_off.1", "impossible-date"),
        ("[2027-02-30]", "-", "not-toml"),
    ],
)
def test_a_file_with_a_duplicate_or_impossible_date_does_not_get_this_far(
    tmp_path: Path, dates: str, field: str, reason: str
) -> None:
    file = tmp_path / "list.toml"
    file.write_text(f'source = "x"\ndays_off = {dates}\n', "utf-8")
    with pytest.raises(Invalid) as refusal:
        read_override(file)
    assert refusal.value.code == "calendar-file-invalid"
    assert (refusal.value.params["field"], refusal.value.params["reason"]) == (field, reason)
    assert refusal.value.params["file"] == str(file)


# -- what revisions are made of ------------------------------------------------------------------------


def test_nothing_published_is_no_override() -> None:
    assert merged([]) is None
    assert revision_of([], FIRST, LAST, 0) == china_calendar(FIRST, LAST)


def test_the_later_word_counts() -> None:
    day = date(NEXT, 3, 17)
    first, second = word(day), word(worked=[day], source="the province")
    both = merged([first, second])
    assert both == Override(source="the province; the city", days_worked=(day,))
    assert merged([second, first]) == Override(source="the city; the province", days_off=(day,))


def test_a_corrected_list_takes_the_place_of_the_first() -> None:
    """As in February 2020; a day of the city's own stays, and so does another year's list."""
    typhoon, wrong = date(NEXT, 8, 11), date(NEXT, 5, 7)
    year_before = Override(source="last year's list", days_off=(date(NEXT - 1, 10, 1),), horizon=date(NEXT - 1, 12, 31))
    lists = [year_before, word(typhoon), next_years_list(off=[wrong]), next_years_list()]
    assert wrong in (merged(lists[:3]) or word()).days_off
    together = merged(lists)
    assert together is not None
    assert set(together.days_off) == {*next_years_list().days_off, typhoon, date(NEXT - 1, 10, 1)}
    assert together.horizon == date(NEXT, 12, 31)


def test_many_sources_are_cut() -> None:
    together = merged([word(date(NEXT, 3, 17), source=f"{number}: {'x' * 900}") for number in range(5)])
    assert together is not None
    assert len(together.source) <= 2000
    assert together.source.startswith("4: ")


def test_what_changes_is_told_in_order() -> None:
    before = china_calendar(FIRST, LAST)
    after = china_calendar(FIRST, LAST, override=next_years_list(), revision=1)
    changed = changed_days(before, after, FIRST, LAST)
    assert [change.worked for change in changed] == [False, True]
    assert changed_days(after, before, FIRST, LAST) == tuple(
        ChangedDay(day=change.day, worked=not change.worked) for change in changed
    )
    assert not says_the_same(before, after)
    assert says_the_same(before, before.model_copy(update={"revision": 5, "source": "another"}))
    require_future(changed, TODAY)
    with pytest.raises(Refused):
        require_future(changed, date(NEXT, 6, 1))


def test_many_dates_are_cut_and_counted() -> None:
    many = [date(NEXT, 3, 1) + timedelta(days=number) for number in range(30)]
    with pytest.raises(Invalid) as refusal:
        check_override(word(*many), [], FIRST, date(NEXT - 1, 12, 31))
    assert refusal.value.params["count"] == 30
    assert str(refusal.value.params["dates"]).count(",") == 11
