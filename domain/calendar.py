"""When an office works, and how much of its time lies between two instants.

A calendar is data: a weekly rhythm, the shifts of a working day, the dates that break the rhythm, and
the last day for which that list of dates is published. It travels inside a case, so that every deadline
is a function of values. Where calendars come from is told in ``calendars/``; limits that are measured
with one live in ``domain/clock.py``.

How it counts: a working instant is one whose local date is a working day and whose local time of day
lies in a shift. Local time is counted in whole microseconds since Monday 0001-01-01, so that a weekday
is a remainder, the rhythm is arithmetic, and only the listed dates are searched. Where the zone's offset
changes, the stretches before and after the change are counted apart, which is exact for hours that are
skipped and for hours that happen twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Annotated, Any, NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, field_validator, model_validator

from domain.errors import Invalid
from domain.values import Text, Token, Value

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""The years a calendar answers for; whatever lies outside is a mistake, and is refused."""

_ORIGIN = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_LAST = (LATEST - _ORIGIN) // _MICROSECOND

_Item = TypeVar("_Item", int, date)

Zone = Annotated[str, StringConstraints(pattern=r"^(UTC|[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+)$")]
"""A zone of the IANA database, as ``Area/Location`` or ``UTC``; never the machine's own ``localtime``."""


class Shift(Value):
    """A stretch of local time in which an office works.

    ``end`` is exclusive; 00:00 is the midnight that ends the day.
    """

    start: time
    end: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("a shift is in local time and carries no zone of its own")
        if _time_of_day(self.start) >= self._end:
            raise ValueError("a shift starts before it ends; one that passes midnight is two shifts")
        return self

    @property
    def length(self) -> timedelta:
        """Its working time."""
        return timedelta(microseconds=self._end - _time_of_day(self.start))

    @property
    def _end(self) -> int:
        return _time_of_day(self.end) or _DAY


