"""``liandong calendar``: the working days that limits are counted on."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Console, Output
from cli.verbs import ByOption, OutputOption, ReasonOption, noun, verb

if TYPE_CHECKING:
    from domain.calendar import WorkCalendar

app = noun("calendar")


@verb(app, "show")
async def show(
    console: Console,
    year: Annotated[int, typer.Argument(metavar="YEAR", min=2004, max=2100, help="argument-year")],
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.session import at_desk
    from desk.rules import china_calendar_of

    async with at_desk(console, engine=False) as desk:
        calendar = await china_calendar_of(desk.pool, year)
    days = _days(calendar, year)
    if output is Output.JSON:
        listed = [{"day": day, "worked": worked, "published": _is_published(calendar, day)} for day, worked in days]
        console.json(
            {
                "calendar": calendar.name,
                "revision": calendar.revision,
                "horizon": calendar.horizon,
                "source": calendar.source,
                "days": listed,
            }
        )
        return
    text = console.text
    rows = [
        (
            day.isoformat(),
            text.say("weekdays").split()[day.weekday()],
            text.say("day-worked" if worked else "day-off"),
            text.say("day-published" if _is_published(calendar, day) else "day-projected"),
        )
        for day, worked in days
    ]
    console.table(("column-day", "column-weekday", "column-kind", "column-standing"), rows)
    horizon = calendar.horizon.isoformat() if calendar.horizon else "-"
    console.say("calendar-horizon", horizon=horizon, revision=calendar.revision, source=calendar.source)


def _days(calendar: "WorkCalendar", year: int) -> list[tuple[date, bool]]:
    """The days of the year that break the weekly rhythm, and whether they are worked."""
    listed = {**dict.fromkeys(calendar.days_off, False), **dict.fromkeys(calendar.days_worked, True)}
    return sorted((day, worked) for day, worked in listed.items() if day.year == year)


def _is_published(calendar: "WorkCalendar", day: date) -> bool:
    return calendar.horizon is None or day <= calendar.horizon


@verb(app, "publish")
async def publish(
    console: Console,
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="argument-calendar-file")],
    by: ByOption,
    reason: ReasonOption,
    revise: Annotated[bool, typer.Option("--revise", help="option-revise")] = False,
    output: OutputOption = Output.TEXT,
) -> int:
    from calendars.override import read_override
    from cli.changes import tell_changed
    from cli.entries import made
    from cli.session import at_desk
    from desk.changes import open_cases, recompute
    from desk.rules import publish as publish_days
    from domain.commands import Decision
    from domain.staff import Act, Asking

    decision = made(Decision, {"by": by, "reason": reason})
    override = read_override(file)
    async with at_desk(console, asking=made(Asking, {"by": by, "act": Act.PUBLISH_RULES})) as desk:
        published = await publish_days(desk.pool, override, decision, revise=revise)
        if output is Output.TEXT:
            for change in published.changed:
                worked = console.text.say("day-worked" if change.worked else "day-off")
                console.say("calendar-changed", day=change.day.isoformat(), kind=worked)
            console.say("calendar-published", revision=published.after.revision, changed=len(published.changed))
        total = len(await open_cases(desk))
        with console.progress("progress-cases", total) as advance:
            changed = await recompute(desk, published.after, decision, dry_run=False, advance=advance)
    return tell_changed(console, changed, output, "change-done")
