"""How long people take: a distribution, in units of the clock or of working time, and an instant drawn from it."""

import math
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.calendar import WorkCalendar, utc
from domain.clock import Basis, Span, Unit
from domain.values import Value

LONGEST = timedelta(days=1000)
"""No draw is longer, of whichever time it is counted in: long past the end of any rehearsal."""

Length = Annotated[float, Field(strict=True, ge=0, le=100_000, allow_inf_nan=False)]
Width = Annotated[float, Field(strict=True, ge=0, le=5, allow_inf_nan=False)]


class Fixed(Value):
    """Always the same."""

    kind: Literal["fixed"]
    value: Length
    unit: Unit

    def at(self, share: float) -> float:
        del share
        return self.value


class Uniform(Value):
    """Any length between two, one as likely as the other."""

    kind: Literal["uniform"]
    low: Length
    high: Length
    unit: Unit

    @model_validator(mode="after")
    def _in_order(self) -> "Uniform":
        if self.low > self.high:
            raise PydanticCustomError("low-above-high", "low is above high")
        return self

    def at(self, share: float) -> float:
        return self.low + (self.high - self.low) * share


class Exponential(Value):
    """Mostly short, sometimes long: whoever waits has waited in vain as if he had just begun."""

    kind: Literal["exponential"]
    mean: Length
    unit: Unit

    def at(self, share: float) -> float:
        return -self.mean * math.log(1 - share)


class Lognormal(Value):
    """The shape that handling times usually have: half are below the median, few are very long.

    ``sigma`` is the width: two thirds of all lie within a factor of e^sigma around the median.
    """

    kind: Literal["lognormal"]
    median: Length
    sigma: Width
    unit: Unit

    def at(self, share: float) -> float:
        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(share))


Delay = Annotated[Fixed | Uniform | Exponential | Lognormal, Field(discriminator="kind")]

KINDS = frozenset({"fixed", "uniform", "exponential", "lognormal"})


def end_of(delay: Delay, share: float, start: datetime, calendar: WorkCalendar, *, pace: float = 1.0) -> datetime:
    """The instant at which this delay is over that began at ``start``.

    ``share`` says which delay is drawn: the one that so large a share of all is shorter than. Working time
    passes on ``calendar``. ``pace`` makes it so many times as long.
    """
    worth = Span(value=1, unit=delay.unit).amount(calendar)
    units = delay.at(min(max(share, 1e-9), 1 - 1e-9)) * pace
    length = LONGEST if units * worth.total_seconds() > LONGEST.total_seconds() else units * worth
    return calendar.after(start, length) if delay.unit.basis is Basis.WORKING else utc(start) + length
