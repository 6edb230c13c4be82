"""How a case's ledger is read: a line for each fact, with how late the ladder was, and what came after the end."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast

from pydantic import JsonValue, TypeAdapter

from cli.changes import told_move
from cli.console import Console
from cli.situation import Names
from desk.cases import CaseFolder
from domain.callbacks import Callback, CallbackKind, CallbackOutcome
from domain.case import Awaited, Closing, Party
from domain.commands import CallbackResult, Grounds
from domain.demand import Channel, Nature, Urgency
from domain.ladder import End, Outcome, Rung
from domain.ledger import ENGINE, Entry, Fact, FactKind
from domain.limits import Move
from domain.order import Result, Role, WithdrawalReason
from texts.catalogue import Catalogue
from texts.moments import length, local, local_if_moment

TOKENS: Final[Mapping[str, tuple[type[StrEnum], ...]]] = {
    "channel": (Channel,),
    "nature": (Nature,),
    "urgency": (Urgency,),
    "role": (Role,),
    "station": (Rung, End),
    "came_from": (Rung, End),
    "outcome": (Outcome,),
    "of": (Outcome,),
    "party": (Party,),
    "awaited": (Awaited,),
    "result": (Result, CallbackResult),
    "closing": (Closing,),
    "grounds": (Grounds,),
    "to": (Rung,),
    "unmet": (Rung,),
}
"""Which enums a fact's tokens belong to."""

REASONS: Final[Mapping[FactKind, tuple[type[StrEnum], ...]]] = {
    FactKind.RUNG_ENTERED: (Outcome,),
    FactKind.ORDER_WITHDRAWN: (WithdrawalReason,),
}
"""The facts whose reason is a token; everywhere else it is what somebody wrote."""

DEPARTMENTS: Final = frozenset({"department", "suggests", "lead", "members"})
MOMENTS: Final = frozenset({"due", "until", "received_at", "return_by"})


def trail_as_data(folder: CaseFolder) -> dict[str, Any]:
    """The trail for programs: every ledger entry with its hash, and every reply that came."""
    return {
        "case_id": folder.view.case_id,
        "entries": [_entry_as_data(entry) for entry in folder.entries],
        "callbacks": list(folder.callbacks),
    }


def _entry_as_data(entry: Entry) -> dict[str, Any]:
    fact = entry.fact
    late = (fact.fired_at - fact.due_at).total_seconds() if fact.fired_at and fact.due_at else None
    return {**fact.model_dump(), "late_seconds": late, "prev_hash": entry.prev_hash, "hash": entry.hash}


def trail_page(console: Console, folder: CaseFolder, names: Names) -> None:
    """The trail for people."""
    text = console.text
    rows = [_row(entry.fact, text, names) for entry in folder.entries]
    rows += [_beside(callback, text, names) for callback in folder.callbacks if _is_beside(callback)]
    columns = ("column-time", "column-actor", "column-rung", "column-happened", "column-lateness")
    console.table(columns, rows)


def _is_beside(callback: Callback) -> bool:
    """Whether a callback is kept that is no fact of the case."""
    late_reply = callback.kind is CallbackKind.REPLY and callback.outcome is CallbackOutcome.LATE
    return callback.outcome is not CallbackOutcome.ACCEPTED and not late_reply


def _row(fact: Fact, text: Catalogue, names: Names) -> tuple[str, ...]:
    late = length(fact.fired_at - fact.due_at) if fact.fired_at and fact.due_at else ""
    details = text.clauses(_details(fact, text, names))
    happened = text.say("told", what=fact.kind, details=details) if details else text.label(fact.kind)
    return local(fact.at), _actor(fact.actor, text, names), text.label(fact.rung), happened, late


def _beside(callback: Callback, text: Catalogue, names: Names) -> tuple[str, ...]:
    said = callback.content
    result = text.label(Result(str(said["result"]))) if "result" in said else ""
    reason = text.error(callback.refusal.error()) if callback.refusal else ""
    parts = (callback.order_id, text.label(callback.kind), result, said.get("statement") or said.get("reason"), reason)
    told = text.say("told", what=callback.outcome, details=text.parts(str(part) for part in parts if part))
    return local(callback.received_at), names.called(callback.department), "", told, ""


def _actor(actor: str, text: Catalogue, names: Names) -> str:
    if actor == ENGINE:
        return text.say("actor-engine")
    role, _, name = actor.partition(":")
    known = text.say(f"actor-{role}") if text.knows(f"actor-{role}") else role
    return names.called(name) if role == "department" else f"{known} {name}"


def _details(fact: Fact, text: Catalogue, names: Names) -> list[str]:
    told = [f"{text.field('order_id')} {fact.order_id}"] if fact.order_id else []
    return told + [
        f"{text.field(name)} {shown}"
        for name, value in fact.payload.items()
        if (shown := _value(fact.kind, name, value, text, names))
    ]


def _value(kind: FactKind, name: str, value: JsonValue, text: Catalogue, names: Names) -> str:
    if name == "limits":
        moves = TypeAdapter(list[Move]).validate_python(value)
        return text.parts(told_move(text, move) for move in moves if move.is_moved)
    if isinstance(value, bool):
        return text.say("yes" if value else "no")
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, JsonValue]", value)
        return " ".join(_value(kind, key, item, text, names) for key, item in pairs.items() if item is not None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return text.parts(_value(kind, name, item, text, names) for item in value)
    return _word(kind, name, "" if value is None else str(value), text, names)


def _word(kind: FactKind, name: str, value: str, text: Catalogue, names: Names) -> str:
    if name in DEPARTMENTS:
        return names.of(value)
    if name in MOMENTS:
        return local_if_moment(value)
    enums = REASONS.get(kind, ()) if name == "reason" else TOKENS.get(name, ())
    for enum in enums:
        if value in set(enum):
            return text.label(enum(value))
    return text.say("reason-opened") if enums and value == "opened" else value
