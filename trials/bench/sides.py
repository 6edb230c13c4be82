"""The sides as the driver plays them: how a case is opened there, called back, and known to have ended."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import httpx
from temporalio.client import Client

from desk.cases import open_case
from desk.commands import ask
from desk.window import Desk
from domain.citizen import Citizen
from domain.commands import CallbackResult, Command, RecordCallback
from domain.demand import Channel
from domain.intake import NewDemand
from trials.bench import floor
from trials.bench.bell import Bell

CALLED = "愿意接听，确认已经解决"


class Side(Protocol):
    """One way to carry a case."""

    name: str

    async def open(self, case_id: str) -> None:
        """A citizen calls: the case is taken in."""

    async def answered(self, case_id: str) -> None:
        """The department has acknowledged and replied."""

    async def finish(self, case_id: str) -> None:
        """The citizen is called back; the case is closed, and on record where there is one."""


class Floor:
    """The bare engine; the driver itself is the department."""

    name = "floor"

    def __init__(self, client: Client, bell: Bell) -> None:
        self._client = client
        self._bell = bell

    async def open(self, case_id: str) -> None:
        await self._client.start_workflow(floor.FloorWorkflow.run, case_id, id=case_id, task_queue=floor.QUEUE)

    async def answered(self, case_id: str) -> None:
        await self._bell.hear("sent", case_id)
        case = self._client.get_workflow_handle_for(floor.FloorWorkflow.run, case_id)
        await case.execute_update(floor.FloorWorkflow.acknowledge, floor.Answer("值班员 07", "", ""))  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
        request = self._client.get_async_activity_handle(workflow_id=case_id, run_id=None, activity_id=f"{case_id}.1")
        await request.complete(floor.Answer("经办人 12", "resolved", "现场已清理，占道物品全部移走。"))
        await self._bell.hear("replied", case_id)

    async def finish(self, case_id: str) -> None:
        case = self._client.get_workflow_handle_for(floor.FloorWorkflow.run, case_id)
        await case.execute_update(floor.FloorWorkflow.call_back, floor.Answer("回访员 03", "satisfied", CALLED))  # pyright: ignore[reportUnknownMemberType]
        if (result := await case.result()) != "resolved":
            raise RuntimeError(f"the floor's case ended as {result}")


class Liandong:
    """The product: the desk in the driver, worker, gateway and department as processes of their own."""

    name = "liandong"

    def __init__(self, desk: Desk, bell: Bell, departments: Sequence[str]) -> None:
        self._desk = desk
        self._bell = bell
        self._departments = departments
        self._opened = 0

    async def open(self, case_id: str) -> None:
        self._opened += 1
        demand = NewDemand(
            reference=case_id.replace("-", ":", 1),
            channel=Channel.PHONE,
            matter="illegal-parking",
            department=self._departments[self._opened % len(self._departments)],
            place="海甸岛怡心路",
            description="店家把桌椅摆上人行道，行人只能走到车道上。",
            citizen=Citizen(name="符小妹", phone="0898-66778899", address="怡心路 7 号 302 房"),
        )
        opened = await open_case(self._desk, demand, datetime.now(UTC))
        if opened.case_id != case_id:
            raise RuntimeError(f"{case_id} was opened as {opened.case_id}")

    async def answered(self, case_id: str) -> None:
        await self._bell.hear("replied", case_id)

    async def finish(self, case_id: str) -> None:
        called = RecordCallback(result=CallbackResult.SATISFIED, by="回访员 03", remark=CALLED)
        await ask(self._desk, case_id, Command.RECORD_CALLBACK, called)
        await self._desk.client.get_workflow_handle(case_id).result()  # it ends when the record is complete


class OnDbos:
    """The same lifecycle on DBOS; the department is the same process."""

    name = "dbos"

    def __init__(self, http: httpx.AsyncClient, bell: Bell) -> None:
        self._http = http
        self._bell = bell

    async def open(self, case_id: str) -> None:
        demand = {
            "case_id": case_id,
            "department": "hk-urban-mgmt",
            "matter": "illegal-parking",
            "place": "海甸岛怡心路",
            "description": "店家把桌椅摆上人行道，行人只能走到车道上。",
        }
        (await self._http.post("/cases", json=demand)).raise_for_status()

    async def answered(self, case_id: str) -> None:
        await self._bell.hear("replied", case_id)

    async def finish(self, case_id: str) -> None:
        said = {"result": "satisfied", "by": "回访员 03", "remark": CALLED, "callback_id": f"c-{case_id}"}
        (await self._http.post(f"/orders/{case_id}.1/call_back", json=said)).raise_for_status()
        await self._bell.hear("closed", case_id)


async def live(side: Side, case_id: str) -> None:
    """One case's whole life."""
    await side.open(case_id)
    await side.answered(case_id)
    await side.finish(case_id)


async def play(side: Side, case_ids: Sequence[str], concurrency: int) -> None:
    """All these cases, so many at a time: the next begins when one ends."""
    waiting = iter(case_ids)

    async def line() -> None:
        for case_id in waiting:
            async with asyncio.timeout(120):
                await live(side, case_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(line())
