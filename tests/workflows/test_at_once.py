"""Two people ask at the same time: one of them is first, the other is told so, and the record has one fact."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from hotlines import LEAD, OTHER, THIRD, WITHDRAWAL, Engines, Hotline, hotline
from told_lives import Teller, tell

from desk.orders import receive
from domain.callbacks import NewReply
from domain.case import CaseView
from domain.commands import (
    Absorb,
    Acknowledge,
    Assign,
    CallbackResult,
    Command,
    ConcludeMeeting,
    ConfirmExplanation,
    ConveneMeeting,
    Escalate,
    RecordCallback,
    ReturnOrder,
)
from domain.commission import DecideReferral, Grounds, VerifyRectification
from domain.errors import Refused
from domain.ladder import Rung
from domain.ledger import FactKind
from domain.order import Result
from domain.values import Value

Asked = tuple[Command, Value]
BREACH = DecideReferral(accepted=True, grounds=Grounds.BREACH, by="甲", reason="涉嫌失职")
MEETING = ConveneMeeting(members=(LEAD, OTHER), by="督办员")
PASSED = VerifyRectification(passed=True, by="督办员", remark="现场复核")
UPWARDS = Escalate(by="话务长", reason="紧急")
NO_CONCLUSION = ConcludeMeeting(minutes="无结论", by="督办员")


async def opened(town: Hotline, name: str) -> Teller:
    return await tell(town, name)


async def queued(town: Hotline, name: str) -> Teller:
    return await tell(town, name, lead=None)


async def acknowledged(town: Hotline, name: str) -> Teller:
    case = await tell(town, name)
    await case.acknowledge()
    return case


async def explained(town: Hotline, name: str) -> Teller:
    case = await tell(town, name)
    await case.reply(result=Result.EXPLAINED)
    return case


async def called(town: Hotline, name: str) -> Teller:
    case = await tell(town, name)
    await case.reply()
    return case


async def at_meeting(town: Hotline, name: str) -> Teller:
    case = await tell(town, name)
    await case.ask(Command.ESCALATE, Escalate(to=Rung.JOINT_MEETING, by="话务长", reason="紧急"))
    return case


async def convened(town: Hotline, name: str) -> Teller:
    case = await at_meeting(town, name)
    await case.ask(Command.CONVENE, MEETING)
    return case


async def at_referral(town: Hotline, name: str) -> Teller:
    case = await tell(town, name)
    await case.ask(Command.ESCALATE, Escalate(to=Rung.REFERRAL, by="话务长", reason="涉嫌失职"))
    return case


async def rectified(town: Hotline, name: str) -> Teller:
    case = await at_referral(town, name)
    for person in ("甲", "乙"):
        await case.ask(Command.DECIDE, BREACH.model_copy(update={"by": person}))
    await case.answer()
    await case.reply()
    return case


def acknowledge(case: Teller) -> Acknowledge:
    return Acknowledge(order_id=f"{case.case_id}.1", department=LEAD, by="经办人")


def a_return(case: Teller) -> ReturnOrder:
    return ReturnOrder(order_id=f"{case.case_id}.1", department=LEAD, by="经办人", reason="非职责", basis="三定")


def recorded(result: CallbackResult) -> RecordCallback:
    return RecordCallback(result=result, by="话务员")


def confirmed(confirmed: bool) -> ConfirmExplanation:
    return ConfirmExplanation(confirmed=confirmed, by="督办员", reason="已核实")


CONTESTS: dict[str, tuple[Callable[[Hotline, str], Awaitable[Teller]], Callable[[Teller], list[Asked]]]] = {
    "acknowledge": (opened, lambda case: [(Command.ACKNOWLEDGE, acknowledge(case))] * 2),
    "return": (acknowledged, lambda case: [(Command.RETURN, a_return(case))] * 2),
    "assign": (queued, lambda case: [(Command.ASSIGN, Assign(department=LEAD, by="话务长"))] * 2),
    "explain": (explained, lambda case: [(Command.EXPLAIN, confirmed(word)) for word in (True, False)]),
    "convene": (at_meeting, lambda case: [(Command.CONVENE, MEETING)] * 2),
    "conclude": (convened, lambda case: [(Command.CONCLUDE, NO_CONCLUSION)] * 2),
    "decide": (at_referral, lambda case: [(Command.DECIDE, BREACH)] * 2),
    "verify": (rectified, lambda case: [(Command.VERIFY, PASSED)] * 2),
    "call": (called, lambda case: [(Command.RECORD_CALLBACK, recorded(word)) for word in list(CallbackResult)[:2]]),
    "withdraw": (opened, lambda case: [(Command.WITHDRAW, WITHDRAWAL)] * 2),
}
"""Where two commands meet of which only one can be carried out."""

FACTS = {
    "acknowledge": (FactKind.ORDER_ACKNOWLEDGED,),
    "return": (FactKind.ORDER_RETURNED,),
    "assign": (FactKind.ORDER_ASSIGNED,),
    "explain": (FactKind.EXPLANATION_CONFIRMED, FactKind.EXPLANATION_REFUSED),
    "convene": (FactKind.MEETING_CONVENED,),
    "conclude": (FactKind.MEETING_CONCLUDED,),
    "decide": (FactKind.REFERRAL_DECIDED,),
    "verify": (FactKind.RECTIFICATION_VERIFIED, FactKind.RECTIFICATION_FAILED),
    "call": (FactKind.CALLBACK_RECORDED,),
    "withdraw": (FactKind.CASE_WITHDRAWN,),
}


async def asked_at_once(case: Teller, asked: list[Asked]) -> tuple[list[CaseView], list[Refused]]:
    """Who was heard and who was refused."""
    await case.settled()
    questions = [case.town.ask(case.case_id, command, content) for command, content in asked]
    answers = await asyncio.gather(*questions, return_exceptions=True)
    heard = [answer for answer in answers if isinstance(answer, CaseView)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(heard) + len(refused) == len(asked), answers
    return heard, refused


async def left_alone(case: Teller, view: CaseView) -> None:
    """End the case, where it has not ended, and look at its record."""
    if view.allowed:
        await case.ask(Command.WITHDRAW, WITHDRAWAL)
    await case.life()


@pytest.mark.parametrize("contest", CONTESTS)
async def test_one_of_two_is_heard(real: Hotline, contest: str) -> None:
    way, asked = CONTESTS[contest]
    case = await way(real, f"at-once-{contest}")
    heard, refused = await asked_at_once(case, asked(case))
    assert (len(heard), len(refused)) == (1, 1)
    view = await case.settled()
    life = await real.checked(case.case_id)
    assert len([fact for fact in life.facts if fact.kind in FACTS[contest]]) == 1
    await left_alone(case, view)


async def test_what_arrives_together_with_the_case_comes_after_its_opening(engines: Engines) -> None:
    """No worker has seen the case yet when the first command is there: both are its first step."""
    commands: list[Asked] = [
        (Command.ESCALATE, UPWARDS),
        (Command.WITHDRAW, WITHDRAWAL),
        (Command.ABSORB, Absorb(duplicate="another-case", by="话务员")),
    ]
    async with hotline(engines, skip_time=False, works=False) as town:
        opened_cases = [await town.open(f"early-{command.value}") for command, _ in commands]
        questions = [
            asyncio.create_task(town.ask(case_id, command, content))
            for case_id, (command, content) in zip(opened_cases, commands, strict=True)
        ]
        await asyncio.sleep(0.3)
        async with town.working():
            await asyncio.gather(*questions)
            for case_id in opened_cases:
                await town.settled(case_id)
                life = await town.checked(case_id)
                assert life.kinds[:2] == [FactKind.CASE_OPENED, FactKind.RUNG_ENTERED]


async def test_an_operator_who_names_a_department_as_it_is_returned_is_heard(engines: Engines) -> None:
    """Both are in one task of the engine: whom the return suggests does not take the place of whom was named."""
    async with hotline(engines, skip_time=False, works=False) as town:
        async with town.working():
            case = await acknowledged(town, "returned-and-assigned")
            await case.settled()
        asked: list[Asked] = [
            (Command.RETURN, a_return(case).model_copy(update={"suggests": OTHER})),
            (Command.ASSIGN, Assign(department=THIRD, by="话务长")),
        ]
        questions: list[asyncio.Task[CaseView]] = []
        for command, content in asked:
            questions.append(asyncio.create_task(town.ask(case.case_id, command, content)))
            await asyncio.sleep(0.3)
        async with town.working():
            await asyncio.gather(*questions)
            view = await case.settled()
            assert [order.department for order in view.orders] == [LEAD, THIRD]
            assert view.lead == THIRD


async def test_withdrawn_and_lifted_at_once_a_case_is_closed(real: Hotline) -> None:
    for attempt in range(3):
        case = await opened(real, f"both-{attempt}")
        asked: list[Asked] = [(Command.ESCALATE, UPWARDS), (Command.WITHDRAW, WITHDRAWAL)]
        heard, refused = await asked_at_once(case, asked)
        assert len(heard) + len(refused) == 2
        await left_alone(case, await case.settled())


async def test_of_two_departments_that_are_named_at_once_the_last_one_leads(real: Hotline) -> None:
    case = await opened(real, "two-leads")
    asked: list[Asked] = [(Command.ASSIGN, Assign(department=code, by="话务长")) for code in (OTHER, THIRD)]
    heard, _ = await asked_at_once(case, asked)
    assert len(heard) == 2
    view = await case.settled()
    open_orders = [order for order in view.orders if order.is_open]
    assert [order.department for order in open_orders] == [view.lead]
    await left_alone(case, view)


async def test_a_reply_and_a_withdrawal_at_once(real: Hotline) -> None:
    """Whichever comes first, the case is closed as withdrawn and the reply is not lost."""
    for attempt in range(3):
        case = await opened(real, f"reply-and-withdrawal-{attempt}")
        await case.settled()
        given = NewReply(
            order_id=f"{case.case_id}.1", department=LEAD, result=Result.RESOLVED, statement="已处置", by="经办人"
        )
        answers = await asyncio.gather(
            receive(real.desk, given, datetime.now(UTC)),
            real.ask(case.case_id, Command.WITHDRAW, WITHDRAWAL),
            return_exceptions=True,
        )
        assert not [answer for answer in answers if isinstance(answer, BaseException)]
        life = await case.life()
        kept = [fact.kind for fact in life.facts if fact.kind in (FactKind.ORDER_REPLIED, FactKind.ORDER_REPLIED_LATE)]
        assert len(kept) <= 1
