"""What the columns of a CSV file with cases mean: a mapping, written as TOML, one file a system."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Generic, Self, TypeVar, cast
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

from desk.tables import Cells, read_text
from domain.demand import Channel, Nature, Urgency
from domain.department import Matters
from domain.errors import Invalid, NotFound
from domain.values import Token, Value

Target = TypeVar("Target", bound=str)

PROBE = datetime(2026, 11, 23, 18, 43, tzinfo=UTC)
"""A time to try a format on."""
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


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


def _reason(kind: str) -> str:
    """A code for why pydantic refused a key of a mapping; our own reasons are codes already."""
    told = {"missing": "key-missing", "extra_forbidden": "key-unknown", "enum": "value-unknown"}
    return told.get(kind, kind if "-" in kind else "value-malformed")
