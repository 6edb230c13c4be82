"""PostgreSQL goes away in mid-climb: the ladder goes on in time, and the record catches up when it comes back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from hotlines import LEAD, OTHER, PATIENCE, Engines, Hotline, Life, brisk_rules, hotline

from domain.commands import Assign, Command, NoteLateReply, ReturnOrder, asked_as_usual
from domain.demand import Nature
from domain.ladder import Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import Reply, Result
from domain.values import Value


@asynccontextmanager
async def no_database(town: Hotline) -> AsyncGenerator[None]:
    """While inside, the hotline's database refuses everybody, and has thrown out who was in it."""
    base, _, query = town.database_url.partition("?")
    server, _, name = base.rpartition("/")
    root = await asyncpg.connect(f"{server}/postgres?{query}")
    try:
        await root.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await root.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        with pytest.raises(asyncpg.PostgresError):
            await asyncpg.connect(town.database_url)
        yield
    finally:
        await root.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await root.close()


async def ask(town: Hotline, case_id: str, command: Command, content: Value) -> None:
    """As the gateway does, but for what that reads and writes in the database."""
    handle, content = town.handle(case_id), asked_as_usual(command, content)
    await handle.execute_update(command, content, result_type=dict)  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads


async def give_back(town: Hotline, case_id: str) -> None:
    words: dict[str, Any] = {"reason": "不属于本单位职责", "basis": "三定方案", "by": "经办人"}
    await ask(town, case_id, Command.RETURN, ReturnOrder(order_id=f"{case_id}.1", department=LEAD, **words))


async def say_late(town: Hotline, case_id: str) -> None:
    now = datetime.now(UTC)
    reply = Reply(callback_id="late", by="经办人", result=Result.RESOLVED, statement="棚已拆除", received_at=now)
    await ask(town, case_id, Command.NOTE_LATE_REPLY, NoteLateReply(order_id=f"{case_id}.1", reply=reply))


async def reached(town: Hotline, case_id: str, rung: Rung) -> list[Fact]:
    """What the case knows when it has got to the rung."""
    async with asyncio.timeout(PATIENCE):
        while (await town.view(case_id)).rung is not rung:
            await asyncio.sleep(0.05)
    return await town.handle(case_id).query("trail", result_type=list[Fact])


@pytest.fixture(scope="module")
async def outlived(engines: Engines) -> AsyncGenerator[dict[str, tuple[list[Fact], Life]]]:
    """Three cases that lived through one outage: what each knew towards its end, and the record afterwards."""
    async with hotline(engines, skip_time=False, rules=brisk_rules(convene=2)) as town:
        silent, returned, assigned = [
            await town.open(name, nature=Nature.REQUEST) for name in ("silent", "returned", "assigned")
        ]
        for case_id in (silent, returned, assigned):
            await town.until(case_id, FactKind.ORDER_SENT)
        async with no_database(town):
            await give_back(town, returned)
            await give_back(town, assigned)
            await ask(town, assigned, Command.ASSIGN, Assign(department=OTHER, by="话务长"))
            known = {
                "assigned": await reached(town, assigned, Rung.SUPERVISED),
                "silent": await reached(town, silent, Rung.REFERRAL),
                "returned": await reached(town, returned, Rung.SUPERVISED),
            }
            await say_late(town, silent)  # at the gate
        lives: dict[str, tuple[list[Fact], Life]] = {}
        for name, facts in known.items():
            case_id = f"{town.prefix}-{name}"
            await town.settled(case_id)
            lives[name] = facts, await town.checked(case_id)
        yield lives


Outlived = dict[str, tuple[list[Fact], Life]]


@pytest.mark.parametrize("name", ["silent", "returned", "assigned"])
def test_the_record_catches_up(outlived: Outlived, name: str) -> None:
    known, life = outlived[name]
    assert list(life.facts[: len(known)]) == known
    assert life.is_punctual, life.lateness


def test_the_ladder_goes_on_without_the_record(outlived: Outlived) -> None:
    known, life = outlived["silent"]
    climbed = [Rung.DISPATCH, Rung.SUPERVISED, Rung.JOINT_MEETING, Rung.REFERRAL]
    assert [fact.rung for fact in known if fact.kind is FactKind.RUNG_ENTERED] == climbed
    assert FactKind.REFERRAL_ARMED not in [fact.kind for fact in known]  # a gate that needs the record
    assert FactKind.REFERRAL_ARMED in life.kinds


def test_a_department_that_speaks_at_the_gate_does_not_keep_it_shut(outlived: Outlived) -> None:
    _, life = outlived["silent"]
    assert life.kinds.index(FactKind.ORDER_REPLIED_LATE) < life.kinds.index(FactKind.REFERRAL_ARMED)


def test_an_operator_is_faster_than_a_directory_that_cannot_be_reached(outlived: Outlived) -> None:
    _, life = outlived["assigned"]
    dispatched = [order.department for order in life.view.orders if order.rung is Rung.DISPATCH]
    assert dispatched == [LEAD, OTHER]


def test_the_search_for_the_next_department_does_not_outlast_the_case(outlived: Outlived) -> None:
    _, life = outlived["returned"]
    assert life.endings[0] == (Rung.DISPATCH, Outcome.OVERDUE)
    assert life.of(FactKind.RUNG_ENTERED)[1].due_at == life.view.orders[0].due_at
    assert (life.view.lead, life.view.orders[1].returnable) == (LEAD, False)
