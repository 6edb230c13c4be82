"""Departments: several on one case, "not ours", silence, late replies, and who leads next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hotlines import LEAD, OTHER, THIRD, Hotline, Life, at
from scripts import (
    DAY,
    HOUR,
    MINUTE,
    SILENT,
    Duty,
    Script,
    acknowledges,
    assigns,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    finds_violation,
    refers,
    resolves,
    returns,
    verifies,
)

from domain.case import Awaited, Closing
from domain.commands import Assign, Command, Escalate
from domain.commission import Grounds
from domain.ladder import Outcome, Rung
from domain.ledger import FactKind
from domain.order import Order, OrderStatus, Role

SATISFIED = Script(people={Awaited.CALLBACK: (calls_back(),)})
SHED: dict[str, Any] = {"matter": "rooftop-shed", "street": "460106003"}
"""A matter and a place that the shipped directory knows departments for."""


def lead(*duties: Duty, rung: Rung = Rung.DISPATCH) -> Script:
    return Script(lead={rung: duties}) | SATISFIED


def orders_to(life: Life, department: str) -> list[Order]:
    return [order for order in life.view.orders if order.department == department]


def leads(life: Life) -> Sequence[str]:
    """The departments that were asked to lead, in order."""
    return [order.department for order in life.view.orders if order.role is Role.LEAD]


def due_of(order: Order) -> timedelta:
    return order.due_at - order.sent_at


# -- side by side ------------------------------------------------------------------------------------


async def test_the_leads_reply_decides_while_others_are_still_at_it(virtual: Hotline) -> None:
    script = lead(resolves(DAY)) | Script(assisting={OTHER: resolves(HOUR), THIRD: SILENT})
    life = await virtual.life(await virtual.open("side-by-side", script, assisting=(OTHER, THIRD)))
    assert life.view.closing is Closing.RESOLVED
    assert {order.department: order.status for order in life.view.orders} == {
        LEAD: OrderStatus.REPLIED,
        OTHER: OrderStatus.REPLIED,
        THIRD: OrderStatus.SUPERSEDED,
    }
    sent = life.of(FactKind.ORDER_SENT)
    assert {fact.at for fact in sent} == {life.view.opened_at}
    assert life.of(FactKind.ORDER_SILENT) == []  # its time had not passed


async def test_an_assisting_departments_silence_is_recorded_and_decides_nothing(virtual: Hotline) -> None:
    people = {
        Awaited.MEETING: (convenes(LEAD, OTHER, THIRD),),
        Awaited.CONCLUSION: (concludes((LEAD, 30), (OTHER, 2), (THIRD, 3)),),
    }
    script = Script(lead={Rung.JOINT_MEETING: (resolves(20 * DAY),)}, assisting={THIRD: acknowledges()}, people=people)
    life = await virtual.life(await virtual.open("silent-assistants", script | SATISFIED))
    silent = [fact for fact in life.of(FactKind.ORDER_SILENT) if fact.rung is Rung.JOINT_MEETING]
    assert [fact.payload for fact in silent] == [
        {"department": OTHER, "awaited": "reply"},
        {"department": THIRD, "awaited": "reply"},
    ]
    assert [order.silent for order in life.view.orders if order.rung is Rung.JOINT_MEETING] == [False, True, True]
    assert life.endings[-2:] == [(Rung.JOINT_MEETING, Outcome.RESOLVED), (Rung.JOINT_MEETING, Outcome.SATISFIED)]


async def test_silence_is_recorded_when_the_lead_is_overdue_at_the_same_instant(virtual: Hotline) -> None:
    script = lead(acknowledges(), resolves()) | Script(lead={Rung.SUPERVISED: (resolves(),)})
    case_id = await virtual.open("all-silent", script, assisting=(OTHER, THIRD))
    life = await virtual.life(case_id)
    silent = [fact for fact in life.of(FactKind.ORDER_SILENT) if fact.rung is Rung.DISPATCH]
    assert sorted(str(fact.payload["department"]) for fact in silent) == sorted([LEAD, OTHER, THIRD])
    assert len({fact.due_at for fact in silent}) == 1


async def test_silence_is_recorded_in_time_while_a_supervisor_thinks(virtual: Hotline) -> None:
    """The lead has explained early, its supervisor takes very long: on each rung the others' limits fire on time."""
    people = {
        Awaited.MEETING: (convenes(LEAD, OTHER),),
        Awaited.CONCLUSION: (concludes((LEAD, 3), (OTHER, 2)),),
        Awaited.DECISION: (refers(),),
        Awaited.CONFIRMATION: (confirms(confirmed=False, after=60 * DAY),) * 3 + (confirms(after=60 * DAY),),
    }
    script = Script(lead={rung: (explains(),) for rung in Rung}, people=people) | SATISFIED
    life = await virtual.life(await virtual.open("long-thought", script, assisting=(OTHER,)))
    assert [rung for rung, outcome in life.endings if outcome is Outcome.EXPLANATION_REFUSED] == list(Rung)[:3]
    silent = life.of(FactKind.ORDER_SILENT)
    assert [(fact.rung, fact.payload["department"]) for fact in silent] == [(rung, OTHER) for rung in list(Rung)[:4]]


