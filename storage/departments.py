"""The directory of departments."""

from datetime import timedelta

from asyncpg import Record as Row

from domain.department import Department, Directory
from domain.values import Value
from storage.database import Pool

PUT = """
INSERT INTO department (code, name, name_en, level, district, street, matters, endpoint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, name_en = excluded.name_en, level = excluded.level, district = excluded.district,
    street = excluded.street, matters = excluded.matters, endpoint = excluded.endpoint, changed_at = now()
"""

FIRST_KEY = """
INSERT INTO department_key (department, serial) SELECT $1, 1
WHERE NOT EXISTS (SELECT FROM department_key WHERE department = $1)
"""

EDITION = "SELECT count(*), max(changed_at) FROM department"

ALL = "SELECT code, name, name_en, level, district, street, matters, endpoint FROM department ORDER BY code"

ENDPOINT = """
SELECT endpoint AS url, concurrency, extract(epoch FROM inbox_after)::float8 AS inbox_after,
       ARRAY(
           SELECT serial FROM department_key
           WHERE department = code AND (valid_until IS NULL OR valid_until > now()) ORDER BY serial DESC
       ) AS serials
FROM department WHERE code = $1
"""

SET_ENDPOINT = """
UPDATE department SET endpoint = $2, concurrency = $3, inbox_after = $4::interval, changed_at = now() WHERE code = $1
"""


class EndpointOfDepartment(Value):
    """How a department's own system is reached."""

    url: str | None
    """Where it takes orders; None where it has none."""
    concurrency: int
    """How many messages go out to it at a time."""
    inbox_after: float
    """Seconds after which an order that it does not take is left in its inbox."""
    serials: tuple[int, ...]
    """Of the keys that count, the newest first."""


async def put(pool: Pool, departments: tuple[Department, ...]) -> None:
    """Add departments, or replace those with the same codes; all or none. A new one has its first key."""
    rows = [
        (d.code, d.name, d.name_en, d.level.value, d.district, d.street, list(d.matters), d.endpoint)
        for d in departments
    ]
    async with pool.acquire() as connection, connection.transaction():
        await connection.executemany(PUT, rows)
        await connection.executemany(FIRST_KEY, [(d.code,) for d in departments])


async def directory(pool: Pool) -> Directory:
    """Every department."""
    return Directory(departments=tuple(_department(row) for row in await pool.fetch(ALL)))


class Directories:
    """The directory for who asks often: read anew only when it has changed."""

    def __init__(self) -> None:
        self._edition: tuple[object, ...] | None = None
        self._directory = Directory(departments=())

    async def current(self, pool: Pool) -> Directory:
        """Every department, as the database has them now."""
        edition = tuple(await pool.fetchrow(EDITION) or ())
        if edition != self._edition:
            self._directory, self._edition = await directory(pool), edition
        return self._directory


async def endpoint(pool: Pool, code: str) -> EndpointOfDepartment | None:
    """How the department is reached; None where the directory does not know it."""
    row = await pool.fetchrow(ENDPOINT, code)
    return EndpointOfDepartment.model_validate(dict(row)) if row else None


async def set_endpoint(pool: Pool, code: str, url: str | None, concurrency: int, inbox_after: timedelta) -> None:
    """From now on the department is reached so; without ``url`` its orders wait in its inbox."""
    await pool.execute(SET_ENDPOINT, code, url, concurrency, inbox_after)


def _department(row: Row) -> Department:
    return Department.model_validate({**dict(row), "matters": tuple(row["matters"])})
