"""Where the ledger and the projections part; and a projection that is put right from facts."""

from collections.abc import Sequence
from datetime import datetime

from domain.case import Record
from domain.ledger import GENESIS
from domain.values import Value
from storage.database import Pool
from storage.ledger import LAST_ENTRY, LOCK_CASE, put_projections

HEADS = """
SELECT asked.case_id, head.seq, head.hash, head.at, closed.at IS NOT NULL AS is_closed, case_view.seq AS view_seq,
    case_view.head_hash AS view_hash, case_view.status = 'closed' AS view_is_closed
FROM unnest($1::text[]) AS asked (case_id)
LEFT JOIN LATERAL (
    SELECT seq, hash, at FROM ledger WHERE ledger.case_id = asked.case_id ORDER BY seq DESC LIMIT 1
) AS head ON true
LEFT JOIN LATERAL (
    SELECT at FROM ledger WHERE ledger.case_id = asked.case_id AND kind = 'case.closed' LIMIT 1
) AS closed ON true
LEFT JOIN case_view ON case_view.case_id = asked.case_id
ORDER BY asked.case_id
"""

WITHOUT_ENTRIES = """
SELECT case_id FROM case_view WHERE NOT EXISTS (SELECT FROM ledger WHERE ledger.case_id = case_view.case_id)
ORDER BY case_id LIMIT $1
"""


class Head(Value):
    """Where the ledger and the projection of one case stand."""

    case_id: str
    seq: int
    """The ledger's last entry; 0 where it has none."""
    at: datetime | None
    is_closed: bool
    view_seq: int | None
    """The entry that the projection says is the last; None where there is no row."""
    follows: bool
    """Whether the projection is what the ledger's last entry left."""


async def heads(pool: Pool, case_ids: Sequence[str]) -> list[Head]:
    """The heads of these cases."""
    return [
        Head(
            case_id=row["case_id"],
            seq=row["seq"] or 0,
            at=row["at"],
            is_closed=row["is_closed"],
            view_seq=row["view_seq"],
            follows=(row["seq"], row["hash"], row["is_closed"] if row["seq"] else None)
            == (row["view_seq"], row["view_hash"], row["view_is_closed"]),
        )
        for row in await pool.fetch(HEADS, case_ids)
    ]


async def without_entries(pool: Pool, limit: int) -> list[str]:
    """Cases that only the projection knows."""
    return [row["case_id"] for row in await pool.fetch(WITHOUT_ENTRIES, limit)]


async def project(pool: Pool, record: Record) -> bool:
    """Write the projections of a case anew; False where the ledger's last entry is not the view's last fact."""
    case_id = record.case.case_id
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_CASE, case_id)
        last = await connection.fetchrow(LAST_ENTRY, case_id)
        seq, head = (last["seq"], last["hash"]) if last else (0, GENESIS)
        if seq == 0 or seq != record.view.seq:
            return False
        await put_projections(connection, record, head, {order.order_id for order in record.view.orders})
    return True