async def test_assisting_departments_are_asked_again_on_the_next_rung(virtual: Hotline) -> None:
    script = lead(SILENT) | Script(lead={Rung.SUPERVISED: (resolves(DAY),)}, assisting={OTHER: resolves(HOUR)})
    life = await virtual.life(await virtual.open("asked-again", script, assisting=(OTHER,)))
    assert [(order.rung, order.status) for order in orders_to(life, OTHER)] == [
        (Rung.DISPATCH, OrderStatus.REPLIED),
        (Rung.SUPERVISED, OrderStatus.REPLIED),
    ]


async def test_a_department_that_is_named_later_assists_too(virtual: Hotline) -> None:
    later = Assign(department=OTHER, role=Role.ASSISTING, by="话务长", reason="需协同")
    script = lead(resolves(DAY)) | at(Rung.DISPATCH, Command.ASSIGN, later) | Script(assisting={OTHER: resolves()})
    life = await virtual.life(await virtual.open("named-later", script))
    assert [(order.role, order.status) for order in orders_to(life, OTHER)] == [(Role.ASSISTING, OrderStatus.REPLIED)]
    assert life.view.assisting == (OTHER,)


# -- replies -----------------------------------------------------------------------------------------


async def test_a_reply_needs_no_acknowledgement(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("unacknowledged", lead(Duty(replies=HOUR))))
    assert life.of(FactKind.ORDER_ACKNOWLEDGED) == []
    assert life.view.closing is Closing.RESOLVED


async def test_a_late_reply_to_every_earlier_order_is_kept_and_decides_nothing(virtual: Hotline) -> None:
    late = Duty(acknowledges=HOUR, replies=80 * DAY)
    script = Script(
        lead={Rung.DISPATCH: (late,), Rung.SUPERVISED: (Duty(replies=79 * DAY),)},
        assisting={OTHER: Duty(replies=81 * DAY)},
        people={Awaited.MEETING: (convenes(LEAD, OTHER),), Awaited.CONCLUSION: (concludes((LEAD, 300)),)},
    )
    script |= Script(lead={Rung.JOINT_MEETING: (resolves(120 * DAY),)}) | SATISFIED
    life = await virtual.life(await virtual.open("late", script, assisting=(OTHER,)))
    kept = life.of(FactKind.ORDER_REPLIED_LATE)
    assert sorted(str(fact.order_id) for fact in kept) == sorted(
        order.order_id for order in life.view.orders if order.rung is not Rung.JOINT_MEETING
    )
    assert all(fact.rung is Rung.JOINT_MEETING for fact in kept)
    assert all(fact.payload["statement"] == "答复内容" for fact in kept)
    for order in life.view.orders:
        assert (order.late_reply is not None) == (order.status is OrderStatus.SUPERSEDED)
    assert life.endings[-2:] == [(Rung.JOINT_MEETING, Outcome.RESOLVED), (Rung.JOINT_MEETING, Outcome.SATISFIED)]


# -- not ours ----------------------------------------------------------------------------------------


async def test_a_return_goes_to_whom_it_names_and_the_clock_runs_on(virtual: Hotline) -> None:
    script = lead(returns(2 * HOUR, suggests=OTHER), resolves())
    life = await virtual.life(await virtual.open("suggested", script))
    first, second = life.view.orders
    assert (first.status, second.status) == (OrderStatus.RETURNED, OrderStatus.REPLIED)
    assert second.department == OTHER
    assert second.due_at == first.due_at
    assert second.sent_at - first.sent_at >= 2 * HOUR
    assert life.one(FactKind.ORDER_RETURNED).payload == {
        "reason": "不属于本单位职责",
        "basis": "三定方案",
        "suggests": OTHER,
        "by": "经办人",
    }


async def test_a_return_that_names_nobody_goes_to_the_directorys_next(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("next", lead(returns(), resolves()), lead=None, **SHED))
    first, second = leads(life)
    assert first != second
    assert life.of(FactKind.CASE_QUEUED) == []


