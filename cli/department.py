"""``liandong department``: the directory of those who can be asked to act."""

from typing import Annotated

import typer

from cli.console import OK, PARTLY_DONE, Console, Output
from cli.verbs import OutputOption, noun, verb

app = noun("department")

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


@verb(app, "token")
async def token(
    console: Console,
    department: Annotated[str, typer.Argument(metavar="CODE", help="argument-department")],
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.session import at_desk, require_departments
    from domain.tokens import department_token
    from runtime.settings import locate

    key = locate(console.settings).require_gateway_key()
    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
    secret = department_token(key.get_secret_value(), department)
    if output is Output.JSON:
        console.json({"department": department, "token": secret})
    else:
        console.write(secret)
