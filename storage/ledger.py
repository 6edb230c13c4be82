"""The ledger and, in the same transaction, the projections that lists read."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime

from asyncpg import Record as Row

from domain.case import Case, CaseView, Record, Status
from domain.ladder import Rung
from domain.ledger import GENESIS, Entry, Fact, FactKind, Misfit, chain, entry_hash, first_misfit
from domain.order import Order
from storage import audit_chain, diary, marks, notices
from storage.database import Connection, Pool
from storage.orders import REGISTER

LOCK_CASE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

WRITTEN = "SELECT seq, prev_hash, hash FROM ledger WHERE case_id = $1 AND seq >= $2 ORDER BY seq"

LAST_ENTRY = "SELECT seq, hash FROM ledger WHERE case_id = $1 ORDER BY seq DESC LIMIT 1"

APPEND = """
INSERT INTO ledger (case_id, seq, kind, at, actor, rung, order_id, due_at, fired_at, payload, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

PUT_CASE = """
INSERT INTO case_view (
    case_id, seq, head_hash, status, step, rung, closing, channel, nature, urgency, matter, district, street, lead,
    waiting_party, waiting_department, waiting_for, waiting_since, waiting_until, policy, opened_at, changed_at,
    closed_at, view)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
ON CONFLICT (case_id) DO UPDATE SET
    seq = excluded.seq, head_hash = excluded.head_hash, status = excluded.status, step = excluded.step,
    rung = excluded.rung, closing = excluded.closing, lead = excluded.lead, waiting_party = excluded.waiting_party,
    waiting_department = excluded.waiting_department, waiting_for = excluded.waiting_for,
    waiting_since = excluded.waiting_since, waiting_until = excluded.waiting_until, policy = excluded.policy,
    changed_at = excluded.changed_at, closed_at = excluded.closed_at, view = excluded.view
"""

PUT_ORDER = """
INSERT INTO order_view (
    order_id, case_id, department, role, rung, status, seq, sent_at, acknowledge_by, due_at, acknowledged_at,
    ended_at, silent, task, view)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (order_id) DO UPDATE SET
    status = excluded.status, seq = excluded.seq, acknowledge_by = excluded.acknowledge_by, due_at = excluded.due_at,
    acknowledged_at = excluded.acknowledged_at, ended_at = excluded.ended_at, silent = excluded.silent,
    view = excluded.view
"""

ON_RECORD = "UPDATE demand SET recorded_at = now() WHERE case_id = $1"

ENTRIES_OF_CASE = "SELECT * FROM ledger WHERE case_id = $1 ORDER BY seq"

ALL_ENTRIES = """
SELECT ledger.*, case_view.seq AS head_seq, case_view.head_hash
FROM ledger LEFT JOIN case_view USING (case_id) ORDER BY case_id, seq
"""

CASES_WITHOUT_ENTRIES = """
SELECT case_id FROM case_view WHERE NOT EXISTS (SELECT FROM ledger WHERE ledger.case_id = case_view.case_id)
UNION
SELECT case_id FROM demand
WHERE recorded_at IS NOT NULL AND NOT EXISTS (SELECT FROM ledger WHERE ledger.case_id = demand.case_id)
ORDER BY case_id LIMIT 1
"""
"""Two places besides the ledger know that a case was on record."""

ALL_CASES = "SELECT case_id FROM case_view ORDER BY opened_at, case_id"

CODES_OF_CASE = "SELECT * FROM case_view WHERE case_id = $1"

ESCALATIONS = """
SELECT case_id, rung, due_at, fired_at FROM ledger WHERE kind = $1 AND fired_at IS NOT NULL AND at >= $2 ORDER BY at
"""


async def write(pool: Pool, record: Record) -> int:
    """Append the facts that the ledger lacks and bring the projections up to date; returns how many were new.

    Idempotent on (case, sequence): writing the same record again adds nothing. Every open order is put into its
    department's keeping, every notice on its way there. Raises ValueError where facts are missing or doubled, or
    are not those that were written under their numbers.
    """
    case_id = record.case.case_id
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_CASE, case_id)
        written = await connection.fetch(WRITTEN, case_id, record.facts[0].seq - 1) if record.facts else []
        seq, prev_hash = (written[-1]["seq"], written[-1]["hash"]) if written else (0, GENESIS)
        facts = [fact for fact in record.facts if fact.seq > seq]
        _check_written(case_id, written, [fact for fact in record.facts if fact.seq <= seq])
        if not facts:
            return 0
        numbers = [fact.seq for fact in facts]
        if numbers != list(range(seq + 1, seq + 1 + len(facts))):
            last = seq or await connection.fetchval(LAST_ENTRY, case_id) or 0
            raise ValueError(f"facts {numbers} of case {case_id} do not follow fact {last} one by one")
        entries = chain(case_id, facts, prev_hash)
        await connection.executemany(APPEND, [_entry_row(entry) for entry in entries])
        await put_projections(connection, record, entries[-1].hash, {fact.order_id for fact in facts})
        await notices.note(connection, case_id, facts)
        await _assess(connection, record, facts)
        if seq == 0:
            await connection.execute(ON_RECORD, case_id)
    return len(facts)


