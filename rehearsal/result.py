"""What a leader asks before signing a rule, answered from the courses that the rehearsed cases have taken."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from domain.calendar import WorkCalendar
from domain.case import Closing
from domain.commands import CallbackResult
from domain.ladder import Rung
from domain.order import Role
from domain.policy import A_DAY
from domain.values import Instant, Value
from rehearsal.course import Call, Course

CALLS_A_DAY: Final = A_DAY.value
"""As many citizens a head of department calls back on one day, at most."""

_Key = TypeVar("_Key")

OPEN: Final = "open"
"""Among the outcomes: not ended when the rehearsal had no more time for it."""


class Spread(Value):
    """Half of all are at most the median; nine of ten at most the 90th percentile."""

    median: float
    p90: float


class Tally(Value):
    """So many cases of one department."""

    department: str | None
    """None: no department had been asked."""
    cases: int


class RungFigures(Value):
    """One rung: how many cases came there, how long after intake, why, and who led them then. First time only."""

    rung: Rung
    cases: int
    share: float
    working_days: Spread | None
    calendar_days: Spread | None
    reasons: dict[str, int]
    departments: tuple[Tally, ...]
    """Most cases first."""


class Month(Value):
    """What one month brought."""

    month: str
    opened: int
    supervised: int
    """Cases that came to a supervised order."""
    meetings: int
    """Joint meetings that were convened."""
    referrals: int
    """Referrals to the discipline commission that were decided on."""


class DeskLoad(Value):
    """The callbacks of one department's head."""

    department: str | None
    calls: int
    busiest_day: date
    busiest: int
    """Calls on that day."""
    days: int
    """Days with a call."""
    days_over: int
    """Days with more than can be made."""


class Callbacks(Value):
    """The calls that were made, against what one head can make on a day."""

    limit: int
    calls: int
    results: dict[CallbackResult, int]
    days_over: int
    """Head and day: on so many a head had to make more than he can."""
    busiest: int
    departments: tuple[DeskLoad, ...]
    """Busiest day first."""


class Deadlines(Value):
    """Where deadlines fall: the last instant of an office day counts as inside."""

    total: int
    weekend: int
    holiday: int
    """A weekday that is off."""
    outside_hours: int
    """A working day, but before, between or after the office hours."""
    provisional: int
    """Rests on a calendar that is not published yet. Counted for orders only: a callback's does not say."""

    @property
    def odd(self) -> int:
        return self.weekend + self.holiday + self.outside_hours


class DepartmentFigures(Value):
    """One department as a lead."""

    department: str
    orders: int
    silent: int
    """Orders that it let pass without the acknowledgement or the reply that was due."""


class Figures(Value):
    """Everything about one policy."""

    cases: int
    ended: int
    rungs: tuple[RungFigures, ...]
    months: tuple[Month, ...]
    callbacks: Callbacks
    order_deadlines: Deadlines
    callback_deadlines: Deadlines
    outcomes: dict[Closing | Literal["open"], int]
    first_go: int
    """Cases that closed as resolved without ever leaving the first rung."""
    days_to_end: Spread | None
    """Calendar days from intake to the end, of the cases that have ended."""
    orders: int
    silent: int
    returns: int
    departments: tuple[DepartmentFigures, ...]
    """Most orders first."""


class Named(Value):
    """A policy by its names."""

    policy_id: str
    version: int
    title: str
    title_en: str


class Side(Value):
    """One policy and what came of it."""

    policy: Named
    figures: Figures


class Pair(Value):
    """So many cases came as high as ``a`` under the one policy and as high as ``b`` under the other."""

    a: Rung
    b: Rung
    cases: int


class Source(Value):
    """The cases that were rehearsed."""

    file: str
    mapping: str
    in_file: int
    """Cases."""
    unreadable: int
    """Rows beside them that are none."""
    picked: int
    first_at: Instant
    last_at: Instant
    """In the file's own time."""
    weeks_moved: int
    first_begins: Instant
    last_begins: Instant


class Timing(Value):
    """How long it took; the only part that differs between two runs."""

    seconds: float
    cases_per_second: float
    """Each case counted once for each policy."""


class Rehearsal(Value):
    """The whole result; as JSON it is what ``policy rehearse --output json`` gives."""

    seed: int
    source: Source
    departments: str
    """The departments file, or ``assumed``."""
    office: str
    """The calendar by which working days and odd days are counted, for both policies."""
    horizon_days: int
    partial: bool
    """Broken off: only the cases that had ended under every policy are in the figures."""
    fallen: tuple[str, ...]
    """Cases that failed by a mistake of the rehearsal or the workflow; they are not in the figures."""
    sides: tuple[Side, ...]
    beside: tuple[Pair, ...]
    """How high each case came under the two policies; empty with one."""
    timing: Timing


Courses: TypeAlias = Mapping[int, Course]
"""By the number of the case."""


def figures_of(courses: Sequence[Course], office: WorkCalendar) -> Figures:
    """All figures of these cases; working days, months and odd days are the office's."""
    zone = ZoneInfo(office.zone)
    ended = [course for course in courses if course.ended_at]
    orders = [order for course in courses for order in course.orders.values()]
    calls = [call for course in courses for call in course.calls]
    due_calls = [call.until for call in calls if call.until]
    return Figures(
        cases=len(courses),
        ended=len(ended),
        rungs=tuple(_rung(rung, courses, office) for rung in Rung),
        months=tuple(_months(courses, zone)),
        callbacks=_callbacks(calls, zone),
        order_deadlines=_deadlines([o.due for o in orders], sum(o.provisional for o in orders), office),
        callback_deadlines=_deadlines(due_calls, 0, office),
        outcomes=_ordered(Counter(course.closing or OPEN for course in courses)),
        first_go=sum(c.closing is Closing.RESOLVED and c.highest is Rung.DISPATCH for c in courses),
        days_to_end=spread([_days(c.ended_at - c.opened_at) for c in ended if c.ended_at]),
        orders=len(orders),
        silent=sum(order.silent for order in orders),
        returns=sum(course.returns for course in courses),
        departments=tuple(_departments(courses)),
    )