async def test_after_the_second_return_the_hotline_names_the_first_receiver(virtual: Hotline) -> None:
    script = lead(returns(suggests=OTHER), returns()) | Script(lead={Rung.SUPERVISED: (returns(),)})
    people = {Awaited.MEETING: (convenes(LEAD, OTHER),), Awaited.CONCLUSION: (concludes((LEAD, 3)),)}
    script |= Script(lead={Rung.JOINT_MEETING: (resolves(),)}, people=people)
    case_id = await virtual.open("returned-too-often", script)
    life = await virtual.life(case_id)
    assert leads(life)[:3] == [LEAD, OTHER, LEAD]
    third = life.view.orders[2]
    assert (third.rung, third.returnable) == (Rung.SUPERVISED, False)
    (refusal,) = virtual.refusals[case_id]
    assert refusal.reason.code == "not-returnable"
    assert refusal.reason.params == {"order": third.order_id, "rung": "supervised", "allowed": "reply"}
    assert life.endings[:2] == [
        (Rung.DISPATCH, Outcome.RETURNED_TOO_OFTEN),
        (Rung.SUPERVISED, Outcome.OVERDUE),
    ]


async def test_a_return_after_its_window_is_refused_and_the_order_stands(virtual: Hotline) -> None:
    late = Duty(acknowledges=HOUR, returns=12 * DAY, replies=13 * DAY)  # the window is two working days
    case_id = await virtual.open("window", lead(late))
    life = await virtual.life(case_id)
    (refusal,) = virtual.refusals[case_id]
    assert refusal.reason.code == "return-window-over"
    assert datetime.fromisoformat(str(refusal.reason.params["until"])) < life.view.orders[0].sent_at + 12 * DAY
    assert life.view.closing is Closing.RESOLVED


async def test_not_ours_on_a_supervised_order_is_a_dispute(virtual: Hotline) -> None:
    script = lead(SILENT) | Script(lead={Rung.SUPERVISED: (returns(),)})
    people = {Awaited.MEETING: (convenes(LEAD, OTHER),), Awaited.CONCLUSION: (concludes((OTHER, 3)),)}
    script |= Script(lead={Rung.JOINT_MEETING: (resolves(),)}, people=people)
    life = await virtual.life(await virtual.open("disputed", script))
    assert life.endings[:2] == [(Rung.DISPATCH, Outcome.NOT_ACKNOWLEDGED), (Rung.SUPERVISED, Outcome.DISPUTED)]
    assert leads(life) == [LEAD, LEAD, OTHER]
    assert life.view.orders[1].status is OrderStatus.RETURNED


# -- the queue ---------------------------------------------------------------------------------------


async def test_a_case_that_nobody_is_known_for_waits_for_an_operator(virtual: Hotline) -> None:
    script = lead(resolves()) | Script(people={Awaited.ASSIGNMENT: (assigns(LEAD, after=20 * MINUTE),)})
    life = await virtual.life(await virtual.open("queue", script, lead=None))
    assert life.kinds[:5] == [
        FactKind.CASE_OPENED,
        FactKind.RUNG_ENTERED,
        FactKind.CASE_QUEUED,
        FactKind.ORDER_ASSIGNED,
        FactKind.ORDER_SENT,
    ]
    assert life.of(FactKind.WAIT_OVERDUE) == []


async def test_an_operator_who_takes_too_long_is_named_and_still_waited_for(virtual: Hotline) -> None:
    script = lead(resolves()) | Script(people={Awaited.ASSIGNMENT: (assigns(LEAD, after=3 * HOUR),)})
    life = await virtual.life(await virtual.open("slow-operator", script, lead=None))
    overdue = life.one(FactKind.WAIT_OVERDUE)
    assert overdue.payload == {"party": "operator", "awaited": "assignment"}
    assert overdue.due_at == life.view.opened_at + 30 * MINUTE
    assert life.view.closing is Closing.RESOLVED


async def test_what_was_used_of_the_operators_limit_stays_used(virtual: Hotline) -> None:
    assignments = (assigns(LEAD, after=20 * MINUTE), assigns(THIRD, after=20 * MINUTE))
    script = lead(returns(), resolves()) | Script(people={Awaited.ASSIGNMENT: assignments})
    life = await virtual.life(await virtual.open("queue-again", script, lead=None))
    assert leads(life) == [LEAD, THIRD]
    queued_again = life.of(FactKind.CASE_QUEUED)[1]
    overdue = life.one(FactKind.WAIT_OVERDUE)
    assert overdue.due_at is not None
    assert timedelta(minutes=9) < overdue.due_at - queued_again.at < timedelta(minutes=10)


