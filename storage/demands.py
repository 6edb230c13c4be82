"""Demands and citizens: what was asked for and by whom."""

import uuid
from datetime import datetime, timedelta

from asyncpg import Record as Row
from asyncpg import UniqueViolationError

from domain.case import CaseView
from domain.citizen import Citizen
from domain.intake import Opening, Point
from domain.values import Instant, Value
from storage.database import Connection, Pool, fetch_filtered

NEXT_NUMBER = "SELECT nextval('case_number')"

BY_REFERENCE = "SELECT case_id, opening FROM demand WHERE reference = $1"

PUT_CITIZEN = "INSERT INTO citizen (citizen_id, name, phone, address, email) VALUES ($1, $2, $3, $4, $5)"

PUT_DEMAND = """
INSERT INTO demand (
    case_id, reference, citizen_id, description, place, reported_at, opening,
    lat, long, media_url, opened_by, fingerprint
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

STARTED = "UPDATE demand SET started_at = now() WHERE case_id = $1 AND started_at IS NULL"

NOT_STARTED = """
SELECT case_id, opening FROM demand WHERE started_at IS NULL AND received_at < now() - make_interval(secs => $1)
ORDER BY received_at LIMIT $2
"""

WORDS = """
SELECT demand.description, demand.place, demand.lat, demand.long, demand.media_url,
       citizen.name, citizen.phone, citizen.address, citizen.email
FROM demand LEFT JOIN citizen USING (citizen_id) WHERE case_id = $1
"""


LATEST = """
SELECT case_id, reference, received_at > now() - $2::interval AS recent FROM demand WHERE fingerprint = $1
ORDER BY received_at DESC LIMIT 1
"""

OF_CASE = "SELECT case_id, opening FROM demand WHERE case_id = $1"

FINGERPRINT = "SELECT fingerprint FROM demand WHERE reference = $1"

FROM_OUTSIDE = """
SELECT demand.case_id, demand.opening, demand.description, demand.place, demand.lat, demand.long, demand.media_url,
       demand.reported_at, coalesce(case_view.closed_at, case_view.changed_at, demand.received_at) AS changed_at,
       case_view.view
FROM demand LEFT JOIN case_view USING (case_id)
WHERE demand.opened_by = $1
  AND ($2::text[] IS NULL OR demand.case_id = ANY($2))
  AND ($3::text[] IS NULL OR demand.opening->>'matter' = ANY($3))
  AND ($4::timestamptz IS NULL OR demand.reported_at >= $4)
  AND ($5::timestamptz IS NULL OR demand.reported_at <= $5)
  AND ($6::boolean IS NULL OR (case_view.status IS NOT DISTINCT FROM 'closed') = $6)
