"""What moves the clock of a case as a whole: holds, an extension, and a policy or calendar changed by decision.

Nothing is ever reset: what was used of a limit stays used.
"""

from datetime import datetime

from temporalio import workflow

from domain import limits
from domain.case import Hold
from domain.clock import Span
from domain.commands import ChangeRules, ExtendOrder, HoldCase
from domain.ledger import ENGINE, FactKind
from domain.limits import HANDLE, Move
from domain.staff import StaffRole
from workflows.case_file import CaseFile


def hold(file: CaseFile, command: HoldCase) -> None:
    """Time stops counting: every running limit rests until the hold ends. One that has passed is past help."""
    state, now = file.state, workflow.now()
    running = tuple(
        name
        for name, limit in state.limits.items()
        if limit.running_since is not None and not limit.expired(now, file.calendar)
    )
    for name in running:
        state.limits[name] = state.limits[name].paused(now, file.calendar)
    state.hold = Hold(reason=command.reason, approved_by=command.approved_by, until=command.until, limits=running)
    file.note(
        FactKind.HOLD_STARTED,
        actor=f"{command.asked_as or StaffRole.OPERATOR}:{command.by}",
        reason=command.reason,
        approved_by=command.approved_by,
        until=command.until.isoformat(),
        remark=command.remark,
    )
    file.show_limits()


def release(file: CaseFile, actor: str, *, due_at: datetime | None = None, remark: str | None = None) -> None:
    """Time counts again: the limits go on with what was left of them, from the hold's end if that was earlier."""
    state, ended = file.state, file.state.hold
    if ended is None:
        return
    state.hold = None
    for name in ended.limits:
        if name in state.limits:
            state.limits[name] = state.limits[name].started(min(ended.until, workflow.now()))
    file.note(FactKind.HOLD_ENDED, actor=actor, due_at=due_at, reason=ended.reason, remark=remark)
    file.show_limits()


async def end_holds(file: CaseFile) -> None:
    """End a hold at its end, if nobody has before; runs beside the path of the case."""
    state = file.state
    while True:
        await workflow.wait_condition(lambda: state.hold is not None)
        if not await file.wait_until(lambda: state.hold is None, lambda: state.hold.until if state.hold else None):
            release(file, ENGINE, due_at=state.hold.until if state.hold else None)


def extend(file: CaseFile, command: ExtendOrder) -> None:
    """More time for the lead's handling limit (P8)."""
    state, rule = file.state, file.policy.extension
    if rule is None:
        return
    more = Span(value=command.days, unit=rule.longest.unit).amount(file.calendar)
    before = file.foreseen(HANDLE).at
    state.limits[HANDLE] = state.limits[HANDLE].extended(more)
    state.extensions += 1
    state.extended += more
    file.note(
        FactKind.EXTENSION_GRANTED,
        actor=f"department:{command.department}",
        order_id=command.order_id,
        days=command.days,
        unit=rule.longest.unit.value,
        reason=command.reason,
        told_citizen=command.told_citizen,
        by=command.by,
        received_at=command.received_at.isoformat() if command.received_at else None,
        before=before.isoformat(),
        after=file.foreseen(HANDLE).at.isoformat(),
    )
    file.show_limits()


def foresee(file: CaseFile, command: ChangeRules) -> tuple[Move, ...]:
    """What a change of rules would do to every running limit; changes nothing."""
    policy, calendar = command.policy or file.policy, command.calendar or file.calendar
    after = limits.under(file.state, file.case, policy, calendar)
    return limits.moves(file.state, file.calendar, after, calendar)


def change(file: CaseFile, command: ChangeRules) -> tuple[Move, ...]:
    """Go on under another policy or calendar; every limit before and after becomes a fact.

    A case that goes by them already takes no note: so a publication that was interrupted is simply made again.
    """
    found = foresee(file, command)
    policy, calendar = command.policy or file.policy, command.calendar or file.calendar
    if (policy, calendar) == (file.policy, file.calendar):
        return found
    file.state.limits = limits.under(file.state, file.case, policy, calendar)
    file.policy, file.calendar = policy, calendar
    file.note(
        FactKind.LIMITS_MOVED,
        actor=f"{command.asked_as or StaffRole.OPERATOR}:{command.by}",
        reason=command.reason,
        policy=f"{policy.policy_id}@{policy.version}",
        calendar=f"{calendar.name}@{calendar.revision}",
        limits=[move.model_dump(mode="json") for move in found],
    )
    file.show_limits()
    return found