class WorkCalendar(Value):
    """An office's working time.

    Lists are in canonical form (ascending, no date twice, none that only repeats the weekly rhythm), so
    that equal calendars are equal values.
    """

    name: Token
    revision: int = Field(default=0, ge=0)
    """Counts the published versions of one calendar; lists are revised even for days that have passed."""
    zone: Zone
    """Where the shifts and dates are local."""
    shifts: tuple[Shift, ...] = Field(min_length=1)
    """The working time of every working day: ascending, not overlapping."""
    working_day: timedelta = Field(gt=timedelta(0), le=timedelta(days=1))
    """What one "working day" of a limit is worth in working time: normally the sum of the shifts."""
    weekend: tuple[int, ...] = Field(default=(5, 6), max_length=6)
    """The weekdays without work, Monday being 0."""
    days_off: tuple[date, ...] = ()
    """Holidays that fall on a day that would be worked."""
    days_worked: tuple[date, ...] = ()
    """Make-up workdays (调休): days of a weekend that are worked all the same."""
    horizon: date | None = None
    """The last local day for which the lists are published; None where nothing is ever provisional."""
    source: Text
    """Where the lists were taken from."""

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such zone in the time zone database") from None
        return zone

    @field_validator("shifts")
    @classmethod
    def _apart(cls, shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
        # A shift that ends at midnight ends at 00:00, which is before every start: it can only come last.
        if any(earlier.end > later.start or earlier.end == time() for earlier, later in pairwise(shifts)):
            raise ValueError("shifts are listed in order and do not overlap")
        return shifts

    @field_validator("weekend")
    @classmethod
    def _weekdays(cls, weekend: tuple[int, ...]) -> tuple[int, ...]:
        if not set(weekend) <= set(range(7)):
            raise ValueError("weekdays are 0 (Monday) to 6 (Sunday)")
        return _ascending(weekend)

    @field_validator("days_off", "days_worked")
    @classmethod
    def _sorted(cls, days: tuple[date, ...]) -> tuple[date, ...]:
        return _ascending(days)

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        if any(day.weekday() in self.weekend for day in self.days_off):
            raise ValueError("days_off holds no day of a weekend: it is off already")
        if any(day.weekday() not in self.weekend for day in self.days_worked):
            raise ValueError("days_worked holds only days of a weekend: the others are worked already")
        return self

    def is_working_day(self, day: date) -> bool:
        """Whether the office works on this local date.

        Raises ``Invalid`` for an instant: its date depends on the zone it is read in.
        """
        if isinstance(day, datetime):
            raise Invalid("date-expected", field="day", value=day.isoformat())
        return self._tables.place(day.toordinal() - 1)[1]

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """The working time in [start, end), to the microsecond; nothing when end is not after start.

        Raises ``Invalid`` for an instant without a zone or outside the years a calendar answers for.
        """
        since, since_offset = self._located(start)
        until, until_offset = self._located(end)
        if until <= since:
            return timedelta(0)
        worked = self._tables.worked
        total = worked(until + until_offset) - worked(since + since_offset)
        for change in _changes(self.zone, since, until):
            total += worked(change.at + change.before) - worked(change.at + change.after)
        return timedelta(microseconds=total)

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """The earliest instant (UTC) by which ``amount`` of working time has passed since ``start``.

        An amount used up exactly with a shift ends with that shift, not with the beginning of the next;
        no amount at all ends where it starts.
        Raises ``Invalid`` for a negative amount, and for instants as ``working_time`` does.
        """
        if amount < timedelta(0):
            raise Invalid("amount-negative", field="amount", value=str(amount))
        at, offset = self._located(start)
        left = amount // _MICROSECOND
        end = self._end_of(at, offset, left)
        while change := next(_changes(self.zone, at, end - 1), None):
            left -= self._tables.worked(change.at + offset) - self._tables.worked(at + offset)
            at, offset = change.at, change.after
            end = self._end_of(at, offset, left)
        return _instant(end)

    def is_provisional(self, at: datetime) -> bool:
        """Whether the local date of this instant lies past the published lists.

        Raises ``Invalid`` as ``working_time`` does.
        """
        if self.horizon is None:
            return False
        moment, offset = self._located(at)
        return (moment + offset) // _DAY > self.horizon.toordinal() - 1

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's; the copy compiles its own tables, because the update may change the lists."""
        copied = super().model_copy(update=update, deep=deep)
        vars(copied).pop("_tables", None)
        return copied

    @cached_property
    def _tables(self) -> "_Tables":
        return _compiled(self)

    def _end_of(self, at: int, offset: int, amount: int) -> int:
        """When this much has been worked since ``at``, if the offset stayed what it is."""
        end = self._tables.reached(at + offset, amount) - offset
        if end >= _LAST:
            raise Invalid("instant-out-of-range", field="amount", latest=LATEST.isoformat())
        return end

    def _located(self, at: datetime) -> tuple[int, int]:
        moment = utc(at)
        if not EARLIEST <= moment < LATEST:
            raise Invalid("instant-out-of-range", field="at", value=at.isoformat())
        return (moment - _ORIGIN) // _MICROSECOND, _offset(ZoneInfo(self.zone), moment)


def utc(at: datetime) -> datetime:
    """The same instant in UTC. Raises ``Invalid`` when it carries no zone, or cannot be told in UTC."""
    if at.utcoffset() is None:
        raise Invalid("instant-without-zone", field="at", value=at.isoformat())
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Invalid("instant-out-of-range", field="at", value=at.isoformat()) from None


@dataclass(frozen=True, slots=True)
class _Tables:
    """A calendar made ready for counting. Days are counted from 0001-01-01, times in microseconds."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    done: tuple[int, ...]
    """Working time of a day before each shift, and of the whole day as the last entry."""
    weekdays: tuple[int, ...]
    """The weekdays with work."""
    weekdays_before: tuple[int, ...]
    """How many of them come before each weekday."""
    listed: tuple[int, ...]
    """The days that break the weekly rhythm."""
    works: tuple[bool, ...]
    """Whether each of them is worked."""
    balance: tuple[int, ...]
    """Days worked less days off among the first n listed ones, n = 0 …"""
    ranks: tuple[int, ...]
    """How many working days there are up to and including each listed day."""

    def place(self, day: int) -> tuple[int, bool]:
        """How many working days come before this day, and whether it is one itself."""
        index = bisect_left(self.listed, day)
        weeks, weekday = divmod(day, 7)
        before = weeks * len(self.weekdays) + self.weekdays_before[weekday] + self.balance[index]
        if index < len(self.listed) and self.listed[index] == day:
            return before, self.works[index]
        return before, weekday in self.weekdays

    def worked(self, moment: int) -> int:
        """The working time before a local moment, since the beginning of the count."""
        day, since_midnight = divmod(moment, _DAY)
        days, working = self.place(day)
        total = days * self.done[-1]
        shift = bisect_right(self.starts, since_midnight) - 1
        if working and shift >= 0:
            total += self.done[shift] + min(since_midnight, self.ends[shift]) - self.starts[shift]
        return total

    def reached(self, moment: int, amount: int) -> int:
        """The earliest local moment by which this much has been worked since the given one."""
        if amount == 0:
            return moment
        days, rest = divmod(self.worked(moment) + amount - 1, self.done[-1])
        shift = bisect_left(self.done, rest + 1) - 1
        return self.nth(days) * _DAY + self.starts[shift] + rest + 1 - self.done[shift]

    def nth(self, number: int) -> int:
        """The working day with this many working days before it: the inverse of ``place``."""
        index = bisect_right(self.ranks, number)
        if index < len(self.listed) and self.works[index] and self.ranks[index] == number + 1:
            return self.listed[index]
        weeks, rest = divmod(number - self.balance[index], len(self.weekdays))
        return weeks * 7 + self.weekdays[rest]


def _compiled(calendar: WorkCalendar) -> _Tables:
    weekdays = tuple(day for day in range(7) if day not in calendar.weekend)
    before = tuple(sum(day < weekday for day in weekdays) for weekday in range(7))
    breaks = sorted(
        [(day.toordinal() - 1, False) for day in calendar.days_off]
        + [(day.toordinal() - 1, True) for day in calendar.days_worked]
    )
    balance = tuple(accumulate((1 if works else -1 for _, works in breaks), initial=0))
    after = (day + 1 for day, _ in breaks)
    in_rhythm = (day // 7 * len(weekdays) + before[day % 7] for day in after)
    lengths = (shift.length // _MICROSECOND for shift in calendar.shifts)
    return _Tables(
        starts=tuple(_time_of_day(shift.start) for shift in calendar.shifts),
        ends=tuple(_time_of_day(shift.end) or _DAY for shift in calendar.shifts),
        done=tuple(accumulate(lengths, initial=0)),
        weekdays=weekdays,
        weekdays_before=before,
        listed=tuple(day for day, _ in breaks),
        works=tuple(works for _, works in breaks),
        balance=balance,
        ranks=tuple(rhythm + extra for rhythm, extra in zip(in_rhythm, balance[1:], strict=True)),
    )


class _Change(NamedTuple):
    """An instant at which a zone's offset changes; microseconds all three."""

    at: int
    before: int
    after: int


def _changes(zone: str, since: int, until: int) -> Iterator[_Change]:
    """The changes of offset after ``since``, up to and including ``until``."""
    for year in range(_year(since), _year(until) + 1):
        for change in _changes_of_year(zone, year):
            if since < change.at <= until:
                yield change


@lru_cache(maxsize=4096)
def _changes_of_year(zone: str, year: int) -> tuple[_Change, ...]:
    # The standard library does not hand out a zone's table, so offsets are compared day by day. That
    # finds every change: in the whole database no two of a zone are less than four days apart.
    info = ZoneInfo(zone)
    first = date(year, 1, 1).toordinal() - 1
    mornings = range(first, date(year + 1, 1, 1).toordinal())
    offsets = [_offset(info, _instant(day * _DAY)) for day in mornings]
    return tuple(
        _Change(_change_within(info, day * _DAY), before, after)
        for day, (before, after) in zip(mornings, pairwise(offsets), strict=False)
        if before != after
    )


def _change_within(zone: ZoneInfo, start: int) -> int:
    """The first instant (a whole second) of the new offset in the day that begins at ``start``."""
    old = _offset(zone, _instant(start))
    seconds = range(_DAY // _SECOND + 1)
    changed = bisect_left(seconds, True, key=lambda second: _offset(zone, _instant(start + second * _SECOND)) != old)
    return start + changed * _SECOND


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    """The zone's offset from UTC at this instant, in microseconds, east positive."""
    return (moment.astimezone(zone).utcoffset() or timedelta(0)) // _MICROSECOND


def _instant(moment: int) -> datetime:
    return _ORIGIN + timedelta(microseconds=moment)


def _year(moment: int) -> int:
    return date.fromordinal(moment // _DAY + 1).year


def _time_of_day(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * _SECOND + at.microsecond


def _ascending(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    if any(earlier >= later for earlier, later in pairwise(items)):
        raise ValueError("entries are in ascending order, none of them twice")
    return items
