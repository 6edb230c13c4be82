"""Who is on duty when: the roster's entries, the last one of a day counting."""

from datetime import date

from asyncpg import Record as Row

from domain.assessment import Period
from domain.roster import Assignment, Duty, NewAssignment, check_assignment
from storage.database import Connection, Pool

ROSTER = """
SELECT * FROM (
    SELECT DISTINCT ON (day, department, duty) * FROM roster WHERE day >= $1 AND day < $2
        AND ($3::text IS NULL OR department = $3)
    ORDER BY day, department, duty, number DESC
) AS last
ORDER BY day, duty DESC, department
"""
"""The head before who calls back."""

LAST_OF_DAY = """
SELECT * FROM roster WHERE day = $1 AND department = $2 AND duty = $3 ORDER BY number DESC LIMIT 1
"""

LOCK_ROSTER = "SELECT pg_advisory_xact_lock(hashtextextended('roster ' || $1, 0))"

ASSIGN = """
INSERT INTO roster (department, day, duty, person, instead_of, entered_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
"""


async def of_month(pool: Pool, month: Period, department: str | None = None) -> list[Assignment]:
    """Who is on duty in these days: in one department, or in all."""
    return [_assignment(row) for row in await pool.fetch(ROSTER, month.first, month.end, department)]


async def of_day(pool: Pool, department: str, day: date, duty: Duty) -> Assignment | None:
    """Who is on duty on that day."""
    row = await pool.fetchrow(LAST_OF_DAY, day, department, duty.value)
    return _assignment(row) if row else None


async def assign(pool: Pool, new: NewAssignment) -> Assignment:
    """Put somebody on the roster. Raises Refused as ``check_assignment`` does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_ROSTER, new.department)
        check_assignment(new, await _last(connection, new))
        row = await connection.fetchrow(
            ASSIGN, new.department, new.day, new.duty.value, new.person, new.instead_of, new.by
        )
    assert row is not None  # noqa: S101 - RETURNING
    return _assignment(row)


async def _last(connection: Connection, new: NewAssignment) -> Assignment | None:
    row = await connection.fetchrow(LAST_OF_DAY, new.day, new.department, new.duty.value)
    return _assignment(row) if row else None


def _assignment(row: Row) -> Assignment:
    columns = dict(row)
    columns["by"] = columns.pop("entered_by")
    return Assignment.model_validate(columns)
