"""The callback inbox: whatever a department says about an order, kept before anything is done with it."""

from typing import NamedTuple

from asyncpg import Record as Row
from asyncpg import UniqueViolationError

from domain.callbacks import Callback, CallbackKind, CallbackOutcome, Refusal
from storage.database import Pool

PUT = """
INSERT INTO callback (callback_id, kind, order_id, case_id, department, content, fingerprint, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING number, EXISTS (SELECT FROM callback WHERE order_id = $3 AND handed_over_at IS NULL) AS others
"""

IN_THE_WAY = """
SELECT * FROM callback WHERE (department = $2 AND callback_id = $3) OR (order_id = $1 AND kind = 'reply' AND $4)
ORDER BY order_id = $1 DESC LIMIT 1
"""

KNOWN = "SELECT * FROM callback WHERE department = $1 AND callback_id = $2"

SETTLE = """
UPDATE callback SET outcome = $3, refusal = $4, handed_over_at = now()
WHERE department = $1 AND callback_id = $2 AND handed_over_at IS NULL
"""

KEPT = """
WITH waiting AS (
    SELECT *, row_number() OVER (PARTITION BY case_id ORDER BY number) AS place
    FROM callback WHERE handed_over_at IS NULL AND received_at < now() - make_interval(secs => $1)
)
SELECT * FROM waiting WHERE place <= coalesce($3::bigint, $2::bigint) ORDER BY number LIMIT $2
"""

BEFORE = "SELECT * FROM callback WHERE order_id = $1 AND number < $2 AND handed_over_at IS NULL ORDER BY number"

OF_CASE = "SELECT * FROM callback WHERE case_id = $1 ORDER BY number"


class Kept(NamedTuple):
    """What ``keep`` found."""

    callback: Callback
    new: bool
    """False: the department's id, or for a reply its order, had one already, and it is that one."""
    others: bool
    """Others about the same order wait to be handed over, too."""


async def keep(pool: Pool, callback: Callback) -> Kept:
    """Store a callback, unless its place is taken."""
    try:
        row = await pool.fetchrow(
            PUT,
            callback.callback_id,
            callback.kind.value,
            callback.order_id,
            callback.case_id,
            callback.department,
            callback.content,
            callback.fingerprint,
            callback.received_at,
        )
    except UniqueViolationError:
        keys = callback.order_id, callback.department, callback.callback_id
        row = await pool.fetchrow(IN_THE_WAY, *keys, callback.kind is CallbackKind.REPLY)
        return Kept(_stored(row), new=False, others=False)
    assert row is not None  # noqa: S101 - it was inserted, or an error raised
    return Kept(callback.model_copy(update={"number": row["number"]}), new=True, others=row["others"])


async def known(pool: Pool, department: str, callback_id: str) -> Callback | None:
    """The department's callback of that id."""
    row = await pool.fetchrow(KNOWN, department, callback_id)
    return _stored(row) if row else None


async def settle(pool: Pool, callback: Callback, outcome: CallbackOutcome, refusal: Refusal | None = None) -> None:
    """The case has been given the callback, or is closed. What was settled before stays as it is."""
    said = refusal.model_dump() if refusal else None
    await pool.execute(SETTLE, callback.department, callback.callback_id, outcome.value, said)


async def kept(pool: Pool, older_than: float, limit: int, to_one: int | None = None) -> list[Callback]:
    """Callbacks of more than ``older_than`` seconds that no case has been given, in the order of coming in; at most
    ``to_one`` of one case."""
    return [_stored(row) for row in await pool.fetch(KEPT, older_than, limit, to_one)]


async def before(pool: Pool, callback: Callback) -> list[Callback]:
    """What came in about the same order before this one, and has not reached its case."""
    return [_stored(row) for row in await pool.fetch(BEFORE, callback.order_id, callback.number)]


async def of_case(pool: Pool, case_id: str) -> list[Callback]:
    """Everything that came for a case, the late too, in the order of coming in."""
    return [_stored(row) for row in await pool.fetch(OF_CASE, case_id)]


def _stored(row: Row | None) -> Callback:
    if row is None:
        raise LookupError("the callback that stood in the way is gone")
    return Callback(
        number=row["number"],
        callback_id=row["callback_id"],
        kind=CallbackKind(row["kind"]),
        order_id=row["order_id"],
        case_id=row["case_id"],
        department=row["department"],
        content=row["content"],
        fingerprint=row["fingerprint"],
        received_at=row["received_at"],
        outcome=CallbackOutcome(row["outcome"]),
        refusal=Refusal.model_validate(row["refusal"]) if row["refusal"] else None,
    )
