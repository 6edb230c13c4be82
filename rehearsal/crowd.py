"""The cases that are rehearsed: those of a file, as many as wanted, moved into the time that lies ahead."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from desk.case_mapping import ColumnMapping, read_mapping
from desk.case_rows import CaseRow, read_cases
from desk.directory_rows import read_departments, shipped_matters
from domain.department import Directory
from domain.errors import Invalid
from reference import path
from rehearsal.result import Source

FOUR_WEEKS = timedelta(weeks=4)
"""About a month, with every weekday equally often."""


class Crowd(NamedTuple):
    """The picked rows in the order of their time, by how much they are moved, and where they come from."""

    rows: Sequence[CaseRow]
    moved: timedelta
    source: Source


def gather(file: Path, mapping: str, directory: Directory, limit: int | None, today: date) -> Crowd:
    """The cases of a file, moved by whole weeks (weekday and time of day stay) so that the first begins in the week
    from ``today`` on.

    With a limit so many are picked evenly from the four weeks of the file that have most cases; from the whole file
    where those have not enough. ``mapping`` is the name of a shipped one, or a file. Raises what ``read_mapping``
    and ``read_cases`` do, and Invalid: ``rehearsal-empty`` where the file has no readable case, ``rehearsal-limit``
    where not even one case is wanted.
    """
    if limit is not None and limit < 1:
        raise Invalid("rehearsal-limit", field="limit", value=limit)
    columns = mapping_of(mapping)
    found, problems = read_cases(file, columns, shipped_matters(), directory)
    if not found:
        raise Invalid("rehearsal-empty", file=str(file))
    rows = _pick(sorted(found, key=lambda row: (row.opened_at, row.line)), limit)
    weeks = _weeks_to(today, rows[0], columns)
    moved = timedelta(weeks=weeks)
    source = Source(
        file=file.name,
        mapping=Path(mapping).name,
        in_file=len(found),
        unreadable=len({problem.line for problem in problems}),
        picked=len(rows),
        first_at=rows[0].opened_at,
        last_at=rows[-1].opened_at,
        weeks_moved=weeks,
        first_begins=rows[0].opened_at + moved,
        last_begins=rows[-1].opened_at + moved,
    )
    return Crowd(rows, moved, source)


def mapping_of(name: str) -> ColumnMapping:
    """A shipped mapping by its name, or the one in a file. Raises what ``read_mapping`` does."""
    file = Path(name) if name.endswith(".toml") else path(f"mappings/{name}.toml")
    return read_mapping(file, shipped_matters())


def shipped_directory() -> Directory:
    """Haikou's departments."""
    found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
    return Directory(departments=tuple(found))


def _pick(rows: Sequence[CaseRow], limit: int | None) -> Sequence[CaseRow]:
    if limit is None or limit >= len(rows):
        return rows
    busiest = _busiest(rows)
    return _evenly(busiest if len(busiest) >= limit else rows, limit)


def _busiest(rows: Sequence[CaseRow]) -> Sequence[CaseRow]:
    """The rows of the four weeks with most of them."""
    best, end = range(0), 0
    for begin, row in enumerate(rows):
        while end < len(rows) and rows[end].opened_at < row.opened_at + FOUR_WEEKS:
            end += 1
        if end - begin > len(best):
            best = range(begin, end)
    return rows[best.start : best.stop]


def _evenly(rows: Sequence[CaseRow], number: int) -> Sequence[CaseRow]:
    return [rows[index * len(rows) // number] for index in range(number)]


def _weeks_to(today: date, first: CaseRow, columns: ColumnMapping) -> int:
    """How many weeks the first case is moved to lie in the week from ``today`` on; negative for one that lies ahead."""
    begun = first.opened_at.astimezone(ZoneInfo(columns.zone)).date()
    return -((begun - today).days // 7)
