"""The duty roster 值班表: who of a department is on duty on which day, as its head or to call citizens back. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.assessment import Period
from domain.calendar import WorkCalendar
from domain.errors import NotYours, Refused
from domain.values import Instant, PersonName, Token, Value


class Duty(StrEnum):
    """As what somebody is on duty."""

    HEAD = "head"
    """The department's head on duty 带班领导: reads the diary, reviews orders, calls back."""
    CALLER = "caller"
    """The officer who calls citizens back 回访员."""


class NewAssignment(Value):
    """Somebody is put on the roster for a day; in place of whom, where the day was taken."""

    department: Token
    day: date
    duty: Duty
    person: PersonName
    instead_of: PersonName | None = None
    by: PersonName


class Assignment(NewAssignment):
    """It as it is on record. A day's last entry counts, none is ever changed."""

    number: int
    at: Instant


class Double(Value):
    """The same person is on the roster twice on one day."""

    day: date
    person: str
    duties: tuple[tuple[Token, Duty], ...]
    """The departments, and as what in each."""


def check_assignment(new: NewAssignment, taken: Assignment | None) -> None:
    """Whether a day may be given to somebody: a taken one only in place of who has it. Raises Refused."""
    if taken is None and new.instead_of is None:
        return
    on_duty = taken.person if taken else "-"
    if new.instead_of != on_duty or new.person == on_duty:
        raise Refused("roster-taken", day=new.day.isoformat(), person=on_duty)


def gaps(month: Period, roster: Iterable[Assignment]) -> list[tuple[date, Duty]]:
    """The days on which nobody is on duty, working days or not: the hotline never closes (P22).

    A department always needs a head on duty; somebody who calls back only where it has put one up at all.
    """
    held = {(one.day, one.duty) for one in roster}
    duties = [Duty.HEAD, *({duty for _, duty in held} - {Duty.HEAD})]
    days = [month.first + timedelta(days=number) for number in range((month.end - month.first).days)]
    return [(day, duty) for day in days for duty in duties if (day, duty) not in held]


def doubles(roster: Iterable[Assignment]) -> list[Double]:
    """Who stands on the roster more than once on the same day."""
    found: dict[tuple[date, str], list[tuple[str, Duty]]] = {}
    for one in roster:
        found.setdefault((one.day, one.person), []).append((one.department, one.duty))
    return [
        Double(day=day, person=person, duties=tuple(sorted(duties)))
        for (day, person), duties in sorted(found.items())
        if len(duties) > 1
    ]


def begins(day: date, calendar: WorkCalendar) -> datetime:
    """When the shift of a day begins, working day or not: with the calendar's first hour. It ends with the next."""
    return datetime.combine(day, calendar.shifts[0].start, ZoneInfo(calendar.zone))


def check_on_duty(
    roster: Sequence[Assignment], department: str, day: date, duty: Duty, by: str, instead_of: str | None
) -> None:
    """Whether ``by`` may sign in: as who is on the roster, or by name in place of who is. Raises Refused."""
    on_duty = next((one.person for one in roster if (one.day, one.duty) == (day, duty)), None)
    if on_duty is None:
        raise Refused("roster-gap", department=department, day=day.isoformat())
    if instead_of is None and by != on_duty:
        raise NotYours("not-on-roster", by=by, day=day.isoformat(), person=on_duty)
    if instead_of is not None and (instead_of != on_duty or by == on_duty):
        raise NotYours("not-instead-of", by=by, day=day.isoformat(), person=on_duty)
