"""What people do to a case besides answering it: withdraw, merge, escalate, confirm, call back."""

import asyncio
from itertools import pairwise

import pytest
from hotlines import LEAD, OTHER, THIRD, WITHDRAWAL, Hotline, at
from scripts import (
    DAY,
    MINUTE,
    Duty,
    Script,
    acknowledges,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    finds_violation,
    refers,
    resolves,
    verifies,
)

from domain.case import Awaited, Closing, Status
from domain.commands import CallbackResult, Command, Escalate, Merge
from domain.commission import Grounds
from domain.errors import Refused
from domain.ladder import Outcome, Rung
from domain.ledger import FactKind
from domain.order import OrderStatus

RESOLVED = Script(lead={Rung.DISPATCH: (resolves(),)})
EXPLAINED = Script(lead={Rung.DISPATCH: (explains(),)})


def called(*results: CallbackResult) -> Script:
    return Script(people={Awaited.CALLBACK: tuple(calls_back(result) for result in results)})


SATISFIED = called(CallbackResult.SATISFIED)


# -- explained ---------------------------------------------------------------------------------------


async def test_an_explanation_that_is_confirmed_is_told_to_the_citizen(virtual: Hotline) -> None:
    script = EXPLAINED | Script(people={Awaited.CONFIRMATION: (confirms(),)}) | SATISFIED
    life = await virtual.life(await virtual.open("confirmed", script))
    confirmed = life.one(FactKind.EXPLANATION_CONFIRMED)
    assert (confirmed.actor, confirmed.payload) == ("supervisor:督办员", {"reason": "已核实"})
    assert life.endings == [(Rung.DISPATCH, Outcome.EXPLAINED), (Rung.DISPATCH, Outcome.SATISFIED)]
    assert life.view.closing is Closing.EXPLAINED


async def test_an_explanation_that_is_not_confirmed_sends_the_case_up(virtual: Hotline) -> None:
    refuses = Script(people={Awaited.CONFIRMATION: (confirms(confirmed=False),)})
    script = EXPLAINED | refuses | Script(lead={Rung.SUPERVISED: (resolves(),)}) | SATISFIED
    life = await virtual.life(await virtual.open("not-confirmed", script))
    assert life.endings[0] == (Rung.DISPATCH, Outcome.EXPLANATION_REFUSED)
    assert life.one(FactKind.EXPLANATION_REFUSED).payload == {"reason": "已核实"}
    assert life.view.closing is Closing.RESOLVED


async def test_a_supervisor_who_takes_too_long_is_named_and_still_waited_for(virtual: Hotline) -> None:
    script = EXPLAINED | Script(people={Awaited.CONFIRMATION: (confirms(after=20 * DAY),)}) | SATISFIED
    life = await virtual.life(await virtual.open("slow-supervisor", script))
    overdue = life.one(FactKind.WAIT_OVERDUE)
    assert overdue.payload == {"party": "supervisor", "awaited": "confirmation"}
    assert life.view.closing is Closing.EXPLAINED


# -- the callback ------------------------------------------------------------------------------------


async def test_a_citizen_whom_nobody_reaches_is_called_three_times(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("unreached", RESOLVED | called(*[CallbackResult.UNREACHED] * 3)))
    assert life.view.closing is Closing.UNREACHED
    due, recorded = life.of(FactKind.CALLBACK_DUE), life.of(FactKind.CALLBACK_RECORDED)
    assert [fact.payload["result"] for fact in recorded] == ["unreached"] * 3
    assert [fact.payload["department"] for fact in due] == [LEAD] * 3


async def test_a_citizen_who_is_reached_at_the_last_call_decides(virtual: Hotline) -> None:
    results = (CallbackResult.UNREACHED, CallbackResult.UNREACHED, CallbackResult.SATISFIED)
    life = await virtual.life(await virtual.open("reached", RESOLVED | called(*results)))
    assert life.view.closing is Closing.RESOLVED


