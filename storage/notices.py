"""What a department is told about an order that it has: warnings, and that it was taken back."""

from domain.ledger import Fact, FactKind
from domain.values import Instant, Value
from storage.database import Connection, Pool

TOLD = frozenset({FactKind.WARNING_YELLOW, FactKind.WARNING_RED, FactKind.ORDER_WITHDRAWN})
"""The facts that a department is told of."""

NOTE = """
INSERT INTO notice (order_id, kind, case_id, department, due_at, reason) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""

PENDING = """
WITH waiting AS (
    SELECT *, row_number() OVER (PARTITION BY department ORDER BY noted_at) AS place
    FROM notice WHERE delivered_at IS NULL AND noted_at > now() - make_interval(days => 1)
)
SELECT order_id, kind, case_id, department, due_at, reason FROM waiting WHERE place <= $2::bigint
ORDER BY place, noted_at LIMIT $1
"""

DELIVERED = """
UPDATE notice SET delivered_at = now(), attempts = attempts + 1, last_error = NULL WHERE order_id = $1 AND kind = $2
"""

NOT_DELIVERED = "UPDATE notice SET attempts = attempts + $4, last_error = $3 WHERE order_id = $1 AND kind = $2"


class Notice(Value):
    """Something about an order that its department has not been told of."""

    order_id: str
    kind: FactKind
    case_id: str
    department: str
    due_at: Instant | None = None
    """When a warning was due."""
    reason: str | None = None
    """Why an order was taken back."""


async def note(connection: Connection, case_id: str, facts: list[Fact]) -> None:
    """Put what departments are told of a case's new facts on its way."""
    rows = [
        (fact.order_id, fact.kind.value, case_id, fact.payload["department"], fact.due_at, fact.payload.get("reason"))
        for fact in facts
        if fact.kind in TOLD
    ]
    if rows:
        await connection.executemany(NOTE, rows)


async def pending(pool: Pool, limit: int, to_one: int) -> list[Notice]:
    """Notices of the last day that no department has; at most ``limit``, and of one department ``to_one``.

    Older ones are left: what comes a day late tells nothing, and the fact stays on the case's record.
    """
    return [Notice.model_validate(dict(row)) for row in await pool.fetch(PENDING, limit, to_one)]


async def put(pool: Pool, notice: Notice) -> None:
    """Put one notice on its way before its fact is on record; it is not doubled by that."""
    whose = notice.order_id, notice.kind.value, notice.case_id, notice.department
    await pool.execute(NOTE, *whose, notice.due_at, notice.reason)


async def mark_delivered(pool: Pool, notice: Notice) -> None:
    await pool.execute(DELIVERED, notice.order_id, notice.kind.value)


async def mark_undelivered(pool: Pool, notice: Notice, error: str, *, attempts: int = 1) -> None:
    """The department has not been told, after ``attempts`` more tries; ``error`` says why, without any content."""
    await pool.execute(NOT_DELIVERED, notice.order_id, notice.kind.value, error, attempts)
