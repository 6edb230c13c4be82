"""Time limits: what they are worth, what has been used of them, and when they end.

Time is counted in one of two ways: on the clock (7×24), or as working time of a calendar. Nothing here
starts a clock again: a limit that pauses keeps what was used, more time is added to the budget, and
only the stretch that is running now is measured when somebody asks.

A limit ends at an instant that no longer belongs to it: at its deadline it has expired.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from domain.calendar import WorkCalendar, utc
from domain.errors import Invalid
from domain.values import Instant, Value

UtcInstant = Annotated[Instant, AfterValidator(lambda at: at.astimezone(UTC))]
"""A point in time, turned into UTC on the way in."""

LONGEST = timedelta(days=3660)
"""No limit is longer than ten years; a longer one is a slip of the pen."""


class Basis(StrEnum):
    """How time is counted."""

    CLOCK = "clock"
    """Wall clock, 7×24."""
    WORKING = "working"
    """Working time of a calendar."""


class Unit(StrEnum):
    """What a limit is counted in."""

    CLOCK_SECONDS = "clock_seconds"
    CLOCK_MINUTES = "clock_minutes"
    CLOCK_HOURS = "clock_hours"
    CLOCK_DAYS = "clock_days"
    """Of 24 hours each."""
    WORKING_MINUTES = "working_minutes"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    """Each worth the calendar's ``working_day``."""

    @property
    def basis(self) -> Basis:
        """How time is counted in this unit."""
        return Basis(self.value.partition("_")[0])


_WORTH = {
    Unit.CLOCK_SECONDS: timedelta(seconds=1),
    Unit.CLOCK_MINUTES: timedelta(minutes=1),
    Unit.CLOCK_HOURS: timedelta(hours=1),
    Unit.CLOCK_DAYS: timedelta(days=1),
    Unit.WORKING_MINUTES: timedelta(minutes=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
}


class Span(Value):
    """A length of time as a rule states it: "5 working days", "30 minutes"."""

    value: int = Field(gt=0)
    unit: Unit

    @model_validator(mode="after")
    def _reasonable(self) -> Self:
        if self.value > LONGEST // _WORTH.get(self.unit, timedelta(days=1)):
            raise ValueError("no limit is longer than ten years")
        return self

    def amount(self, calendar: WorkCalendar) -> timedelta:
        """What it is worth: clock or working time, as its unit's basis says."""
        return self.value * _WORTH.get(self.unit, calendar.working_day)

    def after(self, start: datetime, calendar: WorkCalendar) -> datetime:
        """The instant (UTC) at which it has passed since ``start``; raises as ``calendar.after`` does."""
        return _after(self.unit.basis, start, self.amount(calendar), calendar)

    def halved(self, calendar: WorkCalendar, at_least: "Span") -> timedelta:
        """Half of it, but no less than ``at_least`` (P14: the limit of a supervised order).

        Raises ``Invalid`` when the two are counted in different ways and cannot be compared.
        """
        if at_least.unit.basis is not self.unit.basis:
            raise Invalid("spans-differ-in-basis", field="at_least", basis=self.unit.basis, got=at_least.unit.basis)
        return max(self.amount(calendar) / 2, at_least.amount(calendar))


class Deadline(Value):
    """When a limit ends, as things stand."""

    at: UtcInstant
    provisional: bool
    """Rests on working days that are not published yet: to be computed again when the list arrives."""


class TimeLimit(Value):
    """A budget of clock or working time, and what was used of it.

    ``used`` is settled: it was measured with the calendar of its day. The stretch since ``running_since``
    is measured with whatever calendar is given, so a revised list moves the deadline of a running limit.
    """

    basis: Basis
    budget: timedelta = Field(ge=timedelta(0))
    used: timedelta = Field(default=timedelta(0), ge=timedelta(0))
    """Time used in the stretches that are over."""
    running_since: UtcInstant | None = None
    """The beginning of the stretch that runs now; None while the limit rests."""

    def started(self, now: datetime) -> Self:
        """Running from now on; one that runs already goes on as it does, nothing resets it."""
        return self if self.running_since else self.model_copy(update={"running_since": utc(now)})

    def paused(self, now: datetime, calendar: WorkCalendar) -> Self:
        """Resting from now on, with what has been used so far; one that rests already stays as it is."""
        if self.running_since is None:
            return self
        return self.model_copy(update={"used": self.elapsed(now, calendar), "running_since": None})

    def extended(self, by: timedelta) -> Self:
        """With more budget. Raises ``Invalid`` unless ``by`` is longer than nothing."""
        if by <= timedelta(0):
            raise Invalid("extension-not-positive", field="by", value=str(by))
        return self.model_copy(update={"budget": self.budget + by})

    def elapsed(self, now: datetime, calendar: WorkCalendar) -> timedelta:
        """All that has been used; a ``now`` before the running stretch began adds nothing."""
        if self.running_since is None:
            return self.used
        return self.used + _between(self.basis, self.running_since, now, calendar)

    def remaining(self, now: datetime, calendar: WorkCalendar) -> timedelta:
        """What is left of the budget, never less than nothing."""
        return max(self.budget - self.elapsed(now, calendar), timedelta(0))

    def overrun(self, now: datetime, calendar: WorkCalendar) -> timedelta:
        """What was used beyond the budget, never less than nothing."""
        return max(self.elapsed(now, calendar) - self.budget, timedelta(0))

    def expired(self, now: datetime, calendar: WorkCalendar) -> bool:
        """Whether nothing is left. While it runs, true from the instant of the deadline on."""
        return self.elapsed(now, calendar) >= self.budget

    def deadline(self, calendar: WorkCalendar) -> Deadline | None:
        """When the budget is used up if the limit goes on running; None while it rests.

        A limit that was used up before it began to run again ended, at the latest, when it did.
        A limit on the clock does not depend on any list and is never provisional.
        Raises ``Invalid`` when that is beyond the years a calendar answers for.
        """
        if self.running_since is None:
            return None
        left = max(self.budget - self.used, timedelta(0))
        at = _after(self.basis, self.running_since, left, calendar)
        return Deadline(at=at, provisional=self.basis is Basis.WORKING and calendar.is_provisional(at))


def _after(basis: Basis, start: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    if basis is Basis.WORKING:
        return calendar.after(start, amount)
    try:
        return utc(start) + amount
    except OverflowError:
        raise Invalid("instant-out-of-range", field="amount", value=str(amount)) from None


def _between(basis: Basis, start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    if basis is Basis.WORKING:
        return calendar.working_time(start, end)
    return max(utc(end) - utc(start), timedelta(0))
