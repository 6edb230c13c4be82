"""Joint meetings at the desk: what is said of one is told to each of its cases first, and then put on record.

A case that has heard a word already takes it again without a second fact, so whatever was cut off can be asked again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.cases import CaseFolder, folder
from desk.commands import ask
from desk.window import Desk
from domain.case import CaseView
from domain.citizen import blot_out
from domain.commands import Command, ConveneMeeting, SpeakInMeeting
from domain.errors import LiandongError, NotFound, Refused
from domain.ledger import FactKind
from domain.meeting import MeetingFile, NewMeeting, Record, Result, needed, result_of
from domain.values import Value
from storage import cases, demands, ledger, meetings
from storage.database import reaching_database


@dataclass(frozen=True)
class Told:
    """A meeting after something was said of it, and the cases that would not hear of it."""

    file: MeetingFile
    taken: Sequence[CaseView]
    """The cases that took it."""
    refused: Sequence[tuple[str, LiandongError]]


@dataclass(frozen=True)
class Paper:
    """What the agenda says of one case."""

    folder: CaseFolder
    result: Result


async def convene(desk: Desk, new: NewMeeting) -> Told:
    """Bring cases before a meeting. Asking for the same one again brings the cases that it lacks.

    Raises NotFound for a case or department that nobody knows; Refused ``case-not-at-meeting`` and ``already-convened``
    before any case is asked, ``meeting-called-off`` and ``meeting-signed``, and what the first case says where none
    takes part.
    """
    meeting_id = new.meeting_id
    with reaching_database():
        directory = await desk.directory()
        for code in new.members:
            directory.get(code)
        known = await meetings.find(desk.pool, meeting_id)
        if known is not None:
            known.check_open()
        for case_id in new.cases:
            await _require_at_meeting(desk, case_id, meeting_id)
    command = ConveneMeeting(members=new.members, by=new.by, meeting_id=meeting_id, held_at=new.held_at)
    taken, refused = await _tell(desk, new.cases, Command.CONVENE, command)
    quorum = needed(len(new.members), (await desk.rules()).policy.meeting.quorum.value)
    with reaching_database():
        kept = await meetings.convene(desk.pool, new, [view.case_id for view in taken], quorum)
    return Told(kept, taken, refused)


async def _require_at_meeting(desk: Desk, case_id: str, meeting_id: str) -> None:
    view = await cases.view(desk.pool, case_id)
    if view is None:
        raise NotFound("case-unknown", case=case_id)
    if Command.CONVENE in view.allowed:
        return
    facts = [entry.fact for entry in await ledger.entries_of(desk.pool, case_id)]
    convened = [fact for fact in facts if fact.kind is FactKind.MEETING_CONVENED]
    if Command.CONCLUDE not in view.allowed or not convened:
        raise Refused("case-not-at-meeting", case=case_id, step=view.step.value)
    if convened[-1].payload.get("meeting_id") != meeting_id:
        members = convened[-1].payload.get("members")
        shown = ", ".join(map(str, members)) if isinstance(members, list) else "-"
        raise Refused("already-convened", members=shown, allowed=Command.CONCLUDE.value)


async def say(desk: Desk, command: SpeakInMeeting) -> Told:
    """Who came, what a department holds, or that a meeting is called off; without anything about the citizens.

    Raises NotFound ``meeting-unknown``; NotYours ``not-invited``; Refused as ``check_open`` does, and what the first
    case says where none hears of it.
    """
    with reaching_database():
        found = await meetings.get(desk.pool, command.meeting_id)
        found.check_open()
        if command.department is not None:
            found.check_invited(command.department)
        position = await _blotted(desk, found, command.position) if command.position else None
        reason = await _blotted(desk, found, command.reason) if command.reason else None
    clean = command.model_copy(update={"position": position, "reason": reason})
    taken, refused = await _tell(desk, found.meeting.cases, Command.SPEAK_IN_MEETING, clean)
    with reaching_database():
        return Told(await meetings.say(desk.pool, clean), taken, refused)


async def _tell(
    desk: Desk, case_ids: Sequence[str], command: Command, content: Value
) -> tuple[list[CaseView], list[tuple[str, LiandongError]]]:
    """Ask the cases one after the other; those that took it, and what the others said. Raises where none did."""
    taken: list[CaseView] = []
    refused: list[tuple[str, LiandongError]] = []
    for case_id in case_ids:
        try:
            taken.append(await ask(desk, case_id, command, content))
        except (NotFound, Refused) as error:
            refused.append((case_id, error))
    if not taken:
        raise refused[0][1]
    return taken, refused


async def _blotted(desk: Desk, found: MeetingFile, text: str) -> str:
    for case_id in found.meeting.cases:
        words = await demands.words(desk.pool, case_id)
        text = blot_out(text, words.citizen.words if words else ())
    return text


async def results(desk: Desk, found: MeetingFile) -> list[Result]:
    """What came of it for each case, by the cases' own record."""
    with reaching_database():
        chains = [await ledger.entries_of(desk.pool, case_id) for case_id in found.meeting.cases]
    meeting_id = found.meeting.meeting_id
    return [
        result_of(case_id, meeting_id, (entry.fact for entry in entries))
        for case_id, entries in zip(found.meeting.cases, chains, strict=True)
    ]


async def papers(desk: Desk, found: MeetingFile) -> list[Paper]:
    """What the departments need to know of each case before they meet."""
    folders = [await folder(desk, case_id) for case_id in found.meeting.cases]
    return [Paper(one, result) for one, result in zip(folders, await results(desk, found), strict=True)]


async def write_minutes(desk: Desk, meeting_id: str, text: str, by: str) -> MeetingFile:
    """Write the minutes: the text, with all that is on record of the meeting now. Raises Refused ``minutes-signed``."""
    with reaching_database():
        found = await meetings.get(desk.pool, meeting_id)
        clean = await _blotted(desk, found, text)
    outcomes = await results(desk, found)
    record = Record(meeting=found.meeting, said=found.said, results=tuple(outcomes), text=clean)
    with reaching_database():
        return await meetings.write(desk.pool, meeting_id, record, by)


async def sign(desk: Desk, meeting_id: str, department: str, by: str) -> MeetingFile:
    """A department signs the minutes. Raises as ``check_sign`` does."""
    with reaching_database():
        found = await meetings.get(desk.pool, meeting_id)
    outcomes = await results(desk, found)
    with reaching_database():
        return await meetings.sign(desk.pool, meeting_id, department, outcomes, by)
