"""The audit's own chain: what audits came to, and which outages were witnessed; and when a worker was last seen."""

from datetime import datetime, timedelta

from asyncpg import Record as Row
from pydantic import JsonValue

from domain.audit import Down, Gap
from domain.audit_chain import AuditEntry, AuditKind, audit_hash, first_audit_misfit
from domain.ledger import GENESIS, Misfit
from storage.database import Connection, Pool

LOCK_CHAIN = "LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE"

LAST_ENTRY = "SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"

APPEND = """
INSERT INTO audit_entry (seq, kind, at, content, prev_hash, hash) VALUES ($1, $2, $3, $4, $5, $6)
"""

LAST_OF_KIND = "SELECT * FROM audit_entry WHERE kind = $1 ORDER BY seq DESC LIMIT $2"

GAPS = "SELECT content FROM audit_entry WHERE kind = 'gap' ORDER BY seq"

CHAIN = "SELECT * FROM audit_entry ORDER BY seq"

SEEN = "SELECT seen_at FROM worker_seen WHERE task_queue = $1 FOR UPDATE"

SEE = """
INSERT INTO worker_seen (task_queue, seen_at) VALUES ($1, $2)
ON CONFLICT (task_queue) DO UPDATE SET seen_at = greatest(worker_seen.seen_at, excluded.seen_at)
"""


async def append(pool: Pool, kind: AuditKind, at: datetime, content: dict[str, JsonValue]) -> int:
    """Add an entry; its number."""
    async with pool.acquire() as connection, connection.transaction():
        return await _append(connection, kind, at, content)


async def _append(connection: Connection, kind: AuditKind, at: datetime, content: dict[str, JsonValue]) -> int:
    await connection.execute(LOCK_CHAIN)
    last = await connection.fetchrow(LAST_ENTRY)
    seq, prev = (last["seq"] + 1, last["hash"]) if last else (1, GENESIS)
    digest = audit_hash(seq, kind, at, content, prev)
    await connection.execute(APPEND, seq, kind.value, at, content, prev, digest)
    return int(seq)


async def last(pool: Pool, kind: AuditKind, limit: int = 1) -> list[AuditEntry]:
    """The last entries of this kind, the newest first."""
    return [_entry(row) for row in await pool.fetch(LAST_OF_KIND, kind.value, limit)]


async def gaps(pool: Pool) -> list[Gap]:
    """Every outage on record."""
    return [Gap.model_validate(row["content"]) for row in await pool.fetch(GAPS)]


async def misfit(pool: Pool) -> Misfit | None:
    """Recompute the chain: the first entry that does not fit."""
    return first_audit_misfit([AuditEntry.model_construct(**dict(row)) for row in await pool.fetch(CHAIN)])


def _entry(row: Row) -> AuditEntry:
    return AuditEntry.model_validate(dict(row))


# -- signs of life -------------------------------------------------------------------------------------


async def see_worker(
    pool: Pool, task_queue: str, alive_since: datetime, now: datetime, unseen: timedelta
) -> Gap | None:
    """A worker of this queue has been alive since then; that none was seen for long before goes on record."""
    async with pool.acquire() as connection, connection.transaction():
        seen = await connection.fetchval(SEEN, task_queue)
        gap = None
        if seen is not None and alive_since - seen > unseen:
            gap = Gap(what=Down.WORKER, since=seen, until=alive_since)
            await _append(connection, AuditKind.GAP, now, gap.model_dump(mode="json"))
        await connection.execute(SEE, task_queue, now)
    return gap


async def keep_gap(pool: Pool, gap: Gap) -> None:
    """Put an outage on record."""
    await append(pool, AuditKind.GAP, gap.until, gap.model_dump(mode="json"))
