"""``liandong roster``: who is on duty when, and signing in."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import OK, PARTLY_DONE, Console, Output
from cli.verbs import DUTIES, ByOption, OutputOption, OwnDepartmentOption, noun, verb

if TYPE_CHECKING:
    from datetime import datetime

    from desk.roster import Month, SignedIn
    from domain.diary import DiaryEntry

app = noun("roster")

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="argument-month")]
DutyOption = Annotated[str, typer.Option("--duty", help="option-duty", metavar=DUTIES)]
InsteadOption = Annotated[str | None, typer.Option("--instead-of", help="option-instead-of", metavar="NAME")]


@verb(app, "set")
async def set_(
    console: Console,
    day: Annotated[str, typer.Argument(metavar="DAY", help="argument-day")],
    department: OwnDepartmentOption,
    person: Annotated[str, typer.Option("--person", help="option-person", metavar="NAME")],
    by: ByOption,
    duty: DutyOption = "head",
    instead_of: InsteadOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen, made
    from cli.session import at_desk, require_departments
    from domain.roster import Duty, NewAssignment
    from domain.staff import Act, Asking
    from storage import roster
    from storage.database import reaching_database

    given = {"department": department, "day": day, "duty": chosen(Duty, duty, "duty"), "person": person}
    new = made(NewAssignment, {**given, "instead_of": instead_of, "by": by})
    async with at_desk(
        console, engine=False, asking=made(Asking, {"by": by, "act": Act.CHANGE_ROSTER, "department": department})
    ) as desk:
        await require_departments(desk, [department])
        with reaching_database():
            entered = await roster.assign(desk.pool, new)
    if output is Output.JSON:
        console.json(entered)
    else:
        told = {"day": f"{entered.day}", "duty": entered.duty, "person": entered.person}
        console.say("roster-set", **told, department=department)


@verb(app, "import")
async def import_(
    console: Console,
    month: MonthArgument,
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="argument-roster-file")],
    department: OwnDepartmentOption,
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> int:
    from pathlib import Path

    from cli.case_import import problem_line
    from cli.entries import made
    from cli.session import at_desk, require_departments
    from desk.roster import fill, month_of
    from domain.calls import month_named
    from domain.staff import Act, Asking

    async with at_desk(
        console, engine=False, asking=made(Asking, {"by": by, "act": Act.CHANGE_ROSTER, "department": department})
    ) as desk:
        await require_departments(desk, [department])
        period = month_named(month, (await desk.rules()).calendar.zone)
        filled = await fill(desk.pool, Path(file), period, department, by)
        found = await month_of(desk.pool, period, department)
    if output is Output.JSON:
        problems = {"gaps": found.gaps, "doubles": found.doubles, "problems": filled.problems}
        console.json({"department": department, "month": month, "entered": filled.entered, **problems})
    else:
        console.say("roster-imported", entered=filled.entered, month=month, department=department)
        if filled.problems:
            console.say("import-problems", rows=len({problem.line for problem in filled.problems}))
        for problem in filled.problems:
            console.write(problem_line(problem, console))
        tell_faults(console, found)
    return PARTLY_DONE if filled.problems else OK


@verb(app, "show")
async def show(
    console: Console, month: MonthArgument, department: OwnDepartmentOption, output: OutputOption = Output.TEXT
) -> None:
    from cli.session import at_desk, require_departments
    from desk.roster import month_of
    from domain.calls import month_named
    from domain.roster import begins
    from storage import diary
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        calendar = (await desk.rules()).calendar
        found = await month_of(desk.pool, month_named(month, calendar.zone), department)
        with reaching_database():
            pages = await diary.of_department(desk.pool, department)
    if output is Output.JSON:
        faults = {"gaps": found.gaps, "doubles": found.doubles, "unconfirmed": pages.to_confirm()}
        console.json({"department": department, "month": month, "roster": found.roster, **faults})
        return
    if points := pages.to_confirm():
        console.say("diary-unconfirmed", number=len(points), department=department)
    if found.roster:
        came = pages.came()
        rows = [
            (
                f"{one.day}",
                console.text.label(one.duty),
                one.person,
                _came(console, came.get((one.day, one.duty)), begins(one.day, calendar)),
            )
            for one in found.roster
        ]
        console.table(("column-day", "column-duty", "column-person", "column-signed-in"), rows)
    tell_faults(console, found)


def _came(console: Console, entry: "DiaryEntry | None", begins: "datetime") -> str:
    """When somebody signed in, how late, and who, where it was not the one on the roster."""
    from domain.diary import lateness
    from texts.moments import length, local

    if entry is None:
        return ""
    late = lateness(entry, begins)
    came = [local(entry.at)]
    if late:
        came.append(console.text.say("late-by", length=length(late)))
    if entry.instead_of:
        came.append(entry.by)
    return " ".join(came)


def tell_faults(console: Console, found: "Month") -> None:
    """The days on which nobody is on duty, and who is on duty twice."""
    text = console.text
    for duty in sorted({duty for _, duty in found.gaps}):
        days = ", ".join(f"{day}" for day, other in found.gaps if other is duty)
        console.say("roster-gaps", duty=duty, days=days)
    for one in found.doubles:
        told = (text.say("roster-duty-of", duty=duty, department=department) for department, duty in one.duties)
        console.say("roster-doubles", day=f"{one.day}", person=one.person, duties=text.parts(told))


@verb(app, "sign-in")
async def sign_in(
    console: Console,
    department: OwnDepartmentOption,
    by: ByOption,
    duty: DutyOption = "head",
    instead_of: InsteadOption = None,
    day: Annotated[str | None, typer.Option("--day", help="option-shift-day", metavar="DAY")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import UTC, date, datetime

    from cli.entries import chosen, made
    from cli.session import at_desk, require_departments
    from desk.roster import sign_in as signed_in
    from domain.roster import Duty, NewAssignment
    from domain.staff import Act, Asking

    as_what = chosen(Duty, duty, "duty") or Duty.HEAD
    named = {"department": department, "day": day or date.max, "duty": as_what, "person": by, "by": by}
    asked = made(NewAssignment, named | {"instead_of": instead_of})
    async with at_desk(
        console, engine=False, asking=made(Asking, {"by": by, "act": Act.WRITE_DIARY, "department": department})
    ) as desk:
        await require_departments(desk, [department])
        on = asked.day if day else None
        found = await signed_in(desk, department, as_what, by, instead_of, on, datetime.now(UTC))
    if output is Output.JSON:
        late = {"late": found.late, "begins": found.begins}
        console.json({"entry": found.entry, **late, "unconfirmed": found.points, "left_open": found.left_open})
    else:
        _tell_signed_in(console, found)


def _tell_signed_in(console: Console, found: "SignedIn") -> None:
    from texts.moments import length

    entry = found.entry
    console.say("signed-in", by=entry.by, day=f"{entry.day}", duty=entry.duty, department=entry.department)
    if entry.instead_of:
        console.say("signed-in-instead", person=entry.instead_of)
    if found.late:
        console.say("signed-in-late", length=length(found.late), begins=found.begins)
    for day in found.left_open:
        console.say("diary-left-open", day=f"{day}")
    if found.points:
        from cli.diary import tell_points

        console.say("points-to-confirm", number=len(found.points))
        tell_points(console, found.points)
    else:
        console.say("signed-in-fully")
