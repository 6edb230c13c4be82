"""What cases at each station refuse, asked by real updates: the reason is said, and nothing changes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hotlines import LEAD, OTHER, THIRD, WITHDRAWAL, Engines, Hotline, hotline
from scripts import PAPER

from desk.orders import receive
from domain.callbacks import NewReply
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
    MeetingTask,
    Merge,
    NoteLateReply,
    RecordCallback,
    ReturnOrder,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, Grounds, SupplyPapers, VerifyRectification
from domain.errors import LiandongError, NotFound, NotYours, Refused
from domain.ladder import Rung
from domain.order import Reply, Result, Role
from domain.values import Value

BREACH = DecideReferral(accepted=True, grounds=Grounds.BREACH, by="甲", reason="涉嫌失职")
MEETING = ConveneMeeting(members=(LEAD, OTHER), by="督办员")
CONCLUSION = ConcludeMeeting(
    lead=LEAD, tasks=(MeetingTask(department=LEAD, task="拆除", days=3),), minutes="纪要", by="督办员"
)

# -- ways to each station ----------------------------------------------------------------------------


async def escalated(town: Hotline, name: str, to: Rung, lead: str | None = LEAD) -> str:
    case_id = await town.open(name, lead=lead)
    await town.settled(case_id)
    await town.ask(case_id, Command.ESCALATE, Escalate(to=to, by="话务长", reason="紧急"))
    return case_id


async def acknowledged(town: Hotline, name: str) -> str:
    case_id = await town.open(name)
    await town.settled(case_id)
    await town.ask(case_id, Command.ACKNOWLEDGE, Acknowledge(order_id=f"{case_id}.1", department=LEAD, by="张工"))
    return case_id


async def replied(town: Hotline, case_id: str, result: Result) -> str:
    view = await town.settled(case_id)
    given = NewReply(order_id=view.orders[-1].order_id, department=LEAD, result=result, statement="答复内容", by="张工")
    await receive(town.desk, given, datetime.now(UTC))
    return case_id


async def returned(town: Hotline, name: str) -> str:
    """Returned twice: the third order is supervised, and the hotline has named its department."""
    case_id = await town.open(name)
    for number, department in enumerate((LEAD, OTHER), start=1):
        await town.settled(case_id)
        words: dict[str, Any] = {"reason": "不属于本单位职责", "basis": "三定方案", "suggests": OTHER}
        command = ReturnOrder(order_id=f"{case_id}.{number}", department=department, by="张工", **words)
        await town.ask(case_id, Command.RETURN, command)
    return case_id


async def convened(town: Hotline, name: str) -> str:
    case_id = await escalated(town, name, Rung.JOINT_MEETING)
    await town.ask(case_id, Command.CONVENE, MEETING)
    return case_id


async def concluded(town: Hotline, name: str) -> str:
    case_id = await convened(town, name)
    await town.ask(case_id, Command.CONCLUDE, CONCLUSION)
    return case_id


async def referred(town: Hotline, name: str, lead: str | None = LEAD) -> str:
    case_id = await escalated(town, name, Rung.REFERRAL, lead)
    await town.settled(case_id)
    for person in ("甲", "乙"):
        await town.ask(case_id, Command.DECIDE, BREACH.model_copy(update={"by": person}))
    return case_id


async def taken_on(town: Hotline, name: str, lead: str | None = LEAD) -> str:
    return await answered(town, referred(town, name, lead), Answer.ACCEPTED)


async def answered(town: Hotline, way: Awaitable[str], answer: Answer) -> str:
    case_id = await way
    await town.settled(case_id)
    await town.ask(case_id, Command.ANSWER_REFERRAL, AnswerReferral(answer=answer, by="联络员", reason="经研究"))
    return case_id


async def opened(town: Hotline, name: str, lead: str | None = LEAD) -> str:
    return await town.open(name, lead=lead)


Way = Callable[[Hotline, str], Awaitable[str]]

STATIONS: dict[str, tuple[Way, str]] = {
    "queue": (lambda town, name: opened(town, name, None), "assign escalate"),
    "sent": (opened, "acknowledge assign escalate return"),
    "acknowledged": (acknowledged, "assign escalate return"),
    "explained": (
        lambda town, name: _after(acknowledged(town, name), lambda case_id: replied(town, case_id, Result.EXPLAINED)),
        "escalate explain",
    ),
    "supervised": (
        lambda town, name: escalated(town, name, Rung.SUPERVISED),
        "acknowledge assign escalate return",
    ),
    "supervised-queue": (lambda town, name: escalated(town, name, Rung.SUPERVISED, None), "assign escalate"),
    "named": (returned, "acknowledge assign escalate"),
    "to-convene": (lambda town, name: escalated(town, name, Rung.JOINT_MEETING), "convene escalate"),
    "to-conclude": (convened, "conclude escalate"),
    "tasks": (concluded, "acknowledge escalate"),
    "to-decide": (lambda town, name: escalated(town, name, Rung.REFERRAL), "decide"),
    "to-answer": (referred, "answer_referral"),
    "to-supply": (lambda town, name: answered(town, referred(town, name), Answer.MORE), "supply_papers"),
    "verifying": (taken_on, "acknowledge"),
    "verifying-queue": (lambda town, name: taken_on(town, name, None), "assign"),
    "no-violation": (
        lambda town, name: _after(taken_on(town, name), lambda case_id: replied(town, case_id, Result.EXPLAINED)),
        "explain",
    ),
    "rectification": (
        lambda town, name: _after(taken_on(town, name), lambda case_id: replied(town, case_id, Result.RESOLVED)),
        "acknowledge verify",
    ),
    "callback": (
        lambda town, name: _after(acknowledged(town, name), lambda case_id: replied(town, case_id, Result.RESOLVED)),
        "record_callback",
    ),
}
"""How a case gets to each station, and what people may ask of it there, besides withdrawing and merging it."""


async def _after(way: Awaitable[str], then: Callable[[str], Awaitable[str]]) -> str:
    return await then(await way)


def contents(case_id: str) -> dict[Command, Value]:
    """Each command as it would be accepted where its station allows it, but for those about one order."""
    return {
        Command.ASSIGN: Assign(department=THIRD, by="话务长"),
        Command.EXPLAIN: ConfirmExplanation(confirmed=True, by="督办员", reason="属实"),
        Command.ESCALATE: Escalate(by="话务长", reason="紧急"),
        Command.WITHDRAW: WITHDRAWAL,
        Command.MERGE: Merge(into=f"{case_id}-original", by="话务员", reason="重复"),
        Command.CONVENE: MEETING,
        Command.CONCLUDE: CONCLUSION,
        Command.DECIDE: BREACH.model_copy(update={"by": "丙"}),
        Command.ANSWER_REFERRAL: AnswerReferral(answer=Answer.ACCEPTED, by="联络员", reason="受理"),
        Command.SUPPLY_PAPERS: SupplyPapers(papers=(PAPER,), by="督办员"),
        Command.VERIFY: VerifyRectification(passed=True, by="督办员", remark="已复核"),
        Command.RECORD_CALLBACK: RecordCallback(result=CallbackResult.SATISFIED, by="话务员"),
    }


ASKED = sorted(contents("any"))


@pytest.fixture(scope="module")
async def parked(engines: Engines) -> AsyncGenerator[tuple[Hotline, dict[str, str]]]:
    """A case at each station."""
    async with hotline(engines, skip_time=False) as town:
        ways = [way(town, name) for name, (way, _) in STATIONS.items()]
        case_ids = dict(zip(STATIONS, await asyncio.gather(*ways), strict=True))
        for case_id in case_ids.values():
            await town.settled(case_id)
            await town.checked(case_id)
        yield town, case_ids


Parked = tuple[Hotline, dict[str, str]]


def allowed_at(station: str) -> set[Command]:
    """What the table says; on a rung the clock can be held, a dispatched lead can ask for more time, and who has an
    open order can give an interim word."""
    clock = [] if station == "callback" else ["hold"]
    more_time = ["extend"] if station in ("sent", "acknowledged") else []
    words = STATIONS[station][1].split()
    interim = ["progress"] if {"acknowledge", "return"} & set(words) else []
    return {Command(word) for word in [*words, "withdraw", "merge", *clock, *more_time, *interim]}


async def refusal(town: Hotline, case_id: str, command: Command, content: Value) -> LiandongError:
    """Why the case refuses; it must be as it was."""
    before = await town.view(case_id), await length(town, case_id)
    with pytest.raises(LiandongError) as refused:
        await town.ask(case_id, command, content)
    assert (await town.view(case_id), await length(town, case_id)) == before
    return refused.value


async def length(town: Hotline, case_id: str) -> int:
    """How many events the case's history has."""
    return (await town.handle(case_id).describe()).history_length