ORDER BY demand.reported_at DESC, demand.case_id LIMIT $7 OFFSET $8
"""


class StoredDemand(Value):
    """A demand that waits to become a case."""

    case_id: str
    opening: Opening


class Words(Value):
    """What the citizen said, where, and who he is."""

    description: str
    place: str | None
    point: Point | None
    media_url: str | None
    citizen: Citizen


class Source(Value):
    """Who opened the case from outside, and what he sent."""

    opened_by: str
    """``<kind of token>:<its holder>``: whoever shows a token of this holder may see the case."""
    fingerprint: str
    """Keyed hash of everything that was sent: tells a second delivery from another demand."""


class Latest(Value):
    """The last demand with the same content."""

    case_id: str
    reference: str
    recent: bool


class Search(Value):
    """Which cases somebody outside asks for; None asks for any."""

    case_ids: tuple[str, ...] | None = None
    matters: tuple[str, ...] | None = None
    since: Instant | None = None
    until: Instant | None = None
    closed: bool | None = None
    limit: int
    offset: int = 0


class OutsideCase(Value):
    """A case as whoever sent it from outside may see it."""

    case_id: str
    opening: Opening
    description: str
    place: str | None
    point: Point | None
    media_url: str | None
    reported_at: Instant
    changed_at: Instant
    view: CaseView | None
    """None while the case has not shown up in the record."""


async def next_number(pool: Pool) -> int:
    """A number that no other case has."""
    return int(await pool.fetchval(NEXT_NUMBER))


async def of_reference(pool: Pool, reference: str) -> StoredDemand | None:
    """The demand that came with this reference."""
    row = await pool.fetchrow(BY_REFERENCE, reference)
    return _stored(row) if row else None


async def keep(
    pool: Pool,
    stored: StoredDemand,
    *,
    reference: str | None,
    description: str,
    place: str | None,
    citizen: Citizen,
    reported_at: datetime,
    point: Point | None = None,
    media_url: str | None = None,
    source: Source | None = None,
) -> bool:
    """Store a demand and its citizen; False where the case id or the reference is there already."""
    opening = stored.opening.model_dump(mode="json")
    try:
        async with pool.acquire() as connection, connection.transaction():
            citizen_id = await _keep_citizen(connection, citizen)
            await connection.execute(
                PUT_DEMAND,
                stored.case_id,
                reference,
                citizen_id,
                description,
                place,
                reported_at,
                opening,
                point and point.lat,
                point and point.long,
                media_url,
                source and source.opened_by,
                source and source.fingerprint,
            )
    except UniqueViolationError:
        return False
    return True


async def _keep_citizen(connection: Connection, citizen: Citizen) -> uuid.UUID | None:
    if citizen == Citizen():
        return None
    citizen_id = uuid.uuid4()
    await connection.execute(PUT_CITIZEN, citizen_id, citizen.name, citizen.phone, citizen.address, citizen.email)
    return citizen_id


async def mark_started(pool: Pool, case_id: str) -> None:
    """The engine has the case."""
    await pool.execute(STARTED, case_id)


async def not_started(pool: Pool, older_than: float, limit: int) -> list[StoredDemand]:
    """Demands of more than ``older_than`` seconds that have not become a case."""
    rows = await pool.fetch(NOT_STARTED, older_than, limit)
    return [_stored(row) for row in rows]


def _stored(row: Row) -> StoredDemand:
    return StoredDemand(case_id=row["case_id"], opening=Opening.model_validate(row["opening"]))


async def stored(pool: Pool, case_id: str) -> StoredDemand | None:
    """The demand that this case is opened from."""
    row = await pool.fetchrow(OF_CASE, case_id)
    return _stored(row) if row else None


async def words(pool: Pool, case_id: str) -> Words | None:
    """What the citizen said and who he is; None where the case is not known."""
    row = await pool.fetchrow(WORDS, case_id)
    if row is None:
        return None
    return Words.model_construct(
        description=row["description"],
        place=row["place"],
        point=point_of(row),
        media_url=row["media_url"],
        citizen=citizen_of(row),
    )


async def latest(pool: Pool, fingerprint: str, window: timedelta) -> Latest | None:
    """The last demand with this fingerprint, and whether it came within ``window`` of now."""
    row = await pool.fetchrow(LATEST, fingerprint, window)
    return Latest.model_validate(dict(row)) if row else None


async def fingerprint_of(pool: Pool, reference: str) -> str | None:
    """The fingerprint of the demand that came with this reference."""
    return await pool.fetchval(FINGERPRINT, reference)


async def from_outside(pool: Pool, opened_by: str, search: Search) -> list[OutsideCase]:
    """The cases that this sender opened and that match, the newest first."""
    rows = await fetch_filtered(
        pool,
        FROM_OUTSIDE,
        opened_by,
        search.case_ids,
        search.matters,
        search.since,
        search.until,
        search.closed,
        search.limit,
        search.offset,
    )
    return [_outside(row) for row in rows]


def _outside(row: Row) -> OutsideCase:
    found = {name: row[name] for name in OutsideCase.model_fields if name != "point"}
    return OutsideCase.model_validate({**found, "point": point_of(row)})


def citizen_of(row: Row) -> Citizen:
    """The citizen of a row with the columns of his table; whoever leaves one out does not blot it out either."""
    return Citizen.model_construct(**{name: row[name] for name in Citizen.model_fields})


def point_of(row: Row) -> Point | None:
    """The point of a row with the columns ``lat`` and ``long``."""
    return None if row["lat"] is None else Point(lat=row["lat"], long=row["long"])
