"""``liandong stuck``: who waits for whom since when, what is overdue first, and what to type about it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Console, Output
from cli.verbs import LimitOption, OutputOption, verb

if TYPE_CHECKING:
    from cli.situation import Names
    from storage.cases import CaseRow

app = typer.Typer()

GRACE = 30.0
"""Seconds that an order or a reply may be on its way before it is listed here; the sweep comes every minute."""


@verb(app, "stuck")
async def stuck(
    console: Console,
    everything: Annotated[bool, typer.Option("--all", help="option-all")] = False,
    limit: LimitOption = 50,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import UTC, datetime

    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from storage import callbacks, cases, orders
    from storage.database import reaching_database

    now = datetime.now(UTC)
    async with at_desk(console, engine=False) as desk:
        names = Names(await directory_of(desk), console.text)
        with reaching_database():
            rows = console.first(await cases.waiting(desk.pool, now, everything=everything, limit=limit + 1), limit)
            found: dict[str, Any] = {
                "cases": [_as_data(row, console, now) for row in rows],
                "not_on_record": await cases.not_in_view(desk.pool, limit),
                "undelivered": await orders.undelivered(desk.pool, GRACE, limit),
                "not_handed_over": await callbacks.kept(desk.pool, GRACE, limit),
            }
    if output is Output.JSON:
        console.json(found)
    else:
        _page(console, rows, found, names, now)


def _as_data(row: "CaseRow", console: Console, now: Any) -> dict[str, Any]:
    from cli.situation import next_command, wait_of_row

    wait = wait_of_row(row)
    overdue = row.waiting_until is not None and row.waiting_until < now
    return {**row.model_dump(), "overdue": overdue, "next": next_command(wait, console.text) if wait else None}


def _page(console: Console, rows: "list[CaseRow]", found: dict[str, Any], names: "Names", now: Any) -> None:
    from texts.moments import local

    text = console.text
    if not rows:
        console.say("nobody-stuck")
    for row in rows:
        line, command = _row(row, console, names, now)
        console.write(line)
        console.write(f"    {command}")
    for key, lines in (
        ("stuck-not-on-record", [f"{one.case_id}  {local(one.received_at)}" for one in found["not_on_record"]]),
        (
            "stuck-undelivered",
            [f"{one.order.order_id}  {names.of(one.order.department)}" for one in found["undelivered"]],
        ),
        ("stuck-not-handed-over", [f"{one.order_id}  {names.of(one.department)}" for one in found["not_handed_over"]]),
    ):
        if lines:
            console.write(f"\n{text.say(key, number=len(lines))}")
            for line in lines:
                console.write(f"  {line}")


def _row(row: "CaseRow", console: Console, names: "Names", now: Any) -> tuple[str, str]:
    """A case that waits in one line, and what to type about it; a line of its own, so that it can be copied."""
    from cli.situation import next_command, show_command, until, wait_of_row, who
    from texts.moments import length

    text, wait = console.text, wait_of_row(row)
    place = f"{row.case_id}  {text.label(row.rung)}"
    if wait is None:
        return place, show_command(row.case_id)
    told = [text.label(wait.awaited), who(wait, text, names)]
    if wait.since:
        told.append(text.say("since", since=wait.since))
    told += until(wait, text)
    if wait.until and wait.until < now:
        told.append(text.say("overdue-by", length=length(now - wait.until)))
    return f"{place}  {text.parts(told)}", next_command(wait, text)
