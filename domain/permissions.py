"""What may be asked of a case now. Pure; every refusal names the station, what was asked and what is allowed.

The workflow's update validators call these; a refused command leaves no event in the history.
"""

from domain.calendar import WorkCalendar
from domain.case import Awaited, CaseState, Status
from domain.commands import (
    Absorb,
    Acknowledge,
    Assign,
    Command,
    ConcludeMeeting,
    ConveneMeeting,
    Escalate,
    ExtendOrder,
    HoldCase,
    Merge,
    NoteLateReply,
    NoteProgress,
    NoteUndelivered,
    ReleaseCase,
    ReturnOrder,
    SpeakInMeeting,
)
from domain.commission import AnswerReferral, DecideReferral, Grounds, VerifyRectification
from domain.errors import NotFound, NotYours, Refused
from domain.ladder import End, Rung, rungs_to_escalate_to
from domain.limits import CONCLUDE
from domain.meeting import MeetingWord, needed
from domain.order import Order, OrderStatus, Role
from domain.policy import Policy
from domain.values import Instant

_FROM_US = (Command.NOTE_LATE_REPLY, Command.NOTE_UNDELIVERED)
"""What no person says: it is taken as long as the case is open."""


def allowed_commands(state: CaseState) -> tuple[Command, ...]:
    """The commands the station allows; details (whose order, which window) are checked per command."""
    if state.step is End.CLOSED:
        return ()
    if state.interruption is not None:
        return _FROM_US  # a reply is never dropped while the case is open
    allowed = [Command.WITHDRAW, Command.MERGE, Command.ABSORB, Command.CHANGE_RULES, *_FROM_US]
    open_orders = [o for o in state.orders.values() if o.is_open]
    if any(o.status is OrderStatus.SENT for o in open_orders):
        allowed.append(Command.ACKNOWLEDGE)
    if open_orders:
        allowed.append(Command.PROGRESS)
    if any(o.returnable for o in open_orders):
        allowed.append(Command.RETURN)
    if state.explanation_pending:
        allowed.append(Command.EXPLAIN)
    if isinstance(state.step, Rung) and rungs_to_escalate_to(state.step):
        allowed.append(Command.ESCALATE)
    if state.hold:
        allowed.append(Command.RELEASE)
    elif isinstance(state.step, Rung):
        allowed.append(Command.HOLD)
    if state.step is Rung.DISPATCH and any(o.role is Role.LEAD for o in open_orders):
        allowed.append(Command.EXTEND)
    match state.step:
        case Rung.DISPATCH | Rung.SUPERVISED if not state.explanation_pending:
            allowed.append(Command.ASSIGN)
        case Rung.JOINT_MEETING if state.conclusion is None:
            allowed.append(Command.CONCLUDE if state.members else Command.CONVENE)
            if state.meeting is not None:
                allowed.append(Command.SPEAK_IN_MEETING)
        case Rung.REFERRAL if not state.referral_accepted:
            allowed.append(Command.DECIDE)
        case Rung.REFERRAL if state.awaits(Awaited.ANSWER) and state.commission_answer is None:
            allowed.append(Command.ANSWER_REFERRAL)
        case Rung.REFERRAL if state.awaits(Awaited.PAPERS) and state.papers is None:
            allowed.append(Command.SUPPLY_PAPERS)
        case Rung.REFERRAL if state.status is Status.QUEUED:
            allowed.append(Command.ASSIGN)
        case Rung.RECTIFICATION if state.verification is None:
            allowed.append(Command.VERIFY)
        case End.CALLBACK if state.callback_result is None:
            allowed.append(Command.RECORD_CALLBACK)
        case _:
            pass
    return tuple(sorted(allowed))


def _names(commands: tuple[Command, ...]) -> str:
    hidden = {Command.ABSORB, Command.CHANGE_RULES, *_FROM_US}
    return ", ".join(c for c in commands if c not in hidden) or "-"


def check_station(state: CaseState, asked: Command) -> None:
    """Refuse a command that the station does not know."""
    allowed = allowed_commands(state)
    if asked not in allowed:
        raise Refused("not-allowed-here", asked=asked.value, step=state.step.value, allowed=_names(allowed))


def check_in_time(state: CaseState, asked: Command, limit: str, calendar: WorkCalendar, now: Instant) -> None:
    """Refuse what comes after the limit it was to keep, even where the case has not come to see yet that it passed.

    A limit that rests keeps nobody out.
    """
    deadline = state.limits[limit].deadline(calendar) if limit in state.limits else None
    if deadline is not None and deadline.at <= now:
        raise Refused("limit-passed", asked=asked.value, until=_shown(deadline.at))


def _own_order(state: CaseState, order_id: str, department: str) -> Order:
    order = state.orders.get(order_id)
    if order is None:
        raise NotFound("order-unknown", order=order_id)
    if order.department != department:
        raise NotYours("order-not-yours", order=order_id, department=department)
    return order


