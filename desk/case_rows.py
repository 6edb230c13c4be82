"""Cases out of a CSV file: by a mapping (``desk.case_mapping``) a row becomes a case or a problem.

Reads and checks; opens nothing. What people see is made elsewhere from a problem's code and params.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    ValidationError,
)

from desk.case_mapping import ColumnMapping, Source
from desk.tables import Cells, RowProblem, read_table, refusal, shown
from domain.demand import Channel, Nature, Urgency
from domain.department import Directory, Matters
from domain.errors import Invalid, NotFound
from domain.intake import Description, Place, Reference
from domain.values import Instant, Token, Value

YEARS = range(1990, 2100)
"""A time outside these years is a slip of the pen."""


class CaseRow(Value):
    """One demand as a file tells it, checked. ``matter`` None goes to the operator's queue."""

    line: int
    """Where the row begins in its file, from 1."""
    reference: Reference
    """``<system>:<id there>``; the same row has the same one in every import."""
    opened_at: Instant
    channel: Channel
    nature: Nature
    urgency: Urgency
    matter: Token | None
    district: Token | None
    street: Token | None
    place: Place | None
    department: Token | None
    """A department that the file names; it goes before the choice by matter and place."""
    description: Description


def read_cases(
    path: Path, mapping: ColumnMapping, matters: Matters, directory: Directory | None = None
) -> tuple[list[CaseRow], list[RowProblem]]:
    """The cases of a CSV file in its order, and everything that is wrong with the other rows.

    A row is one or the other: with a problem it is no case. With a ``directory``, departments,
    districts and streets must be known to it, and a street without a district gets its own. Raises
    what ``desk.tables.read_table`` does. The codes of problems beside those of the table:

    - ``value-missing``, ``value-unknown`` and ``value-malformed`` (``value``), ``text-too-long``
      (``limit`` in characters);
    - ``time-malformed`` (``value``, ``format``), ``time-implausible``, ``time-skipped`` (an hour that
      a spring clock leaves out);
    - ``reference-doubled`` (``first``: the line that has it already, whether or not that row is right);
    - ``matter-unknown``, ``department-unknown``, ``district-unknown``, ``street-unknown``, each with
      what was named and ``did_you_mean``; ``street-elsewhere`` (``street``, ``district``: where it is).
    """
    table = read_table(path, mapping.columns())
    problems = list(table.problems)
    cases: list[CaseRow] = []
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        reading = _Reading(line, cells, mapping, {}, [])
        case = _case(reading, matters, directory)
        first = lines.setdefault(cells[mapping.reference], line)
        if first != line and reading.cell(mapping.reference):
            reading.refuse("reference", "reference-doubled", {"first": first})
        if case is not None and not reading.problems:
            cases.append(case)
        problems.extend(reading.problems)
    return cases, sorted(problems, key=lambda problem: problem.line)


class _Reading(NamedTuple):
    """One row on its way: what was found in it, and what was wrong so far (one problem a field)."""

    line: int
    cells: Cells
    mapping: ColumnMapping
    found: dict[str, object]
    problems: list[RowProblem]

    def cell(self, column: str) -> str:
        """The cell, or ``""`` where it stands for nothing."""
        cell = self.cells[column]
        return "" if cell in self.mapping.blank else cell

    def refuse(self, field: str, code: str, params: Mapping[str, str | int]) -> None:
        if all(problem.field != field for problem in self.problems):
            self.problems.append(RowProblem(line=self.line, field=field, code=code, params=dict(params)))

    def refuse_unknown(self, field: str, error: NotFound | Invalid) -> None:
        params = {name: shown(str(value)) for name, value in error.params.items() if name != "field"}
        self.refuse(field, error.code, params)


def _case(reading: _Reading, matters: Matters, directory: Directory | None) -> CaseRow | None:
    for field, sources in reading.mapping.sources():
        reading.found[field] = _first(reading, field, sources)
    reading.found["reference"] = _reference(reading)
    reading.found["opened_at"] = _opened_at(reading)
    _follow_matter(reading, matters)
    if directory is not None:
        _look_up(reading, directory)
    try:
        return CaseRow.model_validate({"line": reading.line, **reading.found})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            field = str(detail["loc"][0])
            problem = refusal(reading.line, field, reading.found[field], detail)
            reading.refuse(field, problem.code, problem.params)
        return None


def _first(reading: _Reading, field: str, sources: Sequence[Source[Any]]) -> str | None:
    """What the first source gives that gives something. A cell that none of them knows is a problem."""
    for source in sources:
        taken = source.take(reading.cells, reading.mapping.blank)
        if taken is not None:
            return taken
    for source in sources:
        if source.column is not None and (cell := reading.cell(source.column)):
            reading.refuse(field, "value-unknown", {"value": shown(cell)})
    return None


def _reference(reading: _Reading) -> str | None:
    there = reading.cell(reading.mapping.reference)
    return f"{reading.mapping.system}:{there}" if there else None


def _opened_at(reading: _Reading) -> datetime | None:
    wanted = reading.mapping.opened_at
    text = reading.cell(wanted.column)
    if not text:
        return None
    zone = ZoneInfo(reading.mapping.zone)
    told = {"value": shown(text), "format": wanted.format}
    try:
        moment = datetime.strptime(text, wanted.format)  # noqa: DTZ007 - the zone follows below
    except ValueError:
        reading.refuse("opened_at", "time-malformed", told)
        return None
    if moment.year not in YEARS:
        reading.refuse("opened_at", "time-implausible", told)
        return None
    if moment.tzinfo is not None:
        return moment
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        reading.refuse("opened_at", "time-skipped", told)
    return local


def _follow_matter(reading: _Reading, matters: Matters) -> None:
    """Checks the matter; nature and urgency that the row does not tell are the matter's."""
    nature, urgency = Nature.REQUEST, Urgency.NORMAL
    code = reading.found["matter"]
    if isinstance(code, str):
        try:
            matter = matters.get(code)
        except NotFound as error:
            reading.refuse_unknown("matter", error)
        else:
            nature, urgency = matter.nature, matter.urgency
    reading.found["nature"] = reading.found["nature"] or nature
    reading.found["urgency"] = reading.found["urgency"] or urgency


def _look_up(reading: _Reading, directory: Directory) -> None:
    """Checks department, street and district; a street brings its district along."""
    found = reading.found
    if isinstance(department := found["department"], str):
        try:
            directory.get(department)
        except NotFound as error:
            reading.refuse_unknown("department", error)
    district, street = (place if isinstance(place := found[key], str) else None for key in ("district", "street"))
    try:
        found["district"] = directory.locate(district, street)
    except (NotFound, Invalid) as error:
        field, _, _ = error.code.partition("-")
        reading.refuse_unknown(field, error)
