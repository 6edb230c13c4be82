"""Orders as lists see them, and whether each has reached its department."""

from datetime import datetime
from enum import StrEnum

from asyncpg import Record as Row

from domain.citizen import Citizen
from domain.intake import Point
from domain.order import Order, OrderRequest
from domain.values import Value
from storage.database import Pool
from storage.demands import citizen_of, point_of

REGISTER = """
INSERT INTO delivery (order_id, case_id, department, order_sent) VALUES ($1, $2, $3, $4)
ON CONFLICT (order_id) DO NOTHING
"""

OUTGOING = """
SELECT delivery.way, extract(epoch FROM now() - delivery.first_at)::float8 AS waited,
       department.endpoint, coalesce(department.concurrency, 1) AS concurrency,
       coalesce(extract(epoch FROM department.inbox_after), 0)::float8 AS inbox_after,
       ARRAY(
           SELECT serial FROM department_key AS key
           WHERE key.department = delivery.department AND (valid_until IS NULL OR valid_until > now())
           ORDER BY serial DESC
       ) AS serials,
       demand.description, demand.place, demand.lat, demand.long, demand.media_url,
       citizen.name, citizen.phone, citizen.address, citizen.email
FROM delivery LEFT JOIN department ON department.code = delivery.department
LEFT JOIN demand USING (case_id) LEFT JOIN citizen USING (citizen_id)
WHERE order_id = $1
"""

DELIVERED = """
UPDATE delivery SET delivered_at = coalesce(delivered_at, now()), way = coalesce(way, $2), attempts = attempts + $3,
    last_error = CASE WHEN $2 = 'fallback' THEN last_error END
WHERE order_id = $1
"""

NOT_DELIVERED = "UPDATE delivery SET attempts = attempts + $3, last_error = $2 WHERE order_id = $1"

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

ADDRESSEE = """
SELECT known.department, case_view.closing, citizen.name, citizen.phone, citizen.address, citizen.email
FROM (
    SELECT department, case_id FROM order_view WHERE order_id = $1
    UNION SELECT department, case_id FROM delivery WHERE order_id = $1
) AS known
LEFT JOIN case_view USING (case_id) LEFT JOIN demand USING (case_id) LEFT JOIN citizen USING (citizen_id)
"""

ANSWERED = """
SELECT order_view.view -> 'reply' ->> 'callback_id' AS reply, order_view.view -> 'late_reply' ->> 'callback_id' AS late,
       case_view.closing
FROM case_view LEFT JOIN order_view ON order_view.case_id = case_view.case_id AND order_view.order_id = $2
WHERE case_view.case_id = $1
"""

INBOX = """
SELECT order_view.view, order_view.case_id, demand.description, demand.place, demand.lat, demand.long, demand.media_url,
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


class Way(StrEnum):
    """How an order got to its department."""

    INBOX = "inbox"
    """It waits in the inbox: the department has no system."""
    SYSTEM = "system"
    """The department's system has taken it."""
    FALLBACK = "fallback"
    """It waits in the inbox, because the department's system did not take it in time."""


class Outgoing(Value):
    """An order on its way: whom it goes to, how, and what the citizen said."""

    way: Way | None
    """How it got there; None while it has not."""
    waited: float
    """Seconds since it was first on record as to be sent."""
    endpoint: str | None
    concurrency: int
    inbox_after: float
    """Seconds after which it is left in the inbox."""
    serials: tuple[int, ...]
    description: str | None
    place: str | None
    point: Point | None
    media_url: str | None
    citizen: Citizen


class Addressee(Value):
    """Whose order it is, how its case was closed, if it was, and whom the case is about."""

    department: str
    closing: str | None
    citizen: Citizen


class Answered(Value):
    """The ids of the reply, and of the late reply, that an order has on record; and how its case was closed."""

    reply: str | None = None
    late: str | None = None
    closing: str | None = None


class InboxItem(Value):
    """One open order as its department sees it."""

    case_id: str
    order: Order
    description: str
    place: str | None
    point: Point | None
    media_url: str | None
    citizen_name: str | None
    citizen_phone: str | None
    citizen_address: str | None


async def register(pool: Pool, request: OrderRequest) -> Outgoing:
    """Put the order into its department's keeping, unless it is there; gives what is needed to send it."""
    order = request.order
    await pool.execute(REGISTER, order.order_id, request.case_id, order.department, order.model_dump(mode="json"))
    row = await pool.fetchrow(OUTGOING, order.order_id)
    if row is None:
        raise LookupError("an order that was just registered is gone")
    return _outgoing(row)


async def mark_delivered(pool: Pool, order_id: str, way: Way, *, attempts: int = 0) -> None:
    """The department has it, in that way; after ``attempts`` more tries to reach its system."""
    await pool.execute(DELIVERED, order_id, way.value, attempts)


async def mark_undelivered(pool: Pool, order_id: str, error: str, *, attempts: int = 1) -> None:
    """It is not with the department yet, after ``attempts`` more tries; ``error`` says why, without any content."""
    await pool.execute(NOT_DELIVERED, order_id, error, attempts)


async def undelivered(pool: Pool, older_than: float, limit: int, to_one: int | None = None) -> list[OrderRequest]:
    """Open orders, on record for more than ``older_than`` seconds, that have not reached their department.

    At most ``limit``, and of one department at most ``to_one``; first every department's oldest.
    """
    rows = await pool.fetch(UNDELIVERED, older_than, limit, to_one)
    return [OrderRequest(case_id=row["case_id"], order=Order.model_validate(row["view"])) for row in rows]


async def addressee(pool: Pool, order_id: str) -> Addressee | None:
    """Whose order it is; None where nobody knows it."""
    row = await pool.fetchrow(ADDRESSEE, order_id)
    if row is None:
        return None
    return Addressee(department=row["department"], closing=row["closing"], citizen=citizen_of(row))


async def answered(pool: Pool, case_id: str, order_id: str) -> Answered:
    """What the record has of the answers to an order."""
    row = await pool.fetchrow(ANSWERED, case_id, order_id)
    return Answered(**dict(row)) if row else Answered()


async def inbox(pool: Pool, department: str, limit: int) -> list[InboxItem]:
    """The department's open orders, the most pressing first."""
    return [_item(row) for row in await pool.fetch(INBOX, department, limit)]


async def first_order_latencies(pool: Pool, since: datetime) -> list[float]:
    """Seconds from a case's acceptance to its first order being with the department, for cases opened since then."""
    return [row["seconds"] for row in await pool.fetch(LATENCY, since)]


def _outgoing(row: Row) -> Outgoing:
    return Outgoing(
        way=Way(row["way"]) if row["way"] else None,
        waited=row["waited"],
        endpoint=row["endpoint"],
        concurrency=row["concurrency"],
        inbox_after=row["inbox_after"],
        serials=tuple(row["serials"]),
        description=row["description"],
        place=row["place"],
        point=point_of(row),
        media_url=row["media_url"],
        citizen=citizen_of(row),
    )


def _item(row: Row) -> InboxItem:
    return InboxItem(
        case_id=row["case_id"],
        order=Order.model_validate(row["view"]),
        description=row["description"] or "",
        place=row["place"],
        point=point_of(row),
        media_url=row["media_url"],
        citizen_name=row["name"],
        citizen_phone=row["phone"],
        citizen_address=row["address"],
    )
