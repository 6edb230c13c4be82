"""Real servers for all tests: one PostgreSQL and one Temporal, started once a session."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import new_database
from temporalio.client import Client

from desk.directory_rows import read_departments, shipped_matters
from migrations.run import upgrade
from reference import path
from runtime.embedded import embedded_postgres, embedded_temporal
from runtime.settings import Servers
from runtime.state import StateFolder
from runtime.temporal import connect
from storage import departments
from storage.database import Pool, open_pool

SKIPPING = ("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")


@dataclass(frozen=True)
class Embedded:
    """The session's servers."""

    postgres_url: str
    client: Client


@pytest.fixture(scope="session")
async def embedded() -> AsyncGenerator[Embedded]:
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="liandong-test-")))
        folder.chmod(0o755)  # PostgreSQL's own user must get in, pytest's folders are closed to it
        yield await exits.enter_async_context(servers_on(StateFolder(folder)))


@asynccontextmanager
async def servers_on(state: StateFolder) -> AsyncGenerator[Embedded]:
    state.prepare()
    async with AsyncExitStack() as exits:
        exits.enter_context(state.locked())
        postgres = await exits.enter_async_context(embedded_postgres(state))
        temporal = await exits.enter_async_context(embedded_temporal(state, synchronous="normal", extra=SKIPPING))
        servers = Servers(
            temporal={"target_host": temporal.address, "namespace": temporal.namespace},
            database_url=postgres.database_url,
            gateway_url="",
        )
        await upgrade(postgres.database_url)
        yield Embedded(postgres.database_url, await connect(servers))


@pytest.fixture
async def database_url(embedded: Embedded) -> AsyncGenerator[str]:
    """A database of the test's own."""
    async with new_database(embedded.postgres_url) as url:
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncGenerator[Pool]:
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def directory(pool: Pool) -> None:
    """The shipped directory, stored."""
    found, problems = read_departments(path("haikou-departments.csv"), shipped_matters())
    assert not problems
    await departments.put(pool, tuple(found))
