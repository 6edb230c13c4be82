"""The departments file: how departments, citizens, operators, supervisors and the commission behave in a rehearsal.

Everything in it is a share (0 to 1) or a delay. ``[default]`` holds for every department; ``[departments.<code>]``
says what is different with one, ``rungs.<rung>`` what is different on a rung (a supervised order is taken more
seriously than a plain one), ``assisting`` what is different where the department only assists. A table that is
given again replaces the whole table, it is not mixed with the other one. What is most particular counts:

    the department when it assists > any when assisting > the department on the rung > any on the rung >
    the department > default
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, JsonValue, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from domain.commands import Days
from domain.demand import Nature, Urgency
from domain.department import Directory
from domain.errors import Invalid, NotFound
from domain.ladder import Rung
from domain.order import Role
from domain.values import Text, Token, Value
from rehearsal.delays import KINDS, Delay

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
"""Of so many that could, so many do: 0 none, 1 all."""

Pace = Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)]


class Timing(Value):
    """How long something takes: by urgency where that says so, else by nature, else ``delay``."""

    delay: Delay
    by_nature: dict[Nature, Delay] = Field(default_factory=dict[Nature, Delay])
    by_urgency: dict[Urgency, Delay] = Field(default_factory=dict[Urgency, Delay])

    def delay_of(self, nature: Nature, urgency: Urgency) -> Delay:
        return self.by_urgency.get(urgency) or self.by_nature.get(nature) or self.delay


class Acknowledging(Timing):
    """Of all orders, so many are acknowledged, and when."""

    share: Share


class Returning(Value):
    """Of the orders that can be returned, so many are said to be somebody else's, and when."""

    share: Share
    delay: Delay


class Answering(Timing):
    """Of all answers, so many say that it cannot be solved, the others that it is; and when they come."""

    explained: Share
    limit_days: Days | None = None
    """On a verification: the limit that the issuing body sets for the rectification."""


class Judging(Value):
    """What citizens say at the callback: so many of all cannot be reached; of the others so many are not satisfied."""

    unreached: Share
    unsatisfied: Share


class Layer(Value):
    """What is said of one department, of one rung, or of all; what is left out is said elsewhere."""

    acknowledges: Acknowledging | None = None
    returns: Returning | None = None
    silent: Share | None = None
    """Of the orders that are not returned, so many are never answered."""
    answers: Answering | None = None
    pace: Pace | None = None
    """How many times as long an answer takes as ``answers`` says; 1 where nobody says anything."""
    citizens: Judging | None = None
    """How citizens judge what this department has done."""


class DepartmentLayer(Layer):
    """One department, or all of them."""

    rungs: dict[Rung, Layer] = Field(default_factory=dict[Rung, Layer])
    assisting: Layer | None = None


class DefaultLayer(Value):
    """What holds where nothing else is said; leaves nothing out."""

    acknowledges: Acknowledging
    returns: Returning
    silent: Share
    answers: Answering
    pace: Pace = 1.0
    citizens: Judging
    rungs: dict[Rung, Layer] = Field(default_factory=dict[Rung, Layer])
    assisting: Layer | None = None


class Doing(Value):
    """Something that a person does, or agrees to, in so many of all cases, and when."""

    share: Share
    delay: Delay


class Operators(Value):
    """Those who name a department where the directory knows none."""

    delay: Delay
    names: Annotated[tuple[Token, ...], Field(min_length=1)]
    """The departments they name, one as likely as the other."""


class Supervisors(Value):
    """Those who confirm, convene, conclude and verify."""

    confirms: Doing
    """Of all "cannot be solved", so many are confirmed; the others are refused."""
    convenes: Doing
    """Of all meetings that are due, so many are convened."""
    concludes: Doing
    """Of all meetings, so many end with a conclusion."""
    verifies: Doing
    """Of all rectifications, so many are found to be carried out; looked at when the department says so."""
    partners: Annotated[tuple[Token, ...], Field(min_length=2)]
    """Whom they invite where a case has one department only; two, so that one is always another one."""

    @field_validator("partners")
    @classmethod
    def _differ(cls, partners: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(partners)) != len(partners):
            raise PydanticCustomError("department-doubled", "a department is named twice")
        return partners


class Commission(Value):
    """The people who decide on a referral, of all of which so many are accepted, and the commission that answers it."""

    accepts: Doing
    """By the two; each takes his time."""
    answers: Doing | None = None
    """By the commission: of all, so many are taken on. As ``accepts`` where nothing is said."""


class Callers(Value):
    """The heads of departments who call back."""

    delay: Delay


@dataclass(frozen=True)
class Conduct:
    """What one department does with its orders on one rung."""

    acknowledges: Acknowledging
    returns: Returning
    silent: float
    answers: Answering
    pace: float
    citizens: Judging


