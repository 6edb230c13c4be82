"""While the engine is away callbacks are taken and kept; afterwards each reaches its case once, in its turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from office import SOON, Office, Servers, office_of, serving
from support import GATEWAY_KEY
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.sweep import SweepActivities, Swept
from domain.callbacks import CallbackOutcome
from domain.ledger import Fact, FactKind
from domain.order import OrderStatus
from gateway.app import create_app
from worker import build_worker

SAID: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {"by": "值班员 07"}),
    ("progress", {"by": "经办人 12", "statement": "已到现场"}),
    ("progress", {"by": "经办人 12", "statement": "已约定拆除"}),
    ("reply", {"by": "经办人 12", "result": "resolved", "statement": "棚已拆除"}),
]

HEARD = [FactKind.ORDER_ACKNOWLEDGED, FactKind.ORDER_PROGRESS, FactKind.ORDER_PROGRESS, FactKind.ORDER_REPLIED]


class Line:
    """A TCP line to the engine that can be cut and mended."""

    def __init__(self, target: str) -> None:
        self._target = target.rpartition(":")[0], int(target.rpartition(":")[2])
        self._server: asyncio.Server | None = None
        self._open = set[asyncio.StreamWriter]()
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._through, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        self._server = None

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, there_writer}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._open -= {writer, there_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture(scope="module")
async def office(embedded: Servers) -> AsyncGenerator[Office]:
    """Under a policy of working hours: no limit passes while a line is cut."""
    async with office_of(embedded, "haikou") as office, build_worker(office.outside):
        yield office


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to wait ten seconds for a server of which the test knows that it is away."""
    monkeypatch.setattr("outbox.callbacks.PATIENCE", timedelta(seconds=1))
    monkeypatch.setattr("desk.orders.HAND_OVER", timedelta(seconds=1))


@asynccontextmanager
async def over_a_line(office: Office) -> AsyncGenerator[tuple[Office, Line]]:
    """The office, and a gateway of its own whose engine is at the end of a line; the worker has its own way."""
    line = Line(office.outside.engine.client.service_client.config.target_host)
    await line.mend()
    client = await Client.connect(line.address, data_converter=pydantic_data_converter)
    desk = replace(office.desk, engine=replace(office.desk.engine, client=client))
    async with (
        serving(create_app(desk, GATEWAY_KEY)) as address,
        httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http,
    ):
        yield replace(office, http=http), line
    await line.cut()


async def swept(office: Office) -> Swept:
    outside = office.outside
    return await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0).hand_over_pending()


async def heard(office: Office, case_id: str) -> list[Fact]:
    """What the case has heard from its department, in its own order."""
    facts = await office.desk.client.get_workflow_handle(case_id).query("trail", result_type=list[Fact])
    return [fact for fact in facts if fact.kind in {*HEARD, FactKind.ORDER_REPLIED_LATE}]


async def said_while_away(far: Office, order_id: str) -> None:
    case_id = order_id.rpartition(".")[0]
    for number, (what, body) in enumerate(SAID):
        answer = await far.post(order_id, what, body, message_id=f"{case_id}-m{number}")
        assert (answer.status_code, answer.json()["outcome"]) == (202, "kept"), answer.text
        assert answer.json()["repeated"] is False


async def test_everything_is_kept_while_the_engine_is_away_and_delivered_in_order_once(office: Office) -> None:
    case_id = await office.open()
    async with over_a_line(office) as (far, line):
        await line.cut()
        assert (await far.http.get("/ready")).json() == {"database": "there", "engine": "away"}
        await said_while_away(far, f"{case_id}.1")
        again = await far.post(f"{case_id}.1", *SAID[0], message_id=f"{case_id}-m0")
        assert (again.status_code, again.json()["repeated"]) == (202, True)
        assert await heard(office, case_id) == []
        await line.mend()
    assert (await swept(office)).callbacks == len(SAID)
    facts = await heard(office, case_id)
    assert [fact.kind for fact in facts] == HEARD
    assert [fact.payload.get("statement") for fact in facts] == [body.get("statement") for _, body in SAID]
    stored = (await office.folder(case_id)).callbacks
    assert [one.outcome for one in stored] == [CallbackOutcome.ACCEPTED] * len(SAID)
    assert (await swept(office)).callbacks == 0
    assert await heard(office, case_id) == facts


