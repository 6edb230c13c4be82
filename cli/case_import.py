"""``liandong case import``: a file of cases, checked row by row and opened side by side."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli.console import OK, PARTLY_DONE, Console, Output
from cli.entries import is_file, made
from cli.session import at_desk, directory_of
from desk.case_mapping import ColumnMapping, read_mapping
from desk.case_rows import CaseRow, read_cases
from desk.cases import open_case
from desk.directory_rows import shipped_matters
from desk.tables import RowProblem
from desk.window import Desk
from domain.errors import Invalid, LiandongError, NotFound
from domain.intake import NewDemand
from reference import path

AT_ONCE: Final = 8
"""How many cases are opened side by side."""
SHOWN_PROBLEMS: Final = 100
"""How many wrong rows people are shown; programs get all of them."""


@dataclass
class Import:
    """What became of a file."""

    read: int = 0
    opened: int = 0
    known: int = 0
    """Had been opened before: the same reference opens nothing twice."""
    problems: list[RowProblem] = field(default_factory=list[RowProblem])


async def import_cases(
    console: Console, file: str, mapping: str, limit: int | None, *, dry_run: bool, output: Output
) -> int:
    """Read, open, report; the exit status."""
    columns = _mapping(mapping)
    async with at_desk(console, engine=not dry_run) as desk:
        rows, problems = await asyncio.to_thread(
            read_cases, Path(file), columns, shipped_matters(), await directory_of(desk)
        )
        rows = rows[:limit]
        outcome = Import(read=len(rows), problems=problems)
        if not dry_run:
            try:
                with console.progress("progress-import", len(rows)) as step:
                    await _open_all(desk, rows, outcome, step)
            except LiandongError:
                console.note("import-stopped", opened=outcome.opened, known=outcome.known)
                raise
    _report(console, outcome, output, dry_run=dry_run)
    return PARTLY_DONE if outcome.problems else OK


def _mapping(name: str) -> ColumnMapping:
    if is_file(name):
        return read_mapping(Path(name), shipped_matters())
    try:
        shipped = path(f"mappings/{name}.toml")
    except NotFound:
        known = sorted(found.stem for found in path("mappings/sample.toml").parent.glob("*.toml"))
        raise NotFound("mapping-unknown", mapping=name, mappings=", ".join(known)) from None
    return read_mapping(shipped, shipped_matters())


async def _open_all(desk: Desk, rows: Sequence[CaseRow], outcome: Import, step: Callable[[], None]) -> None:
    """Open every row. What is wrong with one row alone leaves the others going; a lost server ends it."""
    waiting = iter(rows)

    async def work() -> None:
        for row in waiting:
            try:
                opened = await open_case(desk, _demand(row), datetime.now(UTC))
            except (Invalid, NotFound) as error:
                named = str(error.params.get("field", "row"))
                outcome.problems.append(RowProblem(line=row.line, field=named, code=error.code, params=error.params))
            else:
                outcome.opened += opened.new
                outcome.known += not opened.new
            step()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    outcome.problems.sort(key=lambda problem: problem.line)


def _demand(row: CaseRow) -> NewDemand:
    values = row.model_dump(exclude={"line", "opened_at"})
    return made(NewDemand, {**values, "reported_at": row.opened_at})


def _report(console: Console, outcome: Import, output: Output, *, dry_run: bool) -> None:
    if output is Output.JSON:
        console.json(_as_data(outcome, console, dry_run=dry_run))
        return
    if dry_run:
        console.say("import-checked", rows=outcome.read)
    else:
        console.say("import-done", opened=outcome.opened, known=outcome.known)
    if not outcome.problems:
        return
    console.say("import-problems", rows=len({problem.line for problem in outcome.problems}))
    for problem in outcome.problems[:SHOWN_PROBLEMS]:
        console.write(problem_line(problem, console))
    if len(outcome.problems) > SHOWN_PROBLEMS:
        console.say("import-more", problems=len(outcome.problems) - SHOWN_PROBLEMS)


def _as_data(outcome: Import, console: Console, *, dry_run: bool) -> dict[str, Any]:
    problems = [
        {**problem.model_dump(), "text": console.text.problem(problem.code, problem.params)}
        for problem in outcome.problems
    ]
    return {
        "dry_run": dry_run,
        "rows": outcome.read,
        "opened": outcome.opened,
        "known": outcome.known,
        "problems": problems,
    }


def problem_line(problem: RowProblem, console: Console) -> str:
    """``Line 12, matter: …``."""
    text = console.text
    reason = text.problem(problem.code, problem.params)
    return text.say("row-problem", line=problem.line, field=text.field(problem.field), reason=reason)
