"""The engine for the workflow's tests, and hotlines on it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hotlines import SKIPPING, Engines, Hotline, engine, hotline
from told_lives import Told, told

from storage import ledger


@pytest.fixture(scope="session")
async def engines(embedded: Any) -> AsyncGenerator[Engines]:
    """The session's PostgreSQL, and an engine of our own that skips time."""
    async with engine(SKIPPING) as client:
        yield Engines(embedded.postgres_url, client)


@pytest.fixture(scope="module", params=[1000, 0], ids=["cached", "uncached"])
async def virtual(engines: Engines, request: pytest.FixtureRequest) -> AsyncGenerator[Hotline]:
    """A hotline in virtual time, for all tests of a module: once as it is, and once replaying a case at every step."""
    async with hotline(engines, skip_time=True, max_cached_workflows=request.param) as town:
        yield town
        assert (await ledger.verify(town.pool)).misfit is None


@pytest.fixture(scope="module")
async def real(engines: Engines) -> AsyncGenerator[Hotline]:
    """A hotline in real time, for all tests of a module."""
    async with hotline(engines, skip_time=False) as town:
        yield town
        assert (await ledger.verify(town.pool)).misfit is None


@pytest.fixture(scope="session")
async def told_lives(engines: Engines) -> dict[str, Told]:
    """Lives told step by step in real time, by name."""
    return await told(engines)
