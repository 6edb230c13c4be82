"""What may be asked of a case where: every command at every station, and every other reason to refuse one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rules

from domain.case import Awaited, CaseState, Hold, Party, Waiting
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
    ReturnOrder,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, Grounds, SupplyPapers, VerifyRectification
from domain.errors import LiandongError, NotFound, NotYours, Refused
from domain.evidence import Evidence
from domain.ladder import End, Ending, Outcome, Rung, Step
from domain.order import Order, OrderStatus, Reply, Result, Role
from domain.permissions import (
    allowed_commands,
    check_absorb,
    check_acknowledge,
    check_assign,
    check_conclude,
    check_convene,
    check_decide,
    check_escalate,
    check_late_reply,
    check_merge,
    check_return,
    check_station,
    unmet_preconditions,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
POLICY = rules("haikou").policy
CASE = "20261123-000001"
ORDER = f"{CASE}.1"
LEAD, OTHER, THIRD = "hk-urban-mgmt", "hk-market", "hk-housing"
REPLY = Reply(callback_id="r1", result=Result.RESOLVED, statement="已处置", by="经办人", received_at=NOW)


def order(
    status: OrderStatus = OrderStatus.SENT, *, rung: Rung = Rung.DISPATCH, returnable: bool = True, **more: object
) -> Order:
    return Order.model_validate(
        {
            "order_id": ORDER,
            "department": LEAD,
            "role": Role.LEAD,
            "rung": rung,
            "returnable": returnable,
            "return_by": NOW if returnable else None,
            "sent_at": NOW,
            "acknowledge_by": None,
            "limit": "handle",
            "due_at": NOW + timedelta(days=5),
            "status": status,
            **more,
        }
    )


def state(step: Step, *orders: Order, lead: str | None = LEAD, **more: object) -> CaseState:
    rung = step if isinstance(step, Rung) else Rung.DISPATCH
    known = {given.order_id: given for given in orders}
    return CaseState.model_validate(
        {"step": step, "rung": rung, "opened_at": NOW, "lead": lead, "orders": known, **more}
    )


def queued(step: Rung, **more: object) -> CaseState:
    waiting = Waiting(party=Party.OPERATOR, awaited=Awaited.ASSIGNMENT, since=NOW)
    return state(step, lead=None, waiting={"operator.assignment.": waiting}, **more)


def waits(party: Party, awaited: Awaited, **more: Any) -> CaseState:
    waiting = {f"{party}.{awaited}.": Waiting(party=party, awaited=awaited, since=NOW)}
    return state(Rung.REFERRAL, referral_accepted=True, waiting=waiting, **more)


MORE = AnswerReferral(answer=Answer.MORE, by="联络员", reason="请补充现场照片")
PAPERS = SupplyPapers(papers=(Evidence(reference="照片.jpg", sha256="0" * 64),), by="督办员")
MET: dict[str, Any] = {"members": [LEAD, OTHER]}
CONCLUDED: dict[str, Any] = {**MET, "conclusion": ConcludeMeeting(minutes="无结论", by="督办员")}
PASSED = VerifyRectification(passed=True, by="督办员", remark="已复核")

HELD = Hold(reason="appraisal", approved_by="督办员", until=NOW + timedelta(days=3), limits=("handle",))

SITUATIONS: dict[str, tuple[CaseState, str]] = {
    "in the queue": (queued(Rung.DISPATCH), "escalate assign"),
    "order sent": (state(Rung.DISPATCH, order()), "escalate assign acknowledge return extend"),
    "acknowledged": (state(Rung.DISPATCH, order(OrderStatus.ACKNOWLEDGED)), "escalate assign return extend"),
    "on hold": (state(Rung.DISPATCH, order(), hold=HELD), "escalate assign acknowledge return extend"),
    "returned": (state(Rung.DISPATCH, order(OrderStatus.RETURNED), lead=None), "escalate assign"),
    "explained": (state(Rung.DISPATCH, order(OrderStatus.REPLIED), explanation_pending=True), "escalate explain"),
    "supervised": (
        state(Rung.SUPERVISED, order(rung=Rung.SUPERVISED)),
        "escalate assign acknowledge return",
    ),
    "supervised and named": (
        state(Rung.SUPERVISED, order(rung=Rung.SUPERVISED, returnable=False), named=True),
        "escalate assign acknowledge",
    ),
    "supervised, in the queue": (queued(Rung.SUPERVISED), "escalate assign"),
    "supervised and explained": (state(Rung.SUPERVISED, explanation_pending=True), "escalate explain"),
    "to be met about": (state(Rung.JOINT_MEETING), "escalate convene"),
    "meeting": (state(Rung.JOINT_MEETING, **MET), "escalate conclude"),
    "met about": (
        state(Rung.JOINT_MEETING, order(rung=Rung.JOINT_MEETING, returnable=False), **CONCLUDED),
        "escalate acknowledge",
    ),
    "to be referred": (state(Rung.REFERRAL), "decide"),
    "to be answered": (waits(Party.COMMISSION, Awaited.ANSWER), "answer_referral"),
    "answered a moment ago": (waits(Party.COMMISSION, Awaited.ANSWER, commission_answer=MORE), ""),
    "papers wanted": (waits(Party.SUPERVISOR, Awaited.PAPERS, commission_answer=MORE), "supply_papers"),
    "supplied a moment ago": (waits(Party.SUPERVISOR, Awaited.PAPERS, commission_answer=MORE, papers=PAPERS), ""),
    "referred": (
        state(Rung.REFERRAL, order(rung=Rung.REFERRAL, returnable=False), referral_accepted=True),
        "acknowledge",
    ),
    "referred, in the queue": (queued(Rung.REFERRAL, referral_accepted=True), "assign"),
    "referred and explained": (state(Rung.REFERRAL, referral_accepted=True, explanation_pending=True), "explain"),
    "being rectified": (
        state(Rung.RECTIFICATION, order(rung=Rung.RECTIFICATION, returnable=False)),
        "acknowledge verify",
    ),
    "verified a moment ago": (state(Rung.RECTIFICATION, verification=PASSED), ""),
    "callback": (state(End.CALLBACK, order(OrderStatus.REPLIED)), "record_callback"),
    "called a moment ago": (state(End.CALLBACK, callback_result=CallbackResult.SATISFIED), ""),
}
"""Where a case can be, and what may be asked there besides what always may."""

ALWAYS = "withdraw merge absorb note_late_reply note_undelivered change_rules"
HIDDEN = {Command.ABSORB, Command.NOTE_LATE_REPLY, Command.NOTE_UNDELIVERED, Command.CHANGE_RULES}
"""What only other cases and the outbox ask: not offered to people."""


def allowed_in(situation: str) -> set[Command]:
    case, more = SITUATIONS[situation]
    clock = ("release" if case.hold else "hold") if isinstance(case.step, Rung) else ""
    said = "progress" if any(order.is_open for order in case.orders.values()) else ""
    return {Command(word) for word in f"{more} {clock} {said} {ALWAYS}".split()}


@pytest.mark.parametrize(("situation", "command"), list(product(SITUATIONS, Command)))
def test_a_station_allows_these_commands_and_refuses_the_others_with_what_is_allowed(
    situation: str, command: Command
) -> None:
    case = SITUATIONS[situation][0]
    allowed = allowed_in(situation)
    assert (command in allowed_commands(case)) == (command in allowed)
    if command in allowed:
        check_station(case, command)
        return
    with pytest.raises(Refused) as refused:
        check_station(case, command)
    assert refused.value.code == "not-allowed-here"
    assert refused.value.params == {
        "asked": command.value,
        "step": case.step.value,
        "allowed": ", ".join(sorted(allowed - HIDDEN)),
    }


@pytest.mark.parametrize("command", Command)
def test_a_closed_case_takes_no_command(command: Command) -> None:
    closed = state(End.CLOSED, order())
    assert allowed_commands(closed) == ()
    with pytest.raises(Refused) as refused:
        check_station(closed, command)
    assert refused.value.params == {"asked": command.value, "step": "closed", "allowed": "-"}


@pytest.mark.parametrize(("situation", "command"), list(product(SITUATIONS, Command)))
def test_between_two_stations_only_what_people_do_not_say_is_taken(situation: str, command: Command) -> None:
    interruption = Ending(outcome=Outcome.ESCALATED)
    case = SITUATIONS[situation][0].model_copy(update={"interruption": interruption})
    if command in (Command.NOTE_LATE_REPLY, Command.NOTE_UNDELIVERED):
        check_station(case, command)
        return
    with pytest.raises(Refused):
        check_station(case, command)


@given(
    st.sampled_from([case for case, _ in SITUATIONS.values()]),
    st.lists(st.sampled_from(OrderStatus), max_size=4),
    st.booleans(),
)
def test_what_is_allowed_is_listed_once_and_in_order(
    case: CaseState, statuses: list[OrderStatus], returnable: bool
) -> None:
    orders = {
        f"{CASE}.{number}": order(status, order_id=f"{CASE}.{number}", returnable=returnable)
        for number, status in enumerate(statuses)
    }
    allowed = allowed_commands(case.model_copy(update={"orders": orders}))
    assert list(allowed) == sorted(set(allowed))
    assert (Command.ACKNOWLEDGE in allowed) == (OrderStatus.SENT in statuses)
    assert (Command.RETURN in allowed) == (
        returnable and bool({OrderStatus.SENT, OrderStatus.ACKNOWLEDGED} & set(statuses))
    )


# -- every other reason ------------------------------------------------------------------------------


def refusal(check: Callable[[], None]) -> LiandongError:
    with pytest.raises(LiandongError) as refused:
        check()
    return refused.value


SENT = state(Rung.DISPATCH, order())
ENDED = [status for status in OrderStatus if status not in (OrderStatus.SENT, OrderStatus.ACKNOWLEDGED)]


def acknowledge(**changes: object) -> Acknowledge:
    return Acknowledge.model_validate({"order_id": ORDER, "department": LEAD, "by": "张工", **changes})


def a_return(**changes: object) -> ReturnOrder:
    words = {"reason": "不属于本单位职责", "basis": "三定方案"}
    return ReturnOrder.model_validate({"order_id": ORDER, "department": LEAD, "by": "张工", **words, **changes})


def checked_return(case: CaseState, command: ReturnOrder, *, over: timedelta = timedelta(0)) -> Callable[[], None]:
    return lambda: check_return(case, command, NOW + over)


def test_an_open_order_is_acknowledged_and_returned_by_its_department() -> None:
    check_acknowledge(SENT, acknowledge())
    check_return(SENT, a_return(), NOW)


@pytest.mark.parametrize("department", [OTHER, "nobody"])
def test_somebody_elses_order_is_neither_acknowledged_nor_returned(department: str) -> None:
    for error in (
        refusal(lambda: check_acknowledge(SENT, acknowledge(department=department))),
        refusal(checked_return(SENT, a_return(department=department))),
    ):
        assert isinstance(error, NotYours)
        assert (error.code, error.params) == ("order-not-yours", {"order": ORDER, "department": department})


def test_an_order_that_nobody_knows_is_named() -> None:
    unknown = f"{CASE}.9"
    late = NoteLateReply(order_id=unknown, reply=REPLY)
    for error in (
        refusal(lambda: check_acknowledge(SENT, acknowledge(order_id=unknown))),
        refusal(checked_return(SENT, a_return(order_id=unknown))),
        refusal(lambda: check_late_reply(SENT, late)),
    ):
        assert isinstance(error, NotFound)
        assert (error.code, error.params) == ("order-unknown", {"order": unknown})


@pytest.mark.parametrize("status", [OrderStatus.ACKNOWLEDGED, OrderStatus.REPLIED, OrderStatus.SUPERSEDED])
def test_an_order_is_acknowledged_once(status: OrderStatus) -> None:
    case = state(Rung.DISPATCH, order(status, acknowledged_at=NOW))
    error = refusal(lambda: check_acknowledge(case, acknowledge()))
    assert (error.code, error.params) == ("already-acknowledged", {"order": ORDER, "at": "2026-11-23T08:00:00+00:00"})


@pytest.mark.parametrize("status", ENDED)
def test_an_order_that_has_ended_is_neither_acknowledged_nor_returned(status: OrderStatus) -> None:
    case = state(Rung.DISPATCH, order(status))
    acknowledged = refusal(lambda: check_acknowledge(case, acknowledge()))
    returned = refusal(checked_return(case, a_return()))
    for error, asked in ((acknowledged, "acknowledge"), (returned, "return")):
        assert error.code == "order-ended"
        assert error.params == {"order": ORDER, "asked": asked, "status": status.value}


@pytest.mark.parametrize("rung", Rung)
def test_an_order_that_cannot_be_returned_says_so(rung: Rung) -> None:
    case = state(rung, order(rung=rung, returnable=False))
    error = refusal(checked_return(case, a_return()))
    assert (error.code, error.params) == ("not-returnable", {"order": ORDER, "rung": rung.value, "allowed": "reply"})


def test_an_order_is_returned_until_its_window_ends_and_not_after() -> None:
    check_return(SENT, a_return(), NOW)
    error = refusal(checked_return(SENT, a_return(), over=timedelta(microseconds=1)))
    assert error.code == "return-window-over"
    assert error.params == {"order": ORDER, "until": "2026-11-23T08:00:00+00:00", "allowed": "reply"}


@pytest.mark.parametrize("role", Role)
def test_a_department_that_holds_an_order_is_not_asked_twice(role: Role) -> None:
    error = refusal(lambda: check_assign(SENT, Assign(department=LEAD, role=role, by="话务长")))
    assert (error.code, error.params) == ("already-assigned", {"department": LEAD})


def test_a_department_that_was_named_a_moment_ago_is_not_named_again() -> None:
    error = refusal(lambda: check_assign(state(Rung.DISPATCH), Assign(department=LEAD, by="话务长")))
    assert (error.code, error.params) == ("already-assigned", {"department": LEAD})


def test_a_department_that_assists_already_is_not_asked_to_assist_again() -> None:
    case = state(Rung.DISPATCH, order(), assisting=[OTHER])
    error = refusal(lambda: check_assign(case, Assign(department=OTHER, role=Role.ASSISTING, by="话务长")))
    assert (error.code, error.params) == ("already-assigned", {"department": OTHER})
    check_assign(case, Assign(department=OTHER, role=Role.LEAD, by="话务长"))
    check_assign(case, Assign(department=THIRD, role=Role.ASSISTING, by="话务长"))


def test_nobody_assists_before_there_is_a_lead() -> None:
    error = refusal(
        lambda: check_assign(queued(Rung.DISPATCH), Assign(department=LEAD, role=Role.ASSISTING, by="话务长"))
    )
    assert (error.code, error.params) == ("no-lead-yet", {"department": LEAD})


@pytest.mark.parametrize(("rung", "to"), list(product([Rung.DISPATCH, Rung.SUPERVISED, Rung.JOINT_MEETING], Rung)))
def test_a_case_is_lifted_by_hand_only_upwards_and_never_to_a_rectification(rung: Rung, to: Rung) -> None:
    command = Escalate(to=to, by="话务长", reason="群众多次来电")
    if rung.height < to.height < Rung.RECTIFICATION.height:
        check_escalate(state(rung), command)
        return
    error = refusal(lambda: check_escalate(state(rung), command))
    reachable = [higher.value for higher in Rung if rung.height < higher.height < Rung.RECTIFICATION.height]
    assert error.code == "cannot-escalate-to"
    assert error.params == {"rung": rung.value, "to": to.value, "allowed": ", ".join(reachable)}


def test_a_case_is_lifted_by_hand_to_the_next_rung() -> None:
    check_escalate(SENT, Escalate(by="话务长", reason="群众多次来电"))


def test_a_case_is_not_merged_into_itself() -> None:
    merged = refusal(lambda: check_merge(SENT, Merge(into=CASE, by="话务员", reason="重复"), CASE))
    absorbed = refusal(lambda: check_absorb(SENT, Absorb(duplicate=CASE, by="话务员"), CASE))
    for error in (merged, absorbed):
        assert (error.code, error.params) == ("merge-into-itself", {"case": CASE})


def test_a_case_that_is_being_merged_is_not_merged_again_and_absorbs_nothing() -> None:
    case = state(Rung.DISPATCH, order(), merging_into="b")
    merged = refusal(lambda: check_merge(case, Merge(into="c", by="话务员", reason="重复"), CASE))
    absorbed = refusal(lambda: check_absorb(case, Absorb(duplicate="c", by="话务员"), CASE))
    for error in (merged, absorbed):
        assert (error.code, error.params) == ("being-merged", {"case": CASE, "into": "b"})


def test_a_case_that_has_just_been_closed_absorbs_nothing() -> None:
    error = refusal(lambda: check_absorb(state(End.CLOSED), Absorb(duplicate="c", by="话务员"), CASE))
    assert (error.code, error.params) == ("other-case-not-open", {"case": CASE})


@pytest.mark.parametrize("kept", ["reply", "late_reply"])
def test_an_order_has_one_reply(kept: str) -> None:
    replied: dict[str, Any] = {kept: REPLY}
    case = state(Rung.SUPERVISED, order(OrderStatus.SUPERSEDED, **replied))
    error = refusal(lambda: check_late_reply(case, NoteLateReply(order_id=ORDER, reply=REPLY)))
    assert (error.code, error.params) == ("already-replied", {"order": ORDER})


@pytest.mark.parametrize("status", OrderStatus)
def test_a_late_reply_is_taken_whatever_became_of_its_order(status: OrderStatus) -> None:
    check_late_reply(state(Rung.SUPERVISED, order(status)), NoteLateReply(order_id=ORDER, reply=REPLY))


def test_a_meeting_is_convened_once() -> None:
    command = ConveneMeeting(members=(LEAD, OTHER), by="督办员")
    check_convene(state(Rung.JOINT_MEETING), command)
    error = refusal(lambda: check_convene(state(Rung.JOINT_MEETING, **MET), command))
    assert error.code == "already-convened"
    assert error.params == {"members": f"{LEAD}, {OTHER}", "allowed": "conclude"}


def test_a_meeting_gives_tasks_to_its_members_only() -> None:
    tasks = tuple(MeetingTask(department=code, task="拆除") for code in (LEAD, THIRD))
    outsiders = ConcludeMeeting(lead=LEAD, tasks=tasks, minutes="纪要", by="督办员")
    error = refusal(lambda: check_conclude(state(Rung.JOINT_MEETING, **MET), outsiders))
    assert error.code == "not-at-the-meeting"
    assert error.params == {"department": THIRD, "members": f"{LEAD}, {OTHER}"}
    check_conclude(state(Rung.JOINT_MEETING, **MET), outsiders.model_copy(update={"tasks": tasks[:1]}))


@pytest.mark.parametrize(
    ("exhausted", "unmet"),
    [
        ([], (Rung.SUPERVISED, Rung.JOINT_MEETING)),
        (["dispatch"], (Rung.SUPERVISED, Rung.JOINT_MEETING)),
        (["supervised"], (Rung.JOINT_MEETING,)),
        (["joint_meeting"], (Rung.SUPERVISED,)),
        (["joint_meeting", "dispatch", "supervised"], ()),
    ],
)
@pytest.mark.parametrize("grounds", Grounds)
@pytest.mark.parametrize("accepted", [True, False])
def test_only_what_was_gone_through_to_the_end_is_exhausted(
    exhausted: list[str], unmet: tuple[Rung, ...], grounds: Grounds, accepted: bool
) -> None:
    case = state(Rung.REFERRAL, exhausted=exhausted)
    command = DecideReferral(accepted=accepted, grounds=grounds, by="甲", reason="集体研究")
    assert unmet_preconditions(case, POLICY) == unmet
    if not unmet or not accepted or grounds is Grounds.BREACH:
        check_decide(case, command, POLICY)
        return
    error = refusal(lambda: check_decide(case, command, POLICY))
    assert error.code == "preconditions-unmet"
    assert error.params == {"unmet": ", ".join(unmet), "allowed": "--grounds breach"}


def test_the_policy_says_what_must_have_been_in_vain() -> None:
    exhausted = POLICY.referral.exhausted.model_copy(update={"rungs": (Rung.SUPERVISED,)})
    referral = POLICY.referral.model_copy(update={"exhausted": exhausted})
    policy = POLICY.model_copy(update={"referral": referral})
    case = state(Rung.REFERRAL, exhausted=["supervised"])
    assert unmet_preconditions(case, policy) == ()
    check_decide(case, DecideReferral(accepted=True, by="甲", reason="集体研究"), policy)


def test_a_referral_is_decided_by_different_people() -> None:
    first = DecideReferral(accepted=True, grounds=Grounds.BREACH, by="甲", reason="集体研究")
    case = state(Rung.REFERRAL, decisions=[first])
    for second in (first, first.model_copy(update={"accepted": False})):
        error = refusal(lambda command=second: check_decide(case, command, POLICY))
        assert (error.code, error.params) == ("already-decided", {"by": "甲"})
    check_decide(case, first.model_copy(update={"by": "乙"}), POLICY)


@pytest.mark.parametrize("name", ["甲 ", " 甲", "甲"])
def test_blanks_make_nobody_another_person(name: str) -> None:
    first = DecideReferral(accepted=True, grounds=Grounds.BREACH, by="甲", reason="集体研究")
    again = DecideReferral.model_validate({**first.model_dump(), "by": name})
    assert (
        refusal(lambda: check_decide(state(Rung.REFERRAL, decisions=[first]), again, POLICY)).code == "already-decided"
    )


def test_an_explanation_is_confirmed_where_there_is_one() -> None:
    command = ConfirmExplanation(confirmed=True, by="督办员", reason="属实")
    assert command.confirmed
    check_station(state(Rung.DISPATCH, explanation_pending=True), Command.EXPLAIN)
    assert refusal(lambda: check_station(SENT, Command.EXPLAIN)).code == "not-allowed-here"
