"""``liandong department``: the directory of those who can be asked to act."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import OK, PARTLY_DONE, Console, Output
from cli.verbs import OutputOption, noun, verb

if TYPE_CHECKING:
    from desk.window import Desk

app = noun("department")
keys = noun("key")
app.add_typer(keys)

KEYS_AT_ONCE = 2
"""How many of a department's keys count at a time: the one in force, and the one before it for a while."""

CONDUCTS = (
    "obedient|late|silent|returns|double|wrong-signature|wrong-order|garbage|slow-body|failing|busy|redirect|slow-answer"
    "|down|mixed"
)
"""Written out: loading the simulator would make ``--help`` slow."""

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="argument-department")]

SHIPPED = "haikou"
"""The directory that comes with the project."""


@verb(app, "import")
async def import_(
    console: Console,
    file: Annotated[str, typer.Argument(metavar="FILE.csv|haikou", help="argument-departments-file")],
    output: OutputOption = Output.TEXT,
) -> int:
    from pathlib import Path

    from cli.case_import import problem_line
    from cli.session import at_desk
    from desk.directory_rows import read_departments, shipped_matters
    from reference import path
    from storage import departments
    from storage.database import reaching_database

    source = path("haikou-departments.csv") if file == SHIPPED else Path(file)
    found, problems = read_departments(source, shipped_matters())
    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            await departments.put(desk.pool, tuple(found))
    if output is Output.JSON:
        console.json({"departments": len(found), "problems": problems})
    else:
        console.say("departments-imported", departments=len(found))
        if problems:
            console.say("import-problems", rows=len({problem.line for problem in problems}))
        for problem in problems:
            console.write(problem_line(problem, console))
    return PARTLY_DONE if problems else OK


