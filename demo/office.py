"""The people of the hotline: operators, supervisors, the two who decide, those who call back; and the commission.

They look at the same list as everybody (who waits for whom) and do the next thing for each case, once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from demo.plans import Plan
from desk.commands import ask
from desk.window import Desk
from domain.case import Awaited
from domain.commands import (
    Assign,
    Command,
    ConcludeMeeting,
    ConfirmExplanation,
    ConveneMeeting,
    MeetingTask,
    RecordCallback,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, VerifyRectification
from domain.errors import LiandongError, Unavailable
from domain.values import Value
from storage import cases
from storage.cases import CaseRow
from storage.database import reaching_database

OVERTAKEN = frozenset({"not-allowed-here", "case-closed", "already-assigned", "already-convened", "already-decided"})
"""Refusals of what came too late: the case has moved on meanwhile."""

LOOKS_EVERY = 0.3
"""Seconds between two looks at the list."""

TAKES = 0.4
"""Seconds a person takes for a decision."""

DESK_OF_LAST_RESORT = "hk-urban-mgmt"
"""Whom the operator names where the directory knows nobody."""

MEETING_PARTNERS = ("hk-planning", "hk-housing")
"""Who comes to a meeting besides the lead; the second where the first one leads."""


class Office:
    """Everybody who is not a department."""

    def __init__(self, desk: Desk, plan_of: Callable[[str], Plan]) -> None:
        self._desk = desk
        self._plan_of = plan_of
        self._seen: set[tuple[str, str, str]] = set()
        self._calls: dict[str, int] = {}
        self.refused: list[str] = []

    async def work(self) -> None:
        """Until cancelled; nobody decides anything after that."""
        async with asyncio.TaskGroup() as group:
            while True:
                with suppress(Unavailable):  # the list cannot be read now: look again
                    for row in await self._waiting():
                        self._take_up(row, group)
                await asyncio.sleep(LOOKS_EVERY)

    async def _waiting(self) -> list[CaseRow]:
        with reaching_database():
            return await cases.waiting(self._desk.pool, limit=2000)

    def _take_up(self, row: CaseRow, group: asyncio.TaskGroup) -> None:
        key = (row.case_id, str(row.waiting_for), str(row.waiting_since))
        act = self._duties.get(row.waiting_for) if row.waiting_for else None
        if act is None or key in self._seen:
            return
        self._seen.add(key)
        group.create_task(self._carefully(row, act, key))

    async def _carefully(self, row: CaseRow, act: "Duty", key: tuple[str, str, str]) -> None:
        await asyncio.sleep(TAKES)
        try:
            await act(row)
        except Unavailable:  # no answer: whoever it is tries again at the next look
            self._seen.discard(key)
        except LiandongError as error:
            self.refused.append(f"{row.case_id} {row.waiting_for}: {error.code}")

    @property
    def _duties(self) -> dict[Awaited, "Duty"]:
        return {
            Awaited.ASSIGNMENT: self._assign,
            Awaited.CONFIRMATION: self._confirm,
            Awaited.MEETING: self._convene,
            Awaited.CONCLUSION: self._conclude,
            Awaited.DECISION: self._decide,
            Awaited.ANSWER: self._answer,
            Awaited.VERIFICATION: self._verify,
            Awaited.CALLBACK: self._call_back,
        }

    async def _ask(self, row: CaseRow, command: Command, content: Value) -> None:
        try:
            await ask(self._desk, row.case_id, command, content)
        except LiandongError as error:
            if error.code not in OVERTAKEN:
                raise

    async def _assign(self, row: CaseRow) -> None:
        await self._ask(row, Command.ASSIGN, Assign(department=DESK_OF_LAST_RESORT, by="坐席07"))

    async def _confirm(self, row: CaseRow) -> None:
        confirmed = ConfirmExplanation(confirmed=True, by="督办员02", reason="已核实，确属无法解决")
        await self._ask(row, Command.EXPLAIN, confirmed)

    async def _convene(self, row: CaseRow) -> None:
        members = _at_the_table(row)
        await self._ask(row, Command.CONVENE, ConveneMeeting(members=members, by="督办员02"))

    async def _conclude(self, row: CaseRow) -> None:
        lead, partner = _at_the_table(row)
        tasks = (
            MeetingTask(department=lead, task="牵头现场处置", days=4),
            MeetingTask(department=partner, task="出具认定意见", days=4),
        )
        agreed = ConcludeMeeting(lead=lead, tasks=tasks, minutes="明确牵头单位与时限", by="督办员02")
        open_ended = ConcludeMeeting(minutes="各单位意见不一，未形成结论", by="督办员02")
        concludes = self._plan_of(row.case_id).concludes
        await self._ask(row, Command.CONCLUDE, agreed if concludes else open_ended)

    async def _decide(self, row: CaseRow) -> None:
        for person in ("值班领导甲", "值班领导乙"):
            decision = DecideReferral(accepted=True, by=person, reason="督办与联席会议均未解决")
            await self._ask(row, Command.DECIDE, decision)

    async def _answer(self, row: CaseRow) -> None:
        taken = AnswerReferral(answer=Answer.ACCEPTED, by="纪委监委联络员", reason="受理，请主责单位再次核查")
        await self._ask(row, Command.ANSWER_REFERRAL, taken)

    async def _verify(self, row: CaseRow) -> None:
        await asyncio.sleep(4 * TAKES)  # somebody goes and looks
        verified = VerifyRectification(passed=True, by="督办员02", remark="现场复核，已整改到位")
        await self._ask(row, Command.VERIFY, verified)

    async def _call_back(self, row: CaseRow) -> None:
        said = self._plan_of(row.case_id).callbacks
        number = self._calls.get(row.case_id, 0)
        self._calls[row.case_id] = number + 1
        result = said[min(number, len(said) - 1)]
        await self._ask(row, Command.RECORD_CALLBACK, RecordCallback(result=result, by="局领导回访"))


def _at_the_table(row: CaseRow) -> tuple[str, str]:
    lead = row.lead or DESK_OF_LAST_RESORT
    return lead, next(partner for partner in MEETING_PARTNERS if partner != lead)


Duty = Callable[[CaseRow], Coroutine[Any, Any, None]]
