"""What scripted people do, as data: departments with their orders, everybody else when the case waits for them.

A script names, for each rung, what the lead does with its first order there, its second one and so on, and
for each thing a case can wait for, what is done about it the first time, the second time … Whoever is not in
the script stays silent. All delays are clock time in the case's own, virtual time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.case import Awaited, CaseView, Waiting
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
from domain.commission import Answer, AnswerReferral, DecideReferral, Grounds, SupplyPapers, VerifyRectification
from domain.errors import LiandongError
from domain.evidence import Evidence
from domain.ladder import Rung
from domain.order import Order, OrderRequest, Reply, Result, Role
from domain.values import Value
from outbox.failures import from_failure
from rehearsal.actors import ScriptedCase

_Item = TypeVar("_Item")

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Duty:
    """What a department does with one order; counted from its sending, None means never."""

    acknowledges: timedelta | None = None
    replies: timedelta | None = None
    result: Result = Result.RESOLVED
    limit_days: int | None = None
    basis: str | None = None
    returns: timedelta | None = None
    suggests: str | None = None


SILENT = Duty()


def acknowledges(after: timedelta = 10 * MINUTE) -> Duty:
    """Says that it has the order, and no more."""
    return Duty(acknowledges=after)


def resolves(after: timedelta = HOUR) -> Duty:
    return Duty(acknowledges=min(after / 2, HOUR), replies=after)


def explains(after: timedelta = HOUR) -> Duty:
    """Says that it cannot be solved; on a verification, that no violation was found."""
    return Duty(acknowledges=min(after / 2, HOUR), replies=after, result=Result.EXPLAINED)


def finds_violation(after: timedelta = HOUR, *, days: int | None = None, basis: str | None = None) -> Duty:
    """Answers a verification with a finding, and perhaps sets the time limit of the rectification."""
    return Duty(acknowledges=min(after / 2, HOUR), replies=after, limit_days=days, basis=basis)


def returns(after: timedelta = HOUR, *, suggests: str | None = None) -> Duty:
    return Duty(returns=after, suggests=suggests)


@dataclass(frozen=True)
class Move:
    """What somebody asks of the case, a while after there was occasion to."""

    after: timedelta
    command: Command
    content: Value


Turn: TypeAlias = tuple[Move, ...]
"""What is done about one wait; several people may take part in it."""


def convenes(*members: str, after: timedelta = HOUR) -> Turn:
    return (Move(after, Command.CONVENE, ConveneMeeting(members=members, by="督办员")),)


def concludes(*tasks: tuple[str, int | None], after: timedelta = HOUR) -> Turn:
    """A conclusion: departments with their working days, the lead first; none at all is no conclusion."""
    content = ConcludeMeeting(
        lead=tasks[0][0] if tasks else None,
        tasks=tuple(MeetingTask(department=code, task="现场核查处置", days=days) for code, days in tasks),
        minutes="会议纪要",
        by="督办员",
    )
    return (Move(after, Command.CONCLUDE, content),)


def decides(*people: tuple[str, bool], grounds: Grounds = Grounds.EXHAUSTED, after: timedelta = HOUR) -> Turn:
    """Each of these people accepts or declines the referral, one after the other."""
    return tuple(
        Move(
            number * after,
            Command.DECIDE,
            DecideReferral(accepted=accepted, grounds=grounds, by=person, reason="集体研究决定"),
        )
        for number, (person, accepted) in enumerate(people, start=1)
    )


def refers(*, after: timedelta = HOUR) -> Turn:
    """Two people refer the case."""
    return decides(("甲", True), ("乙", True), after=after)


def answers(answer: Answer = Answer.ACCEPTED, *, by: str = "联络员", after: timedelta = HOUR) -> Turn:
    """The commission's answer to a referral."""
    return (Move(after, Command.ANSWER_REFERRAL, AnswerReferral(answer=answer, by=by, reason="经研究")),)


PAPER = Evidence(reference="现场照片.jpg", sha256="a" * 64)


def supplies(*papers: Evidence, after: timedelta = HOUR) -> Turn:
    """A supervisor supplies the papers that the commission asked for."""
    return (Move(after, Command.SUPPLY_PAPERS, SupplyPapers(papers=papers or (PAPER,), by="督办员")),)


def confirms(*, confirmed: bool = True, after: timedelta = HOUR) -> Turn:
    """A supervisor accepts, or does not, that it cannot be solved."""
    return (Move(after, Command.EXPLAIN, ConfirmExplanation(confirmed=confirmed, by="督办员", reason="已核实")),)


def verifies(*, passed: bool = True, after: timedelta = HOUR) -> Turn:
    return (Move(after, Command.VERIFY, VerifyRectification(passed=passed, by="督办员", remark="现场复核")),)


def calls_back(result: CallbackResult = CallbackResult.SATISFIED, *, after: timedelta = HOUR) -> Turn:
    return (Move(after, Command.RECORD_CALLBACK, RecordCallback(result=result, by="话务员")),)


