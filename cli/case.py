"""``liandong case``: opening cases, looking at them, and what an operator can ask of one."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.console import Console, Output
from cli.verbs import (
    CHANNELS,
    NATURES,
    RUNGS,
    STATUSES,
    URGENCIES,
    ByOption,
    CaseArgument,
    DepartmentArgument,
    LimitOption,
    OutputOption,
    ReasonOption,
    noun,
    verb,
)

app = noun("case")

STDIN_CHARACTERS = 100_000
"""How much of a description is read from stdin: more than is allowed, so that too much is noticed."""


def _or_stdin(text: str) -> str:
    """Read before the command runs, so that Ctrl-C ends the waiting."""
    return sys.stdin.read(STDIN_CHARACTERS) if text == "-" else text


@verb(app, "open")
async def open_(
    console: Console,
    description: Annotated[
        str, typer.Option("--description", help="option-description", metavar="TEXT", callback=_or_stdin)
    ],
    matter: Annotated[str | None, typer.Option("--matter", help="option-matter", metavar="CODE")] = None,
    district: Annotated[str | None, typer.Option("--district", help="option-district", metavar="CODE")] = None,
    street: Annotated[str | None, typer.Option("--street", help="option-street", metavar="CODE")] = None,
    place: Annotated[str | None, typer.Option("--place", help="option-place", metavar="TEXT")] = None,
    department: Annotated[str | None, typer.Option("--department", help="option-lead", metavar="CODE")] = None,
    assisting: Annotated[list[str] | None, typer.Option("--assisting", help="option-assisting", metavar="CODE")] = None,
    nature: Annotated[str | None, typer.Option("--nature", help="option-nature", metavar=NATURES)] = None,
    urgency: Annotated[str | None, typer.Option("--urgency", help="option-urgency", metavar=URGENCIES)] = None,
    channel: Annotated[str, typer.Option("--channel", help="option-channel", metavar=CHANNELS)] = "phone",
    reference: Annotated[str | None, typer.Option("--reference", help="option-reference", metavar="ID")] = None,
    name: Annotated[str | None, typer.Option("--name", help="option-name", metavar="NAME")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="option-phone", metavar="NUMBER")] = None,
    address: Annotated[str | None, typer.Option("--address", help="option-address", metavar="TEXT")] = None,
    reported_at: Annotated[str | None, typer.Option("--reported-at", help="option-reported-at", metavar="TIME")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen, made, moment
    from domain.citizen import Citizen
    from domain.demand import Channel, Nature, Urgency
    from domain.intake import NewDemand

    citizen = made(Citizen, {"name": name, "phone": phone, "address": address})
    entered: dict[str, Any] = {
        "description": description,
        "matter": matter,
        "district": district,
        "street": street,
        "place": place,
        "department": department,
        "assisting": tuple(assisting or ()),
        "nature": chosen(Nature, nature, "nature"),
        "urgency": chosen(Urgency, urgency, "urgency"),
        "channel": chosen(Channel, channel, "channel"),
        "reference": reference,
        "citizen": citizen,
        "reported_at": moment(reported_at, "reported_at"),
    }
    demand = made(NewDemand, entered)

    from cli.session import at_desk, is_at_rest, on_record
    from cli.situation import show_command, tell
    from desk.cases import open_case

    async with at_desk(console) as desk:
        opened = await open_case(desk, demand, datetime.now(UTC))
        view = await on_record(desk, opened.case_id, is_at_rest)
    if output is Output.JSON:
        console.json(opened)
        return
    console.say("opened" if opened.new else "opened-before", case=opened.case_id)
    if view is None:
        console.say("now-accepted", case=opened.case_id)
        console.say("next-step", command=show_command(opened.case_id))
    else:
        tell(console, view)


@verb(app, "show")
async def show(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.case_pages import case_as_data, case_page
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.cases import folder

    async with at_desk(console, engine=False) as desk:
        found = await folder(desk, case)
        names = Names(await directory_of(desk), console.text)
    if output is Output.JSON:
        console.json(case_as_data(found))
    else:
        case_page(console, found, names)


@verb(app, "why")
async def why_(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.case_why import why_as_data, why_page
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.why import why

    now = datetime.now(UTC)
    async with at_desk(console, engine=False) as desk:
        found = await why(desk, case, now)
        names = Names(await directory_of(desk), console.text)
    if output is Output.JSON:
        console.json(why_as_data(found, console.text, names, now))
    else:
        why_page(console, found, names, now)


@verb(app, "list")
async def list_(
    console: Console,
    status: Annotated[str | None, typer.Option("--status", help="option-status", metavar=STATUSES)] = None,
    rung: Annotated[str | None, typer.Option("--rung", help="option-rung", metavar=RUNGS)] = None,
    department: Annotated[str | None, typer.Option("--department", help="option-of-department", metavar="CODE")] = None,
    limit: LimitOption = 50,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.case_pages import cases_page
    from cli.entries import chosen
    from cli.session import at_desk, require_departments
    from cli.situation import Names
    from domain.case import Status
    from domain.ladder import Rung
    from storage import cases
    from storage.database import reaching_database

    wanted_status, wanted_rung = chosen(Status, status, "status"), Rung.named(rung) if rung else None
    async with at_desk(console, engine=False) as desk:
        directory = await require_departments(desk, [department] if department else [])
        with reaching_database():
            rows = await cases.listed(
                desk.pool, status=wanted_status, rung=wanted_rung, department=department, limit=limit + 1
            )
    rows = console.first(rows, limit)
    if output is Output.JSON:
        console.json(rows)
    else:
        cases_page(console, rows, Names(directory, console.text))


@verb(app, "trail")
async def trail(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.case_trail import trail_as_data, trail_page
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.cases import folder

    async with at_desk(console, engine=False) as desk:
        found = await folder(desk, case)
        names = Names(await directory_of(desk), console.text)
    if output is Output.JSON:
        console.json(trail_as_data(found))
    else:
        trail_page(console, found, names)


@verb(app, "assign")
async def assign(
    console: Console,
    case: CaseArgument,
    department: DepartmentArgument,
    by: ByOption,
    assisting: Annotated[bool, typer.Option("--assisting", help="option-assist")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="option-reason", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from domain.commands import Assign, Command
    from domain.order import Role

    role = Role.ASSISTING if assisting else Role.LEAD
    command = made(Assign, {"department": department, "role": role, "by": by, "reason": reason})
    said = Said("assigned", {"department": department, "role": role})
    await ask_and_tell(console, case, Command.ASSIGN, command, said, output)


@verb(app, "merge")
async def merge(
    console: Console,
    case: CaseArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="argument-into")],
    by: ByOption,
    reason: ReasonOption,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from domain.commands import Command, Merge

    command = made(Merge, {"into": into, "by": by, "reason": reason})
    await ask_and_tell(console, case, Command.MERGE, command, Said("merged", {"into": into}), output)


@verb(app, "escalate")
async def escalate(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    reason: ReasonOption,
    to: Annotated[str | None, typer.Option("--to", help="option-to", metavar=RUNGS)] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from domain.commands import Command, Escalate
    from domain.ladder import Rung

    command = made(Escalate, {"to": Rung.named(to) if to else None, "by": by, "reason": reason})
    await ask_and_tell(console, case, Command.ESCALATE, command, Said("escalated"), output)


@verb(app, "withdraw")
async def withdraw(
    console: Console, case: CaseArgument, by: ByOption, reason: ReasonOption, output: OutputOption = Output.TEXT
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from domain.commands import Command, Withdraw

    command = made(Withdraw, {"by": by, "reason": reason})
    await ask_and_tell(console, case, Command.WITHDRAW, command, Said("withdrawn"), output)


@verb(app, "explain")
async def explain(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    reason: ReasonOption,
    confirm: Annotated[bool, typer.Option("--confirm", help="option-confirm")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="option-refuse")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import either, made
    from domain.commands import Command, ConfirmExplanation

    confirmed = either(confirm, refuse, "--confirm, --refuse")
    command = made(ConfirmExplanation, {"confirmed": confirmed, "by": by, "reason": reason})
    said = Said("explanation-confirmed" if confirmed else "explanation-refused")
    await ask_and_tell(console, case, Command.EXPLAIN, command, said, output)


@verb(app, "import")
async def import_(
    console: Console,
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="argument-cases-file")],
    mapping: Annotated[str, typer.Option("--mapping", help="option-mapping", metavar="pingshan|sample|FILE.toml")],
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="option-import-limit")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="option-dry-run")] = False,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.case_import import import_cases

    return await import_cases(console, file, mapping, limit, dry_run=dry_run, output=output)


@verb(app, "hold")
async def hold(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    reason: Annotated[str, typer.Option("--reason", help="option-hold-reason", metavar="CODE")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="option-approved-by", metavar="NAME")],
    until: Annotated[str, typer.Option("--until", help="option-until", metavar="TIME")],
    remark: Annotated[str | None, typer.Option("--remark", help="option-remark", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made, moment
    from domain.commands import Command, HoldCase

    ends = moment(until, "until")
    content = {"reason": reason, "approved_by": approved_by, "until": ends, "by": by, "remark": remark}
    await ask_and_tell(console, case, Command.HOLD, made(HoldCase, content), Said("held", {"until": ends}), output)


@verb(app, "release")
async def release(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    remark: Annotated[str | None, typer.Option("--remark", help="option-remark", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from domain.commands import Command, ReleaseCase

    command = made(ReleaseCase, {"by": by, "remark": remark})
    await ask_and_tell(console, case, Command.RELEASE, command, Said("released"), output)


@verb(app, "custody")
async def custody(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.custody import custody_page
    from cli.session import at_desk, directory_of
    from desk.custody import custody_of

    async with at_desk(console, engine=False) as desk:
        found = await custody_of(desk, case)
        directory = await directory_of(desk)
    if output is Output.JSON:
        console.json(found.model_dump())
    else:
        custody_page(console, found, directory)
