"""The ledger: facts, and the chain that makes each entry vouch for all before it.

A fact is made by the workflow and never changed. Storage chains it: each entry's hash covers the fact
and the hash of the entry before. ``first_misfit`` recomputes a chain from what is stored, so anybody
with the rows can check it.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, field_validator

from domain.ladder import Rung
from domain.values import PRINTABLE, Instant, Token, Value


class FactKind(StrEnum):
    """What can become a fact."""

    CASE_OPENED = "case.opened"
    CASE_QUEUED = "case.queued"
    CASE_ABSORBED = "case.absorbed"
    CASE_ESCALATED = "case.escalated"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_MERGED = "case.merged"
    CASE_CLOSED = "case.closed"
    RUNG_ENTERED = "rung.entered"
    RUNG_LEFT = "rung.left"
    WAIT_OVERDUE = "wait.overdue"
    ORDER_SENT = "order.sent"
    ORDER_UNDELIVERED = "order.undelivered"
    """The department's system did not take it within the set time: it was left in the department's inbox."""
    ORDER_ACKNOWLEDGED = "order.acknowledged"
    ORDER_PROGRESS = "order.progress"
    ORDER_RETURNED = "order.returned"
    ORDER_REPLIED = "order.replied"
    ORDER_REPLIED_LATE = "order.replied_late"
    ORDER_SILENT = "order.silent"
    ORDER_WITHDRAWN = "order.withdrawn"
    ORDER_SUPERSEDED = "order.superseded"
    ORDER_ASSIGNED = "order.assigned"
    HOLD_STARTED = "hold.started"
    HOLD_ENDED = "hold.ended"
    EXTENSION_GRANTED = "extension.granted"
    WARNING_YELLOW = "warning.yellow"
    WARNING_RED = "warning.red"
    LIMITS_MOVED = "limits.moved"
    """The calendar or the policy of the case was changed by a recorded decision: every limit before and after."""
    EXPLANATION_CONFIRMED = "explanation.confirmed"
    EXPLANATION_REFUSED = "explanation.refused"
    MEETING_CONVENED = "meeting.convened"
    MEETING_CONCLUDED = "meeting.concluded"
    MEETING_ATTENDED = "meeting.attended"
    MEETING_ABSENT = "meeting.absent"
    """Said so before or at the meeting; or, by the engine, of whoever had not come when it ended."""
    MEETING_OPINION = "meeting.opinion"
    MEETING_OPINION_MISSING = "meeting.opinion_missing"
    """The limit of the written opinions has passed, and this department has given none."""
    MEETING_NO_QUORUM = "meeting.no_quorum"
    MEETING_CALLED_OFF = "meeting.called_off"
    REFERRAL_ARMED = "referral.armed"
    REFERRAL_DECIDED = "referral.decided"
    REFERRAL_ANSWERED = "referral.answered"
    """By the discipline commission: taken on, declined, or papers are wanted."""
    PAPERS_SUPPLIED = "referral.papers_supplied"
    FINDING_RECORDED = "finding.recorded"
    COMMISSION_INFORMED = "commission.informed"
    RECTIFICATION_VERIFIED = "rectification.verified"
    RECTIFICATION_FAILED = "rectification.failed"
    CALLBACK_DUE = "callback.due"
    CALLBACK_RECORDED = "callback.recorded"


GENESIS = "0" * 64
"""What the first entry of a case names as the hash before it."""

ENGINE = "engine"
"""The actor of what happened by time or by rule."""


class Fact(Value):
    """One thing that happened in a case. Carries no citizen's data: who the citizen is stays in one table."""

    seq: int
    """1, 2, 3 … without a gap."""
    kind: FactKind
    at: Instant
    actor: Annotated[str, StringConstraints(pattern=PRINTABLE)]
    """``engine``, or ``<role>:<name or department code>``."""
    rung: Rung
    order_id: Token | None = None
    due_at: Instant | None = None
    fired_at: Instant | None = None
    """With ``due_at``: when the limit really fired. The difference is the lateness."""
    payload: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])

    @property
    def spoken_at(self) -> datetime:
        """When somebody said this: it counts from when it was received, whenever the engine came to see it."""
        received = self.payload.get("received_at")
        return datetime.fromisoformat(received) if isinstance(received, str) else self.at

    @field_validator("payload")
    @classmethod
    def _lasts(cls, payload: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if not _lasts(payload):
            raise ValueError("the payload holds something that would not be read back as it was written")
        return payload


class Entry(Value):
    """A fact in its place in the chain."""

    case_id: Token
    fact: Fact
    prev_hash: str
    hash: str


class Misfit(Value):
    """The first entry of a chain that does not fit, and what is wrong with it."""

    case_id: str
    seq: int
    reason: str
    """``hash``, ``prev_hash``, ``gap`` or ``missing_tail``."""


_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of a character."""


def _lasts(value: JsonValue) -> bool:
    """Whether PostgreSQL's jsonb gives this back as it was, and any JSON reader reads it alike.

    jsonb keeps a number digit by digit, without a sign on zero and without an exponent (so 1e16 comes back as
    a whole number); it has no NaN, no infinity, and no NUL in a text.
    """
    match value:
        case bool() | None:
            return True
        case int():
            return -(2**63) <= value < 2**63
        case float():
            return math.isfinite(value) and "e+" not in repr(value) and repr(value) != "-0.0"
        case str():
            return _NO_TEXT.search(value) is None
        case Mapping():
            return all(_lasts(key) and _lasts(item) for key, item in value.items())
        case Sequence():
            return all(_lasts(item) for item in value)


def _instant(at: Instant | None) -> str | None:
    if at is None or at.tzinfo is None:  # an endless instant, which no case ever wrote, comes without a zone
        return at and at.isoformat(timespec="microseconds")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_text(case_id: str, fact: Fact, prev_hash: str) -> str:
    """The canonical JSON of an entry (sorted keys, no blanks, instants in UTC): what its hash is the SHA-256 of."""
    body = {
        "case_id": case_id,
        "seq": fact.seq,
        "kind": str(fact.kind),
        "at": _instant(fact.at),
        "actor": fact.actor,
        "rung": str(fact.rung),
        "order_id": fact.order_id,
        "due_at": _instant(fact.due_at),
        "fired_at": _instant(fact.fired_at),
        "payload": fact.payload,
        "prev_hash": prev_hash,
    }
    return canonical(body)


def canonical(value: object) -> str:
    """The one way to write a JSON value down that is hashed or signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(case_id: str, fact: Fact, prev_hash: str) -> str:
    """SHA-256, in hex, of the entry's canonical JSON."""
    return hashlib.sha256(entry_text(case_id, fact, prev_hash).encode()).hexdigest()


def chain(case_id: str, facts: Iterable[Fact], prev_hash: str) -> list[Entry]:
    """The entries for ``facts`` in order, the first of them following the entry with ``prev_hash``."""
    entries: list[Entry] = []
    for fact in facts:
        digest = entry_hash(case_id, fact, prev_hash)
        entries.append(Entry(case_id=case_id, fact=fact, prev_hash=prev_hash, hash=digest))
        prev_hash = digest
    return entries


def first_misfit(case_id: str, entries: Iterable[Entry], head: tuple[int, str] | None = None) -> Misfit | None:
    """Recompute one case's chain; ``head`` is the (seq, hash) the projection names as the last.

    Returns None where everything fits, else the first entry that does not.
    """
    prev, seq = GENESIS, 0
    for entry in entries:
        seq += 1
        if entry.fact.seq != seq:
            return Misfit(case_id=case_id, seq=seq, reason="gap")
        if entry.prev_hash != prev:
            return Misfit(case_id=case_id, seq=seq, reason="prev_hash")
        if entry.case_id != case_id or entry.hash != entry_hash(case_id, entry.fact, prev):
            return Misfit(case_id=case_id, seq=seq, reason="hash")
        prev = entry.hash
    if head is not None and head != (seq, prev):
        return Misfit(case_id=case_id, seq=seq + 1, reason="missing_tail")
    return None