@verb(app, "list")
async def list_(
    console: Console,
    matter: Annotated[str | None, typer.Option("--matter", help="option-of-matter", metavar="CODE")] = None,
    district: Annotated[str | None, typer.Option("--district", help="option-of-district", metavar="CODE")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.session import at_desk, directory_of
    from desk.directory_rows import shipped_matters

    if matter:
        shipped_matters().get(matter)
    async with at_desk(console, engine=False) as desk:
        directory = await directory_of(desk)
    found = [
        department
        for department in directory.departments
        if (matter is None or matter in department.matters) and district in (None, department.district)
    ]
    if not found and district:
        directory.locate(district, None)
    if output is Output.JSON:
        console.json(found)
    elif not directory.departments:
        console.say("directory-empty")
    else:
        chinese = console.text.language == "zh"
        rows = [
            (
                department.code,
                department.name if chinese else department.name_en,
                console.text.label(department.level),
                department.district or "",
                department.street or "",
                ", ".join(department.matters),
            )
            for department in found
        ]
        columns = ("column-code", "column-name", "column-level", "column-district", "column-street", "column-matters")
        console.table(columns, rows)


@verb(app, "endpoint")
async def endpoint(
    console: Console,
    department: CodeArgument,
    url: Annotated[str | None, typer.Option("--url", help="option-endpoint-url", metavar="URL")] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="option-endpoint-inbox")] = False,
    concurrency: Annotated[int | None, typer.Option("--concurrency", min=1, max=64, help="option-concurrency")] = None,
    inbox_after: Annotated[
        int | None, typer.Option("--inbox-after", min=1, max=10_080, help="option-inbox-after", metavar="MINUTES")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import timedelta

    from cli.entries import endpoint_of
    from cli.session import at_desk, require_departments
    from domain.errors import Invalid, NotFound
    from storage import departments
    from storage.database import reaching_database

    if url is not None and inbox:
        raise Invalid("input-either", field="--url, --inbox")
    given = endpoint_of(url) if url is not None else None
    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        with reaching_database():
            known = await departments.endpoint(desk.pool, department)
            if known is None:  # taken out of the directory a moment ago
                raise NotFound("department-unknown", department=department, did_you_mean="")
            if given or inbox or concurrency or inbox_after:
                await departments.set_endpoint(
                    desk.pool,
                    department,
                    None if inbox else given or known.url,
                    concurrency or known.concurrency,
                    timedelta(minutes=inbox_after) if inbox_after else timedelta(seconds=known.inbox_after),
                )
                known = await departments.endpoint(desk.pool, department) or known
    if output is Output.JSON:
        console.json({"department": department, **known.model_dump(exclude={"serials"})})
    elif known.url is None:
        console.say("endpoint-none", department=department)
    else:
        minutes = max(1, round(known.inbox_after / 60))
        console.say("endpoint-is", department=department, url=known.url, concurrency=known.concurrency, minutes=minutes)


@verb(app, "simulate")
async def simulate(
    console: Console,
    departments: Annotated[list[str] | None, typer.Argument(metavar="CODE", help="argument-departments")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="option-simulate-all")] = False,
    secret: Annotated[list[str] | None, typer.Option("--secret", help="option-secret", metavar="WHSEC")] = None,
    host: Annotated[str, typer.Option("--host", help="option-simulate-host", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="option-simulate-port", metavar="PORT")] = 8113,
    gateway: Annotated[str | None, typer.Option("--gateway", help="option-simulate-gateway", metavar="URL")] = None,
    conduct: Annotated[str, typer.Option("--conduct", help="option-conduct", metavar=CONDUCTS)] = "obedient",
    seed: Annotated[int, typer.Option("--seed", help="option-simulate-seed")] = 1,
    within: Annotated[float, typer.Option("--within", min=0, help="option-within", metavar="SECONDS")] = 10.0,
    register: Annotated[bool, typer.Option("--register", help="option-register")] = False,
    lasting: Annotated[str | None, typer.Option("--for", help="option-for", metavar="TIME")] = None,
) -> int:
    from cli.entries import chosen
    from cli.simulation import Play, given_secrets, length, play
    from simulator.conduct import Name, Named

    return await play(
        console,
        Play(
            departments=tuple(departments or ()),
            everyone=everyone,
            secrets=given_secrets(secret or []),
            conduct=Named(chosen(Name, conduct, "conduct") or Name.OBEDIENT, seed, within),
            host=host,
            port=port,
            gateway=gateway,
            register=register,
            seconds=length(lasting),
        ),
    )


@verb(keys, "show")
async def show_keys(console: Console, department: CodeArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk, require_departments

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        await _tell_keys(console, desk, department, output)


@verb(keys, "rotate")
async def rotate(
    console: Console,
    department: CodeArgument,
    overlap: Annotated[int, typer.Option("--overlap", min=0, max=720, help="option-overlap", metavar="HOURS")] = 24,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import timedelta

    from cli.session import at_desk, require_departments
    from domain.errors import Refused
    from storage import access
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        with reaching_database():
            serial = await access.rotate(desk.pool, department, timedelta(hours=overlap), KEYS_AT_ONCE)
        if serial is None:
            raise Refused("keys-two-valid", department=department, allowed="--overlap 0")
        await _tell_keys(console, desk, department, output)


@verb(keys, "revoke")
async def revoke(
    console: Console,
    department: CodeArgument,
    serial: Annotated[int, typer.Argument(metavar="SERIAL", help="argument-serial", min=1)],
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.session import at_desk, require_departments
    from domain.errors import NotFound, Refused
    from storage import access
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        with reaching_database():
            valid = await access.valid_serials(desk.pool, department)
            if serial not in valid:
                raise NotFound("key-unknown", department=department, serial=serial)
            if valid == [serial]:
                raise Refused("key-is-the-last", department=department, allowed="rotate --overlap 0")
            await access.revoke_key(desk.pool, department, serial)
        await _tell_keys(console, desk, department, output)


async def _tell_keys(console: Console, desk: "Desk", department: str, output: Output) -> None:
    """The department's keys, with the secrets of those that count."""
    from datetime import UTC, datetime

    from domain.tokens import department_secret
    from runtime.settings import locate
    from storage import access
    from storage.database import reaching_database
    from texts.moments import local

    key = locate(console.settings).require_gateway_key().get_secret_value()
    with reaching_database():
        found = await access.keys(desk.pool, department)
    now = datetime.now(UTC)
    valid = [one for one in found if one.valid_until is None or one.valid_until > now]
    if output is Output.JSON:
        console.json([{**one.model_dump(), "secret": department_secret(key, department, one.serial)} for one in valid])
        return
    for one in valid:
        until = local(one.valid_until) if one.valid_until else console.text.say("key-in-force")
        console.say("key-is", serial=one.serial, until=until, secret=department_secret(key, department, one.serial))
