"""The referral and the rectification: decided by two people, verified again, carried out, looked at."""

from typing import Any

from hotlines import CONDEMNED, LEAD, OTHER, WORKING_DAY, Hotline, Life, at, worked
from scripts import (
    DAY,
    HOUR,
    PAPER,
    SILENT,
    Duty,
    Move,
    Script,
    Turn,
    answers,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    finds_violation,
    refers,
    resolves,
    supplies,
    verifies,
)
from support import rules

from domain.case import Awaited, Closing
from domain.commands import CallbackResult, Command, Escalate
from domain.commission import Answer, Grounds, VerifyRectification
from domain.ladder import Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import OrderStatus
from domain.rectification import rectification_of
from domain.referral import gate_of

SATISFIED = Script(people={Awaited.CALLBACK: (calls_back(),)})
VERIFIED = Script(people={Awaited.VERIFICATION: (verifies(),)}) | SATISFIED


def decided(*turns: Turn) -> Script:
    return Script(people={Awaited.DECISION: turns})


def verifying(*duties: Duty) -> Script:
    return Script(lead={Rung.REFERRAL: duties})


def payloads(facts: list[Fact]) -> list[dict[str, Any]]:
    return [fact.payload for fact in facts]


def outcomes(life: Life, rung: Rung) -> list[Outcome]:
    return [outcome for left, outcome in life.endings if left is rung]


# -- two people --------------------------------------------------------------------------------------


async def test_two_people_refer_a_case_and_the_machine_does_not(virtual: Hotline) -> None:
    script = decided(decides(("甲", True), ("乙", True), after=20 * DAY)) | verifying(finds_violation()) | VERIFIED
    life = await virtual.life(await virtual.open("two", script))
    overdue = life.one(FactKind.WAIT_OVERDUE)
    assert (overdue.rung, overdue.payload) == (Rung.REFERRAL, {"party": "commission", "awaited": "decision"})
    decisions = life.of(FactKind.REFERRAL_DECIDED)
    assert [(fact.actor, fact.payload["accepted"]) for fact in decisions] == [
        ("commission:甲", True),
        ("commission:乙", True),
    ]
    verification = next(fact for fact in life.of(FactKind.ORDER_SENT) if fact.rung is Rung.REFERRAL)
    answer = life.one(FactKind.REFERRAL_ANSWERED)
    assert answer.payload == {"answer": "accepted", "reason": "经研究"}
    assert decisions[0].at < decisions[1].at < answer.at == verification.at
    gate = gate_of(life.view, life.entries, rules("haikou").policy)
    silences = [(fact.order_id, fact.due_at) for fact in gate.silences]
    first = life.view.orders[0]
    assert silences[0] == (first.order_id, first.acknowledge_by), "what passed is not the limit printed on it"
    assert life.one(FactKind.REFERRAL_ARMED).payload == {"unmet": []}


async def test_the_same_person_does_not_count_twice(virtual: Hotline) -> None:
    people = decides(("甲", True), ("甲", True), ("甲", False), ("乙", True))
    case_id = await virtual.open("same-person", decided(people) | verifying(finds_violation()) | VERIFIED)
    life = await virtual.life(case_id)
    assert [refusal.reason.code for refusal in virtual.refusals[case_id]] == ["already-decided"] * 2
    assert len(life.of(FactKind.REFERRAL_DECIDED)) == 2
    assert outcomes(life, Rung.REFERRAL) == [Outcome.VIOLATION_FOUND]


async def test_one_no_declines_and_the_meeting_has_the_case_once_more(virtual: Hotline) -> None:
    meeting: dict[Awaited, tuple[Turn, ...]] = {
        Awaited.MEETING: ((), convenes(LEAD, OTHER)),
        Awaited.CONCLUSION: (concludes((OTHER, 5), (LEAD, 3)),),
    }
    script = decided(decides(("甲", False))) | Script(people=meeting, lead={Rung.JOINT_MEETING: (resolves(),)})
    life = await virtual.life(await virtual.open("one-no", script | SATISFIED))
    assert life.endings[2:] == [
        (Rung.JOINT_MEETING, Outcome.NO_CONCLUSION),
        (Rung.REFERRAL, Outcome.DECLINED),
        (Rung.JOINT_MEETING, Outcome.RESOLVED),
        (Rung.JOINT_MEETING, Outcome.SATISFIED),
    ]
    assert life.view.lead == OTHER


