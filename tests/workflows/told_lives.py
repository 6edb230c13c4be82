"""Lives of cases told step by step in real time: departments are really asked, people really speak by updates.

Each step is allowed to settle before the next, so that the engine's histories of one life are always the same.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hotlines import LEAD, OTHER, THIRD, WITHDRAWAL, Engines, Hotline, Life, brisk_rules, hotline
from temporalio.client import WorkflowHistory

from desk import orders
from domain.callbacks import NewReply
from domain.case import Awaited, CaseView
from domain.commands import (
    Acknowledge,
    Assign,
    CallbackResult,
    Command,
    ConcludeMeeting,
    ConfirmExplanation,
    ConveneMeeting,
    MeetingTask,
    Merge,
    RecordCallback,
    ReturnOrder,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, VerifyRectification
from domain.demand import Nature
from domain.ladder import Rung
from domain.order import Order, Result, Role
from domain.values import Value
from storage import cases

TASK = 3
"""Working days that a meeting gives for its tasks; seconds, where a working day lasts one."""


@dataclass(frozen=True)
class Told:
    """A life, by the record and by the engine."""

    life: Life
    history: WorkflowHistory


class Teller:
    """One case, and what is done to it."""

    def __init__(self, town: Hotline, case_id: str) -> None:
        self.town = town
        self.case_id = case_id

    async def settled(self) -> CaseView:
        return await self.town.settled(self.case_id)

    async def ask(self, command: Command, content: Value) -> None:
        await self.settled()
        await self.town.ask(self.case_id, command, content)

    async def order(self, department: str) -> Order:
        """The newest order to the department."""
        return [order for order in (await self.settled()).orders if order.department == department][-1]

    async def acknowledge(self, department: str = LEAD) -> None:
        order = await self.order(department)
        given = Acknowledge(order_id=order.order_id, department=department, by="经办人")
        await orders.receive(self.town.desk, given, datetime.now(UTC))

    async def give_back(self, department: str = LEAD, suggests: str | None = None) -> None:
        order = await self.order(department)
        words: dict[str, Any] = {"reason": "不属于本单位职责", "basis": "三定方案", "by": "经办人"}
        command = ReturnOrder(order_id=order.order_id, department=department, suggests=suggests, **words)
        await orders.receive(self.town.desk, command, datetime.now(UTC))

    async def reply(
        self, department: str = LEAD, result: Result = Result.RESOLVED, *, days: int | None = None, number: int = -1
    ) -> None:
        """Reply to the newest order, or to another one."""
        mine = [order for order in (await self.settled()).orders if order.department == department]
        given = NewReply(
            order_id=mine[number].order_id,
            department=department,
            result=result,
            statement="答复内容",
            by="经办人",
            limit_days=days,
        )
        await orders.receive(self.town.desk, given, datetime.now(UTC))

    async def call_back(self, result: CallbackResult = CallbackResult.SATISFIED) -> None:
        await self.ask(Command.RECORD_CALLBACK, RecordCallback(result=result, by="话务员"))

    async def confirm(self, *, confirmed: bool = True) -> None:
        await self.ask(Command.EXPLAIN, ConfirmExplanation(confirmed=confirmed, by="督办员", reason="已核实"))

    async def answer(self, answer: Answer = Answer.ACCEPTED) -> None:
        """The commission's, to the referral."""
        await self.until(Rung.REFERRAL, Awaited.ANSWER)
        given = AnswerReferral(answer=answer, by="联络员", reason="经研究")
        await self.ask(Command.ANSWER_REFERRAL, given)

    async def until(self, rung: Rung, awaited: Awaited) -> None:
        """Let time take the case to the rung, until it waits for this there."""
        async with asyncio.timeout(30):
            while True:
                view = await cases.view(self.town.pool, self.case_id)
                if view and view.rung is rung and awaited in [waiting.awaited for waiting in view.waiting]:
                    break
                await asyncio.sleep(0.02)
        await self.settled()

    async def life(self) -> Life:
        await self.town.life(self.case_id)
        return await self.town.checked(self.case_id)


async def tell(
    town: Hotline, name: str, *, lead: str | None = LEAD, assisting: tuple[str, ...] = (), **demand: Any
) -> Teller:
    return Teller(town, await town.open(name, lead=lead, nature=Nature.REQUEST, assisting=assisting, **demand))


# -- lives -------------------------------------------------------------------------------------------


async def plain(town: Hotline) -> Life:
    """Dispatched, acknowledged, resolved, called back."""
    case = await tell(town, "plain")
    await case.acknowledge()
    await case.reply()
    await case.call_back()
    return await case.life()


