"""Nobody works for a while, and limits pass meanwhile: that saves nobody who was late, and nobody loses by it.

When work goes on, the engine hands what was asked in the outage and the timers that ended to the worker in one task,
commands first.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotlines import LEAD, OTHER, Engines, Life, brisk_rules, hotline
from told_lives import Teller, tell

from domain.case import CaseView
from domain.commands import (
    Acknowledge,
    Command,
    ConcludeMeeting,
    ConveneMeeting,
    DecideReferral,
    Escalate,
    ExtendOrder,
    Grounds,
    HoldCase,
    VerifyRectification,
)
from domain.custody import Hands, bookings
from domain.errors import Refused
from domain.ladder import Outcome, Rung
from domain.ledger import FactKind
from domain.policy import Limit, Rules
from domain.values import Value

LIMIT = 8
"""Seconds that every limit lasts here: enough to bring a case to where it is waited for."""
OUTAGE = 1.5
"""Seconds that nobody works beyond the limits."""


def short_rules() -> Rules:
    rules = brisk_rules()
    policy = rules.policy

    def short(limit: Limit) -> Limit:
        return limit.model_copy(update={"value": LIMIT})

    changes: dict[str, Value] = {
        "acknowledge": policy.acknowledge.model_copy(update={"normal": short(policy.acknowledge.normal)}),
        "handle": policy.handle.model_copy(update={"request": short(policy.handle.request)}),
        "meeting": policy.meeting.model_copy(
            update={"convene": short(policy.meeting.convene), "conclude": short(policy.meeting.conclude)}
        ),
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
