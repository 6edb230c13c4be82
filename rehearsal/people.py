"""The people around a rehearsed case, as a departments file describes them.

Nobody here remembers anything: what somebody does follows from the file, the seed and what the case shows, so it
is the same however many cases run at once, and when the engine replays one. Two policies meet the same people:
a draw belongs to the case of the file, the order and the department, not to the policy.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn, TypeAlias, cast

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.case import Awaited, Waiting
from domain.commands import (
    Acknowledge,
    Assign,
    CallbackResult,
    Command,
    ConcludeMeeting,
    ConfirmExplanation,
    ConveneMeeting,
    MeetingTask,
    RecordCallback,
    ReturnOrder,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, Grounds, VerifyRectification
from domain.department import Directory
from domain.ladder import Rung
from domain.order import Order, OrderRequest, OrderStatus, Reply, Result, Role
from domain.permissions import unmet_preconditions
from domain.values import Value
from rehearsal.actors import ScriptedCase
from rehearsal.conduct import Conduct, Profile
from rehearsal.delays import Delay, end_of
from workflows.case import CaseWorkflow
from workflows.case_file import CaseFile
from workflows.tasks import Beside

SLOPPY: Final = 59.0
"""Seconds: nobody is punctual to the second, so no two things happen at once and nothing exactly at its limit."""

Occasion: TypeAlias = tuple[str, datetime]
"""Something that a case waits for, and since when."""


@dataclass(frozen=True)
class Dice:
    """Chance for one case of the file: the same question is always answered alike."""

    seed: int
    case: str

    def roll(self, *question: str | int) -> float:
        """A number from 0 to 1, without 1."""
        words = ":".join(str(word) for word in (self.seed, self.case, *question))
        return random.Random(words).random()  # noqa: S311 - to be repeatable is what it is for


@dataclass(frozen=True)
class People:
    """Everybody around one case."""

    profile: Profile
    directory: Directory
    dice: Dice
    failed: Callable[[str], None]
    """Told of a mistake in the rehearsal itself."""

    # -- departments ---------------------------------------------------------------------------------

    async def answer(self, case: ScriptedCase, request: OrderRequest) -> Reply:
        """What a department does with an order: acknowledges it perhaps, returns it, answers it, or stays silent."""
        file, order = _file(), request.order
        dice = _Draw(self.dice, (order.department, order.order_id.rpartition(".")[2]), file)
        conduct = self.profile.conduct_of(order.department, order.rung, order.role)
        with self._telling(), Beside() as beside:
            beside.start(self._acknowledge(case, order, conduct, dice))
            if order.returnable and dice.happens("returns", conduct.returns.share):
                await self._give_back(case, order, conduct, dice)
            if dice.happens("silent", conduct.silent):
                await _forever()
            delay = conduct.answers.delay_of(file.case.nature, file.case.urgency)
            await dice.wait("answers", delay, since=order.sent_at, pace=conduct.pace)
        explained = dice.happens("explained", conduct.answers.explained)
        return Reply(
            callback_id=f"{order.order_id}.reply",
            result=Result.EXPLAINED if explained else Result.RESOLVED,
            statement="因客观原因暂无法解决，已说明" if explained else "已处理完毕",
            by="经办人",
            limit_days=conduct.answers.limit_days,
            received_at=workflow.now(),
        )

    @contextmanager
    def _telling(self) -> Generator[None]:
        """Tell of a mistake in here: the case would go on as if somebody were silent."""
        try:
            yield
        except Exception as error:
            self.failed(repr(error))
            raise

    async def _acknowledge(self, case: ScriptedCase, order: Order, conduct: Conduct, dice: "_Draw") -> None:
        if not dice.happens("acknowledges", conduct.acknowledges.share):
            return
        with self._telling():
            delay = conduct.acknowledges.delay_of(dice.file.case.nature, dice.file.case.urgency)
            await dice.wait("acknowledges", delay)
            if dice.file.state.orders[order.order_id].status is OrderStatus.SENT:
                command = Acknowledge(order_id=order.order_id, department=order.department, by="经办人")
                await _try(case, Command.ACKNOWLEDGE, command)

    async def _give_back(self, case: ScriptedCase, order: Order, conduct: Conduct, dice: "_Draw") -> None:
        """Return the order; where that is refused (the window is over) the department must do something after all."""
        await dice.wait("returns", conduct.returns.delay)
        command = ReturnOrder(
            order_id=order.order_id,
            department=order.department,
            by="经办人",
            reason="经核实不属于本单位职责",
            basis="三定方案",
        )
        if dice.file.state.orders[order.order_id].is_open and await _try(case, Command.RETURN, command):
            await _forever()

    # -- everybody else ------------------------------------------------------------------------------

    async def act(self, case: ScriptedCase) -> None:
        """Whatever the case waits for, whoever it waits for takes it up, once."""
        file, duties = _file(), self._duties
        taken: set[Occasion] = set()
        turns: Counter[Awaited] = Counter()

        def news() -> Iterator[tuple[Occasion, Waiting]]:
            for key, waiting in file.state.waiting.items():
                if waiting.awaited in duties and (key, waiting.since) not in taken:
                    yield (key, waiting.since), waiting

        with Beside() as beside:
            while True:
                await workflow.wait_condition(lambda: any(True for _ in news()))
                for occasion, waiting in list(news()):
                    taken.add(occasion)
                    turns[waiting.awaited] += 1
                    dice = _Draw(self.dice, (waiting.awaited, turns[waiting.awaited]), file)
                    beside.start(self._take_up(duties[waiting.awaited], _Turn(case, file, dice, occasion)))

    async def _take_up(self, duty: "_Duty", turn: "_Turn") -> None:
        with self._telling():
            await duty(turn)

    @property
    def _duties(self) -> "dict[Awaited, _Duty]":
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

    async def _assign(self, turn: "_Turn") -> None:
        """Name one of the departments that are there for what nobody else takes."""
        await turn.dice.wait("assigns", self.profile.operators.delay)
        state, names = turn.file.state, self.profile.operators.names
        left = [code for code in names if code not in state.returned_by] or list(names)
        department = left[int(turn.dice.roll("names") * len(left))]
        await turn.ask(Command.ASSIGN, Assign(department=department, by="坐席"))

    async def _confirm(self, turn: "_Turn") -> None:
        confirms = self.profile.supervisors.confirms
        await turn.dice.wait("confirms", confirms.delay)
        confirmed = turn.dice.happens("confirmed", confirms.share)
        reason = "已核实，确属无法解决" if confirmed else "理由不充分，应继续办理"
        await turn.ask(Command.EXPLAIN, ConfirmExplanation(confirmed=confirmed, by="督办员", reason=reason))

    async def _convene(self, turn: "_Turn") -> None:
        convenes = self.profile.supervisors.convenes
        if not turn.dice.happens("convened", convenes.share):
            return
        await turn.dice.wait("convenes", convenes.delay)
        await turn.ask(Command.CONVENE, ConveneMeeting(members=self._members(turn.file), by="督办员"))

    def _members(self, file: CaseFile) -> tuple[str, ...]:
        """The departments of the case, the lead first; where that is only one, the next that knows the matter."""
        state = file.state
        of_case = [*([state.lead] if state.lead else []), *(order.department for order in state.orders.values())]
        others = self.directory.candidates(file.case.matter, file.case.district, file.case.street)
        members = list(dict.fromkeys(of_case))
        for code in (*(other.code for other in others), *self.profile.supervisors.partners):
            if len(members) < 2 and code not in members:
                members.append(code)
        return tuple(members)

    async def _conclude(self, turn: "_Turn") -> None:
        """A lead with a task, and one for whoever else takes part; or no conclusion."""
        concludes, members = self.profile.supervisors.concludes, turn.file.state.members
        await turn.dice.wait("concludes", concludes.delay)
        if turn.dice.happens("concluded", concludes.share):
            tasks = tuple(MeetingTask(department=code, task="按会议分工办理") for code in members)
            conclusion = ConcludeMeeting(lead=members[0], tasks=tasks, minutes="明确牵头单位与分工", by="督办员")
        else:
            conclusion = ConcludeMeeting(minutes="各单位意见不一，未形成结论", by="督办员")
        await turn.ask(Command.CONCLUDE, conclusion)

    async def _decide(self, turn: "_Turn") -> None:
        """All of them are of one mind; each takes his own time."""
        accepts = self.profile.commission.accepts
        accepted = turn.dice.happens("accepted", accepts.share)
        breach = bool(unmet_preconditions(turn.file.state, turn.file.policy))

        async def decide(number: int) -> None:
            await turn.dice.wait(f"decides.{number}", accepts.delay)
            decision = DecideReferral(
                accepted=accepted,
                grounds=Grounds.BREACH if breach else Grounds.EXHAUSTED,
                by=f"领导{number}",
                reason="督办与联席会议均未解决" if accepted else "尚未穷尽其他途径",
            )
            await turn.ask(Command.DECIDE, decision)

        await asyncio.gather(*map(decide, range(1, turn.file.policy.referral.deciders.value + 1)))

    async def _answer(self, turn: "_Turn") -> None:
        """The commission answers, and asks for no papers."""
        answers = self.profile.commission.answers or self.profile.commission.accepts
        await turn.dice.wait("answers", answers.delay)
        accepted = turn.dice.happens("taken on", answers.share)
        answer = AnswerReferral(
            answer=Answer.ACCEPTED if accepted else Answer.DECLINED,
            by="纪委监委联络员",
            reason="受理" if accepted else "不属受理范围",
        )
        await turn.ask(Command.ANSWER_REFERRAL, answer)

    async def _verify(self, turn: "_Turn") -> None:
        """Look at a rectification once its department says that it is done."""
        verifies, state = self.profile.supervisors.verifies, turn.file.state

        def done() -> bool:
            newest = [o for o in state.orders.values() if o.rung is Rung.RECTIFICATION and o.role is Role.LEAD][-1:]
            return any(order.status is OrderStatus.REPLIED for order in newest)

        await workflow.wait_condition(lambda: done() or turn.is_over())
        if turn.is_over():
            return
        await turn.dice.wait("verifies", verifies.delay)
        passed = turn.dice.happens("passed", verifies.share)
        remark = "现场复核，已整改到位" if passed else "现场复核，整改不到位"
        await turn.ask(Command.VERIFY, VerifyRectification(passed=passed, by="督办员", remark=remark))

    async def _call_back(self, turn: "_Turn") -> None:
        """The head of the department calls, and the citizen judges what that department has done."""
        await turn.dice.wait("calls", self.profile.callers.delay)
        state = turn.file.state
        citizens = self.profile.conduct_of(state.answered_by or "", state.rung).citizens
        result = CallbackResult.SATISFIED
        if turn.dice.happens("unreached", citizens.unreached):
            result = CallbackResult.UNREACHED
        elif turn.dice.happens("unsatisfied", citizens.unsatisfied):
            result = CallbackResult.UNSATISFIED
        await turn.ask(Command.RECORD_CALLBACK, RecordCallback(result=result, by="单位负责人"))


@dataclass(frozen=True)
class _Draw:
    """Chance in one matter of one case: an order, or something that the case waits for."""

    dice: Dice
    matter: tuple[str | int, ...]
    file: CaseFile

    def roll(self, what: str) -> float:
        return self.dice.roll(*self.matter, what)

    def happens(self, what: str, share: float) -> bool:
        return self.roll(what) < share

    async def wait(self, what: str, delay: Delay, *, since: datetime | None = None, pace: float = 1.0) -> None:
        """Let so much time pass as the delay says, and a few seconds more; from now, unless ``since`` says another."""
        now = workflow.now()
        end = end_of(delay, self.roll(f"{what}.delay"), since or now, self.file.calendar, pace=pace)
        sloppy = 1 + SLOPPY * self.roll(f"{what}.seconds")
        await asyncio.sleep(round(max((end - now).total_seconds(), 0) + sloppy, 3))


@dataclass(frozen=True)
class _Turn:
    """One thing that a case waits for, taken up by one person."""

    case: ScriptedCase
    file: CaseFile
    dice: _Draw
    occasion: Occasion

    def is_over(self) -> bool:
        """Whether the case does not wait for it any more."""
        key, since = self.occasion
        waiting = self.file.state.waiting.get(key)
        return waiting is None or waiting.since != since

    async def ask(self, command: Command, content: Value) -> None:
        """Ask the case, unless it has gone on meanwhile."""
        if not self.is_over():
            await _try(self.case, command, content)


async def _try(case: ScriptedCase, command: Command, content: Value) -> bool:
    """Whether the case did what it was asked."""
    try:
        await case.ask(command, content)
    except ApplicationError:  # refused, as people are now and then
        return False
    return True


async def _forever() -> NoReturn:
    """Do nothing until the order is taken back or the case has ended; costs the engine nothing."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _file() -> CaseFile:
    """The case that this runs in."""
    return cast("CaseWorkflow", workflow.instance()).file


_Duty: TypeAlias = Callable[[_Turn], Coroutine[Any, Any, None]]