async def test_declined_twice_the_case_ends_as_explained(virtual: Hotline) -> None:
    script = decided(decides(("甲", True), ("乙", False)), decides(("乙", False)))
    life = await virtual.life(await virtual.open("declined-twice", script))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.DECLINED, Outcome.DECLINED_AGAIN]
    assert life.view.closing is Closing.EXPLAINED
    assert life.of(FactKind.CALLBACK_DUE) == []


async def test_who_declined_may_decide_again_the_second_time(virtual: Hotline) -> None:
    script = decided(decides(("甲", False)), decides(("甲", True), ("乙", True))) | verifying(finds_violation())
    life = await virtual.life(await virtual.open("again", script | VERIFIED))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.DECLINED, Outcome.VIOLATION_FOUND]


async def test_what_was_lifted_by_hand_is_not_exhausted_but_may_be_a_breach(virtual: Hotline) -> None:
    lifted = at(Rung.DISPATCH, Command.ESCALATE, Escalate(to=Rung.REFERRAL, by="话务长", reason="涉嫌失职"))
    people = decides(("甲", True)) + decides(("甲", True), ("乙", True), grounds=Grounds.BREACH, after=2 * HOUR)
    case_id = await virtual.open("breach", lifted | decided(people) | verifying(finds_violation()) | VERIFIED)
    life = await virtual.life(case_id)
    assert life.one(FactKind.REFERRAL_ARMED).payload == {"unmet": ["supervised", "joint_meeting"]}
    (refusal,) = virtual.refusals[case_id]
    assert refusal.reason.code == "preconditions-unmet"
    assert refusal.reason.params == {"unmet": "supervised, joint_meeting", "allowed": "--grounds breach"}
    assert [fact.payload["grounds"] for fact in life.of(FactKind.REFERRAL_DECIDED)] == ["breach", "breach"]


async def test_a_rung_that_was_left_by_hand_is_unmet(virtual: Hotline) -> None:
    lifted = at(Rung.JOINT_MEETING, Command.ESCALATE, Escalate(by="话务长", reason="久拖不决"))
    case_id = await virtual.open("half-way", lifted | decided(decides(("甲", False)), decides(("乙", False))))
    armed = (await virtual.life(case_id)).of(FactKind.REFERRAL_ARMED)
    assert payloads(armed) == [{"unmet": ["joint_meeting"]}, {"unmet": []}]


# -- the commission's answer -------------------------------------------------------------------------


def answering(*turns: Turn, papers: tuple[Turn, ...] = ()) -> Script:
    return Script(people={Awaited.ANSWER: turns, Awaited.PAPERS: papers})


async def test_the_commission_declines_and_the_meeting_has_the_case_once_more(virtual: Hotline) -> None:
    no = answers(Answer.DECLINED)
    life = await virtual.life(await virtual.open("not-taken", decided(refers(), refers()) | answering(no, no)))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.DECLINED, Outcome.DECLINED_AGAIN]
    assert len(life.of(FactKind.REFERRAL_DECIDED)) == 4  # each time anew
    assert [order for order in life.view.orders if order.rung is Rung.REFERRAL] == []
    assert life.view.closing is Closing.EXPLAINED


async def test_the_commission_may_want_papers_as_often_as_it_likes(virtual: Hotline) -> None:
    more, given = answers(Answer.MORE), PAPER.model_copy(update={"reference": "会议纪要.pdf"})
    script = decided(refers()) | answering(more, more, answers(), papers=(supplies(), supplies(PAPER, given)))
    life = await virtual.life(await virtual.open("papers", script | verifying(finds_violation()) | VERIFIED))
    assert [fact.payload["answer"] for fact in life.of(FactKind.REFERRAL_ANSWERED)] == ["more", "more", "accepted"]
    supplied = [fact.payload["papers"] for fact in life.of(FactKind.PAPERS_SUPPLIED)]
    assert supplied == [[PAPER.model_dump()], [PAPER.model_dump(), given.model_dump()]]
    assert outcomes(life, Rung.REFERRAL) == [Outcome.VIOLATION_FOUND]


