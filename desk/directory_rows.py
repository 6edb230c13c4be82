"""Departments and matters out of CSV files, checked row by row. Stores nothing."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

import reference
from desk.tables import Cells, RowProblem, read_table, refusal, shown
from domain.department import Department, Matter, Matters
from domain.errors import DoesNotFit, NotFound
from domain.values import Value

MATTER_COLUMNS = ("code", "name", "name_en", "class", "nature", "urgency")
DEPARTMENT_COLUMNS = tuple(Department.model_fields)
RENAMED = {"class": "matter_class"}
"""Columns whose field has another name, since Python keeps theirs to itself."""
SEPARATOR = "|"
"""Between the matters of one department."""

Row = TypeVar("Row", bound=Value)


def read_departments(path: Path, matters: Matters) -> tuple[list[Department], list[RowProblem]]:
    """The departments of a CSV file with ``DEPARTMENT_COLUMNS``, and what is wrong with the other rows.

    A row is one or the other. Raises what ``desk.tables.read_table`` does. The codes of problems beside
    those of the table and of ``desk.tables.refusal``: ``code-doubled`` (``first``: the line that has it
    already), ``matter-unknown`` (``matter``, ``did_you_mean``), ``matter-doubled`` (``matter``),
    ``endpoint-malformed``, ``endpoint-credentials``, and ``level-place`` (``value``: a level that needs
    another kind of place; a district's bureau has a district and no street, a street's office has both,
    a city's bureau has neither).
    """

    def found(cells: Cells) -> dict[str, object]:
        known: dict[str, object] = {column: cells[column] for column in DEPARTMENT_COLUMNS}
        optional = {column: cells[column] or None for column in ("district", "street", "endpoint")}
        return {**known, **optional, "matters": _codes(cells)}

    def check(line: int, cells: Cells) -> Sequence[RowProblem]:
        return _matter_problems(line, _codes(cells), matters)

    return _read(path, DEPARTMENT_COLUMNS, Department, found, check)


def read_matters(path: Path) -> tuple[list[Matter], list[RowProblem]]:
    """The matters of a CSV file with ``MATTER_COLUMNS``; otherwise as ``read_departments``."""

    def found(cells: Cells) -> dict[str, object]:
        return {RENAMED.get(column, column): cells[column] for column in MATTER_COLUMNS}

    return _read(path, MATTER_COLUMNS, Matter, found, lambda _line, _cells: ())


@cache
def shipped_matters() -> Matters:
    """The matters that come with the project.

    Raises DoesNotFit ``reference-damaged`` (``file``, ``line``) if somebody broke the file.
    """
    path = reference.path("matters.csv")
    matters, problems = read_matters(path)
    if problems:
        raise DoesNotFit("reference-damaged", file=str(path), line=problems[0].line)
    return Matters(matters=tuple(matters))


def _read(
    path: Path,
    columns: Sequence[str],
    model: type[Row],
    found: Callable[[Cells], dict[str, object]],
    check: Callable[[int, Cells], Sequence[RowProblem]],
) -> tuple[list[Row], list[RowProblem]]:
    table = read_table(path, columns)
    rows: list[Row] = []
    problems = list(table.problems)
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        wrong = [*_doubled(line, cells["code"], lines), *check(line, cells)]
        known = found(cells)
        try:
            row = model.model_validate(known)
        except ValidationError as error:
            wrong += [_refusal(line, known, detail) for detail in error.errors(include_url=False)]
        else:
            rows += [] if wrong else [row]
        fields = [problem.field for problem in wrong]
        problems += [problem for index, problem in enumerate(wrong) if problem.field not in fields[:index]]
    return rows, sorted(problems, key=lambda problem: problem.line)


def _refusal(line: int, known: dict[str, object], detail: ErrorDetails) -> RowProblem:
    field = str(detail["loc"][0]) if detail["loc"] else "level"  # the one check across fields
    columns = {renamed: column for column, renamed in RENAMED.items()}
    return refusal(line, columns.get(field, field), known[field], detail)


def _codes(cells: Cells) -> tuple[str, ...]:
    return tuple(code for part in cells["matters"].split(SEPARATOR) if (code := part.strip()))


def _doubled(line: int, code: str, lines: dict[str, int]) -> Sequence[RowProblem]:
    first = lines.setdefault(code, line)
    if first == line or not code:
        return []
    return [RowProblem(line=line, field="code", code="code-doubled", params={"first": first})]


def _matter_problems(line: int, codes: Iterable[str], matters: Matters) -> list[RowProblem]:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            return [RowProblem(line=line, field="matters", code="matter-doubled", params={"matter": shown(code)})]
        seen.add(code)
        try:
            matters.get(code)
        except NotFound as error:
            return [RowProblem(line=line, field="matters", code=error.code, params=_shown(error.params))]
    return []


def _shown(params: dict[str, str | int]) -> dict[str, str | int]:
    return {name: shown(str(value)) for name, value in params.items()}
