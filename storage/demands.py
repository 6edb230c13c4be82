"""Demands and citizens: what was asked for and by whom."""

import uuid
from datetime import datetime

from asyncpg import Record as Row
from asyncpg import UniqueViolationError

from domain.citizen import Citizen
from domain.intake import Opening
from domain.values import Value
from storage.database import Connection, Pool

NEXT_NUMBER = "SELECT nextval('case_number')"

BY_REFERENCE = "SELECT case_id, opening FROM demand WHERE reference = $1"

PUT_CITIZEN = "INSERT INTO citizen (citizen_id, name, phone, address) VALUES ($1, $2, $3, $4)"

PUT_DEMAND = """
INSERT INTO demand (case_id, reference, citizen_id, description, place, reported_at, opening)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

STARTED = "UPDATE demand SET started_at = now() WHERE case_id = $1 AND started_at IS NULL"

NOT_STARTED = """
SELECT case_id, opening FROM demand WHERE started_at IS NULL AND received_at < now() - make_interval(secs => $1)
ORDER BY received_at LIMIT $2
"""

WORDS = """
SELECT demand.description, demand.place, citizen.name, citizen.phone, citizen.address
FROM demand LEFT JOIN citizen USING (citizen_id) WHERE case_id = $1
"""


class StoredDemand(Value):
    """A demand that waits to become a case."""

    case_id: str
    opening: Opening


class Words(Value):
    """What the citizen said, where, and who he is."""

    description: str
    place: str | None
    citizen: Citizen


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
) -> bool:
    """Store a demand and its citizen; False where the case id or the reference is there already."""
    opening = stored.opening.model_dump(mode="json")
    try:
        async with pool.acquire() as connection, connection.transaction():
            citizen_id = await _keep_citizen(connection, citizen)
            await connection.execute(
                PUT_DEMAND, stored.case_id, reference, citizen_id, description, place, reported_at, opening
            )
    except UniqueViolationError:
        return False
    return True


async def _keep_citizen(connection: Connection, citizen: Citizen) -> uuid.UUID | None:
    if citizen == Citizen():
        return None
    citizen_id = uuid.uuid4()
    await connection.execute(PUT_CITIZEN, citizen_id, citizen.name, citizen.phone, citizen.address)
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


async def words(pool: Pool, case_id: str) -> Words | None:
    """What the citizen said and who he is; None where the case is not known."""
    row = await pool.fetchrow(WORDS, case_id)
    if row is None:
        return None
    citizen = Citizen.model_construct(name=row["name"], phone=row["phone"], address=row["address"])
    return Words.model_construct(description=row["description"], place=row["place"], citizen=citizen)
