"""Migrating a real database: from empty, again, two at once, ahead, behind, and with nobody there."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
from support import new_database

import migrations
from domain.errors import DoesNotFit, Unavailable
from migrations.run import SchemaState, require_current, schema_state, upgrade

ROOT = Path(migrations.__file__).parents[1]
VERSIONS = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
HEAD = VERSIONS[-1].name[:4]
CREATED = {name for file in VERSIONS for name in re.findall(r"CREATE TABLE (\w+)", file.read_text())}

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"

SHAPE = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
WHERE table_schema = 'public'
UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement
    FROM information_schema.triggers
ORDER BY 1, 2, 3, 4
"""
"""Everything that a migration makes, as text."""


class Servers(Protocol):
    """What is used of the session's servers here."""

    postgres_url: str


@pytest.fixture
async def empty_url(embedded: Servers) -> AsyncGenerator[str]:
    """An empty database."""
    async with new_database(embedded.postgres_url, template="template0") as url:
        yield url


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_from_empty_to_the_newest_schema(empty_url: str) -> None:
    assert await schema_state(empty_url) == SchemaState(current=None, wanted=HEAD)
    before = await upgrade(empty_url)
    assert (before.current, before.is_current) == (None, False)
    assert (await schema_state(empty_url)).is_current
    await require_current(empty_url)
    assert {table for (table,) in await ask(empty_url, TABLES)} == {"alembic_version"} | CREATED


async def test_a_second_time_changes_nothing(empty_url: str) -> None:
    await upgrade(empty_url)
    before = await ask(empty_url, SHAPE)
    state = await upgrade(empty_url)
    assert state.is_current
    assert await ask(empty_url, SHAPE) == before


async def test_a_copy_of_the_migrated_database_is_the_same(empty_url: str, database_url: str) -> None:
    await upgrade(empty_url)
    assert await ask(empty_url, SHAPE) == await ask(database_url, SHAPE)


MIGRATE = "import asyncio, sys; from migrations.run import upgrade; print(asyncio.run(upgrade(sys.argv[1])).current)"


async def test_two_processes_at_once_migrate_once(empty_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", MIGRATE, empty_url, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    answers = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert sorted(said for said, _ in answers) == [f"{HEAD}\n".encode()] * 2 + [b"None\n"]
    await require_current(empty_url)


async def test_many_in_one_process_migrate_once(empty_url: str) -> None:
    states = await asyncio.gather(*(upgrade(empty_url) for _ in range(5)))
    assert sorted(state.current or "" for state in states) == ["", HEAD, HEAD, HEAD, HEAD]


async def test_a_database_ahead_of_the_code_is_left_alone(database_url: str) -> None:
    await ask(database_url, "UPDATE alembic_version SET version_num = '0999'")
    before = await ask(database_url, SHAPE)
    for attempt in (upgrade, schema_state, require_current):
        with pytest.raises(DoesNotFit) as refused:
            await attempt(database_url)
        assert (refused.value.code, refused.value.params) == ("schema-ahead", {"revision": "0999", "wanted": HEAD})
    assert await ask(database_url, SHAPE) == before
    assert await ask(database_url, "SELECT version_num FROM alembic_version") == [("0999",)]


async def test_a_database_behind_the_code_is_said_to_be(empty_url: str) -> None:
    with pytest.raises(DoesNotFit) as refused:
        await require_current(empty_url)
    assert (refused.value.code, refused.value.params) == ("schema-behind", {"revision": "-", "wanted": HEAD})
    assert await ask(empty_url, TABLES) == []


async def test_a_database_some_steps_behind_is_said_to_be(database_url: str) -> None:
    await ask(database_url, "UPDATE alembic_version SET version_num = '0001'")
    if HEAD == "0001":
        await require_current(database_url)
        return
    with pytest.raises(DoesNotFit) as refused:
        await require_current(database_url)
    assert (refused.value.code, refused.value.params) == ("schema-behind", {"revision": "0001", "wanted": HEAD})


def test_the_revisions_are_one_line() -> None:
    """Two migrations that were written side by side are put in order before they are released."""
    numbers = [file.name[:4] for file in VERSIONS]
    assert numbers == [f"{number:04d}" for number in range(1, len(VERSIONS) + 1)]
    for number, file, before in zip(numbers, VERSIONS, ["None", *map(repr, numbers)], strict=False):
        assert f'revision = "{number}"' in file.read_text()
        assert f"down_revision = {before}".replace("'", '"') in file.read_text()


async def test_a_migration_that_fails_leaves_nothing_half_done(empty_url: str) -> None:
    await ask(empty_url, "CREATE TABLE callback (in_the_way integer)")  # one of the last tables
    with pytest.raises(Exception, match="callback"):
        await upgrade(empty_url)
    assert {table for (table,) in await ask(empty_url, TABLES)} - {"alembic_version"} == {"callback"}
    await ask(empty_url, "DROP TABLE callback")
    await upgrade(empty_url)
    await require_current(empty_url)


@pytest.mark.parametrize("attempt", [upgrade, schema_state, require_current])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/liandong",
        "postgresql://nobody@/liandong?host=/nowhere",
        "postgresql://nobody@no-such-host.invalid/liandong",
    ],
    ids=["closed port", "no socket", "no host"],
)
async def test_nobody_there_is_unavailable(attempt: Callable[[str], Awaitable[object]], url: str) -> None:
    with pytest.raises(Unavailable) as failed:
        await attempt(url)
    assert failed.value.code == "database-unreachable"


@pytest.mark.parametrize("attempt", [upgrade, require_current])
async def test_a_database_that_does_not_exist_is_unavailable(
    attempt: Callable[[str], Awaitable[object]], database_url: str
) -> None:
    with pytest.raises(Unavailable) as failed:
        await attempt(database_url.replace("/test_", "/no_such_"))
    assert failed.value.code == "database-unreachable"
