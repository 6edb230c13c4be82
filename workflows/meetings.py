"""A joint meeting as one case lives it: convened for a day, attended, opined on, called off, concluded.

A meeting that was convened by a word alone (no id, no date) has none of this but the conclusion.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.case import Awaited, Party
    from domain.commands import Command, ConcludeMeeting, ConveneMeeting, SpeakInMeeting
    from domain.ledger import ENGINE, FactKind
    from domain.limits import OPINIONS
    from domain.meeting import MeetingWord, Opinion, Sitting, needed
    from domain.permissions import is_before

from workflows.case_file import Bell, CaseFile
from workflows.rights import acting

_FACTS = {
    MeetingWord.ATTENDED: FactKind.MEETING_ATTENDED,
    MeetingWord.ABSENT: FactKind.MEETING_ABSENT,
    MeetingWord.OPINION: FactKind.MEETING_OPINION,
}


def convene(file: CaseFile, command: ConveneMeeting) -> None:
    """The departments are called together; for a meeting of its own, with the day."""
    state = file.state
    if command.meeting_id is not None and is_before(state, command.meeting_id):
        return
    state.members = list(command.members)
    if command.meeting_id is not None and command.held_at is not None:
        state.meeting = Sitting(meeting_id=command.meeting_id, held_at=command.held_at)
    file.note(
        FactKind.MEETING_CONVENED,
        actor=acting(Command.CONVENE, command),
        members=list(command.members),
        meeting_id=command.meeting_id,
        held_at=command.held_at.isoformat() if command.held_at else None,
    )


def speak(file: CaseFile, command: SpeakInMeeting) -> None:
    """What was said becomes a fact, once; a word that says what is known already changes nothing."""
    state, sitting, department = file.state, file.state.meeting, command.department
    if sitting is None:
        return
    if department is None:
        file.note(
            FactKind.MEETING_CALLED_OFF,
            actor=acting(Command.SPEAK_IN_MEETING, command),
            meeting_id=sitting.meeting_id,
            reason=command.reason,
        )
        state.members, state.meeting = [], None
        return
    match command.word:
        case MeetingWord.OPINION:
            given = Opinion(department=department, position=command.position)
            after = sitting.model_copy(update={"opinions": (*sitting.opinions, given)})
            known = sitting.position_of(department) is not None
            actor, by = f"department:{department}", command.by
        case word:
            present = word is MeetingWord.ATTENDED
            after = sitting.marked(department, present=present)
            known = department in (sitting.attended if present else sitting.absent)
            actor, by = acting(Command.SPEAK_IN_MEETING, command), None
    if known:
        return
    state.meeting = after
    file.note(_FACTS[command.word], actor=actor, department=department, by=by, position=command.position)


def conclude(file: CaseFile, command: ConcludeMeeting) -> None:
    """The result; before it who did not come, with it what each department holds."""
    state = file.state
    adjourn(file)
    state.conclusion = command
    positions, not_given = held(state.positions if state.meeting else ())
    file.note(
        FactKind.MEETING_CONCLUDED,
        actor=acting(Command.CONCLUDE, command),
        lead=command.lead,
        tasks=[task.model_dump(mode="json") for task in command.tasks],
        minutes=command.minutes,
        meeting_id=state.meeting.meeting_id if state.meeting else None,
        positions=positions,
        not_given=not_given,
    )


def adjourn(file: CaseFile) -> None:
    """The meeting is over, one way or the other: who never came is named, and whether enough did."""
    state, sitting = file.state, file.state.meeting
    if sitting is None:
        return
    state.positions = sitting.positions(state.members)
    for department in state.members:
        if department not in (*sitting.attended, *sitting.absent):
            sitting = sitting.marked(department, present=False)
            file.note(FactKind.MEETING_ABSENT, actor=ENGINE, department=department)
    state.meeting = sitting
    present, quorum = len(sitting.attended), needed(len(state.members), file.policy.meeting.quorum.value)
    if present < quorum:
        file.note(FactKind.MEETING_NO_QUORUM, present=present, needed=quorum, invited=len(state.members))


def held(positions: Sequence[Opinion]) -> tuple[JsonValue, JsonValue]:
    """What each department holds, and who gave no opinion, as a fact has it; nothing where there was no meeting."""
    if not positions:
        return None, None
    return (
        [one.model_dump(mode="json") for one in positions if one.position is not None],
        [one.department for one in positions if one.position is None],
    )


async def concluded(file: CaseFile, convene_limit: str, conclude_limit: str) -> datetime | None:
    """Wait for the conclusion; the limit that passed first, else None. A meeting called off is waited for anew.

    No clock begins again: what was used of the limit to convene stays used, and the one to conclude runs on.
    """
    state = file.state
    while True:
        meeting_id = _meeting_id(file)
        if meeting_id is not None:
            file.stop_limit(convene_limit)
            file.restart_limit(OPINIONS)
        late = await _spoken(file, conclude_limit, meeting_id)
        if late is not None or state.conclusion is not None:
            return late
        file.stop_limit(OPINIONS)
        late = await _convened_again(file, file.start_limit(convene_limit), conclude_limit)
        if late is not None:
            return late


async def _spoken(file: CaseFile, limit: str, meeting_id: str | None) -> datetime | None:
    """Wait until this meeting is concluded or called off; the limit where it passed first."""
    state = file.state

    def over() -> bool:
        return state.conclusion is not None or _meeting_id(file) != meeting_id

    with file.waiting(Party.SUPERVISOR, Awaited.CONCLUSION, limit):
        if await file.wait_until(over, lambda: file.due(limit), _opinions(file)):
            return None
    adjourn(file)
    return file.due(limit)


async def _convened_again(file: CaseFile, convene_limit: str, conclude_limit: str) -> datetime | None:
    def due() -> datetime | None:
        return min(filter(None, (file.due(convene_limit), file.due(conclude_limit))), default=None)

    with file.waiting(Party.SUPERVISOR, Awaited.MEETING, convene_limit):
        return None if await file.wait_until(lambda: bool(file.state.members), due) else due()


def _opinions(file: CaseFile) -> Bell:
    """When the limit of the opinions passes, each department that has given none becomes a fact."""

    def silent() -> list[str]:
        sitting = file.state.meeting
        if sitting is None or sitting.opinions_closed:
            return []
        return [one.department for one in sitting.positions(file.state.members) if one.position is None]

    def at() -> datetime | None:
        return file.due(OPINIONS) if silent() else None

    def ring() -> None:
        due, sitting = file.due(OPINIONS), file.state.meeting
        for department in silent():
            file.note(FactKind.MEETING_OPINION_MISSING, due_at=due, department=department)
        if sitting is not None:
            file.state.meeting = sitting.model_copy(update={"opinions_closed": True})

    return Bell(at, ring)


def _meeting_id(file: CaseFile) -> str | None:
    return file.state.meeting.meeting_id if file.state.meeting else None
