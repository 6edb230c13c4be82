"""The connection pool, and the one place that tells "the database cannot be reached" from other errors."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeAlias

import asyncpg
from asyncpg import Record as Row
from asyncpg.pool import PoolConnectionProxy

from domain.errors import Unavailable

Pool: TypeAlias = "asyncpg.Pool[Any]"
Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # from a connection whose server died in the middle of it
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""What it looks like when the database cannot be reached."""


@contextmanager
def reaching_database(code: str = "database-unreachable", **params: str) -> Generator[None]:
    """Errors of reaching PostgreSQL leave as Unavailable with this code; errors of what was asked leave as they are."""
    try:
        yield
    except UNREACHABLE as error:
        raise Unavailable(code, reason=type(error).__name__, **params) from error


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=_to_json, decoder=json.loads, schema="pg_catalog", format="text")


async def _leave_as_it_is(connection: Connection) -> None:
    """Nothing of ours outlasts its transaction in a session; asyncpg itself rolls an open one back. Its own reset would
    go to the server and back after every query."""


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


async def open_pool(database_url: str, *, size: int = 10) -> Pool:
    """A pool of at most ``size`` connections. Raises Unavailable where PostgreSQL cannot be reached."""
    with reaching_database():
        return await asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=size,
            init=_prepare,
            reset=_leave_as_it_is,
            timeout=5,
            command_timeout=30,
        )


async def fetch_filtered(pool: Pool, query: str, *arguments: object) -> list[Row]:
    """The rows of a query that is asked with and without each of its filters, planned for these.

    A statement that is kept has one plan for all of them after five times, which reads the whole table.
    """
    async with pool.acquire() as connection:
        statement = await connection.prepare(query)
        return await statement.fetch(*arguments)


async def ping(pool: Pool) -> None:
    """Ask PostgreSQL for nothing but an answer."""
    await pool.fetchval("SELECT 1")
