"""Cases out of a CSV file: a mapping says which column means what, a row becomes a case or a problem.

Reads and checks; opens nothing. What people see is made elsewhere from a problem's code and params.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from desk.tables import Cells, RowProblem, read_table, read_text, refusal, shown
from domain.demand import Channel, Nature, Urgency
from domain.department import Directory, Matters
from domain.errors import Invalid, NotFound
from domain.intake import Description, Place, Reference
from domain.values import Instant, Token, Value

Target = TypeVar("Target", bound=str)

YEARS = range(1990, 2100)
"""A time outside these years is a slip of the pen."""
PROBE = datetime(2026, 11, 23, 18, 43, tzinfo=UTC)
"""A time to try a format on."""
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


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


class Source(Value, Generic[Target]):
    """One way to get a field out of a row: exactly one of ``column``, ``template`` or ``value``.

    - ``column``: the cell, translated by ``values`` where there are some. A cell that is blank, or not
      among the values, gives nothing.
    - ``template``: a text with ``{column}`` in it. If one of those cells is blank, it gives nothing.
    - ``value``: always this.
    """

    column: str | None = None
    values: dict[str, Target] = Field(default_factory=dict)
    template: str | None = None
    value: Target | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.column, self.template, self.value)) != 1:
            raise PydanticCustomError("source-ways", "exactly one of column, template and value")
        if self.values and self.column is None:
            raise PydanticCustomError("source-values", "values belong to a column")
        return self

    @property
    def columns(self) -> Sequence[str]:
        """The columns it reads."""
        if self.column is not None:
            return (self.column,)
        return PLACEHOLDER.findall(self.template or "")

    def take(self, cells: Cells, blank: Sequence[str]) -> str | None:
        """What it gives for this row; ``blank`` are the cells that stand for nothing."""
        if self.column is not None and self.values:
            return self.values.get(cells[self.column])
        if self.value is not None:
            return self.value
        if any(not cells[name] or cells[name] in blank for name in self.columns):
            return None
        if self.template is not None:
            return PLACEHOLDER.sub(lambda found: cells[found.group(1)], self.template)
        return cells[self.columns[0]]


def _several(given: object) -> object:
    return [cast("object", given)] if isinstance(given, dict) else given


Several = BeforeValidator(_several)
"""Sources are ways tried in their order; the first that gives something wins. One alone needs no list."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("zone-unknown", "no such time zone") from None
    return name


def _whole_format(text: str) -> str:
    try:
        understood = datetime.strptime(PROBE.strftime(text), text).date() == PROBE.date()  # noqa: DTZ007 - only the date
    except ValueError:
        understood = False
    if not understood:
        raise PydanticCustomError("time-format", "not a format for a date and time")
    return text


class TimeColumn(Value):
    """A column with a date and time in the way of ``strptime``."""

    column: str
    format: Annotated[str, AfterValidator(_whole_format)]


class ColumnMapping(Value):
    """Which column of a file means what; written as TOML, one file a system."""

    system: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    """Goes before every reference, so that ids of two systems never meet."""
    zone: Annotated[str, AfterValidator(_known_zone)]
    """The IANA time zone of times that carry none. A time that an autumn clock shows twice is the first."""
    blank: tuple[str, ...] = ()
    """Cells that stand for nothing, beside the empty one."""
    reference: str
    """The column with the id of the case there."""
    opened_at: TimeColumn
    channel: Annotated[tuple[Source[Channel], ...], Several, Field(min_length=1)]
    nature: Annotated[tuple[Source[Nature], ...], Several] = ()
    """Without one, or where the cell is blank: the matter's, else a request."""
    urgency: Annotated[tuple[Source[Urgency], ...], Several] = ()
    """Without one, or where the cell is blank: the matter's, else normal."""
    matter: Annotated[tuple[Source[Token], ...], Several] = ()
    district: Annotated[tuple[Source[Token], ...], Several] = ()
    street: Annotated[tuple[Source[Token], ...], Several] = ()
    place: Annotated[tuple[Source[str], ...], Several] = ()
    department: Annotated[tuple[Source[Token], ...], Several] = ()
    description: Annotated[tuple[Source[str], ...], Several, Field(min_length=1)]

    def sources(self) -> Iterator[tuple[str, Sequence[Source[Any]]]]:
        """Every field that is put together from sources, with them."""
        yield "channel", self.channel
        yield "nature", self.nature
        yield "urgency", self.urgency
        yield "matter", self.matter
        yield "district", self.district
        yield "street", self.street
        yield "place", self.place
        yield "department", self.department
        yield "description", self.description

    def columns(self) -> Sequence[str]:
        """Every column that the file must have, each once."""
        named = [self.reference, self.opened_at.column]
        for _, sources in self.sources():
            for source in sources:
                named.extend(source.columns)
        return tuple(dict.fromkeys(named))


def read_mapping(path: Path, matters: Matters) -> ColumnMapping:
    """A mapping out of a TOML file.

    Raises what ``desk.tables.read_text`` does; Invalid ``mapping-syntax`` with the ``file`` and
    TOML's own ``reason``; Invalid ``mapping-key`` with the ``file``, the ``key`` (``nature.values.投诉``, or
    ``matter.0.column`` in a list) and the ``reason``: ``key-missing``, ``key-unknown``, ``value-unknown``,
    ``value-malformed``, ``zone-unknown``, ``time-format``, ``source-ways``, ``source-values`` or
    ``matter-unknown``.
    """
    try:
        written = tomllib.loads(read_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid("mapping-syntax", file=str(path), reason=str(error)) from None
    try:
        mapping = ColumnMapping.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(
            "mapping-key", file=str(path), key=_key(written, first["loc"]), reason=_reason(first["type"])
        ) from None
    for where, matter in _named_matters(mapping):
        try:
            matters.get(matter)
        except NotFound as error:
            key = _key(written, ("matter", *where))
            raise Invalid("mapping-key", file=str(path), key=key, reason=error.code) from None
    return mapping


def _named_matters(mapping: ColumnMapping) -> Iterator[tuple[tuple[int | str, ...], str]]:
    for number, source in enumerate(mapping.matter):
        if source.value is not None:
            yield (number, "value"), source.value
        for cell, matter in source.values.items():
            yield (number, "values", cell), matter


def _key(written: Mapping[str, object], where: Sequence[int | str]) -> str:
    """A key as the file has it: a source that stands alone there has no number."""
    parts = list(where)
    if isinstance(written.get(str(parts[0])), dict) and len(parts) > 1 and isinstance(parts[1], int):
        del parts[1]
    return ".".join(str(part) for part in parts)


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


def _reason(kind: str) -> str:
    """A code for why pydantic refused a key of a mapping; our own reasons are codes already."""
    told = {"missing": "key-missing", "extra_forbidden": "key-unknown", "enum": "value-unknown"}
    return told.get(kind, kind if "-" in kind else "value-malformed")