async def whole_climb(town: Hotline, *, answered: bool = True, **demand: Any) -> Life:
    """Up all five rungs by time, with a meeting and a referral on the way. Needs limits of a few seconds."""
    case = await tell(town, "climb", **demand)
    await case.until(Rung.SUPERVISED, Awaited.REPLY)
    await case.acknowledge()
    await case.until(Rung.JOINT_MEETING, Awaited.MEETING)
    await case.ask(Command.CONVENE, ConveneMeeting(members=(LEAD, OTHER), by="督办员"))
    tasks = tuple(MeetingTask(department=code, task="现场核查", days=TASK) for code in (LEAD, OTHER))
    await case.ask(Command.CONCLUDE, ConcludeMeeting(lead=LEAD, tasks=tasks, minutes="会议纪要", by="督办员"))
    await case.reply(OTHER)
    await case.until(Rung.REFERRAL, Awaited.DECISION)
    for person in ("甲", "乙"):
        await case.ask(Command.DECIDE, DecideReferral(accepted=True, by=person, reason="集体研究决定"))
    if answered:
        await case.answer()
    await case.reply(days=300)
    await case.until(Rung.RECTIFICATION, Awaited.VERIFICATION)
    await case.ask(Command.VERIFY, VerifyRectification(passed=True, by="督办员", remark="现场复核"))
    await case.call_back()
    return await case.life()


async def climb_without_commission(town: Hotline) -> Life:
    """The same under a policy that waits for no answer of the commission's."""
    return await whole_climb(town, answered=False)


async def side_by_side(town: Hotline) -> Life:
    """Three departments at once, a fourth named later, a lead that is re-assigned."""
    case = await tell(town, "side-by-side", assisting=(OTHER, THIRD))
    await case.acknowledge(OTHER)
    await case.ask(Command.ASSIGN, Assign(department="hk-fire", role=Role.ASSISTING, by="话务长"))
    await case.ask(Command.ASSIGN, Assign(department="hk-police", by="话务长", reason="派错单位"))
    await case.reply(OTHER)
    await case.reply("hk-police")
    await case.call_back()
    return await case.life()


async def passed_on(town: Hotline) -> Life:
    """Returned twice, named by the hotline, explained, not confirmed, met about, resolved; a late reply on the way."""
    case = await tell(town, "passed-on")
    await case.acknowledge()
    await case.give_back(suggests=OTHER)
    await case.give_back(OTHER)
    await case.reply(result=Result.EXPLAINED)
    await case.confirm(confirmed=False)
    await case.reply(number=0)
    await case.ask(Command.CONVENE, ConveneMeeting(members=(LEAD, OTHER), by="督办员"))
    task = MeetingTask(department=OTHER, task="现场核查", days=300)
    await case.ask(Command.CONCLUDE, ConcludeMeeting(lead=OTHER, tasks=(task,), minutes="会议纪要", by="督办员"))
    await case.reply(OTHER)
    await case.call_back(CallbackResult.UNREACHED)
    await case.call_back()
    return await case.life()


async def merged(town: Hotline) -> Life:
    """A duplicate with open orders goes on as part of a case from the queue, which the citizen withdraws."""
    original, duplicate = await tell(town, "original", lead=None), await tell(town, "duplicate", assisting=(OTHER,))
    await original.settled()
    await duplicate.ask(Command.MERGE, Merge(into=original.case_id, by="话务员", reason="重复诉求"))
    await original.ask(Command.WITHDRAW, WITHDRAWAL)
    await original.life()
    return await duplicate.life()


async def told(engines: Engines) -> dict[str, Told]:
    """All of these lives, told at the same time, with their histories."""
    async with (
        hotline(engines, skip_time=False) as town,
        hotline(engines, skip_time=False, rules=brisk_rules()) as brisk_town,
        hotline(engines, skip_time=False, rules=brisk_rules(answered=False)) as silent_town,
    ):
        tellings = {tell.__name__: (town, tell) for tell in (plain, side_by_side, passed_on, merged)}
        tellings[whole_climb.__name__] = (brisk_town, whole_climb)
        tellings[climb_without_commission.__name__] = (silent_town, climb_without_commission)
        lives = await asyncio.gather(*(tell(where) for where, tell in tellings.values()))
        return {
            name: Told(life, await where.handle(life.view.case_id).fetch_history())
            for (name, (where, _)), life in zip(tellings.items(), lives, strict=True)
        }
