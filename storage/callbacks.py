"""The callback inbox: every department reply, kept before anything is done with it; one an order."""

from enum import StrEnum

from asyncpg import Record as Row
from asyncpg import UniqueViolationError

from domain.order import Reply
from domain.values import Value
from storage.database import Pool

PUT = """
INSERT INTO callback (callback_id, order_id, case_id, department, reply, fingerprint, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

IN_THE_WAY = """
SELECT * FROM callback WHERE order_id = $1 OR (department = $2 AND callback_id = $3)
ORDER BY order_id = $1 DESC LIMIT 1
"""

OF_ORDER = "SELECT * FROM callback WHERE order_id = $1"

HANDED_OVER = """
UPDATE callback SET outcome = $2, handed_over_at = now() WHERE order_id = $1 AND handed_over_at IS NULL
"""

PENDING = """
SELECT * FROM callback WHERE handed_over_at IS NULL AND received_at < now() - make_interval(secs => $1)
ORDER BY received_at LIMIT $2
"""

OF_CASE = "SELECT * FROM callback WHERE case_id = $1 ORDER BY received_at"


class CallbackOutcome(StrEnum):
    """What became of a callback."""

    PENDING = "pending"
    """Kept, and not yet handed to its case."""
    IN_TIME = "in_time"
    """It completed the request that waited for it."""
    LATE = "late"
    """Its order had been left behind; the case keeps it as a fact."""
    AFTER_CLOSING = "after_closing"
    """Its case was closed; it is kept here and shown as late."""


class StoredCallback(Value):
    """One reply as it was received."""

    callback_id: str
    """Unique within the department: two departments' systems may well count in the same way."""
    order_id: str
    case_id: str
    department: str
    reply: Reply
    fingerprint: str
    """Hash of the content without the time of receipt: tells a second delivery from another answer."""
    outcome: CallbackOutcome = CallbackOutcome.PENDING


async def keep(pool: Pool, callback: StoredCallback) -> StoredCallback:
    """Store a callback; where its order or its department's id has one already, that one."""
    try:
        await pool.execute(
            PUT,
            callback.callback_id,
            callback.order_id,
            callback.case_id,
            callback.department,
            callback.reply.model_dump(mode="json"),
            callback.fingerprint,
            callback.reply.received_at,
        )
    except UniqueViolationError:
        keys = callback.order_id, callback.department, callback.callback_id
        return _stored(await pool.fetchrow(IN_THE_WAY, *keys))
    return callback


async def mark_handed_over(pool: Pool, order_id: str, outcome: CallbackOutcome) -> None:
    """The case has the reply to this order, or is closed."""
    await pool.execute(HANDED_OVER, order_id, outcome.value)


async def of_order(pool: Pool, order_id: str) -> StoredCallback:
    """The reply to an order that has one."""
    return _stored(await pool.fetchrow(OF_ORDER, order_id))


async def pending(pool: Pool, older_than: float, limit: int) -> list[StoredCallback]:
    """Callbacks of more than ``older_than`` seconds that no case has been given."""
    return [_stored(row) for row in await pool.fetch(PENDING, older_than, limit)]


async def of_case(pool: Pool, case_id: str) -> list[StoredCallback]:
    """Every reply that came for a case, the late ones too."""
    return [_stored(row) for row in await pool.fetch(OF_CASE, case_id)]


def _stored(row: Row | None) -> StoredCallback:
    if row is None:
        raise LookupError("the callback that stood in the way is gone")
    return StoredCallback(
        callback_id=row["callback_id"],
        order_id=row["order_id"],
        case_id=row["case_id"],
        department=row["department"],
        reply=Reply.model_validate(row["reply"]),
        fingerprint=row["fingerprint"],
        outcome=CallbackOutcome(row["outcome"]),
    )