async def test_the_first_that_gets_through_again_brings_the_others_in_front_of_it(office: Office) -> None:
    case_id = await office.open()
    async with over_a_line(office) as (far, line):
        await line.cut()
        for number, (what, body) in enumerate(SAID[:3]):
            await far.post(f"{case_id}.1", what, body, message_id=f"{case_id}-m{number}")
        await line.mend()
        answer = await far.post(f"{case_id}.1", *SAID[3], message_id=f"{case_id}-m3")
        while answer.status_code == 202:  # the line is found again after a while
            answer = await far.post(f"{case_id}.1", *SAID[3], message_id=f"{case_id}-m3")
        assert answer.json()["outcome"] == "accepted", answer.text
    assert [fact.kind for fact in await heard(office, case_id)] == HEARD


async def test_the_sweep_and_a_new_word_at_the_same_moment_deliver_in_order_once(office: Office) -> None:
    for _ in range(3):
        case_id = await office.open()
        async with over_a_line(office) as (far, line):
            await line.cut()
            for number, (what, body) in enumerate(SAID[:3]):
                await far.post(f"{case_id}.1", what, body, message_id=f"{case_id}-m{number}")
        new = office.reply(f"{case_id}.1", message_id=f"{case_id}-m3")
        _, answer, repeated, _ = await asyncio.gather(
            swept(office), new, office.post(f"{case_id}.1", *SAID[1], message_id=f"{case_id}-m1"), swept(office)
        )
        assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted"), answer.text
        assert repeated.json()["repeated"] is True
        assert [fact.kind for fact in await heard(office, case_id)] == HEARD
        stored = (await office.folder(case_id)).callbacks
        assert [one.outcome for one in stored] == [CallbackOutcome.ACCEPTED] * len(SAID)


async def test_what_comes_in_side_by_side_is_heard_once_each(office: Office) -> None:
    case_id = await office.open()
    await office.acknowledge(f"{case_id}.1")
    words: list[dict[str, Any]] = [{"by": "经办人 12", "statement": f"第 {number} 步"} for number in range(5)]
    answers = await asyncio.gather(
        *(
            office.post(f"{case_id}.1", "progress", word, message_id=f"{case_id}-p{n}")
            for n, word in enumerate(words)
            for _ in (1, 2)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json()["repeated"] for answer in answers) == len(words)
    facts = await office.recorded(case_id, FactKind.ORDER_PROGRESS, times=len(words))
    assert sorted(str(fact.payload["statement"]) for fact in facts) == sorted(word["statement"] for word in words)


async def test_what_came_in_time_while_nobody_was_at_work_is_in_time(embedded: Servers) -> None:
    """Neither the worker's absence nor the engine's makes a department late: what counts is when it came in."""
    async with office_of(embedded) as office:
        async with build_worker(office.outside):
            case_id = await office.open(**SOON)  # to be acknowledged within two seconds
        answer = await office.post(f"{case_id}.1", *SAID[0])
        assert (answer.status_code, answer.json()["outcome"]) == (202, "kept"), answer.text
        await asyncio.sleep(2.5)
        async with build_worker(office.outside):
            await swept(office)
            (stored,) = (await office.folder(case_id)).callbacks
            assert stored.outcome is CallbackOutcome.ACCEPTED
            assert (await office.order(f"{case_id}.1")).status is OrderStatus.ACKNOWLEDGED
            assert [fact.kind for fact in await heard(office, case_id)] == [FactKind.ORDER_ACKNOWLEDGED]


async def test_what_waits_for_one_order_keeps_no_other_waiting(office: Office) -> None:
    """A case that the engine does not know keeps its callback; the next case's is handed over all the same."""
    lost, there = await office.open(), await office.open()
    async with over_a_line(office) as (far, line):
        await line.cut()
        for case_id in (lost, there):
            assert (await far.post(f"{case_id}.1", *SAID[0])).status_code == 202
    await office.desk.client.get_workflow_handle(lost).terminate("lost, for a test")
    done = await swept(office)
    assert done.failed >= 1
    assert [fact.kind for fact in await heard(office, there)] == [FactKind.ORDER_ACKNOWLEDGED]
    (kept,) = (await office.folder(lost)).callbacks
    assert kept.outcome is CallbackOutcome.KEPT
    assert (await office.reply(f"{there}.1")).json()["outcome"] == "accepted"