@pytest.mark.parametrize("station", STATIONS)
async def test_a_case_shows_what_it_allows(parked: Parked, station: str) -> None:
    town, case_ids = parked
    view = await town.view(case_ids[station])
    hidden = {Command.ABSORB, Command.NOTE_LATE_REPLY, Command.NOTE_UNDELIVERED, Command.CHANGE_RULES}
    assert {Command(word) for word in view.allowed} - hidden == allowed_at(station)


@pytest.mark.parametrize(
    ("station", "command"), [(at, asked) for at, asked in product(STATIONS, ASKED) if asked not in allowed_at(at)]
)
async def test_a_station_refuses_what_it_does_not_know(parked: Parked, station: str, command: Command) -> None:
    town, case_ids = parked
    error = await refusal(town, case_ids[station], command, contents(case_ids[station])[command])
    assert isinstance(error, Refused)
    if (station, command) == ("to-conclude", Command.CONVENE):
        assert error.code == "already-convened"
        return
    view = await town.view(case_ids[station])
    assert error.code == "not-allowed-here"
    assert error.params == {
        "asked": command.value,
        "step": view.step.value,
        "allowed": ", ".join(sorted(allowed_at(station))),
    }


Ask = tuple[str, Command, Callable[[str], Value], type[LiandongError], str, dict[str, str]]