async def test_a_callback_that_nobody_makes_is_overdue_and_the_case_stays_open(virtual: Hotline) -> None:
    script = RESOLVED | Script(people={Awaited.CALLBACK: (calls_back(after=60 * DAY),)})
    life = await virtual.life(await virtual.open("no-callback", script))
    overdue = life.one(FactKind.WAIT_OVERDUE)
    assert overdue.payload == {"party": "department", "awaited": "callback", "department": LEAD}
    assert life.view.closing is Closing.RESOLVED


async def test_a_citizen_who_is_never_satisfied_goes_up_rung_by_rung_and_never_down(virtual: Hotline) -> None:
    unsatisfied = [CallbackResult.UNSATISFIED] * 4
    people = {
        Awaited.MEETING: (convenes(LEAD, OTHER),),
        Awaited.CONCLUSION: (concludes((OTHER, 5), (LEAD, 5)),),
        Awaited.DECISION: (refers(),),
        Awaited.VERIFICATION: (verifies(), verifies()),
    }
    leads = {
        Rung.DISPATCH: (resolves(),),
        Rung.SUPERVISED: (resolves(),),
        Rung.JOINT_MEETING: (resolves(),),
        Rung.REFERRAL: (finds_violation(),),
    }
    script = Script(people=people, lead=leads) | called(*unsatisfied, CallbackResult.SATISFIED)
    life = await virtual.life(await virtual.open("never-satisfied", script))
    rungs = [rung for rung, outcome in life.endings if outcome is Outcome.UNSATISFIED]
    assert rungs == [Rung.DISPATCH, Rung.SUPERVISED, Rung.JOINT_MEETING, Rung.RECTIFICATION]
    entered = [fact.rung for fact in life.of(FactKind.RUNG_ENTERED)]
    assert all(not earlier.is_above(later) for earlier, later in pairwise(entered))
    assert life.view.closing is Closing.RESOLVED


# -- withdrawn and merged ----------------------------------------------------------------------------


async def test_a_withdrawn_case_takes_its_open_orders_back(virtual: Hotline) -> None:
    script = Script(lead={Rung.DISPATCH: (acknowledges(),)}, assisting={OTHER: Duty(replies=MINUTE)})
    script |= at(Rung.DISPATCH, Command.WITHDRAW, WITHDRAWAL)
    life = await virtual.life(await virtual.open("withdrawn", script, assisting=(OTHER, THIRD)))
    assert {order.department: order.status for order in life.view.orders} == {
        LEAD: OrderStatus.WITHDRAWN,
        OTHER: OrderStatus.REPLIED,
        THIRD: OrderStatus.WITHDRAWN,
    }
    assert [fact.payload["reason"] for fact in life.of(FactKind.ORDER_WITHDRAWN)] == ["withdrawn"] * 2
    assert life.one(FactKind.CASE_WITHDRAWN).payload == {"reason": "诉求人撤回"}
    assert life.view.closing is Closing.WITHDRAWN


async def test_a_duplicate_goes_on_as_part_of_another_case(virtual: Hotline) -> None:
    original = await virtual.open("original", lead=None)
    merge = Merge(into=original, by="话务员", reason="重复诉求")
    life = await virtual.life(await virtual.open("duplicate", at(Rung.DISPATCH, Command.MERGE, merge)))
    assert (life.view.closing, life.view.merged_into) == (Closing.MERGED, original)
    assert [fact.payload["reason"] for fact in life.of(FactKind.ORDER_WITHDRAWN)] == ["merged"]
    absorbing = await virtual.until(original, FactKind.CASE_ABSORBED)
    assert absorbing.view.absorbed == (life.view.case_id,)
    assert absorbing.view.status is Status.QUEUED
    await virtual.ask(original, Command.WITHDRAW, WITHDRAWAL)
    await virtual.life(original)


