"""What tests share besides fixtures: the rules, and a worker's surroundings on a task queue of its own."""

import tempfile
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import asyncpg
from temporalio.client import Client
from temporalio.testing._timeskipping import TimeSkipper

from desk.window import Desk
from domain.policy import Rules
from dossiers.seal import Seal
from outbox.anchors import Anchoring
from outbox.cases import Engine
from outbox.orders import Post
from policies.files import read, rules_of
from storage.database import Pool
from worker import Outside, department_http

GATEWAY_URL = "http://gateway.test"
ANCHOR_KEY = "5e" * 32
GATEWAY_KEY = "test-key-of-thirty-two-characters-or-more"


def name_of_letters() -> str:
    """A name that occurs once, in which nobody sees a telephone number: a reference with one gives no case its id."""
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


def rules(name: str, today: date = date(2026, 11, 23)) -> Rules:
    """A shipped policy with its calendar."""
    return rules_of(read(name), today)


@asynccontextmanager
async def new_database(postgres_url: str, *, template: str = "liandong") -> AsyncGenerator[str]:
    """A database of its own: a copy of the migrated one, with the whole schema, unless ``template`` names another."""
    name = f"test_{uuid.uuid4().hex}"
    base, _, query = postgres_url.partition("?")
    root = await asyncpg.connect(f"{base.rpartition('/')[0]}/postgres?{query}")
    try:
        await root.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield f"{base.rpartition('/')[0]}/{name}?{query}"
    finally:
        await root.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await root.close()


@asynccontextmanager
async def outside_of(
    pool: Pool, client: Client, *, policy: str = "haikou", skip_time: bool = False
) -> AsyncGenerator[Outside]:
    """What a worker needs, on a task queue of its own."""
    client = TimeSkipper(client).client if skip_time else client

    async def in_force() -> Rules:
        return rules(policy)

    async with department_http([ip_network("127.0.0.0/8")]) as http:
        engine = Engine(client=client, task_queue=f"test-{uuid.uuid4().hex[:8]}")
        with tempfile.TemporaryDirectory(prefix="liandong-anchors-") as folder:
            yield Outside(
                pool=pool,
                engine=engine,
                post=Post(http=http, key=GATEWAY_KEY, gateway_url=GATEWAY_URL),
                rules=in_force,
                anchoring=lambda: Anchoring(seal=Seal(ANCHOR_KEY), folder=Path(folder)),
            )


def desk_of(outside: Outside) -> Desk:
    return Desk(pool=outside.pool, engine=outside.engine, rules=outside.rules)
