"""What a department can call back about an order, and what can become of that."""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, JsonValue

from domain.commands import Acknowledge, Command, ExtendOrder, NoteProgress, ReturnOrder
from domain.errors import LiandongError, NotFound, NotYours, Refused
from domain.evidence import Attached
from domain.order import Reply, Result
from domain.values import Instant, PersonName, Text, Token, Value


class CallbackKind(StrEnum):
    """What is said; also the last part of the address it is sent to."""

    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    REPLY = "reply"
    RETURN = "return"
    EXTENSION = "extension"


class CallbackOutcome(StrEnum):
    """What became of a callback."""

    KEPT = "kept"
    """It is stored, and has not reached its case yet."""
    ACCEPTED = "accepted"
    """The case took it."""
    LATE = "late"
    """Its order had been left behind, or its limit had passed; it is kept and shown, and decides nothing."""
    REFUSED = "refused"
    """The rules did not allow it; ``Refusal`` says why."""
    AFTER_CLOSING = "after_closing"
    """Its case was closed in the very moment that it came; it is kept here and shown as late."""


class NewReply(Value):
    """A department's final word, as it comes in."""

    order_id: Token
    department: Token
    result: Result
    statement: Text
    by: PersonName
    limit_days: Annotated[int, Field(gt=0, le=365)] | None = None
    """Working days; as in ``Reply``."""
    basis: Text | None = None
    evidence: Attached = ()


Said = Acknowledge | NoteProgress | NewReply | ReturnOrder | ExtendOrder
"""What a department says, before it is known under which id."""

Content = Acknowledge | NoteProgress | Reply | ReturnOrder | ExtendOrder
"""What the case is given."""

KINDS: Final[dict[type[Said], CallbackKind]] = {
    Acknowledge: CallbackKind.ACKNOWLEDGE,
    NoteProgress: CallbackKind.PROGRESS,
    NewReply: CallbackKind.REPLY,
    ReturnOrder: CallbackKind.RETURN,
    ExtendOrder: CallbackKind.EXTENSION,
}

CONTENTS: Final[dict[CallbackKind, type[Content]]] = {
    CallbackKind.ACKNOWLEDGE: Acknowledge,
    CallbackKind.PROGRESS: NoteProgress,
    CallbackKind.REPLY: Reply,
    CallbackKind.RETURN: ReturnOrder,
    CallbackKind.EXTENSION: ExtendOrder,
}

COMMANDS: Final[dict[CallbackKind, Command]] = {
    CallbackKind.ACKNOWLEDGE: Command.ACKNOWLEDGE,
    CallbackKind.PROGRESS: Command.PROGRESS,
    CallbackKind.RETURN: Command.RETURN,
    CallbackKind.EXTENSION: Command.EXTEND,
}
"""The command that carries each to its case; a reply completes the request that waits for it instead."""


class Refusal(Value):
    """Why a case did not take a callback: an error's kind, code and parameters, to be told again."""

    kind: str
    code: str
    params: dict[str, str | int]

    @staticmethod
    def of(error: LiandongError) -> "Refusal":
        return Refusal(kind=type(error).__name__, code=error.code, params=dict(error.params))

    def error(self) -> LiandongError:
        """The same error anew."""
        known = {kind.__name__: kind for kind in (Refused, NotYours, NotFound)}
        return known.get(self.kind, Refused)(self.code, **self.params)


class Callback(Value):
    """One callback as it was received, and what became of it."""

    number: int = 0
    """In the order of coming in; 0 before it is stored."""
    callback_id: Token
    """Unique within the department: two departments' systems may well count in the same way."""
    kind: CallbackKind
    order_id: Token
    case_id: Token
    department: Token
    content: dict[str, JsonValue]
    """What the case is given: a ``Content``, as JSON."""
    fingerprint: str
    """Hash of what was said, without id and time: tells a second delivery from another callback."""
    received_at: Instant
    outcome: CallbackOutcome = CallbackOutcome.KEPT
    refusal: Refusal | None = None

    def said(self) -> Content:
        return CONTENTS[self.kind].model_validate(self.content)


def fingerprint(said: Said) -> str:
    """SHA-256, in hex, of what a department says about which order."""
    content = {"kind": KINDS[type(said)].value, **said.model_dump(mode="json", exclude={"callback_id", "received_at"})}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def content_of(said: Said, callback_id: str, received_at: Instant) -> Content:
    """What the case is given of it."""
    match said:
        case NewReply():
            given = said.model_dump(exclude={"order_id", "department"})
            return Reply(callback_id=callback_id, received_at=received_at, **given)
        case NoteProgress():
            return said.model_copy(update={"callback_id": callback_id})
        case _:
            return said.model_copy(update={"received_at": received_at})
