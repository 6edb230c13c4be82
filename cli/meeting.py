"""``liandong meeting``: the joint meeting is called, and concluded."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import ByOption, CaseArgument, OutputOption, noun, verb

app = noun("meeting")


@verb(app, "convene")
async def convene(
    console: Console,
    case: CaseArgument,
    members: Annotated[str, typer.Option("--members", help="option-members", metavar="CODE,CODE,…")],
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import listed, made
    from domain.commands import Command, ConveneMeeting

    codes = listed(members)
    command = made(ConveneMeeting, {"members": codes, "by": by})
    said = Said("convened", {"members": ", ".join(codes)})
    await ask_and_tell(console, case, Command.CONVENE, command, said, output)


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