async def test_the_ladder_does_not_wait_in_the_queue(virtual: Hotline) -> None:
    """Returned, and no operator names anybody: the case climbs when its time is over, with the first receiver."""
    script = lead(returns()) | Script(lead={Rung.SUPERVISED: (resolves(),)})
    life = await virtual.life(await virtual.open("left-in-queue", script))
    entered = life.of(FactKind.RUNG_ENTERED)[1]
    assert entered.payload == {"came_from": "dispatch", "reason": "overdue"}
    assert entered.due_at == life.view.orders[0].due_at
    assert [(order.rung, order.department, order.returnable) for order in life.view.orders] == [
        (Rung.DISPATCH, LEAD, True),
        (Rung.SUPERVISED, LEAD, False),
    ]
    assert life.view.closing is Closing.RESOLVED


async def test_the_ladder_goes_on_even_where_nobody_was_ever_asked(virtual: Hotline) -> None:
    """Lifted by hand out of the queue up to the referral, with nobody to ask: each limit passes on time."""
    to_supervised = at(Rung.DISPATCH, Command.ESCALATE, Escalate(by="话务长", reason="紧急"))
    refers = decides(("甲", True), ("乙", True), grounds=Grounds.BREACH)
    people = {
        Awaited.DECISION: (refers,),
        Awaited.ASSIGNMENT: ((), (), (), assigns(LEAD)),
        Awaited.VERIFICATION: (verifies(),),
    }
    script = Script(people=people, lead={Rung.REFERRAL: (finds_violation(),)}) | to_supervised | SATISFIED
    life = await virtual.life(await virtual.open("nobody-asked", script, lead=None))
    assert life.endings == [
        (Rung.DISPATCH, Outcome.ESCALATED),
        (Rung.SUPERVISED, Outcome.OVERDUE),
        (Rung.JOINT_MEETING, Outcome.NO_CONCLUSION),
        (Rung.REFERRAL, Outcome.OVERDUE),
        (Rung.REFERRAL, Outcome.VIOLATION_FOUND),
        (Rung.RECTIFICATION, Outcome.VERIFIED),
        (Rung.RECTIFICATION, Outcome.SATISFIED),
    ]


# -- re-assigned -------------------------------------------------------------------------------------


async def test_a_case_is_re_assigned_and_its_clock_runs_on(virtual: Hotline) -> None:
    other = Assign(department=OTHER, by="话务长", reason="派错单位")
    script = lead(acknowledges(), resolves(DAY)) | at(Rung.DISPATCH, Command.ASSIGN, other)
    life = await virtual.life(await virtual.open("re-assigned", script))
    first, second = life.view.orders
    assert (first.status, second.status) == (OrderStatus.WITHDRAWN, OrderStatus.REPLIED)
    assert (first.due_at, second.department) == (second.due_at, OTHER)
    assert life.one(FactKind.ORDER_ASSIGNED).payload == {"department": OTHER, "role": "lead", "reason": "派错单位"}
    assert life.one(FactKind.ORDER_WITHDRAWN).payload == {"department": LEAD, "reason": "reassigned"}


async def test_a_supervised_case_is_re_assigned_within_its_limit(virtual: Hotline) -> None:
    other = Assign(department=OTHER, by="话务长")
    script = (
        lead(SILENT) | at(Rung.SUPERVISED, Command.ASSIGN, other) | Script(lead={Rung.SUPERVISED: (SILENT, resolves())})
    )
    life = await virtual.life(await virtual.open("re-supervised", script))
    assert leads(life) == [LEAD, LEAD, OTHER]
    assert life.view.orders[1].due_at == life.view.orders[2].due_at


async def test_an_assisting_department_becomes_the_lead_and_no_longer_assists(virtual: Hotline) -> None:
    script = lead(returns(suggests=OTHER), SILENT) | Script(
        lead={Rung.DISPATCH: (returns(suggests=OTHER), acknowledges()), Rung.SUPERVISED: (resolves(),)},
        assisting={OTHER: resolves(MINUTE)},
    )
    life = await virtual.life(await virtual.open("promoted", script, assisting=(OTHER,)))
    assert life.view.assisting == ()
    assert [(order.rung, order.role) for order in orders_to(life, OTHER)] == [
        (Rung.DISPATCH, Role.ASSISTING),
        (Rung.DISPATCH, Role.LEAD),
        (Rung.SUPERVISED, Role.LEAD),
    ]
