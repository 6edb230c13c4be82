"""A command's way to the servers: the record in PostgreSQL, and the engine where something is asked of a case."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager

from temporalio.runtime import Runtime, TelemetryConfig

from cli.console import Console
from desk.staff import require
from desk.window import Desk
from domain.case import CaseView
from domain.department import Directory
from domain.policy import Rules
from domain.staff import Asking
from migrations.run import require_current
from outbox.cases import Engine
from runtime.settings import Servers, locate
from runtime.temporal import connect
from storage import cases, departments
from storage.database import Pool, open_pool, reaching_database

PATIENCE = 3.0
"""Seconds that a command waits for what it did to be on record; the next command then sees it."""


@asynccontextmanager
async def at_desk(console: Console, *, engine: bool = True, asking: Asking | None = None) -> AsyncGenerator[Desk]:
    """The desk, with what was found out where the servers are.

    Without ``engine`` Temporal is not asked whether it is there: enough for what only reads the record.
    ``asking`` is what the staff directory must allow before anything else. Raises NotYours, Refused as
    ``desk.staff.role_of`` does; Unavailable, Invalid and DoesNotFit as ``locate``, ``require_current`` and
    ``connect`` do.
    """
    settings = console.settings
    servers = locate(settings)
    async with record(servers) as pool:
        if asking is not None:
            await require(pool, asking)
        # The SDK would write about a lost connection to stderr itself.
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)), error_if_already_set=False)
        client = await connect(servers, lazy=not engine)
        yield Desk(pool=pool, engine=Engine(client, settings.task_queue), rules=lambda: _rules(pool, settings.policy))


@asynccontextmanager
async def record(servers: Servers) -> AsyncGenerator[Pool]:
    """The database, with the schema that this code wants."""
    await require_current(servers.database_url)
    pool = await open_pool(servers.database_url)
    try:
        yield pool
    finally:
        pool.terminate()


async def _rules(pool: Pool, policy: str) -> Rules:
    from desk.rules import rules_in_force  # only opening a case needs it

    return await rules_in_force(pool, policy)


async def directory_of(desk: Desk) -> Directory:
    """Every department."""
    with reaching_database():
        return await departments.directory(desk.pool)


async def require_departments(desk: Desk, codes: Iterable[str]) -> Directory:
    """The directory. Raises NotFound for the first of the ``codes`` that it lacks."""
    directory = await directory_of(desk)
    for code in codes:
        directory.get(code)
    return directory


async def on_record(desk: Desk, case_id: str, enough: Callable[[CaseView], bool]) -> CaseView | None:
    """The case as the record has it, as soon as that is ``enough``; None where it takes too long."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with reaching_database():
                    found = await cases.view(desk.pool, case_id)
                if found is not None and enough(found):
                    return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        return None


async def settled(desk: Desk, answer: CaseView) -> CaseView:
    """The case when it waits again after what a command set in motion; its own answer where the record is late."""
    return await on_record(desk, answer.case_id, lambda view: view.seq >= answer.seq and is_at_rest(view)) or answer


def is_at_rest(view: CaseView) -> bool:
    """Whether the case waits for somebody, or is closed; else it is about to move on by itself."""
    return bool(view.waiting) or view.closing is not None
