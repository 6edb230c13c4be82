"""``liandong diary``: what a shift writes down, and hands over to the next one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Console, Output
from cli.verbs import ByOption, LimitOption, OutputOption, OwnDepartmentOption, noun, verb

if TYPE_CHECKING:
    from domain.diary import Diary, DiaryEntry, DiaryKind

app = noun("diary")

PointArgument = Annotated[int, typer.Argument(metavar="POINT", min=1, help="argument-point")]


@verb(app, "write")
async def write(
    console: Console,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="argument-diary-text")],
    department: OwnDepartmentOption,
    by: ByOption,
    is_open: Annotated[bool, typer.Option("--open", help="option-diary-open")] = False,
    case: Annotated[str | None, typer.Option("--case", help="option-diary-case", metavar="CASE")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from domain.diary import DiaryKind

    kind = DiaryKind.POINT if is_open else DiaryKind.NOTE
    entry, _ = await _enter(console, department, by, kind, text=text, case_id=case)
    _tell(console, output, entry, "diary-point-written" if is_open else "diary-written")


@verb(app, "confirm")
async def confirm(
    console: Console,
    point: PointArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> None:
    from domain.diary import DiaryKind

    entry, pages = await _enter(console, department, by, DiaryKind.CONFIRM, point=point)
    left = pages.unconfirmed(entry.day)
    if output is Output.JSON:
        console.json({"entry": entry, "unconfirmed": left})
    elif left:
        console.say("points-to-confirm", number=len(left))
        tell_points(console, left)
    else:
        console.say("signed-in-fully")


@verb(app, "settle")
async def settle(
    console: Console,
    point: PointArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    text: Annotated[str | None, typer.Option("--text", help="option-settle-text", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from domain.diary import DiaryKind

    entry, _ = await _enter(console, department, by, DiaryKind.SETTLE, point=point, text=text)
    _tell(console, output, entry, "diary-settled", point=point)


@verb(app, "close")
async def close(
    console: Console,
    department: OwnDepartmentOption,
    by: ByOption,
    text: Annotated[str | None, typer.Option("--text", help="option-close-text", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from domain.diary import DiaryKind

    entry, pages = await _enter(console, department, by, DiaryKind.CLOSE, text=text)
    points = pages.to_confirm()
    if output is Output.JSON:
        console.json({"entry": entry, "handed_over": points})
        return
    console.say("diary-closed-now", day=f"{entry.day}", department=department, number=len(points))
    tell_points(console, points)


@verb(app, "show")
async def show(
    console: Console,
    department: OwnDepartmentOption,
    month: Annotated[str | None, typer.Option("--month", help="option-diary-month", metavar="MONTH")] = None,
    limit: LimitOption = 50,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.session import at_desk, require_departments
    from domain.calls import month_named
    from storage import diary
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        period = month_named(month, (await desk.rules()).calendar.zone) if month else None
        with reaching_database():
            pages = await diary.of_department(desk.pool, department)
    asked = [one for one in pages.entries if period is None or period.first <= one.day < period.end]
    entries = asked[-limit:]
    if len(asked) > limit:
        console.note("more-than-limit", limit=limit)
    if output is Output.JSON:
        console.json({"department": department, "unconfirmed": pages.to_confirm(), "entries": entries})
        return
    if points := pages.to_confirm():
        console.say("diary-unconfirmed", number=len(points), department=department)
        tell_points(console, points)
        console.write("")
    if entries:
        console.table(
            ("column-number", "column-day", "column-time", "column-actor", "column-kind", "column-text"),
            [_row(console, one) for one in entries],
        )
    else:
        console.say("diary-empty")


def tell_points(console: Console, points: "Sequence[DiaryEntry]") -> None:
    """Open points, one a line, each with its number."""
    for one in points:
        told = {"point": one.seq, "day": f"{one.day}", "by": one.by, "text": one.text}
        if one.case_id:
            console.say("diary-point-of-case", **told, case=one.case_id)
        else:
            console.say("diary-point", **told)


def _row(console: Console, one: "DiaryEntry") -> tuple[str, ...]:
    from texts.moments import local

    about = [one.case_id or "", f"#{one.point}" if one.point else "", one.text or ""]
    if one.instead_of:
        about.append(console.text.say("signed-in-instead", person=one.instead_of))
    text = " ".join(part for part in about if part)
    return str(one.seq), f"{one.day}", local(one.at), one.by, console.text.label(one.kind), text


async def _enter(
    console: Console, department: str, by: str, kind: "DiaryKind", **given: Any
) -> "tuple[DiaryEntry, Diary]":
    from domain.staff import Act, Asking

    """Write into the diary of the shift that ``by`` has signed in for."""
    from datetime import UTC, datetime

    from cli.entries import made
    from cli.session import at_desk, require_departments
    from desk.roster import enter, shift_of
    from domain.diary import NewEntry

    async with at_desk(
        console, engine=False, asking=made(Asking, {"by": by, "act": Act.WRITE_DIARY, "department": department})
    ) as desk:
        await require_departments(desk, [department])
        day = await shift_of(desk.pool, department, by)
        new = made(NewEntry, {"department": department, "day": day, "kind": kind, "by": by, **given})
        return await enter(desk.pool, new, datetime.now(UTC))


def _tell(console: Console, output: Output, entry: "DiaryEntry", key: str, **params: int) -> None:
    if output is Output.JSON:
        console.json(entry)
    else:
        console.say(key, number=entry.seq, day=f"{entry.day}", **params)
