"""The command line as a real process, against the session's servers; a worker runs beside, in the test's process."""

import os
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_process import Cli
from support import GATEWAY_KEY, outside_of

from storage.database import Pool
from worker import build_worker

if TYPE_CHECKING:
    from tests.conftest import Embedded


@pytest.fixture
def plain(tmp_path: Path) -> Cli:
    """No servers: nothing in the environment but a state folder of its own, in English."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LIANDONG_LANG": "en"}
    return Cli({**environ, "LIANDONG_STATE": str(tmp_path / "state"), "LIANDONG_BY": "wang"})


@pytest.fixture
def online(plain: Cli, embedded: "Embedded", database_url: str) -> Cli:
    """The session's servers, a database of the test's own, and nobody at work."""
    return plain.where(
        TEMPORAL_ADDRESS=embedded.client.service_client.config.target_host,
        LIANDONG_DATABASE_URL=database_url,
        LIANDONG_GATEWAY_KEY=GATEWAY_KEY,
    )


@pytest.fixture
async def hotline(online: Cli, embedded: "Embedded", pool: Pool, directory: None) -> AsyncGenerator[Cli]:
    """The same with the shipped directory and a worker."""
    del directory
    # Every test has a database of its own, but one Temporal: two cases must not get the same number.
    await pool.execute("SELECT setval('case_number', $1)", secrets.randbelow(10**6))
    async with outside_of(pool, embedded.client) as outside, build_worker(outside):
        yield online.where(LIANDONG_TASK_QUEUE=outside.engine.task_queue)