def _check_written(case_id: str, rows: Sequence[Row], facts: Sequence[Fact]) -> None:
    # A case that the engine lost and lived through again must not go on as if the first life had not been.
    written = {row["seq"]: row for row in rows}
    for fact in facts:
        row = written.get(fact.seq)
        if row is None or entry_hash(case_id, fact, row["prev_hash"]) != row["hash"]:
            raise ValueError(f"fact {fact.seq} of case {case_id} is on record with another content")


async def put_projections(
    connection: Connection, record: Record, head_hash: str, order_ids: set[str | None] | set[str]
) -> None:
    """The rows that lists read: the case's, and those of its open orders and of these."""
    await connection.execute(PUT_CASE, *_case_row(record, head_hash))
    await _put_orders(connection, record, order_ids)


async def _put_orders(connection: Connection, record: Record, order_ids: set[str | None] | set[str]) -> None:
    # Open ones may have changed without a fact of their own: a hold, or a revised calendar, moves their limits.
    changed = [order for order in record.view.orders if order.is_open or order.order_id in order_ids]
    if changed:
        await connection.executemany(PUT_ORDER, [_order_row(record.view, order) for order in changed])
        await connection.executemany(REGISTER, [_keeping(record, order) for order in changed if order.is_open])


async def _assess(connection: Connection, record: Record, facts: Sequence[Fact]) -> None:
    await marks.note(connection, record.case, record.view.orders, facts)
    if marks.closes(facts):
        rows = await connection.fetch(ENTRIES_OF_CASE, record.case.case_id)
        await marks.book(connection, record.case.case_id, [entry_of(row).fact for row in rows])


async def assess_anew(pool: Pool, on_case: Callable[[], None] = lambda: None) -> int:
    """Make what the assessment counts once more from the facts, case by case; returns how many cases there were."""
    case_ids = [row["case_id"] for row in await pool.fetch(ALL_CASES)]
    for case_id in case_ids:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_CASE, case_id)
            row = await connection.fetchrow(CODES_OF_CASE, case_id)
            assert row is not None  # noqa: S101 - no case ever leaves the record
            facts = [entry_of(entry).fact for entry in await connection.fetch(ENTRIES_OF_CASE, case_id)]
            case = Case.model_validate({name: row[name] for name in Case.model_fields})
            await marks.renew(connection, case, CaseView.model_validate(row["view"]), facts)
        on_case()
    return len(case_ids)


def _entry_row(entry: Entry) -> tuple[object, ...]:
    fact = entry.fact
    return (
        entry.case_id,
        fact.seq,
        fact.kind.value,
        fact.at,
        fact.actor,
        fact.rung.value,
        fact.order_id,
        fact.due_at,
        fact.fired_at,
        fact.payload,
        entry.prev_hash,
        entry.hash,
    )


def _case_row(record: Record, head_hash: str) -> tuple[object, ...]:
    case, view = record.case, record.view
    waiting = view.waiting[0] if view.waiting else None
    last = record.facts[-1]
    return (
        case.case_id,
        view.seq,
        head_hash,
        view.status.value,
        view.step.value,
        view.rung.value,
        view.closing.value if view.closing else None,
        case.channel.value,
        case.nature.value,
        case.urgency.value,
        case.matter,
        case.district,
        case.street,
        view.lead,
        waiting.party.value if waiting else None,
        waiting.department if waiting else None,
        waiting.awaited.value if waiting else None,
        waiting.since if waiting else None,
        waiting.until if waiting else None,
        f"{record.policy_id}@{record.policy_version}",
        view.opened_at,
        last.at,
        last.at if view.status is Status.CLOSED else None,
        view.model_dump(mode="json"),
    )


