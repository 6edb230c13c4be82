"""Orders as lists see them, and whether each has reached its department."""

from datetime import datetime

from asyncpg import Record as Row

from domain.order import Order, OrderRequest
from domain.values import Value
from storage.database import Pool

REGISTER = """
INSERT INTO delivery (order_id, case_id, department, order_sent) VALUES ($1, $2, $3, $4)
ON CONFLICT (order_id) DO NOTHING
"""

DELIVERED_AT = "SELECT delivered_at FROM delivery WHERE order_id = $1"

DELIVERED = """
UPDATE delivery SET delivered_at = coalesce(delivered_at, now()), attempts = attempts + 1, last_error = NULL
WHERE order_id = $1
"""

NOT_DELIVERED = "UPDATE delivery SET attempts = attempts + 1, last_error = $2 WHERE order_id = $1"

UNDELIVERED = """
WITH waiting AS (
    SELECT delivery.case_id, order_view.view, delivery.first_at,
           row_number() OVER (PARTITION BY delivery.department ORDER BY delivery.first_at) AS place
    FROM delivery JOIN order_view USING (order_id)
    WHERE delivery.delivered_at IS NULL AND delivery.first_at < now() - make_interval(secs => $1)
      AND order_view.status IN ('sent', 'acknowledged')
)
SELECT case_id, view FROM waiting WHERE place <= coalesce($3::bigint, $2::bigint) ORDER BY place, first_at LIMIT $2
"""

OWNER = """
SELECT department FROM order_view WHERE order_id = $1 UNION SELECT department FROM delivery WHERE order_id = $1
"""

INBOX = """
SELECT order_view.view, order_view.case_id, demand.description, demand.place,
       citizen.name, citizen.phone, citizen.address
FROM order_view LEFT JOIN demand USING (case_id) LEFT JOIN citizen USING (citizen_id)
WHERE department = $1 AND status IN ('sent', 'acknowledged')
ORDER BY order_view.due_at, order_view.order_id LIMIT $2
"""

LATENCY = """
SELECT extract(epoch FROM delivery.delivered_at - ledger.at)::float8 AS seconds
FROM delivery JOIN ledger ON ledger.case_id = delivery.case_id AND ledger.seq = 1
WHERE delivery.order_id = delivery.case_id || '.1' AND delivery.delivered_at IS NOT NULL AND ledger.at >= $1
"""


class InboxItem(Value):
    """One open order as its department sees it."""

    case_id: str
    order: Order
    description: str
    place: str | None
    citizen_name: str | None
    citizen_phone: str | None
    citizen_address: str | None


async def register(pool: Pool, request: OrderRequest) -> datetime | None:
    """Put the order into its department's keeping; when it was delivered before, else None."""
    order = request.order
    await pool.execute(REGISTER, order.order_id, request.case_id, order.department, order.model_dump(mode="json"))
    return await pool.fetchval(DELIVERED_AT, order.order_id)


async def mark_delivered(pool: Pool, order_id: str) -> None:
    """The department has it: in its inbox, or its system has taken it."""
    await pool.execute(DELIVERED, order_id)


async def mark_undelivered(pool: Pool, order_id: str, error: str) -> None:
    """A try to reach the department's system failed; ``error`` says how, without any content."""
    await pool.execute(NOT_DELIVERED, order_id, error)


async def undelivered(pool: Pool, older_than: float, limit: int, to_one: int | None = None) -> list[OrderRequest]:
    """Open orders, on record for more than ``older_than`` seconds, that have not reached their department.

    At most ``limit``, and of one department at most ``to_one``; first every department's oldest.
    """
    rows = await pool.fetch(UNDELIVERED, older_than, limit, to_one)
    return [OrderRequest(case_id=row["case_id"], order=Order.model_validate(row["view"])) for row in rows]


async def owner(pool: Pool, order_id: str) -> str | None:
    """The department an order was sent to; None where nobody knows the order."""
    return await pool.fetchval(OWNER, order_id)


async def inbox(pool: Pool, department: str, limit: int) -> list[InboxItem]:
    """The department's open orders, the most pressing first."""
    return [_item(row) for row in await pool.fetch(INBOX, department, limit)]


async def first_order_latencies(pool: Pool, since: datetime) -> list[float]:
    """Seconds from a case's acceptance to its first order being with the department, for cases opened since then."""
    return [row["seconds"] for row in await pool.fetch(LATENCY, since)]


def _item(row: Row) -> InboxItem:
    return InboxItem(
        case_id=row["case_id"],
        order=Order.model_validate(row["view"]),
        description=row["description"] or "",
        place=row["place"],
        citizen_name=row["name"],
        citizen_phone=row["phone"],
        citizen_address=row["address"],
    )
