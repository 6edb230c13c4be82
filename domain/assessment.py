"""The assessment 考核: rates and counts of a period, raw and adjusted side by side (P20). Pure.

The adjusted figure leaves out excluded cases; the raw one never does. Nobody is ranked.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from math import sqrt
from re import fullmatch
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.errors import Invalid, Refused
from domain.marks import Figure
from domain.values import Instant, PersonName, Text, Token, Value

Z_95 = 1.959963984540054
"""The standard normal distribution's 97.5 % point: two-sided 95 %."""


class By(StrEnum):
    """What an assessment is broken down by."""

    DEPARTMENT = "department"
    DISTRICT = "district"
    CLASS = "class"


class Interval(NamedTuple):
    """Between which shares the true one lies, with 95 % confidence."""

    low: float
    high: float


def wilson(good: int, total: int) -> Interval:
    """Wilson's score interval for a share, two-sided 95 %, without a correction for continuity.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212. Raises ValueError unless 0 <= good <= total and total > 0.
    """
    if not 0 <= good <= total or not total:
        raise ValueError(f"{good} of {total} is no share")
    share, square = good / total, Z_95 * Z_95 / total
    middle = (share + square / 2) / (1 + square)
    reach = Z_95 * sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return Interval(max(0.0, middle - reach) if good else 0.0, min(1.0, middle + reach) if good < total else 1.0)


class Share(Value):
    """So many of so many."""

    good: Annotated[int, Field(ge=0)] = 0
    total: Annotated[int, Field(ge=0)] = 0

    @property
    def rate(self) -> float | None:
        """None where there is nothing to count."""
        return self.good / self.total if self.total else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.good, self.total) if self.total else None

    def __add__(self, other: "Share") -> "Share":
        return Share(good=self.good + other.good, total=self.total + other.total)


NOTHING = Share()


class Sum(Value):
    """The marks of one figure in one group, counted: all of them, and those of cases that are not excluded."""

    group: str | None
    figure: Figure
    raw: Share
    adjusted: Share


class Figures(Value):
    """All figures of one group, or of the whole; a figure without marks is left out."""

    group: str | None
    """A department, a district or a class; None for the whole, and for what belongs to nobody."""
    raw: Mapping[Figure, Share]
    adjusted: Mapping[Figure, Share]

    def pair(self, figure: Figure) -> tuple[Share, Share]:
        """Raw and adjusted."""
        return self.raw.get(figure, NOTHING), self.adjusted.get(figure, NOTHING)

    @property
    def is_adjusted(self) -> bool:
        """Whether an exclusion changes anything here."""
        return self.raw != self.adjusted


def figures_of(group: str | None, sums: Iterable[Sum]) -> Figures:
    """The figures of these sums together."""
    raw: dict[Figure, Share] = {}
    adjusted: dict[Figure, Share] = {}
    for one in sums:
        raw[one.figure] = raw.get(one.figure, NOTHING) + one.raw
        adjusted[one.figure] = adjusted.get(one.figure, NOTHING) + one.adjusted
    return Figures(group=group, raw=raw, adjusted=adjusted)


def grouped(sums: Iterable[Sum]) -> tuple[Figures, ...]:
    """The figures of every group by its code; what belongs to nobody comes last. That is no ranking."""
    found: dict[str | None, list[Sum]] = {}
    for one in sums:
        found.setdefault(one.group, []).append(one)
    codes = sorted(found, key=lambda code: (code is None, code or ""))
    return tuple(figures_of(code, found[code]) for code in codes)


# -- periods ---------------------------------------------------------------------------------------------


class Period(Value):
    """Whole days in one zone: the first, and the one after the last."""

    first: date
    end: date
    zone: str

    @cached_property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), ZoneInfo(self.zone))

    @cached_property
    def until(self) -> datetime:
        return datetime.combine(self.end, time(), ZoneInfo(self.zone))

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    def year_before(self) -> "Period":
        """The same period of the year before 同比; the 29th of February becomes the first of March."""
        return Period(first=_year_before(self.first), end=_year_before(self.end), zone=self.zone)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 3, 1)


def period_named(name: str, zone: str) -> Period:
    """``2026-11``, ``2026Q4`` or ``2026``. Raises Invalid ``period-unknown`` for anything else."""
    months = {1: (r"(\d{4})-(\d\d)", 1), 3: (r"(\d{4})[Qq]([1-4])", 3), 12: (r"(\d{4})()", 12)}
    for length, (pattern, _) in months.items():
        if found := fullmatch(pattern, name):
            year, number = int(found[1]), int(found[2] or 1)
            month = (number - 1) * (length if length < 12 else 1)
            if 0 <= month < 12 and 1900 < year < 9000:
                return Period(first=date(year, month + 1, 1), end=_months_on(year, month + length), zone=zone)
    raise Invalid("period-unknown", period=name)


