"""What somebody typed becomes a value, or a refusal that names the field; the one place for it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.department import Endpoint
from domain.errors import Invalid
from domain.values import Token
from texts.moments import LOCAL

Model = TypeVar("Model", bound=BaseModel)
Member = TypeVar("Member", bound=StrEnum)

SHOWN: Final = 40
"""How much of what was typed a refusal repeats."""
PRIVATE: Final = frozenset({"description", "name", "address", "statement"})
"""Fields whose content a refusal does not repeat."""


def made(model: type[Model], values: Mapping[str, Any]) -> Model:
    """The model of these values. Raises Invalid, naming the first field that is wrong and why."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Invalid:
    """What a model refuses, as a refusal of ours."""
    first = error.errors(include_url=False)[0]
    names = [part for part in first["loc"] if isinstance(part, str)]
    field = names[-1] if names else "-"
    kind, context = first["type"], first.get("ctx", {})
    if kind in ("missing", "string_too_short"):
        return Invalid("input-missing", field=field)
    if kind == "string_too_long":
        return Invalid("input-too-long", field=field, limit=int(context["max_length"]))
    if kind == "too_short":
        return Invalid("input-too-few", field=field, least=int(context["min_length"]))
    if kind == "greater_than":
        return Invalid("input-out-of-range", field=field, value=shown(field, first["input"]))
    if kind == "less_than_equal":
        return Invalid("input-out-of-range", field=field, value=shown(field, first["input"]))
    if kind == "string_pattern_mismatch" and field == "phone":
        return Invalid("input-phone", field=field, value=shown(field, first["input"]))
    if "-" in kind:  # a check of our own
        return Invalid(kind, field=field)
    return Invalid("input-malformed", field=field, value=shown(field, first["input"]))


def shown(field: str, value: object) -> str:
    """The beginning of what was typed."""
    if field in PRIVATE:
        return "…"
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def chosen(enum: type[Member], value: str | None, field: str) -> Member | None:
    """The member of that token, None for None. Raises Invalid, naming the tokens there are."""
    if value is None:
        return None
    try:
        return enum(value)
    except ValueError:
        raise Invalid("input-unknown", field=field, value=shown(field, value), choices=", ".join(enum)) from None


def moment(value: str | None, field: str) -> datetime | None:
    """The instant that was typed in ISO 8601; without an offset it is Chinese local time. Raises Invalid."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return at if at.tzinfo else at.replace(tzinfo=LOCAL)
    except ValueError:
        raise Invalid("input-time", field=field, value=shown(field, value)) from None


def listed(value: str) -> tuple[str, ...]:
    """``A,B,C`` as its parts."""
    return tuple(part for piece in value.replace("，", ",").split(",") if (part := piece.strip()))


def assignments(values: list[str], field: str) -> dict[str, str]:
    """``A=text`` for each; raises Invalid for one without both, or for a name that comes twice."""
    found: dict[str, str] = {}
    for value in values:
        name, _, text = value.partition("=")
        if not name.strip() or not text.strip():
            raise Invalid("input-assignment", field=field, value=shown(field, value))
        if name.strip() in found:
            raise Invalid("input-doubled", field=field, value=shown(field, name.strip()))
        found[name.strip()] = text.strip()
    return found


def either(first: bool, second: bool, names: str) -> bool:
    """Whether the first of two flags was given. Raises Invalid where neither or both were."""
    if first == second:
        raise Invalid("input-either", field=names)
    return first


def one_of(flags: Mapping[str, bool]) -> str:
    """Which of some flags was given. Raises Invalid where none was, or several were."""
    given = [name for name, is_given in flags.items() if is_given]
    if len(given) != 1:
        raise Invalid("input-either", field=", ".join(flags))
    return given[0]


def is_file(name: str) -> bool:
    """Whether a name means a file rather than something that comes with the project."""
    return Path(name).suffix != "" or "/" in name


def token(given: str, field: str) -> str:
    """A stable identifier. Raises Invalid, naming ``field``."""
    return _checked(TypeAdapter(Token), given, field)


def endpoint_of(url: str) -> str:
    """The address of a department's system. Raises Invalid where it cannot be one."""
    return _checked(TypeAdapter(Endpoint), url, "endpoint")


def _checked(adapter: TypeAdapter[str], given: str, field: str) -> str:
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        kind = error.errors(include_url=False)[0]["type"]
        if kind.startswith(field):
            value = "…" if "@" in given else shown(field, given)  # a password may stand before it
            raise Invalid(kind, field=field, value=value) from None
        raise Invalid("input-malformed", field=field, value=shown(field, given)) from None