async def test_an_answer_and_papers_that_are_late_are_waited_for(virtual: Hotline) -> None:
    script = decided(refers()) | answering(
        answers(Answer.MORE, after=40 * DAY), answers(after=40 * DAY), papers=(supplies(after=20 * DAY),)
    )
    life = await virtual.life(await virtual.open("answer-late", script | verifying(finds_violation()) | VERIFIED))
    waits = [(fact.payload["party"], fact.payload["awaited"]) for fact in life.of(FactKind.WAIT_OVERDUE)]
    assert waits == [("commission", "answer"), ("supervisor", "papers"), ("commission", "answer")]
    wait, answered = life.of(FactKind.WAIT_OVERDUE)[0], life.of(FactKind.REFERRAL_DECIDED)[-1]
    assert wait.due_at is not None
    assert worked(answered.at, wait.due_at) == 15 * WORKING_DAY


async def test_who_decided_does_not_answer_for_the_commission(virtual: Hotline) -> None:
    script = decided(refers()) | answering(answers(by="乙") + answers(after=2 * HOUR))
    case_id = await virtual.open("own-referral", script | verifying(finds_violation()) | VERIFIED)
    life = await virtual.life(case_id)
    assert [refusal.reason.code for refusal in virtual.refusals[case_id]] == ["answers-own-referral"]
    assert life.one(FactKind.REFERRAL_ANSWERED).actor == "commission:联络员"


async def test_taken_on_once_a_verification_that_runs_out_asks_the_commission_nothing(virtual: Hotline) -> None:
    script = decided(refers()) | verifying(SILENT, finds_violation()) | VERIFIED
    life = await virtual.life(await virtual.open("asked-once", script))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.OVERDUE, Outcome.VIOLATION_FOUND]
    assert len(life.of(FactKind.REFERRAL_ANSWERED)) == 1


# -- verified again ----------------------------------------------------------------------------------


async def test_departments_that_do_not_verify_are_reported_and_asked_again(virtual: Hotline) -> None:
    script = decided(refers()) | verifying(SILENT, Duty(acknowledges=HOUR), finds_violation()) | VERIFIED
    life = await virtual.life(await virtual.open("verify-overdue", script))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.OVERDUE, Outcome.OVERDUE, Outcome.VIOLATION_FOUND]
    informed = life.of(FactKind.COMMISSION_INFORMED)
    assert payloads(informed) == [{"of": "overdue"}] * 2
    orders = [order for order in life.view.orders if order.rung is Rung.REFERRAL]
    assert [fact.due_at for fact in informed] == [order.due_at for order in orders[:2]]
    assert len({order.due_at for order in orders}) == 3  # a new limit each time
    assert len(life.of(FactKind.REFERRAL_DECIDED)) == 2  # but decided once


async def test_no_violation_is_an_explanation_that_a_supervisor_confirms(virtual: Hotline) -> None:
    explained = verifying(explains(), explains())
    turns = (confirms(confirmed=False), confirms(after=20 * DAY))
    script = decided(refers()) | explained | Script(people={Awaited.CONFIRMATION: turns}) | SATISFIED
    life = await virtual.life(await virtual.open("no-violation", script))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.EXPLANATION_REFUSED, Outcome.EXPLAINED, Outcome.SATISFIED]
    assert life.one(FactKind.WAIT_OVERDUE).payload == {"party": "supervisor", "awaited": "confirmation"}
    assert life.view.closing is Closing.EXPLAINED


async def test_unsatisfied_after_a_referral_ends_as_explained(virtual: Hotline) -> None:
    people = {Awaited.CONFIRMATION: (confirms(),), Awaited.CALLBACK: (calls_back(CallbackResult.UNSATISFIED),)}
    script = decided(refers()) | verifying(explains()) | Script(people=people)
    life = await virtual.life(await virtual.open("unsatisfied-explained", script))
    assert outcomes(life, Rung.REFERRAL) == [Outcome.EXPLAINED, Outcome.UNSATISFIED]
    assert life.view.closing is Closing.EXPLAINED


# -- rectification -----------------------------------------------------------------------------------


async def test_a_rectification_that_fails_its_verification_is_ordered_again_within_its_limit(virtual: Hotline) -> None:
    people = {Awaited.VERIFICATION: (verifies(passed=False), verifies(passed=False), verifies())}
    life = await virtual.life(await virtual.open("failed", CONDEMNED | Script(people=people) | SATISFIED))
    assert outcomes(life, Rung.RECTIFICATION) == [Outcome.VERIFIED, Outcome.SATISFIED]
    assert len(life.of(FactKind.RECTIFICATION_FAILED)) == 2
    orders = [order for order in life.view.orders if order.rung is Rung.RECTIFICATION]
    assert [order.status for order in orders] == [OrderStatus.SUPERSEDED] * 3
    assert len({order.due_at for order in orders}) == 1
    assert life.view.closing is Closing.RESOLVED


