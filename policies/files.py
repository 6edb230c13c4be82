"""Reading a policy file: its limits, the calendar they are counted on, and everything that is wrong with it."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from domain.calendar import Shift, WorkCalendar
from domain.errors import Invalid, NotFound
from domain.policy import Confidence, Policy, Rules
from domain.values import Text, Value
from policies.findings import Finding

DAYS_BEFORE, YEARS_AHEAD = 370, 2
"""How far the calendar that a case is pinned to reaches: some days back, and to the end of this many years on."""

SHOWN: Final = 40
"""How much of a value a problem repeats."""

WHOLE: Final = "-"
"""The key of a problem that belongs to no single one."""


class China(Value):
    """Working days of the State Council's lists, at these office hours."""

    kind: Literal["china"]
    shifts: Annotated[tuple[Shift, ...], Field(min_length=1)]
    source: Text
    confidence: Confidence

    @field_validator("shifts")
    @classmethod
    def _make_a_day(cls, shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
        try:
            _ = WorkCalendar(name="day", zone="UTC", shifts=shifts, working_day=_worth(shifts), source="shifts")
        except ValidationError:
            raise PydanticCustomError("shifts-overlap", "shifts are in order and do not overlap") from None
        return shifts


class Continuous(Value):
    """Every second is working time, and so many make a working day."""

    kind: Literal["continuous"]
    working_day_seconds: Annotated[int, Field(gt=0, le=86_400, strict=True)]
    source: Text
    confidence: Confidence


class PolicyFile(Policy):
    """A policy as it is written down."""

    calendar: Annotated[China | Continuous, Field(discriminator="kind")]

    @property
    def label(self) -> str:
        return f"{self.policy_id}@{self.version}"


# -- files ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A policy file as far as it can be read."""

    file: str
    lines: Mapping[str, int]
    """The line of every key that was found."""
    policy_file: PolicyFile | None
    problems: tuple[Finding, ...]
    """Why there is no policy in it: all that is wrong, in the order of the file."""

    def located(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with the lines of this file, in their order."""
        placed = [finding.model_copy(update={"line": finding.line or self._line(finding.key)}) for finding in findings]
        return sorted(placed, key=lambda finding: finding.line or 0)

    def _line(self, key: str) -> int | None:
        """The line of the key, or of the table that it should be in."""
        parts = key.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.lines[prefix] for prefix in prefixes if prefix in self.lines), None)


def shipped() -> list[str]:
    """The names of the policies that come with the project."""
    return sorted(
        path.name.removesuffix(".toml") for path in files("policies").iterdir() if path.name.endswith(".toml")
    )


def read(name: str) -> PolicyFile:
    """The policy of that name, or in that file.

    Raises what ``examine`` does, and Invalid ``policy-invalid`` with the ``file``, and of the first problem the
    ``key``, the ``line`` (0: not found), its code as ``reason`` and its own params; ``problems`` counts all.
    """
    draft = examine(name)
    if draft.policy_file is not None:
        return draft.policy_file
    first = draft.problems[0]
    raise Invalid(
        "policy-invalid",
        file=draft.file,
        key=first.key,
        line=first.line or 0,
        reason=first.code,
        problems=len(draft.problems),
        **first.params,
    )


def examine(name: str) -> Draft:
    """The policy of that name, or in that file, or else all that is wrong with it.

    Raises NotFound ``policy-unknown`` and Invalid ``file-unreadable``.
    """
    path = Path(name) if name.endswith(".toml") else Path(str(files("policies") / f"{name}.toml"))
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("policy-unknown", policy=name, policies=", ".join(shipped())) from None
    except (OSError, ValueError):  # ValueError: a NUL in the path
        raise Invalid("file-unreadable", file=str(path)) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _hopeless(path, _problem(WHOLE, "not-utf-8", line=line))
    return _draft(path, text)


def _draft(path: Path, text: str) -> Draft:
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib gives its message and nothing else; ints can be too long
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else None
        return _hopeless(path, _problem(WHOLE, "not-toml", line=line, detail=str(error)[:200]))
    lines = key_lines(text)
    try:
        return Draft(path.name, lines, PolicyFile.model_validate(table), ())
    except ValidationError as error:
        draft = Draft(path.name, lines, None, ())
        problems = [_refused(detail) for detail in error.errors(include_url=False)]
        return Draft(path.name, lines, None, tuple(draft.located(problems)))


def _hopeless(path: Path, problem: Finding) -> Draft:
    return Draft(path.name, {}, None, (problem,))


def _refused(detail: ErrorDetails) -> Finding:
    """The problem of a key that the model refuses."""
    key, kind, context = _key(detail["loc"]), detail["type"], detail.get("ctx", {})
    value = _shown(detail["input"])
    match kind:
        case "missing" | "union_tag_not_found" | "string_too_short" | "too_short":
            return _problem(key, "value-missing")
        case "extra_forbidden":
            return _problem(key, "key-unknown")
        case "greater_than":
            return _problem(key, "value-not-positive", value=value)
        case "less_than_equal":
            return _problem(key, "value-too-large", value=value, most=int(context["le"]))
        case "enum" | "literal_error" | "union_tag_invalid":
            allowed = str(context.get("expected") or context.get("expected_tags"))
            return _problem(key, "value-not-allowed", value=value, allowed=_listed(allowed))
        case "string_too_long":
            return _problem(key, "text-too-long", limit=int(context["max_length"]))
        case _ if "-" in kind:
            return _problem(key, kind)
        case _:
            return _problem(key, "value-malformed", value=value)


def _problem(key: str, code: str, *, line: int | None = None, **params: str | int) -> Finding:
    return Finding(key=key, code=code, params=params, line=line)


def _key(loc: tuple[int | str, ...]) -> str:
    # pydantic puts the calendar's kind between the key and its parts
    parts = loc if loc[:1] != ("calendar",) else (loc[0], *loc[2:])
    return ".".join(str(part) for part in parts) or WHOLE


def _shown(value: object) -> str:
    """The beginning of a value; of a table only that it is one."""
    text = "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _listed(expected: str) -> str:
    """pydantic's ``'a', 'b' or 'c'`` as ``a, b, c``."""
    return ", ".join(re.findall(r"'([^']*)'", expected))


def key_lines(text: str) -> dict[str, int]:
    """The line of every table and key of a TOML text, as far as a look at the beginnings of lines tells.

    Keys are written as in a Finding: the second ``[[holds]]`` is ``holds.1``. Inline tables count as one key.
    """
    lines: dict[str, int] = {}
    count: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[(\[?)([^\[\]]+)\]", line):
            table = _dotted(header[2])
            if header[1]:
                count[table] = count.get(table, -1) + 1
                table = f"{table}.{count[table]}"
            for end in range(1, table.count(".") + 2):
                lines.setdefault(".".join(table.split(".")[:end]), number)
        elif assignment := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            key = _dotted(assignment[1])
            lines.setdefault(f"{table}.{key}" if table else key, number)
    return lines


def _dotted(written: str) -> str:
    return ".".join(part.strip(" \t\"'") for part in written.split("."))


# -- rules ---------------------------------------------------------------------------------------------


def rules_of(policy_file: PolicyFile, today: date) -> Rules:
    """The policy, and its calendar around ``today`` as the libraries know it."""
    return rules_with(policy_file, china_days(today) if isinstance(policy_file.calendar, China) else None)


def rules_with(policy_file: PolicyFile, days: WorkCalendar | None) -> Rules:
    """The policy with its calendar: these working days, where it counts on China's, at its own hours."""
    policy = Policy.model_validate(policy_file.model_dump(exclude={"calendar"}))
    spec = policy_file.calendar
    if isinstance(spec, Continuous):
        return Rules(policy=policy, calendar=_continuous(spec))
    if days is None:
        raise ValueError("a policy on China's calendar needs its working days")
    hours = {"shifts": spec.shifts, "working_day": _worth(spec.shifts)}
    return Rules(policy=policy, calendar=days.model_copy(update=hours))


def days_needed(today: date) -> tuple[date, date]:
    """The first and the last day that the calendar of a case opened today must know."""
    return today - timedelta(days=DAYS_BEFORE), date(today.year + YEARS_AHEAD, 12, 31)


@lru_cache(maxsize=4)
def china_days(today: date) -> WorkCalendar:
    """China's working days around ``today``, as the libraries know them."""
    from calendars.china import china_calendar  # its libraries take a while to load, and often nobody asks

    return china_calendar(*days_needed(today))


def _continuous(spec: Continuous) -> WorkCalendar:
    return WorkCalendar(
        name="continuous",
        zone="Asia/Shanghai",
        shifts=(Shift(start=time(), end=time()),),
        weekend=(),
        working_day=timedelta(seconds=spec.working_day_seconds),
        source=spec.source,
    )


def _worth(shifts: tuple[Shift, ...]) -> timedelta:
    return sum((shift.length for shift in shifts), timedelta(0))
