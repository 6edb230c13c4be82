"""``liandong meeting``: the joint meeting is convened, prepared, attended, concluded, and put down in minutes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import OK, Console, Output
from cli.printing import HtmlOption, PdfOption, write_sheet
from cli.verbs import ByOption, CaseArgument, LimitOption, OutputOption, OwnDepartmentOption, ReasonOption, noun, verb

if TYPE_CHECKING:
    from cli.asking import Said

app = noun("meeting")

MeetingArgument = Annotated[str, typer.Argument(metavar="MEETING", help="argument-meeting")]


@verb(app, "convene")
async def convene(
    console: Console,
    members: Annotated[str, typer.Option("--members", help="option-members", metavar="CODE,CODE,…")],
    by: ByOption,
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="argument-case")] = None,
    cases: Annotated[str | None, typer.Option("--cases", help="option-meeting-cases", metavar="CASE,CASE,…")] = None,
    at: Annotated[str | None, typer.Option("--at", help="option-meeting-at", metavar="TIME")] = None,
    place: Annotated[str | None, typer.Option("--place", help="option-meeting-place", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.asking import Said, ask_and_tell
    from cli.entries import either, listed, made, moment
    from cli.meeting_pages import as_data, tell_refused
    from cli.session import at_desk, settled
    from desk import meetings
    from domain.commands import Command, ConveneMeeting
    from domain.errors import Invalid
    from domain.meeting import NewMeeting

    either(case is not None, cases is not None, "CASE, --cases")
    codes, held_at = listed(members), moment(at, "held_at")
    if held_at is None:
        if place is not None or cases is not None:
            raise Invalid("input-missing", field="held_at")
        command = made(ConveneMeeting, {"members": codes, "by": by})
        said = Said("convened", {"members": ", ".join(codes)})
        await ask_and_tell(console, case or "", Command.CONVENE, command, said, output)
        return OK
    about = [case] if case is not None else listed(cases or "")
    new = made(NewMeeting, {"held_at": held_at, "place": place or "", "cases": about, "members": codes, "by": by})
    async with at_desk(console) as desk:
        told = await meetings.convene(desk, new)
        for view in told.taken:
            await settled(desk, view)
    if output is Output.JSON:
        console.json(as_data(told.file))
    else:
        meeting = told.file.meeting
        console.say("meeting-convened", meeting=meeting.meeting_id, at=meeting.held_at, cases=len(meeting.cases))
        console.say("meeting-next", meeting=meeting.meeting_id)
    return tell_refused(console, told)


@verb(app, "list")
async def list_(console: Console, limit: LimitOption = 50, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk
    from storage import meetings
    from storage.database import reaching_database
    from texts.moments import local

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found = console.first(await meetings.latest(desk.pool, limit + 1), limit)
    if output is Output.JSON:
        console.json(found)
        return
    rows = [
        (one.meeting_id, local(one.held_at), one.place, ", ".join(one.cases), ", ".join(one.members)) for one in found
    ]
    console.table(("column-meeting", "column-time", "column-place", "column-cases", "column-members"), rows)


@verb(app, "show")
async def show(console: Console, meeting: MeetingArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.meeting_pages import as_data, tell_meeting
    from cli.session import at_desk
    from desk.meetings import results
    from storage import meetings
    from storage.database import reaching_database
    from texts.telling import Names

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found = await meetings.get(desk.pool, meeting)
            names = Names(await desk.directory(), console.text)
        outcomes = await results(desk, found)
    if output is Output.JSON:
        console.json(as_data(found, outcomes))
    else:
        tell_meeting(console, found, outcomes, names)


@verb(app, "invite")
async def invite(
    console: Console,
    meeting: MeetingArgument,
    out: Annotated[Path, typer.Option("--out", help="option-invite-out", metavar="FOLDER")],
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.papers import write_new
    from cli.session import at_desk
    from domain.errors import Invalid, Refused
    from pages.invitations import invitation
    from storage import meetings
    from storage.database import reaching_database
    from texts.telling import Names

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found = await meetings.get(desk.pool, meeting)
            names = Names(await desk.directory(), console.text)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        raise Invalid("file-not-writable", file=str(out)) from None
    kind = "cancelled" if found.called_off else "invited"
    files = {code: out / f"{meeting}-{code}-{kind}.ics" for code in found.meeting.members}
    if taken := next((file for file in files.values() if file.exists()), None):
        raise Refused("file-exists", file=str(taken))
    for code, file in files.items():
        write_new(file, invitation(found, code, console.text, names))
    if output is Output.JSON:
        console.json({"meeting_id": meeting, "files": {code: str(file) for code, file in files.items()}})
    else:
        console.say("meeting-invitations", meeting=meeting, files=len(files), folder=str(out))


@verb(app, "agenda")
async def agenda(
    console: Console,
    meeting: MeetingArgument,
    out: Annotated[Path | None, typer.Option("--out", help="option-agenda-out", metavar="FILE")] = None,
) -> None:
    from cli.papers import write_new
    from cli.session import at_desk
    from desk.meetings import papers
    from dossiers.minutes import agenda_of
    from storage import meetings
    from storage.database import reaching_database
    from texts.telling import Names

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found = await meetings.get(desk.pool, meeting)
            names = Names(await desk.directory(), console.text)
        cases = [(one.folder.view.case_id, one.folder.codes, one.folder.entries) for one in await papers(desk, found)]
    written = agenda_of(found, cases, console.text, names)
    if out is None:
        console.write(written.rstrip("\n"))
    else:
        write_new(out, written.encode())
        console.say("meeting-agenda-written", meeting=meeting, file=str(out))


@verb(app, "attend")
async def attend(
    console: Console,
    meeting: MeetingArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    absent: Annotated[bool, typer.Option("--absent", help="option-meeting-absent")] = False,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.asking import Said

    word, params = "absent" if absent else "attended", {"department": department}
    said = Said("meeting-absent-noted" if absent else "meeting-attended-noted", {**params, "meeting": meeting})
    return await _speak(console, {"meeting_id": meeting, "word": word, "by": by, **params}, said, output)


@verb(app, "opine")
async def opine(
    console: Console,
    meeting: MeetingArgument,
    department: OwnDepartmentOption,
    position: Annotated[str, typer.Option("--position", help="option-meeting-position", metavar="TEXT")],
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.asking import Said

    given = {"meeting_id": meeting, "word": "opinion", "department": department, "position": position, "by": by}
    return await _speak(
        console, given, Said("meeting-opinion-noted", {"department": department, "meeting": meeting}), output
    )


@verb(app, "call-off")
async def call_off(
    console: Console, meeting: MeetingArgument, reason: ReasonOption, by: ByOption, output: OutputOption = Output.TEXT
) -> int:
    from cli.asking import Said

    given = {"meeting_id": meeting, "word": "called_off", "reason": reason, "by": by}
    return await _speak(console, given, Said("meeting-off-noted", {"meeting": meeting}), output)


async def _speak(console: Console, given: dict[str, str], said: "Said", output: Output) -> int:
    from cli.entries import made
    from cli.meeting_pages import as_data, tell_refused
    from cli.session import at_desk, settled
    from desk import meetings
    from domain.commands import SpeakInMeeting

    command = made(SpeakInMeeting, given)
    async with at_desk(console) as desk:
        told = await meetings.say(desk, command)
        for view in told.taken:
            await settled(desk, view)
    if output is Output.JSON:
        console.json(as_data(told.file))
    else:
        console.say(said.key, **said.params)
    return tell_refused(console, told)


@verb(app, "minutes")
async def minutes(
    console: Console,
    meeting: MeetingArgument,
    file: Annotated[Path | None, typer.Option("--file", help="option-minutes-file", metavar="FILE")] = None,
    text: Annotated[str | None, typer.Option("--text", help="option-minutes-text", metavar="TEXT")] = None,
    by: Annotated[
        str, typer.Option("--by", help="option-by", envvar="LIANDONG_BY", show_envvar=True, metavar="NAME")
    ] = "",
    html: HtmlOption = None,
    pdf: PdfOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import either, made
    from cli.meeting_pages import as_data
    from cli.session import at_desk
    from desk.meetings import write_minutes
    from domain.errors import Refused
    from domain.meeting import NewMinutes
    from domain.staff import Act, Asking
    from dossiers.minutes import sheet_of_minutes
    from storage import meetings
    from storage.database import reaching_database
    from texts.telling import Names

    new, asking = None, None
    if file is not None or text is not None:
        either(file is not None, text is not None, "--file, --text")
        words = text if file is None else _read(file)
        new = made(NewMinutes, {"meeting_id": meeting, "minutes": words, "by": by})
        asking = made(Asking, {"by": by, "act": Act.WRITE_MINUTES})
    async with at_desk(console, engine=False, asking=asking) as desk:
        if new is not None:
            found = await write_minutes(desk, meeting, new.minutes, new.by)
        else:
            with reaching_database():
                found = await meetings.get(desk.pool, meeting)
        names = Names(await desk.directory(), console.text)
    kept = found.minutes
    if kept is None:
        raise Refused("minutes-missing", meeting=meeting)
    if output is Output.JSON:
        console.json({**as_data(found), "text": kept.record.text})
    elif new is not None:
        console.say("minutes-kept", meeting=meeting, sha256=kept.sha256)
    elif html is None and pdf is None:
        console.write(kept.record.text)
        console.note("minutes-remark", sha256=kept.sha256)
    if html is not None or pdf is not None:
        write_sheet(console, sheet_of_minutes(kept, console.text, names), kept.at, html, pdf)


def _read(file: Path) -> str:
    from domain.errors import Invalid

    try:
        if file.stat().st_size > 1_000_000:
            raise Invalid("paper-too-large", file=file.name, limit=1_000_000)
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        raise Invalid("file-unreadable", file=str(file)) from None


@verb(app, "sign")
async def sign(
    console: Console,
    meeting: MeetingArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import made
    from cli.meeting_pages import as_data
    from cli.session import at_desk
    from desk import meetings
    from domain.meeting import NewSignature
    from domain.staff import Act, Asking

    new = made(NewSignature, {"meeting_id": meeting, "department": department, "by": by})
    asking = made(Asking, {"by": by, "act": Act.SIGN_MINUTES, "department": department})
    async with at_desk(console, engine=False, asking=asking) as desk:
        found = await meetings.sign(desk, new.meeting_id, new.department, new.by)
    signed = found.minutes
    if output is Output.JSON:
        console.json(as_data(found))
    elif signed is not None:
        console.say("minutes-signed-by", department=department, meeting=meeting, sha256=signed.sha256)


@verb(app, "conclude")
async def conclude(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    minutes: Annotated[str, typer.Option("--minutes", help="option-minutes", metavar="TEXT")],
    lead: Annotated[str | None, typer.Option("--lead", help="option-meeting-lead", metavar="CODE")] = None,
    task: Annotated[list[str] | None, typer.Option("--task", help="option-task", metavar="CODE=TEXT")] = None,
    days: Annotated[list[str] | None, typer.Option("--days", help="option-days", metavar="CODE=N")] = None,
    no_conclusion: Annotated[bool, typer.Option("--no-conclusion", help="option-no-conclusion")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import assignments, either, made
    from domain.commands import Command, ConcludeMeeting
    from domain.errors import Invalid

    concluded = either(bool(lead or task or days), no_conclusion, "--lead, --no-conclusion")
    tasks, limits = assignments(task or [], "tasks"), assignments(days or [], "days")
    if stranger := next((code for code in limits if code not in tasks), None):
        raise Invalid("days-without-task", field="days", department=stranger)
    given = [{"department": code, "task": text, "days": limits.get(code)} for code, text in tasks.items()]
    command = made(ConcludeMeeting, {"lead": lead, "tasks": given, "minutes": minutes, "by": by})
    said = Said("concluded", {"lead": lead, "tasks": len(tasks)}) if concluded else Said("not-concluded")
    await ask_and_tell(console, case, Command.CONCLUDE, command, said, output)