def order(case_id: str, number: int = 1) -> str:
    return f"{case_id}.{number}"


def acknowledge(case_id: str, number: int = 1, department: str = LEAD) -> Acknowledge:
    return Acknowledge(order_id=order(case_id, number), department=department, by="张工")


def a_return(case_id: str, number: int = 1, department: str = LEAD) -> ReturnOrder:
    return ReturnOrder(order_id=order(case_id, number), department=department, by="张工", reason="非职责", basis="三定")


def late(case_id: str, number: int = 1) -> NoteLateReply:
    given = Reply(
        callback_id="late", result=Result.RESOLVED, statement="已处置", by="张工", received_at=datetime.now(UTC)
    )
    return NoteLateReply(order_id=order(case_id, number), reply=given)


def assign(department: str, role: Role = Role.LEAD) -> Callable[[str], Assign]:
    return lambda _: Assign(department=department, role=role, by="话务长")


def escalate(to: Rung) -> Callable[[str], Escalate]:
    return lambda _: Escalate(to=to, by="话务长", reason="紧急")


def decide(**changes: object) -> Callable[[str], DecideReferral]:
    return lambda _: BREACH.model_copy(update=changes)


def outsiders(_: str) -> ConcludeMeeting:
    return CONCLUSION.model_copy(update={"tasks": (*CONCLUSION.tasks, MeetingTask(department=THIRD, task="清运"))})


UPWARDS = "supervised, joint_meeting, referral"
UNMET = {"unmet": "supervised, joint_meeting", "allowed": "--grounds breach"}
REFUSALS: list[Ask] = [
    ("sent", Command.ACKNOWLEDGE, lambda c: acknowledge(c, 9), NotFound, "order-unknown", {"order": "{case}.9"}),
    ("sent", Command.RETURN, lambda c: a_return(c, 9), NotFound, "order-unknown", {"order": "{case}.9"}),
    ("sent", Command.NOTE_LATE_REPLY, lambda c: late(c, 9), NotFound, "order-unknown", {"order": "{case}.9"}),
    (
        "sent",
        Command.ACKNOWLEDGE,
        lambda c: acknowledge(c, department=OTHER),
        NotYours,
        "order-not-yours",
        {"order": "{case}.1", "department": OTHER},
    ),
    (
        "sent",
        Command.RETURN,
        lambda c: a_return(c, department=OTHER),
        NotYours,
        "order-not-yours",
        {"order": "{case}.1", "department": OTHER},
    ),
    (
        "supervised",
        Command.ACKNOWLEDGE,
        acknowledge,
        Refused,
        "order-ended",
        {"order": "{case}.1", "asked": "acknowledge", "status": "superseded"},
    ),
    (
        "callback",
        Command.RETURN,
        a_return,
        Refused,
        "order-ended",
        {"order": "{case}.1", "asked": "return", "status": "replied"},
    ),
    (
        "named",
        Command.RETURN,
        lambda c: a_return(c, 3),
        Refused,
        "not-returnable",
        {"order": "{case}.3", "rung": "supervised", "allowed": "reply"},
    ),
    (
        "tasks",
        Command.RETURN,
        lambda c: a_return(c, 2),
        Refused,
        "not-returnable",
        {"order": "{case}.2", "rung": "joint_meeting", "allowed": "reply"},
    ),
    ("callback", Command.NOTE_LATE_REPLY, late, Refused, "already-replied", {"order": "{case}.1"}),
    ("sent", Command.ASSIGN, assign(LEAD), Refused, "already-assigned", {"department": LEAD}),
    ("sent", Command.ASSIGN, assign(LEAD, Role.ASSISTING), Refused, "already-assigned", {"department": LEAD}),
    ("queue", Command.ASSIGN, assign(LEAD, Role.ASSISTING), Refused, "no-lead-yet", {"department": LEAD}),
    (
        "sent",
        Command.ESCALATE,
        escalate(Rung.DISPATCH),
        Refused,
        "cannot-escalate-to",
        {"rung": "dispatch", "to": "dispatch", "allowed": UPWARDS},
    ),
    (
        "sent",
        Command.ESCALATE,
        escalate(Rung.RECTIFICATION),
        Refused,
        "cannot-escalate-to",
        {"rung": "dispatch", "to": "rectification", "allowed": UPWARDS},
    ),
    (
        "to-convene",
        Command.ESCALATE,
        escalate(Rung.SUPERVISED),
        Refused,
        "cannot-escalate-to",
        {"rung": "joint_meeting", "to": "supervised", "allowed": "referral"},
    ),
    (
        "sent",
        Command.MERGE,
        lambda c: Merge(into=c, by="话务员", reason="重复"),
        Refused,
        "merge-into-itself",
        {"case": "{case}"},
    ),
    (
        "sent",
        Command.ABSORB,
        lambda c: Absorb(duplicate=c, by="话务员"),
        Refused,
        "merge-into-itself",
        {"case": "{case}"},
    ),
    (
        "to-conclude",
        Command.CONCLUDE,
        outsiders,
        Refused,
        "not-at-the-meeting",
        {"department": THIRD, "members": f"{LEAD}, {OTHER}"},
    ),
    ("to-decide", Command.DECIDE, decide(grounds=Grounds.EXHAUSTED), Refused, "preconditions-unmet", UNMET),
]


