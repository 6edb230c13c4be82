"""How facts are told in words: who did what, and how late the ladder was. For terminals and for pages alike."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, cast

from pydantic import JsonValue, TypeAdapter

from domain.case import Awaited, Closing, Party
from domain.citizen import BLOT, SPOKEN
from domain.clock import Deadline
from domain.commands import CallbackResult, Rating
from domain.commission import Answer, Grounds
from domain.demand import Channel, Nature, Urgency
from domain.department import Directory
from domain.evidence import Evidence
from domain.ladder import End, Outcome, Rung
from domain.ledger import ENGINE, Fact, FactKind
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
    "rating": (Rating,),
    "closing": (Closing,),
    "grounds": (Grounds,),
    "answer": (Answer,),
    "to": (Rung,),
    "unmet": (Rung,),
}
"""Which enums a fact's tokens belong to."""

REASONS: Final[Mapping[FactKind, tuple[type[StrEnum], ...]]] = {
    FactKind.RUNG_ENTERED: (Outcome,),
    FactKind.ORDER_WITHDRAWN: (WithdrawalReason,),
}
"""The facts whose reason is a token; everywhere else it is what somebody wrote."""

DEPARTMENTS: Final = frozenset({"department", "suggests", "lead", "members", "not_given"})
MOMENTS: Final = frozenset({"due", "held_at", "until", "received_at", "return_by"})


class Names:
    """Departments by their names in the reader's language."""

    def __init__(self, directory: Directory, text: Catalogue) -> None:
        chinese = text.language == "zh"
        self._names = {one.code: one.name if chinese else one.name_en for one in directory.departments}

    def of(self, code: str | None) -> str:
        """``hk-traffic 海口市公安局交通警察支队``; the code alone where the directory lacks it."""
        if code is None:
            return ""
        return f"{code} {self._names[code]}" if code in self._names else code

    def called(self, code: str) -> str:
        """Its name alone; the code where the directory lacks it."""
        return self._names.get(code, code)


class Told(NamedTuple):
    """A fact in words."""

    at: str
    actor: str
    rung: str
    happened: str
    late: str


def told(fact: Fact, text: Catalogue, names: Names, *, blotted: bool = False) -> Told:
    """A fact in words; ``blotted``: without what officials wrote freely."""
    late = length(fact.fired_at - fact.due_at) if fact.fired_at and fact.due_at else ""
    payload = _blotted(fact) if blotted else fact.payload
    details = text.clauses(_details(fact, payload, text, names))
    happened = text.say("told", what=fact.kind, details=details) if details else text.label(fact.kind)
    return Told(local(fact.at), told_actor(fact.actor, text, names), text.label(fact.rung), happened, late)


def _blotted(fact: Fact) -> Mapping[str, JsonValue]:
    def blot(name: str, value: JsonValue) -> JsonValue:
        if isinstance(value, str) and name in SPOKEN and not (name == "reason" and fact.kind in REASONS):
            return BLOT
        if isinstance(value, Mapping):
            return {key: blot(key, item) for key, item in value.items()}
        return [blot(name, item) for item in value] if isinstance(value, list) else value

    return {name: blot(name, value) for name, value in fact.payload.items()}


def told_actor(actor: str, text: Catalogue, names: Names) -> str:
    """Who it was."""
    if actor == ENGINE:
        return text.say("actor-engine")
    role, _, name = actor.partition(":")
    known = text.say(f"actor-{role}") if text.knows(f"actor-{role}") else role
    return names.called(name) if role == "department" else f"{known} {name}"


def _details(fact: Fact, payload: Mapping[str, JsonValue], text: Catalogue, names: Names) -> list[str]:
    told = [f"{text.field('order_id')} {fact.order_id}"] if fact.order_id else []
    return told + [
        f"{text.field(name)} {shown}"
        for name, value in payload.items()
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
        if pairs.keys() == Evidence.model_fields.keys():
            return told_evidence(Evidence.model_validate(pairs), text)
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


def told_evidence(evidence: Evidence, text: Catalogue) -> str:
    """A piece of evidence: what it is, and as much of its hash as tells two things apart; the record has all of it."""
    return text.say("evidence", reference=evidence.reference, sha256=f"{evidence.sha256[:12]}…")


def told_move(text: Catalogue, move: Move) -> str:
    """One limit before and after, as a clause."""
    before, after = told_deadline(text, move.before), told_deadline(text, move.after)
    return text.say("limit-moved", limit=told_limit(text, move), before=before, after=after)


def told_limit(text: Catalogue, move: Move) -> str:
    """The limit's name."""
    return text.say(f"limit-{move.limit.split('.')[0].replace('_', '-')}")


def told_deadline(text: Catalogue, deadline: Deadline) -> str:
    """When it ends, marked where that is provisional."""
    return f"{local(deadline.at)}{text.say('shown-provisional') if deadline.provisional else ''}"
