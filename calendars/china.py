"""China's working calendar: the State Council's published lists, and a projection past them.

The lists of holidays and make-up workdays (调休) come from PyPI's ``chinesecalendar``. The list for a year
is published in the autumn before it, so past the last list only the statutory holidays are known (their
dates from PyPI's ``holidays``); how they will be bridged is not. Such days are projected: off where the
law says so, no make-up days, and past the calendar's horizon, so that whatever is computed with them is
marked provisional.
"""

from collections.abc import Iterable
from datetime import date, time, timedelta
from importlib.metadata import version

import holidays
from chinese_calendar.constants import holidays as published_holidays
from chinese_calendar.constants import workdays as published_workdays

from calendars.override import Override
from domain.calendar import Shift, WorkCalendar
from domain.errors import Invalid

HAIKOU_SHIFTS = (
    Shift(start=time(8, 30), end=time(12)),
    Shift(start=time(14, 30), end=time(17, 30)),
)
"""Office hours of Haikou's departments. Confidence C: no source was found, these are our default."""

ZONE = "Asia/Shanghai"
WEEKEND = (5, 6)
LAST_PROJECTED_YEAR = 2100
"""As far as ``holidays`` knows the lunar calendar."""


def china_calendar(
    first: date,
    last: date,
    *,
    shifts: tuple[Shift, ...] = HAIKOU_SHIFTS,
    override: Override | None = None,
    revision: int = 0,
) -> WorkCalendar:
    """The calendar whose lists cover ``first`` to ``last``, both included.

    Outside these days it knows the weekly rhythm only. Days after ``last`` are past its horizon; nothing
    marks those before ``first``, so let it begin before the first case. An override counts before
    everything else; up to its horizon nothing is projected.
    Raises ``Invalid`` when the range is empty, or begins or ends outside the years the libraries know.
    """
    _check_range(first, last)
    published = published_until()
    horizon = max(published, override.horizon) if override and override.horizon else published
    works = {day: _works(day) for day in _days(first, last)}
    works |= dict.fromkeys(statutory_days(max(first, horizon + timedelta(days=1)), last), False)
    works |= _overridden(override, works)
    return WorkCalendar(
        name="china",
        revision=revision,
        zone=ZONE,
        shifts=shifts,
        working_day=sum((shift.length for shift in shifts), timedelta(0)),
        weekend=WEEKEND,
        days_off=tuple(day for day, working in works.items() if not working and not _in_weekend(day)),
        days_worked=tuple(day for day, working in works.items() if working and _in_weekend(day)),
        horizon=min(horizon, last),
        source=_source(published, override),
    )


def published_until() -> date:
    """The last day of the last year whose published list ``chinesecalendar`` carries."""
    # A list can reach into the January after its year, so the year is told by its National Day.
    return date(max(day.year for day in published_holidays if (day.month, day.day) == (10, 1)), 12, 31)


def statutory_days(first: date, last: date) -> frozenset[date]:
    """The weekdays in [first, last] that are off by law alone, the days in lieu of a weekend included.

    Days that a published list moved to make a bridge are not among them: each has a make-up day, and a
    projection knows neither.
    """
    years = range(first.year, last.year + 1)
    known = holidays.country_holidays("CN", years=years, language="en_US")
    return frozenset(
        day
        for day, name in known.items()
        if first <= day <= last and not _in_weekend(day) and not name.startswith("Day off (substituted")
    )


def _works(day: date) -> bool:
    # As the library's is_workday, which searches its whole list for every date and refuses unpublished years.
    return day in published_workdays or not (_in_weekend(day) or day in published_holidays)


def _overridden(override: Override | None, works: Iterable[date]) -> dict[date, bool]:
    if override is None:
        return {}
    listed = dict.fromkeys(override.days_off, False) | dict.fromkeys(override.days_worked, True)
    return {day: listed[day] for day in works if day in listed}


def _check_range(first: date, last: date) -> None:
    earliest = date(min(published_holidays).year, 1, 1)
    latest = date(LAST_PROJECTED_YEAR, 12, 31)
    if not earliest <= first <= last <= latest:
        raise Invalid(
            "calendar-range-invalid",
            field="first" if first < earliest or first > last else "last",
            first=first.isoformat(),
            last=last.isoformat(),
            earliest=earliest.isoformat(),
            latest=latest.isoformat(),
        )


def _source(published: date, override: Override | None) -> str:
    libraries = (
        f"State Council lists to {published} (chinesecalendar {version('chinesecalendar')}), "
        f"statutory holidays after them (holidays {version('holidays')})"
    )
    return f"{libraries}; override: {override.source}"[:2000] if override else libraries


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _in_weekend(day: date) -> bool:
    return day.weekday() in WEEKEND