@pytest.mark.parametrize(
    ("station", "command", "content", "kind", "code", "params"), REFUSALS, ids=[f"{r[0]}-{r[4]}" for r in REFUSALS]
)
async def test_a_refusal_says_why(
    parked: Parked,
    station: str,
    command: Command,
    content: Callable[[str], Value],
    kind: type[LiandongError],
    code: str,
    params: dict[str, str],
) -> None:
    town, case_ids = parked
    case_id = case_ids[station]
    error = await refusal(town, case_id, command, content(case_id))
    assert (type(error), error.code) == (kind, code)
    assert error.params == {key: value.replace("{case}", case_id) for key, value in params.items()}


async def test_an_order_is_acknowledged_once(parked: Parked) -> None:
    town, case_ids = parked
    error = await refusal(town, case_ids["acknowledged"], Command.ACKNOWLEDGE, acknowledge(case_ids["acknowledged"]))
    sent = (await town.view(case_ids["acknowledged"])).orders[0]
    assert sent.acknowledged_at is not None
    assert error.code == "already-acknowledged"
    assert error.params == {"order": sent.order_id, "at": sent.acknowledged_at.isoformat(timespec="seconds")}


async def test_a_referral_is_not_decided_twice_by_one_person(real: Hotline) -> None:
    case_id = await escalated(real, "one-person", Rung.REFERRAL)
    await real.ask(case_id, Command.DECIDE, BREACH)
    await real.settled(case_id)
    error = await refusal(real, case_id, Command.DECIDE, BREACH.model_copy(update={"accepted": False}))
    assert (error.code, error.params) == ("already-decided", {"by": "甲"})


@pytest.mark.parametrize("command", ASKED)
async def test_a_closed_case_refuses_everything_and_says_how_it_ended(real: Hotline, command: Command) -> None:
    case_id = f"{real.prefix}-closed"
    if case_id not in real.scripts:
        await real.open("closed")
        await real.ask(case_id, Command.WITHDRAW, WITHDRAWAL)
        await real.life(case_id)
    error = await refusal(real, case_id, command, contents(case_id)[command])
    assert (error.code, error.params) == (
        "case-closed",
        {"case": case_id, "asked": command.value, "closing": "withdrawn"},
    )


@pytest.mark.parametrize("command", ASKED)
async def test_a_case_that_nobody_knows_is_named(real: Hotline, command: Command) -> None:
    with pytest.raises(NotFound) as refused:
        await real.ask("unheard-of", command, contents("unheard-of")[command])
    assert (refused.value.code, refused.value.params) == ("case-unknown", {"case": "unheard-of"})