def assigns(department: str, *, after: timedelta = 10 * MINUTE) -> Turn:
    """An operator takes the case out of the queue."""
    return (Move(after, Command.ASSIGN, Assign(department=department, by="话务长")),)


@dataclass(frozen=True)
class Intervention:
    """Something that is asked of the case without its waiting for it."""

    when: Callable[[ScriptedCase], bool]
    move: Move


@dataclass(frozen=True)
class Refusal:
    """A move that the case refused."""

    at: datetime
    command: Command
    reason: LiandongError


class Occasion(NamedTuple):
    """What somebody can react to: an order by its id, a wait by what it is for and since when."""

    name: str
    order_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Script:
    """The people around one case."""

    lead: Mapping[Rung, tuple[Duty, ...]] = field(default_factory=dict[Rung, tuple[Duty, ...]])
    assisting: Mapping[str, Duty] = field(default_factory=dict[str, Duty])
    """By department; the same on every rung."""
    people: Mapping[Awaited, tuple[Turn, ...]] = field(default_factory=dict[Awaited, tuple[Turn, ...]])
    interventions: tuple[Intervention, ...] = ()
    refused: Callable[[str, Refusal], None] | None = None
    """Told, with the case id, of every move that was refused; again when the case is replayed."""

    def __or__(self, other: "Script") -> "Script":
        """Both; where both say something, ``other`` counts."""
        return replace(
            self,
            lead={**self.lead, **other.lead},
            assisting={**self.assisting, **other.assisting},
            people={**self.people, **other.people},
            interventions=self.interventions + other.interventions,
            refused=other.refused or self.refused,
        )

    # -- departments ---------------------------------------------------------------------------------

    def _duty(self, case: ScriptedCase, order: Order) -> Duty:
        if order.role is Role.ASSISTING:
            return self.assisting.get(order.department, SILENT)
        on_rung = [o.order_id for o in case.view.orders if o.role is Role.LEAD and o.rung is order.rung]
        return _nth(self.lead.get(order.rung, ()), on_rung.index(order.order_id)) or SILENT

    async def answer(self, case: ScriptedCase, request: OrderRequest) -> Reply:
        order = request.order
        duty = self._duty(case, order)
        if duty.replies is None:
            await workflow.wait_condition(lambda: False)
        else:
            await asyncio.sleep(duty.replies.total_seconds())
        return Reply(
            callback_id=f"reply-{order.order_id}",
            result=duty.result,
            statement="答复内容",
            by="经办人",
            limit_days=duty.limit_days,
            basis=duty.basis,
            received_at=workflow.now(),
        )

    def _moves_of(self, case: ScriptedCase, order: Order) -> Turn:
        duty = self._duty(case, order)
        names: dict[str, Any] = {"order_id": order.order_id, "department": order.department, "by": "经办人"}
        moves: Turn = ()
        if duty.acknowledges is not None:
            moves += (Move(duty.acknowledges, Command.ACKNOWLEDGE, Acknowledge(**names)),)
        if duty.returns is not None:
            command = ReturnOrder(**names, reason="不属于本单位职责", basis="三定方案", suggests=duty.suggests)
            moves += (Move(duty.returns, Command.RETURN, command),)
        return moves

    # -- everybody -----------------------------------------------------------------------------------

    async def act(self, case: ScriptedCase) -> None:
        """Everybody at work: each order and each wait is an occasion, once."""
        seen: set[Occasion] = set()
        turns: Counter[Awaited] = Counter()

        def news() -> dict[Occasion, Order | Waiting]:
            return {key: found for key, found in _occasions(case.view).items() if key not in seen}

        people = [asyncio.create_task(self._intervene(case, intervention)) for intervention in self.interventions]
        while True:
            await case.until(lambda _: bool(news()))
            for key, found in news().items():
                seen.add(key)
                if isinstance(found, Order):
                    moves = self._moves_of(case, found)
                else:
                    moves = _nth(self.people.get(found.awaited, ()), turns[found.awaited]) or ()
                    turns[found.awaited] += 1
                people += [asyncio.create_task(self._make(case, move)) for move in moves]

    async def _intervene(self, case: ScriptedCase, intervention: Intervention) -> None:
        await case.until(intervention.when)
        await self._make(case, intervention.move)

    async def _make(self, case: ScriptedCase, move: Move) -> None:
        await asyncio.sleep(move.after.total_seconds())
        try:
            await case.ask(move.command, move.content)
        except ApplicationError as error:
            reason = from_failure(error)
            if self.refused is not None and reason is not None:
                self.refused(case.view.case_id, Refusal(workflow.now(), move.command, reason))


def _occasions(view: CaseView) -> dict[Occasion, Order | Waiting]:
    orders = {Occasion(order.order_id): order for order in view.orders}
    return orders | {Occasion(f"{w.awaited}", w.order_id, w.since): w for w in view.waiting}


def _nth(items: Sequence[_Item], number: int) -> _Item | None:
    return items[number] if number < len(items) else None
