"""Revisions of China's calendar: the libraries' lists with all that was published on top of them.

An override without a horizon is an office's own word and stays. One with a horizon is a list, complete up
to that day: it takes the place of an earlier list's dates in its year. For one date the later word counts.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from calendars.override import Override
from domain.calendar import WorkCalendar
from domain.errors import Invalid, Refused
from domain.values import Value

SHOWN = 12
"""How many dates a refusal names."""


class ChangedDay(Value):
    """A day whose status a revision changes."""

    day: date
    worked: bool
    """Whether it is a working day now."""


class _Word(NamedTuple):
    worked: bool
    of_list: bool


def merged(overrides: Sequence[Override]) -> Override | None:
    """All overrides, in the order of their publication, as one; None where there are none."""
    words: dict[date, _Word] = {}
    for override in overrides:
        if (horizon := override.horizon) is not None:
            year = date(horizon.year, 1, 1)
            words = {day: word for day, word in words.items() if not (word.of_list and year <= day <= horizon)}
        words |= {day: _Word(False, horizon is not None) for day in override.days_off}
        words |= {day: _Word(True, horizon is not None) for day in override.days_worked}
    if not overrides:
        return None
    return Override(
        source="; ".join(dict.fromkeys(override.source for override in reversed(overrides)))[:2000],
        days_off=tuple(day for day, word in words.items() if not word.worked),
        days_worked=tuple(day for day, word in words.items() if word.worked),
        horizon=max((override.horizon for override in overrides if override.horizon), default=None),
    )


def revision_of(overrides: Sequence[Override], first: date, last: date, revision: int) -> WorkCalendar:
    """The calendar of these days with all overrides. Raises as ``china_calendar`` does."""
    from calendars.china import china_calendar  # its libraries take a while to load, and often nobody asks

    return china_calendar(first, last, override=merged(overrides), revision=revision)


def check_override(override: Override, published: Sequence[Override], first: date, last: date) -> None:
    """Refuse what is no list of these days.

    Raises Invalid ``calendar-dates-outside`` for dates or a horizon outside ``first`` to ``last``, and
    ``calendar-list-incomplete`` where, with what was published before, a statutory holiday up to the horizon is
    neither off nor worked; each with the first ``dates`` and the ``count`` of all.
    """
    horizon = [override.horizon] if override.horizon else []
    outside = [day for day in sorted({*override.days_off, *override.days_worked}) if not first <= day <= last]
    outside += [day for day in horizon if day > last and day not in outside]
    if outside:
        raise Invalid(
            "calendar-dates-outside",
            dates=named(outside),
            count=len(outside),
            first=first.isoformat(),
            last=last.isoformat(),
        )
    if unlisted := _unlisted([*published, override]):
        raise Invalid("calendar-list-incomplete", dates=named(unlisted), count=len(unlisted))


def _unlisted(overrides: Sequence[Override]) -> list[date]:
    from calendars.china import published_until, statutory_days  # as above

    together = merged(overrides)
    until, known = together and together.horizon, published_until()
    if together is None or until is None or until <= known:
        return []
    listed = {*together.days_off, *together.days_worked}
    return sorted(statutory_days(known + timedelta(days=1), until) - listed)


def changed_days(before: WorkCalendar, after: WorkCalendar, first: date, last: date) -> tuple[ChangedDay, ...]:
    """The days of [first, last] that one calendar works and the other does not."""
    return tuple(
        ChangedDay(day=day, worked=after.is_working_day(day))
        for day in _days(first, last)
        if before.is_working_day(day) != after.is_working_day(day)
    )


def require_future(changed: Sequence[ChangedDay], today: date) -> None:
    """Raises Refused ``calendar-moves-past`` (``dates``, ``count``) where a day before today has changed."""
    past = [change.day for change in changed if change.day < today]
    if past:
        raise Refused("calendar-moves-past", dates=named(past), count=len(past), allowed="--revise")


def says_the_same(one: WorkCalendar, other: WorkCalendar) -> bool:
    """Whether two revisions differ in their number and source at most."""
    names = {"revision": 0, "source": "-"}
    return one.model_copy(update=names) == other.model_copy(update=names)


def in_the_hours_of(calendar: WorkCalendar, days: WorkCalendar) -> WorkCalendar:
    """The days of one calendar in the office hours of another: a case keeps its hours when a list is revised."""
    return days.model_copy(update={"shifts": calendar.shifts, "working_day": calendar.working_day})


def named(days: Sequence[date]) -> str:
    """The first of these days, for a refusal's params."""
    return ", ".join(day.isoformat() for day in days[:SHOWN])


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
