"""The step from a database that knew replies alone, and bearer tokens, to one that keeps every callback."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from support import new_database

import migrations
from domain.callbacks import CallbackKind, CallbackOutcome
from domain.ledger import FactKind
from domain.order import Reply, Result
from migrations.run import require_current, upgrade
from storage import access, callbacks, departments, notices
from storage.database import Pool, open_pool

BEFORE = "0004"

DEPARTMENTS = """
INSERT INTO department (code, name, name_en, level, matters, endpoint) VALUES
    ('with-system', '甲', 'A', 'city_bureau', '{}', 'https://orders.example/'),
    ('without', '乙', 'B', 'city_bureau', '{}', NULL)
"""

CALLBACK = """
INSERT INTO callback
    (callback_id, order_id, case_id, department, reply, fingerprint, received_at, outcome, handed_over_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, now() - interval '1 hour', $7, CASE WHEN $7 <> 'pending' THEN now() END)
"""

DELIVERY = """
INSERT INTO delivery (order_id, case_id, department, order_sent, delivered_at, attempts, last_error)
VALUES ($1, 'c', $2, '{}', CASE WHEN $3 THEN now() END, $4, $5)
"""

NOTICE = "INSERT INTO notice (order_id, kind, case_id, department, due_at) VALUES ($1, 'warning.red', 'c', $2, now())"

OUTCOMES = {
    "pending": CallbackOutcome.KEPT,
    "in_time": CallbackOutcome.ACCEPTED,
    "late": CallbackOutcome.LATE,
    "after_closing": CallbackOutcome.AFTER_CLOSING,
}


class Servers(Protocol):
    """What is used of the session's servers here."""

    postgres_url: str


def _to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.commit()


@pytest.fixture
async def before(embedded: Servers) -> AsyncGenerator[str]:
    """A database of the version before, with something in every table that the step changes."""
    async with new_database(embedded.postgres_url, template="template0") as url:
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
        async with engine.connect() as connection:
            await connection.run_sync(_to, BEFORE)
        await engine.dispose()
        plain = await asyncpg.connect(url)
        try:
            await plain.execute(DEPARTMENTS)
            for number, outcome in enumerate(OUTCOMES):
                said = {"callback_id": f"r-{number}", "result": "resolved", "statement": "棚已拆除", "by": "经办人 12"}
                said |= {"received_at": "2026-11-23T01:00:00Z", "limit_days": None}
                keys = f"r-{number}", f"c{number}.1", f"c{number}", "without"
                await plain.execute(CALLBACK, *keys, json.dumps(said), f"print-{number}", outcome)
            await plain.execute(DELIVERY, "c.1", "with-system", True, 1, None)
            await plain.execute(DELIVERY, "c.2", "without", True, 0, None)
            await plain.execute(DELIVERY, "c.3", "with-system", False, 7, "HTTP 503")
            await plain.execute(DELIVERY, "c.4", "gone-from-the-directory", True, 0, None)
            await plain.execute(NOTICE, "c.1", "with-system")
        finally:
            await plain.close()
        yield url


@pytest.fixture
async def after(before: str) -> AsyncGenerator[Pool]:
    await upgrade(before)
    await require_current(before)
    pool = await open_pool(before)
    yield pool
    await pool.close()


async def test_replies_become_callbacks_with_their_outcomes(after: Pool) -> None:
    for number, outcome in enumerate(OUTCOMES.values()):
        (stored,) = await callbacks.of_case(after, f"c{number}")
        assert (stored.callback_id, stored.kind, stored.outcome) == (f"r-{number}", CallbackKind.REPLY, outcome)
        assert stored.refusal is None
        said = stored.said()
        assert isinstance(said, Reply)
        assert (said.result, said.statement, said.by) == (Result.RESOLVED, "棚已拆除", "经办人 12")
    assert [one.callback_id for one in await callbacks.kept(after, 0, 10)] == ["r-0"], "it is still handed over"


async def test_an_order_has_one_reply_and_other_callbacks_beside_it(after: Pool) -> None:
    (stored,) = await callbacks.of_case(after, "c1")
    other = stored.model_copy(update={"callback_id": "a-1", "kind": CallbackKind.ACKNOWLEDGE, "number": 0})
    assert (await callbacks.keep(after, other)).new
    second = stored.model_copy(update={"callback_id": "r-9", "number": 0})
    assert await callbacks.keep(after, second) == (stored, False, False)
    await callbacks.settle(after, other, CallbackOutcome.REFUSED)
    assert [one.outcome for one in await callbacks.of_case(after, "c1")] == [
        CallbackOutcome.ACCEPTED,
        CallbackOutcome.REFUSED,
    ]


async def test_every_department_has_a_first_key_and_its_endpoint(after: Pool) -> None:
    for code, url in (("with-system", "https://orders.example/"), ("without", None)):
        reached = await departments.endpoint(after, code)
        assert reached is not None
        assert (reached.url, reached.serials, reached.concurrency, reached.inbox_after) == (url, (1,), 4, 1800)
        assert await access.valid_serials(after, code) == [1]


async def test_what_was_delivered_is_known_by_its_way(after: Pool) -> None:
    rows = await after.fetch("SELECT order_id, way, attempts, last_error FROM delivery ORDER BY order_id")
    assert [tuple(row) for row in rows] == [
        ("c.1", "system", 1, None),
        ("c.2", "inbox", 0, None),
        ("c.3", None, 7, "HTTP 503"),
        ("c.4", None, 0, None),
    ]


async def test_a_warning_that_was_on_its_way_still_is(after: Pool) -> None:
    (pending,) = await notices.pending(after, 10, 10)
    assert (pending.order_id, pending.kind, pending.reason) == ("c.1", FactKind.WARNING_RED, None)
