"""The directory of departments."""

from asyncpg import Record as Row

from domain.department import Department, Directory
from storage.database import Pool

PUT = """
INSERT INTO department (code, name, name_en, level, district, street, matters, endpoint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, name_en = excluded.name_en, level = excluded.level, district = excluded.district,
    street = excluded.street, matters = excluded.matters, endpoint = excluded.endpoint, changed_at = now()
"""

ALL = "SELECT code, name, name_en, level, district, street, matters, endpoint FROM department ORDER BY code"

ENDPOINT = "SELECT endpoint FROM department WHERE code = $1"


async def put(pool: Pool, departments: tuple[Department, ...]) -> None:
    """Add departments, or replace those with the same codes; all or none."""
    rows = [
        (d.code, d.name, d.name_en, d.level.value, d.district, d.street, list(d.matters), d.endpoint)
        for d in departments
    ]
    async with pool.acquire() as connection, connection.transaction():
        await connection.executemany(PUT, rows)


async def directory(pool: Pool) -> Directory:
    """Every department."""
    return Directory(departments=tuple(_department(row) for row in await pool.fetch(ALL)))


async def endpoint(pool: Pool, code: str) -> str | None:
    """Where the department's own system takes orders; None where it has none."""
    return await pool.fetchval(ENDPOINT, code)


def _department(row: Row) -> Department:
    return Department.model_validate({**dict(row), "matters": tuple(row["matters"])})
