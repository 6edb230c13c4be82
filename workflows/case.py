"""CaseWorkflow: the path of one case from the first call to the last callback.

``run()`` is the path; below it stand the commands with their validators, then the queries.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities
    from domain.case import CaseResult, CaseStart, CaseView, Closing, Record, Waiting
    from domain.commands import (
        Absorb,
        Acknowledge,
        Assign,
        ChangeRules,
        Command,
        ConcludeMeeting,
        ConfirmExplanation,
        ConveneMeeting,
        Escalate,
        ExtendOrder,
        HoldCase,
        Merge,
        NoteLateReply,
        NoteProgress,
        NoteUndelivered,
        RecordCallback,
        ReleaseCase,
        ReturnOrder,
        SpeakInMeeting,
        Withdraw,
    )
    from domain.commission import AnswerReferral, DecideReferral, SupplyPapers, VerifyRectification
    from domain.errors import Refused
    from domain.ladder import End, Ending, Outcome, Rung, Step
    from domain.ledger import ENGINE, Fact, FactKind
    from domain.limits import CONCLUDE, CONVENE, HANDLE, OPINIONS, RECTIFICATION, Move, acknowledge_limit
    from domain.meeting import MeetingWord
    from domain.order import Role, WithdrawalReason
    from domain.permissions import (
        check_absorb,
        check_acknowledge,
        check_answer,
        check_assign,
        check_conclude,
        check_convene,
        check_date,
        check_decide,
        check_escalate,
        check_extend,
        check_hold,
        check_in_time,
        check_late_reply,
        check_merge,
        check_progress,
        check_quorum,
        check_release,
        check_return,
        check_speak,
        check_station,
        check_undelivered,
        check_verify,
    )

from outbox.failures import refusals, to_failure
from workflows import meetings, rules
from workflows.calls import CALLS
from workflows.case_file import CaseFile, attached
from workflows.orders import Orders
from workflows.rights import acting, by_right
from workflows.rungs.callback import callback
from workflows.rungs.dispatch import dispatch
from workflows.rungs.joint_meeting import joint_meeting
from workflows.rungs.rectification import rectification
from workflows.rungs.referral import referral
from workflows.rungs.supervised import supervised
from workflows.tasks import Beside

STATIONS: dict[Step, Callable[[CaseFile, Orders], Coroutine[None, None, Ending]]] = {
    Rung.DISPATCH: dispatch,
    Rung.SUPERVISED: supervised,
    Rung.JOINT_MEETING: joint_meeting,
    Rung.REFERRAL: referral,
    Rung.RECTIFICATION: rectification,
    End.CALLBACK: callback,
}


@workflow.defn(name="Case")
class CaseWorkflow:
    """One citizen's case."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        self.start = start
        self.file = CaseFile(start)
        self.orders = Orders(self.file)
        if start.state is None:
            self.open()  # here, because a command can arrive together with the case and goes before run()

    @workflow.run
    async def run(self, start: CaseStart) -> CaseResult:
        """The path of a case: station after station, until it is closed and the record is complete."""
        del start  # __init__ has taken it
        with Beside() as beside:
            beside.start(self.file.keep_record())
            beside.start(self.orders.keep_reminders())
            beside.start(rules.end_holds(self.file))
            while self.file.state.step is not End.CLOSED:
                ending = await self.unless_interrupted(STATIONS[self.file.state.step])
                self.go_on(ending)
                self.continue_as_new_if_suggested()
            self.close()
            await self.orders.withdrawn()
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self.file.settled()
        return self.result()

    def open(self) -> None:
        """The first facts: the case with its codes, the policy and the calendar it is pinned to."""
        case, policy, calendar = self.file.case, self.file.policy, self.file.calendar
        self.file.note(
            FactKind.CASE_OPENED,
            **case.model_dump(mode="json", exclude={"case_id"}),
            policy=f"{policy.policy_id}@{policy.version}",
            calendar=f"{calendar.name}@{calendar.revision}",
        )
        self.file.enter(None, None)

    async def unless_interrupted(self, station: Callable[[CaseFile, Orders], Coroutine[None, None, Ending]]) -> Ending:
        """How the station ends; a person's command to withdraw, merge or escalate ends it at once."""
        state = self.file.state
        path = asyncio.create_task(station(self.file, self.orders))
        await workflow.wait_condition(lambda: path.done() or state.interruption is not None)
        if state.interruption is None:
            return await path
        path.cancel()
        await workflow.wait([path])
        return state.interruption

    def go_on(self, ending: Ending) -> None:
        """Leave the station; what is open is taken back when the citizen or a merge ends the case, else superseded."""
        state, reason = self.file.state, _TAKEN_BACK.get(ending.outcome)
        if reason is not None:
            for order in self.orders.open_orders():
                self.orders.withdraw(order.order_id, reason)
        self.orders.supersede_open()
        self.file.leave(ending)
        if state.step is End.CLOSED:
            state.closing = _closing(ending.outcome, state.answer)
        state.interruption = None

    def continue_as_new_if_suggested(self) -> None:
        """Between two stations only. Requests of superseded orders end here; their late replies come by update."""
        at_rest = self.file.state.step is not End.CLOSED and self.orders.all_told and workflow.all_handlers_finished()
        if at_rest and workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self.file.handed_on())

    def close(self) -> None:
        state = self.file.state
        rules.release(self.file, ENGINE)  # nothing rests any more
        self.file.note(
            FactKind.CASE_CLOSED,
            closing=state.closing.value if state.closing else None,
            merged_into=state.merged_into,
        )

    def result(self) -> CaseResult:
        state = self.file.state
        assert state.closing is not None  # noqa: S101 - set when the case was closed
        return CaseResult(
            case_id=self.file.case.case_id, closing=state.closing, rung=state.rung, facts=len(state.facts)
        )

    def check_in_time(self, asked: Command, limit: str, received_at: datetime | None = None) -> None:
        """After an outage the engine hands over a command and the timer before it in one task, the command first."""
        check_in_time(self.file.state, asked, limit, self.file.calendar, received_at or workflow.now())

    # -- commands of departments: answered with what came of them, which whoever hands them over writes ----

    @workflow.update(name=Command.ACKNOWLEDGE)
    async def acknowledge(self, command: Acknowledge) -> Record:
        return await self.file.told(lambda: self.orders.acknowledge(command))

    @acknowledge.validator
    def validate_acknowledge(self, command: Acknowledge) -> None:
        with refusals():
            check_acknowledge(self.file.state, command)
            self.check_in_time(Command.ACKNOWLEDGE, acknowledge_limit(command.order_id), command.received_at)

    @workflow.update(name=Command.PROGRESS)
    async def progress(self, command: NoteProgress) -> Record:
        return await self.file.told(lambda: self.orders.progress(command))

    @progress.validator
    def validate_progress(self, command: NoteProgress) -> None:
        with refusals():
            check_progress(self.file.state, command)

    @workflow.update(name=Command.RETURN)
    async def return_order(self, command: ReturnOrder) -> Record:
        return await self.file.told(lambda: self.orders.take_back(command))

    @return_order.validator
    def validate_return(self, command: ReturnOrder) -> None:
        with refusals():
            check_return(self.file.state, command, command.received_at or workflow.now())

    @workflow.update(name=Command.NOTE_LATE_REPLY)
    async def note_late_reply(self, command: NoteLateReply) -> Record:
        return await self.file.told(lambda: self.orders.receive(command.order_id, command.reply))

    @note_late_reply.validator
    def validate_late_reply(self, command: NoteLateReply) -> None:
        with refusals():
            check_late_reply(self.file.state, command)

    @workflow.update(name=Command.EXTEND)
    async def extend(self, command: ExtendOrder) -> Record:
        return await self.file.told(lambda: rules.extend(self.file, command))

    @extend.validator
    def validate_extend(self, command: ExtendOrder) -> None:
        with refusals():
            check_extend(self.file.state, command, self.file.policy)
            self.check_in_time(Command.EXTEND, HANDLE, command.received_at)

    # -- commands of operators -----------------------------------------------------------------------

    @workflow.update(name=Command.ASSIGN)
    async def assign(self, command: Assign) -> CaseView:
        state = self.file.state
        self.file.note(
            FactKind.ORDER_ASSIGNED,
            actor=acting(Command.ASSIGN, command),
            department=command.department,
            role=command.role.value,
            reason=command.reason,
        )
        if command.role is Role.ASSISTING:
            state.assisting.append(command.department)
        else:
            before = state.lead_order()
            self.file.name_lead(command.department)
            if before is not None:
                self.orders.withdraw(before.order_id, WithdrawalReason.REASSIGNED)
        return self.file.view()

    @assign.validator
    def validate_assign(self, command: Assign) -> None:
        with by_right(Command.ASSIGN, command):
            check_assign(self.file.state, command)

    @workflow.update(name=Command.ESCALATE)
    async def escalate(self, command: Escalate) -> CaseView:
        self.file.state.interruption = Ending(outcome=Outcome.ESCALATED, to=command.to)
        self.file.note(
            FactKind.CASE_ESCALATED,
            actor=acting(Command.ESCALATE, command),
            reason=command.reason,
            to=command.to.value if command.to else None,
        )
        return await self.after_interruption()

    @escalate.validator
    def validate_escalate(self, command: Escalate) -> None:
        with by_right(Command.ESCALATE, command):
            check_escalate(self.file.state, command)

    @workflow.update(name=Command.WITHDRAW)
    async def withdraw(self, command: Withdraw) -> CaseView:
        self.file.state.interruption = Ending(outcome=Outcome.WITHDRAWN)
        self.file.note(FactKind.CASE_WITHDRAWN, actor=acting(Command.WITHDRAW, command), reason=command.reason)
        return await self.after_interruption()

    @withdraw.validator
    def validate_withdraw(self, command: Withdraw) -> None:
        with by_right(Command.WITHDRAW, command):
            check_station(self.file.state, Command.WITHDRAW)

    @workflow.update(name=Command.MERGE)
    async def merge(self, command: Merge) -> CaseView:
        state, case_id = self.file.state, self.file.case.case_id
        state.merging_into = command.into
        try:
            await workflow.execute_activity_method(
                CaseActivities.absorb_duplicate,
                args=[command.into, Absorb(duplicate=case_id, by=command.by, asked_as=command.asked_as)],
                **CALLS[CaseActivities.absorb_duplicate.__name__],
            )
        except ActivityError as error:
            raise _refusal_of(error, command) from error
        finally:
            state.merging_into = None
        await self.after_interruption()  # the other case has taken it: only its end counts more than that
        with refusals():
            check_station(state, Command.MERGE)
        state.interruption = Ending(outcome=Outcome.MERGED)
        state.merged_into = command.into
        self.file.note(
            FactKind.CASE_MERGED, actor=acting(Command.MERGE, command), into=command.into, reason=command.reason
        )
        return await self.after_interruption()

    @merge.validator
    def validate_merge(self, command: Merge) -> None:
        with by_right(Command.MERGE, command):
            check_merge(self.file.state, command, self.file.case.case_id)

    @workflow.update(name=Command.ABSORB)
    async def absorb(self, command: Absorb) -> CaseView:
        if command.duplicate not in self.file.state.absorbed:
            self.file.state.absorbed.append(command.duplicate)
            self.file.note(FactKind.CASE_ABSORBED, actor=acting(Command.ABSORB, command), duplicate=command.duplicate)
        return self.file.view()

    @absorb.validator
    def validate_absorb(self, command: Absorb) -> None:
        with by_right(Command.ABSORB, command):
            check_absorb(self.file.state, command, self.file.case.case_id)

    async def after_interruption(self) -> CaseView:
        """The view once the station has really been left."""
        state = self.file.state
        await workflow.wait_condition(lambda: state.interruption is None)
        return self.file.view()

    @workflow.update(name=Command.NOTE_UNDELIVERED)
    async def note_undelivered(self, command: NoteUndelivered) -> None:
        self.orders.undelivered(command)

    @note_undelivered.validator
    def validate_undelivered(self, command: NoteUndelivered) -> None:
        with refusals():
            check_undelivered(self.file.state, command)

    # -- commands of supervisors, the commission and callers -----------------------------------------

    @workflow.update(name=Command.EXPLAIN)
    async def explain(self, command: ConfirmExplanation) -> CaseView:
        kind = FactKind.EXPLANATION_CONFIRMED if command.confirmed else FactKind.EXPLANATION_REFUSED
        self.file.note(kind, actor=acting(Command.EXPLAIN, command), reason=command.reason)
        self.file.state.explanation, self.file.state.explanation_pending = command, False
        return self.file.view()

    @explain.validator
    def validate_explain(self, command: ConfirmExplanation) -> None:
        with by_right(Command.EXPLAIN, command):
            check_station(self.file.state, Command.EXPLAIN)

    @workflow.update(name=Command.CONVENE)
    async def convene(self, command: ConveneMeeting) -> CaseView:
        meetings.convene(self.file, command)
        return self.file.view()

    @convene.validator
    def validate_convene(self, command: ConveneMeeting) -> None:
        with by_right(Command.CONVENE, command):
            check_convene(self.file.state, command)
            self.check_in_time(Command.CONVENE, CONVENE)
            self.check_in_time(Command.CONVENE, CONCLUDE)  # runs already where an earlier meeting was called off
            check_date(self.file.state, command, self.file.policy, self.file.calendar, workflow.now())

    @workflow.update(name=Command.SPEAK_IN_MEETING)
    async def speak_in_meeting(self, command: SpeakInMeeting) -> CaseView:
        meetings.speak(self.file, command)
        return self.file.view()

    @speak_in_meeting.validator
    def validate_speak_in_meeting(self, command: SpeakInMeeting) -> None:
        with by_right(Command.SPEAK_IN_MEETING, command):
            check_speak(self.file.state, command, workflow.now())
            if command.word is MeetingWord.OPINION:
                self.check_in_time(Command.SPEAK_IN_MEETING, OPINIONS)

    @workflow.update(name=Command.CONCLUDE)
    async def conclude(self, command: ConcludeMeeting) -> CaseView:
        meetings.conclude(self.file, command)
        return self.file.view()

    @conclude.validator
    def validate_conclude(self, command: ConcludeMeeting) -> None:
        with by_right(Command.CONCLUDE, command):
            check_conclude(self.file.state, command)
            check_quorum(self.file.state, command, self.file.policy)
            self.check_in_time(Command.CONCLUDE, CONCLUDE)

    @workflow.update(name=Command.DECIDE)
    async def decide(self, command: DecideReferral) -> CaseView:
        self.file.state.decisions.append(command)
        self.file.note(
            FactKind.REFERRAL_DECIDED,
            actor=acting(Command.DECIDE, command),
            accepted=command.accepted,
            grounds=command.grounds.value,
            reason=command.reason,
        )
        return self.file.view()

    @decide.validator
    def validate_decide(self, command: DecideReferral) -> None:
        with by_right(Command.DECIDE, command):
            check_decide(self.file.state, command, self.file.policy)

    @workflow.update(name=Command.ANSWER_REFERRAL)
    async def answer_referral(self, command: AnswerReferral) -> CaseView:
        self.file.state.commission_answer = command
        self.file.note(
            FactKind.REFERRAL_ANSWERED,
            actor=acting(Command.ANSWER_REFERRAL, command),
            answer=command.answer.value,
            reason=command.reason,
        )
        return self.file.view()

    @answer_referral.validator
    def validate_answer_referral(self, command: AnswerReferral) -> None:
        with by_right(Command.ANSWER_REFERRAL, command):
            check_answer(self.file.state, command)

    @workflow.update(name=Command.SUPPLY_PAPERS)
    async def supply_papers(self, command: SupplyPapers) -> CaseView:
        self.file.state.papers = command
        self.file.note(
            FactKind.PAPERS_SUPPLIED,
            actor=acting(Command.SUPPLY_PAPERS, command),
            papers=attached(command.papers),
            remark=command.remark,
        )
        return self.file.view()

    @supply_papers.validator
    def validate_supply_papers(self, command: SupplyPapers) -> None:
        with by_right(Command.SUPPLY_PAPERS, command):
            check_station(self.file.state, Command.SUPPLY_PAPERS)

    @workflow.update(name=Command.VERIFY)
    async def verify(self, command: VerifyRectification) -> CaseView:
        kind = FactKind.RECTIFICATION_VERIFIED if command.passed else FactKind.RECTIFICATION_FAILED
        self.file.note(
            kind,
            actor=acting(Command.VERIFY, command),
            remark=command.remark,
            evidence=attached(command.evidence),
        )
        self.file.state.verification = command
        return self.file.view()

    @verify.validator
    def validate_verify(self, command: VerifyRectification) -> None:
        with by_right(Command.VERIFY, command):
            check_verify(self.file.state, command)
            self.check_in_time(Command.VERIFY, RECTIFICATION)

    @workflow.update(name=Command.RECORD_CALLBACK)
    async def record_callback(self, command: RecordCallback) -> CaseView:
        self.file.note(
            FactKind.CALLBACK_RECORDED,
            actor=f"caller:{command.by}",
            result=command.result.value,
            remark=command.remark,
            rating=command.rating.value if command.rating else None,
            comment=command.comment,
        )
        self.file.state.callback_result = command.result
        return self.file.view()

    @record_callback.validator
    def validate_callback(self, command: RecordCallback) -> None:
        with by_right(Command.RECORD_CALLBACK, command):
            check_station(self.file.state, Command.RECORD_CALLBACK)

    # -- the clock as a whole ------------------------------------------------------------------------

    @workflow.update(name=Command.HOLD)
    async def hold(self, command: HoldCase) -> CaseView:
        rules.hold(self.file, command)
        return self.file.view()

    @hold.validator
    def validate_hold(self, command: HoldCase) -> None:
        with by_right(Command.HOLD, command):
            check_hold(self.file.state, command, self.file.policy, self.file.calendar, workflow.now())

    @workflow.update(name=Command.RELEASE)
    async def release(self, command: ReleaseCase) -> CaseView:
        rules.release(self.file, acting(Command.RELEASE, command), remark=command.remark)
        return self.file.view()

    @release.validator
    def validate_release(self, command: ReleaseCase) -> None:
        with by_right(Command.RELEASE, command):
            check_release(self.file.state, command)

    @workflow.update(name=Command.CHANGE_RULES)
    async def change_rules(self, command: ChangeRules) -> list[Move]:
        return list(rules.change(self.file, command))

    @change_rules.validator
    def validate_change_rules(self, command: ChangeRules) -> None:
        with by_right(Command.CHANGE_RULES, command):
            check_station(self.file.state, Command.CHANGE_RULES)

    # -- queries -------------------------------------------------------------------------------------

    @workflow.query
    def state(self) -> CaseView:
        return self.file.view()

    @workflow.query
    def trail(self) -> list[Fact]:
        return self.file.state.facts

    @workflow.query
    def waiting_for(self) -> list[Waiting]:
        return list(self.file.view().waiting)

    @workflow.query
    def foresee(self, command: ChangeRules) -> list[Move]:
        """What a change of rules would do to every running limit."""
        return list(rules.foresee(self.file, command))


_TAKEN_BACK = {Outcome.WITHDRAWN: WithdrawalReason.WITHDRAWN, Outcome.MERGED: WithdrawalReason.MERGED}

_CLOSINGS = {
    Outcome.WITHDRAWN: Closing.WITHDRAWN,
    Outcome.MERGED: Closing.MERGED,
    Outcome.UNREACHED: Closing.UNREACHED,
    Outcome.UNSATISFIED: Closing.EXPLAINED,
    Outcome.DECLINED_AGAIN: Closing.EXPLAINED,
}


def _closing(outcome: Outcome, answer: Outcome | None) -> Closing:
    """How the case ended: by the last outcome, or where the citizen was satisfied, by the answer."""
    answered = Closing.EXPLAINED if answer is Outcome.EXPLAINED else Closing.RESOLVED
    return _CLOSINGS.get(outcome, answered)


def _refusal_of(error: ActivityError, command: Merge) -> ApplicationError:
    """What the other case said; where it said nothing, that it could not be asked."""
    if isinstance(error.cause, ApplicationError) and error.cause.type:
        return ApplicationError(error.cause.message, *error.cause.details, type=error.cause.type, non_retryable=True)
    return to_failure(Refused("other-case-unreachable", case=command.into))
