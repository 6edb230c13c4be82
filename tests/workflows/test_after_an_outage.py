"""Nobody works for a while, and limits pass meanwhile: that saves nobody who was late, and nobody loses by it.

When work goes on, the engine hands what was asked in the outage and the timers that ended to the worker in one task,
commands first.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotlines import LEAD, OTHER, Engines, Life, brisk_rules, hotline, pins
from told_lives import Teller, tell

from desk import orders
from domain.audit import audited
from domain.callbacks import NewReply
from domain.case import CaseView
from domain.commands import Acknowledge, Command, ConcludeMeeting, ConveneMeeting, Escalate, ExtendOrder, HoldCase
from domain.commission import DecideReferral, Grounds, VerifyRectification
from domain.custody import Hands, bookings
from domain.errors import Refused
from domain.ladder import Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import Result
from domain.policy import Limit, Rules
from domain.reckoning import Firing
from domain.values import Value

LIMIT = 8
"""Seconds that every limit lasts here: enough to bring a case to where it is waited for."""
OUTAGE = 1.5
"""Seconds that nobody works beyond the limits."""
RED = 1
"""Seconds after which a red warning follows a limit."""


def short_rules() -> Rules:
    rules = brisk_rules()
    policy = rules.policy
    assert policy.warnings is not None

    def short(limit: Limit, value: int = LIMIT) -> Limit:
        return limit.model_copy(update={"value": value})

    changes: dict[str, Value] = {
        "acknowledge": policy.acknowledge.model_copy(update={"normal": short(policy.acknowledge.normal)}),
        "handle": policy.handle.model_copy(update={"request": short(policy.handle.request)}),
        "meeting": policy.meeting.model_copy(
            update={"convene": short(policy.meeting.convene), "conclude": short(policy.meeting.conclude)}
        ),
        "warnings": policy.warnings.model_copy(update={"red": short(policy.warnings.red, RED)}),
        "supervised": policy.supervised.model_copy(update={"at_least": short(policy.supervised.at_least)}),
    }
    return rules.model_copy(update={"policy": policy.model_copy(update=changes)})


# -- what is waited for when work stops, and what is asked too late -------------------------------------


async def opened(case: Teller) -> None:
    await case.settled()


async def acknowledged(case: Teller) -> None:
    await case.acknowledge()


async def at_meeting(case: Teller) -> None:
    await case.ask(Command.ESCALATE, Escalate(to=Rung.JOINT_MEETING, by="话务长", reason="紧急"))


async def convened(case: Teller) -> None:
    await at_meeting(case)
    await case.ask(Command.CONVENE, MEETING)


async def rectified(case: Teller) -> None:
    await case.ask(Command.ESCALATE, Escalate(to=Rung.REFERRAL, by="话务长", reason="涉嫌失职"))
    for person in ("甲", "乙"):
        decision = DecideReferral(accepted=True, grounds=Grounds.BREACH, by=person, reason="涉嫌失职")
        await case.ask(Command.DECIDE, decision)
    await case.answer()
    await case.reply(days=LIMIT)


async def held(case: Teller) -> None:
    await case.acknowledge()
    await case.ask(Command.HOLD, hold(case, LIMIT))


def hold(case: Teller, seconds: float = 15) -> HoldCase:
    del case
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return HoldCase(reason="appraisal", approved_by="督办员02", until=until, by="话务长")


def acknowledge(case: Teller) -> Acknowledge:
    return Acknowledge(order_id=f"{case.case_id}.1", department=LEAD, by="经办人")


def extension(case: Teller) -> ExtendOrder:
    words: dict[str, Any] = {"reason": "需进一步检测", "told_citizen": "已电话告知", "by": "经办人"}
    return ExtendOrder(order_id=f"{case.case_id}.1", department=LEAD, days=9, **words)


MEETING = ConveneMeeting(members=(LEAD, OTHER), by="督办员")
NO_CONCLUSION = ConcludeMeeting(minutes="无结论", by="督办员")
PASSED = VerifyRectification(passed=True, by="督办员", remark="现场复核")

Way = Callable[[Teller], Awaitable[None]]
LATE: dict[str, tuple[Way, Command, Callable[[Teller], Value], Rung, Outcome]] = {
    "acknowledge": (opened, Command.ACKNOWLEDGE, acknowledge, Rung.DISPATCH, Outcome.NOT_ACKNOWLEDGED),
    "extend": (acknowledged, Command.EXTEND, extension, Rung.DISPATCH, Outcome.OVERDUE),
    "hold": (acknowledged, Command.HOLD, hold, Rung.DISPATCH, Outcome.OVERDUE),
    "convene": (at_meeting, Command.CONVENE, lambda _: MEETING, Rung.JOINT_MEETING, Outcome.NO_CONCLUSION),
    "conclude": (convened, Command.CONCLUDE, lambda _: NO_CONCLUSION, Rung.JOINT_MEETING, Outcome.NO_CONCLUSION),
    "verify": (rectified, Command.VERIFY, lambda _: PASSED, Rung.RECTIFICATION, Outcome.OVERDUE),
}
"""The way to where something is waited for, what is asked after the limit, and what the limit leads to all the same."""

Lived = dict[str, tuple[CaseView, Life, object]]


@pytest.fixture(scope="module")
async def lived(engines: Engines) -> AsyncGenerator[Lived]:
    """Each case before the outage, after it, and what was answered to who asked in it."""
    ways = {name: way for name, (way, *_) in LATE.items()} | {"held": held}
    async with hotline(engines, skip_time=False, rules=short_rules(), works=False) as town:
        async with town.working():
            cases = {name: await tell(town, name) for name in ways}
            await asyncio.gather(*(way(cases[name]) for name, way in ways.items()))
            before = {name: await case.settled() for name, case in cases.items()}
        await asyncio.sleep(LIMIT + OUTAGE)
        asked = {
            name: asyncio.create_task(town.ask(cases[name].case_id, command, content(cases[name])))
            for name, (_, command, content, _, _) in LATE.items()
        }
        await asyncio.sleep(0.5)
        async with town.working():
            answers = dict(zip(asked, await asyncio.gather(*asked.values(), return_exceptions=True), strict=True))
            for case in cases.values():
                await case.settled()
            yield {name: (before[name], await town.checked(cases[name].case_id), answers.get(name)) for name in ways}


@pytest.mark.parametrize("name", LATE)
def test_who_asks_after_the_limit_is_late_though_nobody_had_seen_it_pass(lived: Lived, name: str) -> None:
    *_, rung, outcome = LATE[name]
    before, life, answer = lived[name]
    due = before.waiting[0].until
    left = next(fact for fact in life.of(FactKind.RUNG_LEFT) if fact.at > (due or before.opened_at))
    assert (left.rung, left.payload["outcome"]) == (rung, outcome.value)
    assert next(fact for fact in life.of(FactKind.RUNG_ENTERED) if fact.seq > left.seq).due_at == due
    if name == "hold":  # what comes now can be held all the same
        assert isinstance(answer, CaseView)
    else:
        assert isinstance(answer, Refused)
        assert answer.code == "limit-passed"


def test_a_hold_lasts_to_its_end_and_no_longer(lived: Lived) -> None:
    before, life, _ = lived["held"]
    assert (before.hold is None, life.view.hold) == (False, None)
    ended = life.one(FactKind.HOLD_ENDED)
    assert ended.due_at is not None
    assert ended.at - ended.due_at > timedelta(seconds=OUTAGE / 2)
    assert life.view.orders[0].due_at == before.orders[0].due_at
    (booked,) = [b for b in bookings(life.facts, short_rules().calendar, ended.at) if b.custodian.hands is Hands.HOLD]
    assert booked.clock == ended.due_at - life.one(FactKind.HOLD_STARTED).at


# -- a reply in the outage -------------------------------------------------------------------------------


async def reply(case: Teller) -> None:
    words: dict[str, Any] = {"result": Result.RESOLVED, "statement": "答复内容", "by": "经办人"}
    given = NewReply(order_id=f"{case.case_id}.1", department=LEAD, **words)
    await orders.receive(case.town.desk, given, datetime.now(UTC))


@pytest.fixture(scope="module")
async def replied(engines: Engines) -> AsyncGenerator[dict[str, tuple[Fact, ...]]]:
    """Two replies that nobody hears: one before the red warning is due, one after it."""
    async with hotline(engines, skip_time=False, rules=short_rules(), works=False) as town:
        async with town.working():
            cases = {name: await tell(town, name) for name in ("before", "after")}
            await asyncio.gather(*(acknowledged(case) for case in cases.values()))
            dues = {name: (await case.settled()).orders[0].due_at for name, case in cases.items()}
        said: list[asyncio.Task[object]] = []
        for name, seconds in {"before": RED / 2, "after": RED + OUTAGE / 2}.items():
            due = dues[name]
            assert due is not None
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds() + seconds)
            said.append(asyncio.create_task(reply(cases[name])))
            await asyncio.sleep(0.2)
        async with town.working():
            await asyncio.gather(*said)
            for case in cases.values():
                await case.settled()
            yield {name: (await town.checked(case.case_id)).facts for name, case in cases.items()}


@pytest.mark.parametrize(("name", "reds"), [("before", 0), ("after", 1)])
def test_a_late_reply_spares_the_red_warning_only_if_it_came_before_it(
    replied: dict[str, tuple[Fact, ...]], name: str, reds: int
) -> None:
    facts = replied[name]
    late = next(fact for fact in facts if fact.kind is FactKind.ORDER_REPLIED_LATE)
    warned = [fact for fact in facts if fact.kind is FactKind.WARNING_RED]
    assert len(warned) == reds
    assert all(fact.due_at and fact.due_at < late.spoken_at for fact in warned)
    found = audited("case", facts, pins(short_rules()), (), facts[-1].at + timedelta(hours=1))
    assert [finding for finding in found.findings if finding.firing is Firing.RED] == []