def _months_on(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def period_between(first: date, last: date, zone: str) -> Period:
    """From the first day to the last, both included. Raises Invalid ``period-backwards``."""
    if last < first:
        raise Invalid("period-backwards", first=first.isoformat(), last=last.isoformat())
    return Period(first=first, end=last + timedelta(days=1), zone=zone)


# -- exclusions ------------------------------------------------------------------------------------------


class ExclusionReason(StrEnum):
    """Why a case may be left out of the adjusted figures."""

    LEGAL_WAY = "legal_way"
    """It is in court, arbitration, petition or discipline (P21)."""
    DUPLICATE = "duplicate"
    """The same demand is counted in another case (P21)."""
    EMERGENCY = "emergency"
    """It was passed on at once to where emergencies belong (P21)."""
    UNLAWFUL = "unlawful"
    """What is asked for is against law or policy. Our own default."""
    HARASSMENT = "harassment"
    """Malicious or abusive use of the hotline. Our own default."""
    FORCE_MAJEURE = "force_majeure"
    """Nobody could have acted: typhoon, flood. Our own default."""
    WRONG_DEPARTMENT = "wrong_department"
    """It is booked on a department whose matter it never was. Our own default."""


class NewExclusion(Value):
    """A case is left out of the adjusted figures, or taken in again: another entry, never a change of the first."""

    case_id: Token
    excluded: bool = True
    reason: ExclusionReason
    remark: Text | None = None
    approved_by: PersonName
    by: PersonName


class Exclusion(NewExclusion):
    """It as it is on record."""

    number: int
    at: Instant


def check_exclusion(new: NewExclusion, last: Exclusion | None) -> None:
    """Whether it may be entered. Raises Refused: one person alone, or nothing would change."""
    if new.by == new.approved_by:
        raise Refused("exclusion-by-one", by=new.by)
    if new.excluded and last is not None and last.excluded:
        raise Refused("exclusion-known", case=new.case_id, by=last.approved_by)
    if not new.excluded and (last is None or not last.excluded):
        raise Refused("exclusion-none", case=new.case_id)


# -- what is assessed ------------------------------------------------------------------------------------


class Booked(Value):
    """How long whose hands had the cases that were closed in the period, by the clock."""

    hands: str
    department: Token | None
    cases: int
    clock: timedelta


class Assessment(Value):
    """A period's figures: the whole and by group, beside those of the period before; and who was left out."""

    period: Period
    before: Period
    by: By
    whole: Figures
    whole_before: Figures
    groups: tuple[Figures, ...]
    exclusions: tuple[Exclusion, ...]
    """Of every case that is left out of one of these figures."""
    grid_workers: int
    grid_workers_before: int
    custody: tuple[Booked, ...]
    computed_at: Instant


class Line(Value):
    """One mark behind a figure."""

    case_id: str
    seq: int
    department: str | None
    district: str | None
    matter: str | None
    at: Instant
    good: bool
    excluded: ExclusionReason | None
    approved_by: str | None


class Comparison(NamedTuple):
    """A figure of "six up, one down" now and before; None where the record does not know it."""

    key: str
    now: float | None
    before: float | None
    is_rate: bool
    up_is_good: bool


def six_up_one_down(found: Assessment) -> tuple[Comparison, ...]:
    """The figures a leader asks for. Followers and petitions are counted elsewhere: the record does not know them."""
    whole, before = found.whole, found.whole_before

    def count(figure: Figure) -> Comparison:
        return Comparison(figure.value, whole.pair(figure)[0].total, before.pair(figure)[0].total, False, True)

    def rate(figure: Figure) -> Comparison:
        return Comparison(figure.value, whole.pair(figure)[0].rate, before.pair(figure)[0].rate, True, True)

    return (
        count(Figure.ACCEPTED),
        rate(Figure.SATISFACTION),
        rate(Figure.FIRST_GO),
        rate(Figure.SUPERVISED),
        Comparison("grid_workers", found.grid_workers, found.grid_workers_before, False, True),
        Comparison("followers", None, None, False, True),
        Comparison("petitions", None, None, False, False),
    )