def check_acknowledge(state: CaseState, command: Acknowledge) -> None:
    """Only the order's department, and only once."""
    order = _own_order(state, command.order_id, command.department)
    if order.acknowledged_at is not None:
        raise Refused(
            "already-acknowledged",
            order=order.order_id,
            at=order.acknowledged_at.isoformat(timespec="seconds"),
        )
    if not order.is_open:
        raise Refused("order-ended", order=order.order_id, asked="acknowledge", status=order.status.value)
    check_station(state, Command.ACKNOWLEDGE)


def check_progress(state: CaseState, command: NoteProgress) -> None:
    """Only the order's department, while the order is open."""
    order = _own_order(state, command.order_id, command.department)
    if not order.is_open:
        raise Refused("order-ended", order=order.order_id, asked="progress", status=order.status.value)
    check_station(state, Command.PROGRESS)


def check_undelivered(state: CaseState, command: NoteUndelivered) -> None:
    if command.order_id not in state.orders:
        raise NotFound("order-unknown", order=command.order_id)
    check_station(state, Command.NOTE_UNDELIVERED)


def check_return(state: CaseState, command: ReturnOrder, now: Instant) -> None:
    """Only within the window, which counts from the sending of the order; later it counts as accepted (P9)."""
    order = _own_order(state, command.order_id, command.department)
    if not order.is_open:
        raise Refused("order-ended", order=order.order_id, asked="return", status=order.status.value)
    if not order.returnable:
        raise Refused("not-returnable", order=order.order_id, rung=order.rung.value, allowed="reply")
    if order.return_by is not None and now > order.return_by:
        raise Refused("return-window-over", order=order.order_id, until=_shown(order.return_by), allowed="reply")
    check_station(state, Command.RETURN)


def check_assign(state: CaseState, command: Assign) -> None:
    check_station(state, Command.ASSIGN)
    if command.role is Role.ASSISTING and state.lead is None:
        raise Refused("no-lead-yet", department=command.department)
    taken = [state.lead, *(o.department for o in state.orders.values() if o.is_open)]
    if command.role is Role.ASSISTING:
        taken += state.assisting
    if command.department in taken:
        raise Refused("already-assigned", department=command.department)


def check_escalate(state: CaseState, command: Escalate) -> None:
    check_station(state, Command.ESCALATE)
    reachable = rungs_to_escalate_to(state.rung)
    if command.to is not None and command.to not in reachable:
        raise Refused("cannot-escalate-to", rung=state.rung.value, to=command.to.value, allowed=", ".join(reachable))


def check_merge(state: CaseState, command: Merge, case_id: str) -> None:
    check_station(state, Command.MERGE)
    if state.merging_into is not None:
        raise Refused("being-merged", case=case_id, into=state.merging_into)
    if command.into == case_id:
        raise Refused("merge-into-itself", case=case_id)


def check_absorb(state: CaseState, command: Absorb, case_id: str) -> None:
    if command.duplicate == case_id:
        raise Refused("merge-into-itself", case=case_id)
    if state.merging_into is not None:
        raise Refused("being-merged", case=case_id, into=state.merging_into)
    if state.step is End.CLOSED:
        raise Refused("other-case-not-open", case=case_id)  # closed, and only its record is still being written
    check_station(state, Command.ABSORB)


def check_late_reply(state: CaseState, command: NoteLateReply) -> None:
    order = state.orders.get(command.order_id)
    if order is None:
        raise NotFound("order-unknown", order=command.order_id)
    if order.late_reply is not None or order.reply is not None:
        raise Refused("already-replied", order=order.order_id)
    check_station(state, Command.NOTE_LATE_REPLY)


def check_convene(state: CaseState, command: ConveneMeeting) -> None:
    if command.meeting_id is not None and is_before(state, command.meeting_id):
        return  # asked again: nothing more happens
    if state.step is Rung.JOINT_MEETING and state.members and state.conclusion is None:
        raise Refused("already-convened", members=", ".join(state.members), allowed=Command.CONCLUDE.value)
    check_station(state, Command.CONVENE)


def check_conclude(state: CaseState, command: ConcludeMeeting) -> None:
    check_station(state, Command.CONCLUDE)
    outsiders = [t.department for t in command.tasks if t.department not in state.members]
    if outsiders:
        raise Refused("not-at-the-meeting", department=", ".join(outsiders), members=", ".join(state.members))


def is_before(state: CaseState, meeting_id: str) -> bool:
    """Whether the case is before this meeting now."""
    sitting = state.meeting if state.step is Rung.JOINT_MEETING and state.conclusion is None else None
    return sitting is not None and sitting.meeting_id == meeting_id


def check_date(state: CaseState, command: ConveneMeeting, policy: Policy, calendar: WorkCalendar, now: Instant) -> None:
    """A meeting lies ahead, and within the limit for its conclusion: that runs from now on, or since an earlier one."""
    held_at = command.held_at
    if held_at is None or (command.meeting_id is not None and is_before(state, command.meeting_id)):
        return
    if held_at <= now:
        raise Refused("meeting-in-the-past", at=_shown(held_at))
    running = state.limits[CONCLUDE].deadline(calendar) if CONCLUDE in state.limits else None
    until = running.at if running else policy.meeting.conclude.span.after(now, calendar)
    if held_at >= until:
        raise Refused("meeting-too-late", at=_shown(held_at), until=_shown(until))


