"""What a run of the bench stands on: fresh servers, and every side's processes on them."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.client import Client

from desk.directory_rows import read_departments, shipped_matters
from desk.rules import rules_in_force
from desk.window import Desk
from outbox.cases import Engine
from reference import path
from runtime.embedded import Wish, claim_ports
from runtime.parts import Program, running
from runtime.settings import load_settings
from runtime.stack import running_stack
from runtime.state import StateFolder
from runtime.temporal import connect
from storage import departments
from storage.database import open_pool
from trials.bench.bell import VARIABLE, Bell, hearing
from trials.bench.sides import Floor, Liandong, OnDbos, Side

START_LIMIT = 60.0
"""Seconds a process of the bench may take to start."""

DEPARTMENTS = 8
"""How many departments have systems: all of them one process."""


@dataclass(frozen=True)
class Stage:
    """All that is running."""

    bell: Bell
    desk: Desk
    database_url: str
    sides: tuple[Side, ...]
    quiet: str
    """A department without a system: its orders lie in its inbox, and nobody answers."""
    pids: Mapping[str, int]
    """Of each process but the driver, by name."""


@asynccontextmanager
async def staged(state: Path) -> AsyncGenerator[Stage]:
    """Start everything on an empty state folder, and stop it again."""
    settings = load_settings(
        state=state, gateway_port=0, temporal_port=0, temporal_ui_port=0, allowed_networks="127.0.0.0/8"
    )
    async with AsyncExitStack() as exits:
        bell = await exits.enter_async_context(hearing())
        stack = await exits.enter_async_context(running_stack(settings))
        servers = stack.servers
        environ = {
            **os.environ,
            VARIABLE: bell.address,
            "BENCH_GATEWAY_KEY": servers.require_gateway_key().get_secret_value(),
        }

        async def start(name: str, *arguments: str) -> int:
            program = Program(name, [sys.executable, "-m", f"trials.bench.{name}", *arguments], environ=environ)
            part = await exits.enter_async_context(running(program, StateFolder(state)))
            heard = asyncio.create_task(bell.hear("ready", name))
            await part.ready(lambda: _done(heard), limit=START_LIMIT)
            return part.pid

        of_department, of_dbos = claim_ports(Wish(0, ""), Wish(0, ""))
        url = f"http://127.0.0.1:{of_department}"
        rival_url = await _new_database(servers.database_url, "bench_dbos")
        pids = {
            **stack.pids,
            "department": await start("department", str(of_department)),
            "floor": await start("floor", stack.temporal),
            "dbos_app": await start("dbos_app", str(of_dbos), rival_url, f"{url}/dbos"),
        }
        pool = await exits.enter_async_context(await open_pool(servers.database_url))
        found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
        asked = [department.code for department in found[:DEPARTMENTS]]
        await departments.put(
            pool,
            tuple(
                one.model_copy(update={"endpoint": f"{url}/liandong/prompt"}) if one.code in asked else one
                for one in found
            ),
        )
        engine = Engine(await connect(servers), settings.task_queue)
        desk = Desk(pool=pool, engine=engine, rules=lambda: rules_in_force(pool, settings.policy))
        http = await exits.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{of_dbos}", timeout=30, trust_env=False)
        )
        sides = (Floor(await Client.connect(stack.temporal), bell), Liandong(desk, bell, asked), OnDbos(http, bell))
        yield Stage(bell, desk, servers.database_url, sides, found[-1].code, pids)


async def _done(task: asyncio.Task[float]) -> bool:
    return task.done()


def sibling(database_url: str, name: str) -> str:
    """The address of another database of the same server."""
    base, _, query = database_url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}?{query}"


async def _new_database(database_url: str, name: str) -> str:
    async with await open_pool(sibling(database_url, "postgres"), size=1) as root:
        await root.execute(f'CREATE DATABASE "{name}"')
    return sibling(database_url, name)


@asynccontextmanager
async def throw_away(database_url: str, name: str) -> AsyncGenerator[str]:
    """An empty database with our schema, dropped in the end."""
    from migrations.run import upgrade

    url = await _new_database(database_url, name)
    await upgrade(url)
    try:
        yield url
    finally:
        async with await open_pool(sibling(database_url, "postgres"), size=1) as root:
            await root.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
