"""The audit's own chain: what audits came to, and which outages were witnessed. Hashed as the ledger's chains are.

It is no case's: it has no rung, no order and no actor, so its entries are not facts.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from domain.ledger import GENESIS, Misfit
from domain.values import Instant, Value

CHAIN: Final = "audit"
"""What a misfit of this chain names in place of a case."""


class AuditKind(StrEnum):
    """What can become an entry."""

    AUDIT = "audit"
    GAP = "gap"


class AuditEntry(Value):
    """One entry in its place."""

    seq: int
    kind: AuditKind
    at: Instant
    content: dict[str, JsonValue]
    prev_hash: str
    hash: str


def audit_hash(seq: int, kind: str, at: datetime, content: JsonValue, prev_hash: str) -> str:
    """SHA-256, in hex, of the canonical JSON of the entry (UTF-8, sorted keys, no blanks, instants in UTC)."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    body = {"seq": seq, "kind": str(kind), "at": instant, "content": content, "prev_hash": prev_hash}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def first_audit_misfit(entries: Iterable[AuditEntry]) -> Misfit | None:
    """The first entry that does not follow from the one before; None where the chain fits."""
    seq, prev = 0, GENESIS
    for entry in entries:
        if entry.seq != seq + 1:
            return Misfit(case_id=CHAIN, seq=seq + 1, reason="gap")
        if entry.prev_hash != prev:
            return Misfit(case_id=CHAIN, seq=entry.seq, reason="prev_hash")
        if entry.hash != audit_hash(entry.seq, entry.kind, entry.at, entry.content, prev):
            return Misfit(case_id=CHAIN, seq=entry.seq, reason="hash")
        seq, prev = entry.seq, entry.hash
    return None
