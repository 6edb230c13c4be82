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
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.errors import Invalid
from domain.values import Text, Value

_REASONS = {"extra_forbidden": "unknown-key", "missing": "missing"}


def _as_written(day: object) -> object:
    """Dates and their ISO text only: pydantic would take a number for a time stamp."""
    if isinstance(day, str) or (isinstance(day, date) and not isinstance(day, datetime)):
        return day
    raise PydanticCustomError("impossible_date", "not a date")


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
        if len(set(days)) < len(days):
            raise PydanticCustomError("duplicate_date", "a date is listed twice")
        return tuple(sorted(days))

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if set(self.days_off) & set(self.days_worked):
            raise PydanticCustomError("in_both_lists", "a date is both off and worked")
        return self


def read_override(file: Path) -> Override:
    """The override in this TOML file.

    Raises ``Invalid`` with code ``calendar-file-invalid``, the ``file``, the ``field`` (a key, with the
    position in a list) and the ``reason``: ``unreadable``, ``not-toml`` (with a ``detail`` that names the
    line; an unquoted date that does not exist is one), ``unknown-key``, ``missing``, ``impossible-date``,
    ``duplicate-date``, ``in-both-lists``, or what else pydantic found wrong.
    """
    try:
        # Windows' editor puts a byte order mark in front, which TOML does not allow.
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise _invalid(file, "", "unreadable", error.strerror or "") from None
    except ValueError as error:
        raise _invalid(file, "", "not-toml", str(error)) from None
    try:
        return Override.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "days_worked"
        raise _invalid(file, where, _reason(first["type"]), first["msg"]) from None


def _reason(kind: str) -> str:
    if kind.startswith("date_"):
        return "impossible-date"
    return _REASONS.get(kind, kind.replace("_", "-"))


def _invalid(file: Path, field: str, reason: str, detail: str) -> Invalid:
    return Invalid("calendar-file-invalid", file=str(file), field=field, reason=reason, detail=detail)
