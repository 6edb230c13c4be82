"""Calls to citizens, over many cases: how many one person makes on a day, and what a second call tells. Pure.

What one call does to its case stands in ``workflows/rungs/callback.py``. Here is what no single case can know: the
day's allowance (P19), the sample that somebody else calls again, and how far the first ratings flatter.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from math import sqrt
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.assessment import Interval, Period, Share, period_named, wilson
from domain.commands import CallbackResult, Rating
from domain.errors import Invalid, NotFound, Refused
from domain.values import Instant, PersonName, Text, Token, Value

Percent = Annotated[int, Field(ge=1, le=100, strict=True)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


def month_named(name: str, zone: str) -> Period:
    """``2026-11`` in this zone. Raises Invalid ``month-unknown`` for anything else."""
    if len(name) != len("2026-11"):
        raise Invalid("month-unknown", month=name)
    try:
        return period_named(name, zone)
    except Invalid:
        raise Invalid("month-unknown", month=name) from None


# -- the day's allowance ---------------------------------------------------------------------------------


def local_day(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The local day that an instant lies in: its first instant, and that of the next day."""
    here = ZoneInfo(zone)
    day = now.astimezone(here).date()
    return datetime.combine(day, time(), here), datetime.combine(day + timedelta(days=1), time(), here)


def check_allowance(by: str, called: int, a_day: int, next_day: datetime) -> None:
    """Whether a person who has called back so many citizens today may call one more (P19)."""
    if called >= a_day:
        raise Refused("callbacks-used-up", by=by, number=called, at=next_day.isoformat(timespec="seconds"))


# -- the sample ------------------------------------------------------------------------------------------


class NewSample(Value):
    """Which share of a month's callbacks is called again, drawn by which seed. A month is drawn once."""

    month: date
    """Its first day."""
    percent: Percent
    seed: Seed
    by: PersonName


class Sample(NewSample):
    """It as it is on record."""

    at: Instant


def is_drawn(seed: int, case_id: str, percent: int) -> bool:
    """Whether the case is in the sample: a fair lot that depends on the seed and its own id, and on no other case.

    A sample that is drawn before the month is over therefore only grows.
    """
    lot = int.from_bytes(hashlib.sha256(f"{seed}\n{case_id}".encode()).digest()[:8])
    return lot * 100 < percent << 64


class FirstCall(Value):
    """The last call of a month at which a case's citizen was reached."""

    case_id: Token
    seq: int
    """Of the ledger entry that recorded it."""
    at: Instant
    by: str
    department: Token | None
    """The one whose head was to call."""
    result: CallbackResult
    rating: Rating | None


class NewSecondCall(Value):
    """Somebody else called the citizen again, or tried to."""

    case_id: Token
    by: PersonName
    rating: Rating | None = None
    """None where nobody was reached."""
    reached: bool = True
    comment: Text | None = None

    @model_validator(mode="after")
    def _rated_where_reached(self) -> Self:
        if self.reached != (self.rating is not None):
            raise PydanticCustomError("second-rating-missing", "a citizen who was reached has a rating, nobody else")
        return self


class SecondCall(NewSecondCall):
    """It as it is on record, with the entry that it repeats."""

    first_seq: int
    first_by: str
    at: Instant


def check_second(new: NewSecondCall, first: FirstCall | None, sample: Sample | None, before: SecondCall | None) -> None:
    """Whether this second call may be entered. Raises NotFound, Refused."""
    if first is None:
        raise NotFound("never-called-back", case=new.case_id)
    if sample is None or not is_drawn(sample.seed, new.case_id, sample.percent):
        raise Refused("not-in-sample", case=new.case_id)
    if new.by == first.by:
        raise Refused("second-caller-same", case=new.case_id, by=new.by)
    if before is not None:
        raise Refused("called-again-already", case=new.case_id, by=before.by, at=before.at.isoformat())


# -- how far ratings are flattered -----------------------------------------------------------------------


class Flattery(Value):
    """What the same citizens told the first caller and the second one: so many cases of each kind."""

    both: int = 0
    """Satisfied both times."""
    only_first: int = 0
    """Satisfied when the department's own head asked, and not when somebody else did."""
    only_second: int = 0
    neither: int = 0

    @property
    def pairs(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def first(self) -> Share:
        return Share(good=self.both + self.only_first, total=self.pairs)

    @property
    def second(self) -> Share:
        return Share(good=self.both + self.only_second, total=self.pairs)

    @property
    def difference(self) -> float | None:
        """By how much the first satisfaction rate is above the second; None where nobody was asked twice."""
        return (self.only_first - self.only_second) / self.pairs if self.pairs else None

    @property
    def interval(self) -> Interval | None:
        """Between which values the difference really lies, with 95 % confidence."""
        if not self.pairs:
            return None
        return paired_difference(self.both, self.only_first, self.only_second, self.neither)


def compared(pairs: Iterable[tuple[CallbackResult, Rating]]) -> Flattery:
    """What first results and second ratings of the same cases come to."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for result, rating in pairs:
        counts[result is CallbackResult.SATISFIED, rating.result is CallbackResult.SATISFIED] += 1
    both, only_first, only_second, neither = counts.values()
    return Flattery(both=both, only_first=only_first, only_second=only_second, neither=neither)


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> Interval:
    """The interval for a difference of two shares of the same cases, two-sided 95 %: Newcombe's method 10.

    R. G. Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17 (1998), 2635-2650: Wilson's intervals of both shares, squared and added, with a
    correction for how the two hang together. Raises ValueError where there is no case.
    """
    total = both + only_first + only_second + neither
    first, second = both + only_first, both + only_second
    of_first, of_second = wilson(first, total), wilson(second, total)
    share, other = first / total, second / total
    product = first * (total - first) * second * (total - second)
    cross = both * neither - only_first * only_second
    corrected = max(cross - total / 2, 0.0) if cross > 0 else cross
    phi = corrected / sqrt(product) if product else 0.0

    def reach(one: float, two: float) -> float:
        return sqrt(max(one * one - 2 * phi * one * two + two * two, 0.0))

    below = reach(share - of_first.low, of_second.high - other)
    above = reach(of_first.high - share, other - of_second.low)
    return Interval(share - other - below, share - other + above)