def _order_row(view: CaseView, order: Order) -> tuple[object, ...]:
    return (
        order.order_id,
        view.case_id,
        order.department,
        order.role.value,
        order.rung.value,
        order.status.value,
        view.seq,
        order.sent_at,
        order.acknowledge_by,
        order.due_at,
        order.acknowledged_at,
        order.ended_at,
        order.silent,
        order.task,
        order.model_dump(mode="json"),
    )


def _keeping(record: Record, order: Order) -> tuple[object, ...]:
    return order.order_id, record.case.case_id, order.department, order.model_dump(mode="json")


def entry_of(row: Row) -> Entry:
    """The entry in a row."""
    fact = Fact(
        seq=row["seq"],
        kind=FactKind(row["kind"]),
        at=row["at"],
        actor=row["actor"],
        rung=Rung(row["rung"]),
        order_id=row["order_id"],
        due_at=row["due_at"],
        fired_at=row["fired_at"],
        payload=row["payload"],
    )
    return Entry(case_id=row["case_id"], fact=fact, prev_hash=row["prev_hash"], hash=row["hash"])


def _as_it_stands(row: Row) -> Entry:
    """The entry without any check: a verification must be able to read what somebody has tampered with."""
    fact = Fact.model_construct(**{name: row[name] for name in Fact.model_fields})
    return Entry.model_construct(case_id=row["case_id"], fact=fact, prev_hash=row["prev_hash"], hash=row["hash"])


async def entries_of(pool: Pool, case_id: str) -> list[Entry]:
    """One case's entries in order; empty where the case is not known."""
    return [entry_of(row) for row in await pool.fetch(ENTRIES_OF_CASE, case_id)]


async def chains(pool: Pool) -> AsyncGenerator[tuple[str, list[Entry], tuple[int, str] | None]]:
    """Every case's entries as they stand, unchecked, with the head that its projection names; case by case."""
    case_id, entries, head = "", list[Entry](), None
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for row in connection.cursor(ALL_ENTRIES, prefetch=500):
            if row["case_id"] != case_id and entries:
                yield case_id, entries, head
                entries = []
            case_id = row["case_id"]
            head = (row["head_seq"], row["head_hash"]) if row["head_seq"] is not None else None
            entries.append(_as_it_stands(row))
    if entries:
        yield case_id, entries, head


class Verdict:
    """What a verification has looked at, and the first entry that does not fit."""

    def __init__(self) -> None:
        self.cases = 0
        self.entries = 0
        self.misfit: Misfit | None = None


async def verify(pool: Pool, on_case: Callable[[], None] = lambda: None) -> Verdict:
    """Recompute every chain, the audit's own and the duty diaries last; tells ``on_case`` after each case.

    Stops at the first misfit.
    """
    verdict = Verdict()
    async with aclosing(chains(pool)) as every_chain:
        async for case_id, entries, head in every_chain:
            verdict.cases += 1
            verdict.entries += len(entries)
            verdict.misfit = first_misfit(case_id, entries, head or (0, ""))
            if verdict.misfit:
                return verdict
            on_case()
    if emptied := await pool.fetchval(CASES_WITHOUT_ENTRIES):
        verdict.misfit = Misfit(case_id=emptied, seq=1, reason="missing_tail")
    verdict.misfit = verdict.misfit or await audit_chain.misfit(pool) or await diary.misfit(pool)
    return verdict


async def escalations(pool: Pool, since: datetime) -> list[tuple[str, Rung, datetime, datetime]]:
    """Every rung that a limit caused since then: case, rung, when it was due and when it fired."""
    rows = await pool.fetch(ESCALATIONS, FactKind.RUNG_ENTERED.value, since)
    return [(row["case_id"], Rung(row["rung"]), row["due_at"], row["fired_at"]) for row in rows]