def check_speak(state: CaseState, command: SpeakInMeeting, now: Instant) -> None:
    """Of this meeting, by a department invited; nobody has come before it begins, and an opinion is given once."""
    check_station(state, Command.SPEAK_IN_MEETING)
    sitting, department = state.meeting, command.department
    if sitting is None or sitting.meeting_id != command.meeting_id:
        raise Refused("not-this-meeting", given=command.meeting_id, meeting=sitting.meeting_id if sitting else "-")
    if department is not None and department not in state.members:
        raise NotYours("not-invited", department=department, members=", ".join(state.members))
    if command.word is MeetingWord.ATTENDED and now < sitting.held_at:
        raise Refused("meeting-not-begun", at=_shown(sitting.held_at))
    given = sitting.position_of(department or "")
    if command.word is MeetingWord.OPINION and given not in (None, command.position):
        raise Refused("opinion-given", department=department or "-")


def check_quorum(state: CaseState, command: ConcludeMeeting, policy: Policy) -> None:
    """A meeting too few came to names no lead; it may end without a conclusion, or be called off for another day."""
    if state.meeting is None or command.lead is None:
        return
    present, quorum = len(state.meeting.attended), needed(len(state.members), policy.meeting.quorum.value)
    if present < quorum:
        raise Refused("no-quorum", present=present, needed=quorum, invited=len(state.members))


def unmet_preconditions(state: CaseState, policy: Policy) -> tuple[Rung, ...]:
    """The rungs that the policy wants gone through in vain, and that have not ended like that yet (P13, P15)."""
    return tuple(rung for rung in policy.referral.exhausted.rungs if rung.value not in state.exhausted)


def check_decide(state: CaseState, command: DecideReferral, policy: Policy) -> None:
    """Two different people; the ground "exhausted" only where it is true."""
    check_station(state, Command.DECIDE)
    if any(d.by == command.by for d in state.decisions):
        raise Refused("already-decided", by=command.by)
    unmet = unmet_preconditions(state, policy)
    if command.accepted and command.grounds is Grounds.EXHAUSTED and unmet:
        raise Refused("preconditions-unmet", unmet=", ".join(unmet), allowed=f"--grounds {Grounds.BREACH.value}")


def check_answer(state: CaseState, command: AnswerReferral) -> None:
    """The commission's own word: not that of somebody who has decided on this referral."""
    check_station(state, Command.ANSWER_REFERRAL)
    if any(d.by == command.by for d in state.decisions):
        raise Refused("answers-own-referral", by=command.by)


def check_verify(state: CaseState, command: VerifyRectification) -> None:
    """By somebody outside the department: not by who has said, in time or late, that it was carried out."""
    check_station(state, Command.VERIFY)
    orders = [order for order in state.orders.values() if order.rung is Rung.RECTIFICATION]
    if any(reply and reply.by == command.by for order in orders for reply in (order.reply, order.late_reply)):
        raise Refused("verifies-own-work", by=command.by)


def check_hold(state: CaseState, command: HoldCase, policy: Policy, calendar: WorkCalendar, now: Instant) -> None:
    """Only for a reason on the policy's list, with an end that is to come and not beyond the reason's longest."""
    if state.hold is not None:
        raise Refused("already-held", reason=state.hold.reason, until=_shown(state.hold.until), allowed="release")
    check_station(state, Command.HOLD)
    rule = next((rule for rule in policy.holds if rule.reason == command.reason), None)
    if rule is None:
        listed = ", ".join(rule.reason for rule in policy.holds) or "-"
        raise Refused("hold-reason-unknown", asked=command.reason, allowed=listed)
    if command.until <= now:
        raise Refused("hold-ends-before-it-begins", until=_shown(command.until))
    longest = rule.span.after(now, calendar)
    if command.until > longest:
        raise Refused("hold-too-long", at=_shown(command.until), until=_shown(longest))


def check_release(state: CaseState, command: ReleaseCase) -> None:
    del command
    if state.hold is None:
        raise Refused("not-held", step=state.step.value, allowed=_names(allowed_commands(state)))
    check_station(state, Command.RELEASE)


def check_extend(state: CaseState, command: ExtendOrder, policy: Policy) -> None:
    """Once, by the lead, while its dispatched order is open, and no longer than the policy grants (P8, P14)."""
    order = _own_order(state, command.order_id, command.department)
    if not order.is_open:
        raise Refused("order-ended", order=order.order_id, asked="extend", status=order.status.value)
    if order.role is not Role.LEAD:
        raise Refused("extension-only-for-lead", order=order.order_id)
    check_station(state, Command.EXTEND)
    rule = policy.extension
    if rule is None:
        raise Refused("no-extension", policy=policy.policy_id)
    if state.extensions >= rule.times.value:
        raise Refused("extension-used", order=order.order_id, times=rule.times.value)
    if command.days > rule.longest.value:
        raise Refused("extension-too-long", days=command.days, longest=rule.longest.value, unit=rule.longest.unit.value)


def _shown(at: Instant) -> str:
    return at.isoformat(timespec="seconds")