class Profile(Value):
    """Everybody's behaviour: one departments file."""

    source: Text
    """Where the figures come from."""
    default: DefaultLayer
    departments: dict[Token, DepartmentLayer] = Field(default_factory=dict[Token, DepartmentLayer])
    operators: Operators
    supervisors: Supervisors
    commission: Commission
    callers: Callers

    def conduct_of(self, department: str, rung: Rung, role: Role = Role.LEAD) -> Conduct:
        """How this department behaves with an order of that role on that rung."""
        return _conduct(tuple(self._layers(department, rung, role)))

    def _layers(self, department: str, rung: Rung, role: Role) -> Iterator[Layer | DefaultLayer]:
        own = self.departments.get(department, _NOTHING)
        found: list[Layer | DefaultLayer | None] = [
            own.rungs.get(rung),
            self.default.rungs.get(rung),
            own,
            self.default,
        ]
        if role is Role.ASSISTING:
            found = [own.assisting, self.default.assisting, *found]
        return (layer for layer in found if layer is not None)

    def named_departments(self) -> Iterator[tuple[str, str]]:
        """Every department that is named, with the key where it is."""
        yield from ((f"departments.{code}", code) for code in self.departments)
        yield from ((f"operators.names.{n}", code) for n, code in enumerate(self.operators.names))
        yield from ((f"supervisors.partners.{n}", code) for n, code in enumerate(self.supervisors.partners))


_NOTHING = DepartmentLayer()


def _conduct(layers: Sequence[Layer | DefaultLayer]) -> Conduct:
    def first(name: str) -> Any:
        return next(said for layer in layers if (said := getattr(layer, name)) is not None)

    names = ("acknowledges", "returns", "silent", "answers", "pace", "citizens")
    return Conduct(**{name: first(name) for name in names})


def read_profile(path: Path, directory: Directory) -> Profile:
    """The profile in this TOML file.

    Raises NotFound ``file-unknown``; Invalid ``conduct-syntax`` with the ``file`` and TOML's own ``reason``; Invalid
    ``conduct-key`` with the ``file``, the ``key`` (``departments.hk-gas.answers.delay.median``) and the ``reason``:
    ``key-missing``, ``key-unknown``, ``value-unknown``, ``value-malformed``, ``value-out-of-range``,
    ``low-above-high``, ``rung-unknown``, ``nature-unknown``, ``urgency-unknown`` or ``department-unknown``.
    """
    try:
        written = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise NotFound("file-unknown", file=str(path)) from None
    except OSError:
        raise Invalid("file-unreadable", file=str(path)) from None
    except (ValueError, RecursionError) as error:  # of TOML, or of UTF-8
        raise Invalid("conduct-syntax", file=str(path), reason=str(error)) from None
    try:
        profile = Profile.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key, reason = _key(first["loc"]), _reason(first["type"], first["loc"])
        raise Invalid("conduct-key", file=str(path), key=key, reason=reason) from None
    known = {department.code for department in directory.departments}
    for key, code in profile.named_departments():
        if code not in known:
            raise Invalid("conduct-key", file=str(path), key=key, reason="department-unknown")
    return profile


@lru_cache(maxsize=1)
def assumed() -> Profile:
    """The behaviour that is assumed where no departments file is given. All of it is our guess."""
    text = files("rehearsal").joinpath("assumed.toml").read_text(encoding="utf-8")
    return Profile.model_validate(tomllib.loads(text))


def written(profile: Profile) -> str:
    """The profile as a departments file."""
    content = profile.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return "\n".join(_tables(content, ())) + "\n"


def _tables(table: Mapping[str, JsonValue], path: tuple[str, ...]) -> Iterator[str]:
    """TOML: the table's plain values, a delay on one line, then the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) or "kind" in value}
    if plain:
        if path:
            yield f"\n[{'.'.join(path)}]"
        yield from (f"{key} = {_plain(value)}" for key, value in plain.items())
    for key, value in table.items():
        if key not in plain and isinstance(value, dict):
            yield from _tables(value, (*path, key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'))


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_plain(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # a text is written as in JSON, a number too


def _key(where: Sequence[int | str]) -> str:
    """The key as the file has it: pydantic also names the kind of a delay, and marks a wrong key of a table."""
    return ".".join(str(part) for part in where if part not in KINDS and part != "[key]")


def _reason(kind: str, where: Sequence[int | str]) -> str:
    """A code for why pydantic refused a key; our own reasons are codes already."""
    if where and where[-1] == "[key]":
        table = str(where[-3])
        return {"rungs": "rung-unknown", "by_nature": "nature-unknown", "by_urgency": "urgency-unknown"}.get(
            table, "value-malformed"
        )
    told = {
        "missing": "key-missing",
        "union_tag_not_found": "key-missing",
        "extra_forbidden": "key-unknown",
        "enum": "value-unknown",
        "union_tag_invalid": "value-unknown",
    }
    if kind in told:
        return told[kind]
    if kind.startswith(("greater_than", "less_than", "finite", "too_short")):
        return "value-out-of-range"
    return kind if "-" in kind else "value-malformed"
