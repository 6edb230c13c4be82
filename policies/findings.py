"""What is wrong with a policy, or worth a look: where, and why. No text for people lives here."""

from enum import StrEnum

from pydantic import Field

from domain.values import Token, Value


class Severity(StrEnum):
    """What a finding means for the policy."""

    REFUSE = "refuse"
    """It cannot work, and is not activated."""
    REMARK = "remark"
    """It works; somebody should have meant it."""


class Finding(Value):
    """One thing about one key of a policy file."""

    key: str
    """Where: ``handle.request.value``, ``ladder.2.up``; ``-`` for the file as a whole."""
    code: Token
    params: dict[str, str | int] = Field(default_factory=dict[str, str | int])
    severity: Severity = Severity.REFUSE
    line: int | None = None
    """The line of the file, where it is known."""

    @property
    def refuses(self) -> bool:
        return self.severity is Severity.REFUSE