async def test_an_overdue_rectification_is_reported_and_gets_a_new_limit(virtual: Hotline) -> None:
    people = {Awaited.VERIFICATION: ((), (), verifies())}
    life = await virtual.life(await virtual.open("overdue", CONDEMNED | Script(people=people) | SATISFIED))
    overdue = Outcome.OVERDUE
    assert outcomes(life, Rung.RECTIFICATION) == [overdue, overdue, Outcome.VERIFIED, Outcome.SATISFIED]
    orders = [order for order in life.view.orders if order.rung is Rung.RECTIFICATION]
    informed = life.of(FactKind.COMMISSION_INFORMED)
    assert [(fact.order_id, fact.due_at) for fact in informed] == [
        (order.order_id, order.due_at) for order in orders[:2]
    ]
    assert len({order.due_at for order in orders}) == 3
    issued = rectification_of(life.view, life.entries).issued
    assert [(one.order_id, one.due_at) for one in issued] == [(order.order_id, order.due_at) for order in orders]
    assert [one.reported_at for one in issued] == [*(fact.at for fact in informed), None]
    entered = [fact for fact in life.of(FactKind.RUNG_ENTERED) if fact.rung is Rung.RECTIFICATION]
    assert [fact.payload["reason"] for fact in entered] == ["violation_found", "overdue", "overdue"]


async def test_the_issuing_body_sets_the_limit_of_a_rectification(virtual: Hotline) -> None:
    lives = [
        await virtual.life(
            await virtual.open(
                f"days-{days}", decided(refers()) | verifying(finds_violation(days=days, basis=basis)) | VERIFIED
            )
        )
        for days, basis in ((2, "《城乡规划法》第六十四条"), (None, None))
    ]
    lengths = [
        next(worked(order.sent_at, order.due_at) for order in life.view.orders if order.rung is Rung.RECTIFICATION)
        for life in lives
    ]
    assert lengths == [2 * WORKING_DAY, 15 * WORKING_DAY]
    assert [life.one(FactKind.FINDING_RECORDED).payload for life in lives] == [
        {"limit_days": 2, "basis": "《城乡规划法》第六十四条"},
        {},
    ]


async def test_who_says_that_it_was_put_right_does_not_verify_it(virtual: Hotline) -> None:
    own = Move(2 * HOUR, Command.VERIFY, VerifyRectification(passed=True, by="经办人", remark="已整改"))
    looked = VerifyRectification(passed=True, by="督办员", remark="现场复核", evidence=(PAPER,))
    people = {Awaited.VERIFICATION: ((own, Move(3 * HOUR, Command.VERIFY, looked)),)}
    done = Script(lead={Rung.REFERRAL: (finds_violation(),), Rung.RECTIFICATION: (resolves(),)}, people=people)
    case_id = await virtual.open("own-work", decided(refers()) | done | SATISFIED)
    life = await virtual.life(case_id)
    assert [refusal.reason.code for refusal in virtual.refusals[case_id]] == ["verifies-own-work"]
    assert life.one(FactKind.RECTIFICATION_VERIFIED).payload["evidence"] == [PAPER.model_dump()]


async def test_unsatisfied_at_the_top_a_rectification_is_ordered_anew(virtual: Hotline) -> None:
    people = {
        Awaited.VERIFICATION: (verifies(), verifies()),
        Awaited.CALLBACK: (calls_back(CallbackResult.UNSATISFIED), calls_back()),
    }
    life = await virtual.life(await virtual.open("anew", CONDEMNED | Script(people=people)))
    assert outcomes(life, Rung.RECTIFICATION) == [
        Outcome.VERIFIED,
        Outcome.UNSATISFIED,
        Outcome.VERIFIED,
        Outcome.SATISFIED,
    ]


async def test_the_lead_of_a_rectification_calls_back(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("caller", CONDEMNED | VERIFIED))
    assert life.one(FactKind.CALLBACK_DUE).payload["department"] == LEAD