def pairs_of(a: Courses, b: Courses) -> tuple[Pair, ...]:
    """How high the cases of both came."""
    counted = Counter((course.highest, b[number].highest) for number, course in a.items() if number in b)
    return tuple(Pair(a=x, b=y, cases=counted[x, y]) for x in Rung for y in Rung if counted[x, y])


def spread(lengths: Iterable[float]) -> Spread | None:
    """Median and 90th percentile, each of them a length that occurs; None of nothing."""
    ordered = sorted(lengths)
    if not ordered:
        return None
    return Spread(median=_quantile(ordered, 0.5), p90=_quantile(ordered, 0.9))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)


def _days(length: timedelta) -> float:
    return length / timedelta(days=1)


def _rung(rung: Rung, courses: Sequence[Course], office: WorkCalendar) -> RungFigures:
    reached = [(course, climb) for course in courses if (climb := course.first_on(rung))]
    working = [office.working_time(course.opened_at, climb.at) / office.working_day for course, climb in reached]
    leads = Counter(climb.department for _, climb in reached)
    return RungFigures(
        rung=rung,
        cases=len(reached),
        share=round(len(reached) / len(courses), 6) if courses else 0.0,
        working_days=spread(working),
        calendar_days=spread(_days(climb.at - course.opened_at) for course, climb in reached),
        reasons=_ordered(Counter(climb.reason for _, climb in reached)),
        departments=tuple(Tally(department=code, cases=number) for code, number in _ordered(leads).items()),
    )


def _months(courses: Sequence[Course], zone: ZoneInfo) -> Iterator[Month]:
    def count(instants: Iterable[datetime]) -> Counter[str]:
        return Counter(f"{at.astimezone(zone):%Y-%m}" for at in instants)

    opened = count(course.opened_at for course in courses)
    supervised = count(climb.at for c in courses for climb in c.climbs if climb.rung is Rung.SUPERVISED)
    meetings = count(at for course in courses for at in course.meetings)
    referrals = count(at for course in courses for at in course.referrals)
    for month in _all_months({*opened, *supervised, *meetings, *referrals}):
        yield Month(
            month=month,
            opened=opened[month],
            supervised=supervised[month],
            meetings=meetings[month],
            referrals=referrals[month],
        )


def _all_months(months: set[str]) -> Iterator[str]:
    """From the first to the last, with those in between in which nothing happened."""
    if not months:
        return
    year, month = (int(part) for part in min(months).split("-"))
    while (current := f"{year:04d}-{month:02d}") <= max(months):
        yield current
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _callbacks(calls: Sequence[Call], zone: ZoneInfo) -> Callbacks:
    made = [(call.department, call.at.astimezone(zone).date()) for call in calls if call.at]
    by_day: dict[str | None, Counter[date]] = {}
    for department, day in made:
        by_day.setdefault(department, Counter())[day] += 1
    loads = [_load(department, days) for department, days in by_day.items()]
    loads.sort(key=lambda load: (-load.busiest, -load.calls, load.department or ""))
    return Callbacks(
        limit=CALLS_A_DAY,
        calls=len(made),
        results=_ordered(Counter(call.result for call in calls if call.result)),
        days_over=sum(load.days_over for load in loads),
        busiest=max((load.busiest for load in loads), default=0),
        departments=tuple(loads),
    )


def _load(department: str | None, days: Counter[date]) -> DeskLoad:
    busiest_day = min(days, key=lambda day: (-days[day], day))
    return DeskLoad(
        department=department,
        calls=days.total(),
        busiest_day=busiest_day,
        busiest=days[busiest_day],
        days=len(days),
        days_over=sum(number > CALLS_A_DAY for number in days.values()),
    )


def _deadlines(instants: Sequence[datetime], provisional: int, office: WorkCalendar) -> Deadlines:
    kinds = Counter(odd_day(at, office) for at in instants)
    return Deadlines(
        total=len(instants),
        weekend=kinds["weekend"],
        holiday=kinds["holiday"],
        outside_hours=kinds["outside_hours"],
        provisional=provisional,
    )


def odd_day(at: datetime, office: WorkCalendar) -> Literal["weekend", "holiday", "outside_hours", ""]:
    """What is odd about a deadline at this instant; ``""`` where nothing is."""
    local = at.astimezone(ZoneInfo(office.zone))
    if not office.is_working_day(local.date()):
        return "holiday" if local.date() in office.days_off else "weekend"
    works = office.working_time(at, at + timedelta(microseconds=1)) or office.working_time(
        at - timedelta(microseconds=1), at
    )
    return "" if works else "outside_hours"


def _departments(courses: Sequence[Course]) -> Iterator[DepartmentFigures]:
    led = [order for course in courses for order in course.orders.values() if order.role is Role.LEAD]
    orders = Counter(order.department for order in led)
    silent = Counter(order.department for order in led if order.silent)
    for department, number in _ordered(orders).items():
        yield DepartmentFigures(department=department, orders=number, silent=silent[department])


def _ordered(counted: Counter[_Key]) -> dict[_Key, int]:
    """Most first; what is counted alike in the order of its name."""
    return dict(sorted(counted.items(), key=lambda item: (-item[1], str(item[0] or ""))))
