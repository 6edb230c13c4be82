"""The roster and the diary at the desk: files read, people signed in, shifts handed over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from desk.tables import Cells, RowProblem, read_table, refusal, shown
from desk.window import Desk
from domain.assessment import Period
from domain.citizen import blot_out
from domain.diary import Diary, DiaryEntry, DiaryKind, NewEntry, lateness
from domain.errors import Refused
from domain.roster import Assignment, Double, Duty, NewAssignment, begins, check_on_duty, doubles, gaps
from storage import demands, diary, roster
from storage.database import Pool, reaching_database

COLUMNS = ("day", "duty", "person")


@dataclass(frozen=True)
class Month:
    """A department's roster of a month, with what is wrong with it."""

    period: Period
    roster: Sequence[Assignment]
    gaps: Sequence[tuple[date, Duty]]
    doubles: Sequence[Double]


@dataclass
class Filled:
    """What became of a file of assignments."""

    entered: int = 0
    problems: list[RowProblem] = field(default_factory=list[RowProblem])


async def month_of(pool: Pool, period: Period, department: str) -> Month:
    """The roster of a department. Whoever is on duty elsewhere on the same day, too, is named."""
    with reaching_database():
        everybody = await roster.of_month(pool, period)
    own = [one for one in everybody if one.department == department]
    concerned = [one for one in doubles(everybody) if department in dict(one.duties)]
    return Month(period, own, gaps(period, own), concerned)


async def fill(pool: Pool, file: Path, period: Period, department: str, by: str) -> Filled:
    """Enter a file with ``COLUMNS``; the rows that are wrong are named, the others entered.

    Raises what ``desk.tables.read_table`` does. A row's own problems, beside those of the table: ``day-outside-month``,
    ``roster-doubled`` (``first``: the line that has the day already), ``roster-taken`` (``person``: who is on duty).
    """
    table = read_table(file, COLUMNS)
    filled = Filled(problems=list(table.problems))
    lines: dict[tuple[object, object], int] = {}
    for line, cells in table.rows:
        new = _assignment(line, cells, period, department, by)
        if isinstance(new, RowProblem):
            filled.problems.append(new)
            continue
        first = lines.setdefault((new.day, new.duty), line)
        if first != line:
            params: dict[str, str | int] = {"first": first, "day": new.day.isoformat()}
            filled.problems.append(RowProblem(line=line, field="day", code="roster-doubled", params=params))
            continue
        await _enter(pool, line, new, filled)
    filled.problems.sort(key=lambda problem: problem.line)
    return filled


async def _enter(pool: Pool, line: int, new: NewAssignment, filled: Filled) -> None:
    try:
        with reaching_database():
            await roster.assign(pool, new)
    except Refused as taken:
        if taken.params.get("person") != new.person:  # the same file again changes nothing
            filled.problems.append(RowProblem(line=line, field="day", code=taken.code, params=taken.params))
    else:
        filled.entered += 1


def _assignment(line: int, cells: Cells, period: Period, department: str, by: str) -> NewAssignment | RowProblem:
    known = {column: cells[column] for column in COLUMNS}
    try:
        new = NewAssignment.model_validate({**known, "department": department, "by": by})
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        name = str(detail["loc"][0])
        return refusal(line, name, known.get(name), detail)
    if not period.first <= new.day < period.end:
        params: dict[str, str | int] = {
            "day": shown(cells["day"]),
            "first": f"{period.first}",
            "last": f"{period.last}",
        }
        return RowProblem(line=line, field="day", code="day-outside-month", params=params)
    return new


@dataclass(frozen=True)
class SignedIn:
    """Somebody has come: how late, and what the shift before left."""

    entry: DiaryEntry
    begins: datetime
    late: timedelta
    points: Sequence[DiaryEntry]
    """To be confirmed before anything is written."""
    left_open: Sequence[date]
    """Shifts whose diary was never closed."""


async def sign_in(
    desk: Desk, department: str, duty: Duty, by: str, instead_of: str | None, day: date | None, now: datetime
) -> SignedIn:
    """Sign in for the shift of a day, of today where none is named.

    Raises NotFound for the department; Refused ``roster-gap``, ``not-on-roster``, ``not-instead-of``,
    ``shift-not-now``, and as ``Diary.check`` does.
    """
    calendar = (await desk.rules()).calendar
    today = now.astimezone(ZoneInfo(calendar.zone)).date()
    day = day or today
    ends = begins(day + timedelta(days=1), calendar)
    if day > today or ends <= now:
        raise Refused(
            "shift-not-now", day=day.isoformat(), at=begins(day, calendar).isoformat(), until=ends.isoformat()
        )
    with reaching_database():
        on_duty = await roster.of_day(desk.pool, department, day, duty)
        check_on_duty([on_duty] if on_duty else [], department, day, duty, by, instead_of)
        new = NewEntry(department=department, day=day, kind=DiaryKind.SIGN_IN, by=by, duty=duty, instead_of=instead_of)
        entry, pages = await diary.write(desk.pool, new, now)
    start = begins(day, calendar)
    return SignedIn(entry, start, lateness(entry, start), pages.unconfirmed(day), pages.left_open(day))


async def enter(pool: Pool, new: NewEntry, now: datetime) -> tuple[DiaryEntry, Diary]:
    """Write into the diary, without anything that says who a citizen is. Raises as ``storage.diary.write`` does."""
    with reaching_database():
        known = await demands.words(pool, new.case_id) if new.case_id else None
        words = known.citizen.words if known else ()
        clean = blot_out(new.text, words) if new.text else None
        return await diary.write(pool, new.model_copy(update={"text": clean}), now)


async def shift_of(pool: Pool, department: str, by: str) -> date:
    """The shift that somebody is in. Raises Refused ``not-signed-in``."""
    with reaching_database():
        day = (await diary.of_department(pool, department)).shift_of(by)
    if day is None:
        raise Refused("not-signed-in", by=by, department=department)
    return day