@pytest.mark.parametrize("into", ["nowhere", "closed"])
async def test_a_merge_into_a_case_that_is_not_open_is_refused_and_changes_nothing(virtual: Hotline, into: str) -> None:
    if into == "closed":
        into = await virtual.open("closed", at(Rung.DISPATCH, Command.WITHDRAW, WITHDRAWAL))
        await virtual.life(into)
    merge = Merge(into=into, by="话务员", reason="重复诉求")
    script = Script(lead={Rung.DISPATCH: (resolves(DAY),)}) | at(Rung.DISPATCH, Command.MERGE, merge) | SATISFIED
    case_id = await virtual.open(f"merge-into-{into[-6:]}", script)
    life = await virtual.life(case_id)
    (refusal,) = virtual.refusals[case_id]
    assert (refusal.reason.code, refusal.reason.params) == ("other-case-not-open", {"case": into})
    assert life.view.closing is Closing.RESOLVED
    assert FactKind.CASE_MERGED not in life.kinds


async def test_two_cases_that_are_merged_into_each_other_at_once_are_not_both_lost(real: Hotline) -> None:
    for attempt in range(6):
        pair = [await real.open(f"mutual-{attempt}-{name}") for name in "ab"]
        await asyncio.gather(*(real.settled(case_id) for case_id in pair))
        merges = [
            real.ask(case_id, Command.MERGE, Merge(into=other, by="话务员", reason="重复诉求"))
            for case_id, other in (pair, reversed(pair))
        ]
        answers = await asyncio.gather(*merges, return_exceptions=True)
        merged = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(merged) <= 1
        for refusal in (answer for answer in answers if isinstance(answer, BaseException)):
            assert isinstance(refusal, Refused)
            assert refusal.code in {"being-merged", "other-case-not-open", "not-allowed-here"}  # the last: just closed
        views = {case_id: await real.view(case_id) for case_id in pair}
        left = [view for view in views.values() if view.status is not Status.CLOSED]
        assert len(left) == 2 - len(merged)
        if merged:
            assert left[0].absorbed == (merged[0].case_id,)
        for view in left:
            await real.ask(view.case_id, Command.WITHDRAW, WITHDRAWAL)
        await real.lives(pair)


async def test_a_chain_of_merges_loses_no_case(real: Hotline) -> None:
    first, second, third = [await real.open(f"chain-{name}") for name in "abc"]
    await real.ask(first, Command.MERGE, Merge(into=second, by="话务员", reason="重复诉求"))
    await real.ask(second, Command.MERGE, Merge(into=third, by="话务员", reason="重复诉求"))
    with pytest.raises(Refused) as refused:
        await real.ask(third, Command.MERGE, Merge(into=second, by="话务员", reason="重复诉求"))
    assert refused.value.code == "other-case-not-open"
    await real.ask(third, Command.WITHDRAW, WITHDRAWAL)
    lives = await real.lives([first, second, third])
    assert [life.view.merged_into for life in lives] == [second, third, None]
    assert [life.view.absorbed for life in lives] == [(), (first,), (second,)]


# -- lifted by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rung", "to"),
    [
        (rung, to)
        for rung in (Rung.DISPATCH, Rung.SUPERVISED, Rung.JOINT_MEETING)
        for to in (Rung.SUPERVISED, Rung.JOINT_MEETING, Rung.REFERRAL)
        if to.is_above(rung)
    ],
)
async def test_a_case_is_lifted_by_hand_to_any_higher_rung(virtual: Hotline, rung: Rung, to: Rung) -> None:
    lift = at(rung, Command.ESCALATE, Escalate(to=to, by="话务长", reason="群众多次来电"))
    people = {
        Awaited.DECISION: (decides(("甲", True), ("乙", True), grounds=Grounds.BREACH),),
        Awaited.VERIFICATION: (verifies(),),
    }
    script = lift | Script(people=people, lead={Rung.REFERRAL: (finds_violation(),)}) | SATISFIED
    life = await virtual.life(await virtual.open(f"lifted-{rung.value}-{to.value}", script))
    escalated = life.one(FactKind.CASE_ESCALATED)
    assert escalated.actor == "operator:话务长"
    assert escalated.payload == {"reason": "群众多次来电", "to": to.value}
    entered = next(fact for fact in life.of(FactKind.RUNG_ENTERED) if fact.seq > escalated.seq)
    assert (entered.rung, entered.at, entered.due_at) == (to, escalated.at, None)
    assert entered.payload == {"came_from": rung.value, "reason": "escalated"}
    assert life.view.closing is Closing.RESOLVED
