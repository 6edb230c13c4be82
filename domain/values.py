"""What every value of the vocabulary has in common."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

Instant = AwareDatetime
"""A point in time with a zone; stored and compared in UTC, shown in the policy's zone."""


class Value(BaseModel):
    """A frozen value. Unknown fields are refused, so that a misspelt one is never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class State(BaseModel):
    """A value that its one owner changes in place (a running workflow's state, for instance)."""

    model_config = ConfigDict(extra="forbid", validate_assignment=False)


Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,119}$")]
"""A stable identifier: letters, digits and ``_ . : -``; never a word for people."""

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=PRINTABLE)]
"""A sentence or paragraph that a person wrote; no control characters but tabs and line ends."""

PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTABLE)]
"""The name or staff number of somebody who acts for an office (never a citizen)."""
