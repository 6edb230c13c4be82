"""Override files: an office's own word about dates, on top of the published list.

```toml
source = "国办发明电〔2026〕…号"      # required: where the dates were announced
days_off = [2027-01-01, 2027-02-05]   # not worked, whatever the lists say
days_worked = ["2027-02-14"]          # worked, whatever the lists say; quoted or not
horizon = 2027-12-31                  # optional: with these dates, the list is complete up to this day
```

Two uses: a day of a city's own (a typhoon closes the offices), and next year's list on the day it is
published, before the libraries have it. The second names the ``horizon``; everything that was projected
up to that day then gives way to the file.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from domain.errors import Invalid
from domain.values import Text, Value

_REASONS = {
    "extra_forbidden": "unknown-key",
    "missing": "missing",
    "string_too_short": "empty",
    "string_too_long": "too-long",
    "string_type": "not-a-text",
    "tuple_type": "not-a-list",
}
_SHOWN = 60
"""How much of what a file says a refusal repeats."""


def _as_written(day: object) -> object:
    """Dates and their ISO text only: pydantic would take a number for a time stamp."""
    if isinstance(day, str) or (isinstance(day, date) and not isinstance(day, datetime)):
        return day
    raise PydanticCustomError("impossible-date", "not a date")


_Day = Annotated[date, BeforeValidator(_as_written)]


class Override(Value):
    """Dates whose status is known better than the lists know it."""

    source: Text
    days_off: tuple[_Day, ...] = ()
    days_worked: tuple[_Day, ...] = ()
    horizon: _Day | None = None
    """Up to this day nothing but published lists and this file counts; None leaves the horizon alone."""

    @field_validator("days_off", "days_worked")
    @classmethod
    def _once(cls, days: tuple[date, ...]) -> tuple[date, ...]:
        if doubled := sorted(day for day, times in Counter(days).items() if times > 1):
            raise PydanticCustomError("duplicate-date", "a date is listed twice", {"dates": _named(doubled)})
        return tuple(sorted(days))

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if both := sorted(set(self.days_off) & set(self.days_worked)):
            raise PydanticCustomError("in-both-lists", "a date is both off and worked", {"dates": _named(both)})
        return self


def read_override(file: Path) -> Override:
    """The override in this TOML file.

    Raises Invalid ``file-unreadable``, and ``calendar-file-invalid`` with the ``file``, the ``field`` (a key,
    with the position in a list; ``-`` for the file as a whole), the ``reason`` and a ``detail``: ``not-toml``
    (the line; an unquoted date that does not exist is one), ``unknown-key`` and ``missing`` (the keys there
    are), ``duplicate-date`` and ``in-both-lists`` (the dates), ``impossible-date`` and others (what is there).
    """
    try:
        # Windows' editor puts a byte order mark in front, which TOML does not allow.
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeEncodeError):
        raise Invalid("file-unreadable", file=str(file)) from None
    except (ValueError, RecursionError) as error:
        raise _invalid(file, "-", "not-toml", str(error)[:200]) from None
    try:
        return Override.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "days_worked"
        raise _invalid(file, where, _reason(first["type"]), _detail(first)) from None


def _reason(kind: str) -> str:
    return "impossible-date" if kind.startswith("date_") else _REASONS.get(kind, kind)


def _detail(error: ErrorDetails) -> str:
    if error["type"] in ("extra_forbidden", "missing"):
        return ", ".join(Override.model_fields)
    found = str(error.get("ctx", {}).get("dates", error["input"]))
    return repr(found) if found.strip() != found or not found else found[:_SHOWN]


def _named(days: Sequence[date]) -> str:
    return ", ".join(day.isoformat() for day in days)


def _invalid(file: Path, field: str, reason: str, detail: str) -> Invalid:
    return Invalid("calendar-file-invalid", file=str(file), field=field, reason=reason, detail=detail)
