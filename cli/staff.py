"""``liandong staff``: who has which role, and who may do what."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import CHECK_FAILED, OK, Console, Output
from cli.verbs import STAFF_ROLES, ByOption, OutputOption, noun, verb

if TYPE_CHECKING:
    from domain.staff import NewMember

app = noun("staff")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="argument-staff-name")]
RoleOption = Annotated[str, typer.Option("--role", help="option-staff-role", metavar=STAFF_ROLES)]
OfDepartmentOption = Annotated[str | None, typer.Option("--department", help="option-staff-department", metavar="CODE")]


@verb(app, "add")
async def add(
    console: Console,
    name: NameArgument,
    role: RoleOption,
    by: ByOption,
    department: OfDepartmentOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    await _enter(console, _named(name, role, department), by, output, retired=False)


@verb(app, "retire")
async def retire(
    console: Console,
    name: NameArgument,
    role: RoleOption,
    by: ByOption,
    department: OfDepartmentOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    await _enter(console, _named(name, role, department), by, output, retired=True)


def _named(name: str, role: str, department: str | None) -> "NewMember":
    from cli.entries import chosen, made
    from domain.staff import NewMember, StaffRole

    return made(NewMember, {"name": name, "role": chosen(StaffRole, role, "role"), "department": department})


async def _enter(console: Console, new: "NewMember", by: str, output: Output, *, retired: bool) -> None:
    from cli.entries import made
    from cli.session import at_desk, require_departments
    from domain.staff import Act, Asking
    from storage import staff
    from storage.database import reaching_database

    async with at_desk(console, engine=False, asking=made(Asking, {"by": by, "act": Act.CHANGE_STAFF})) as desk:
        if new.department is not None:
            await require_departments(desk, [new.department])
        with reaching_database():
            entered = await staff.enter(desk.pool, new, by, retired=retired)
    if output is Output.JSON:
        console.json(entered)
    else:
        key = "staff-retired" if retired else "staff-added"
        console.say(key, name=entered.name, role=entered.role, department=entered.department or "-")


@verb(app, "list")
async def list_(console: Console, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk
    from storage import staff
    from storage.database import reaching_database
    from texts.moments import local

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found, in_force = await staff.members(desk.pool), await staff.in_force(desk.pool)
    if output is Output.JSON:
        console.json({"in_force": in_force, "staff": found})
        return
    if not in_force:
        console.say("staff-nobody")
        return
    console.table(
        ("column-person", "column-staff-role", "column-department", "column-entered-by", "column-time"),
        [
            (one.name, console.text.label(one.role), one.department or "", one.entered_by, local(one.at))
            for one in found
        ],
    )


@verb(app, "can")
async def can(
    console: Console,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="argument-staff-name")] = None,
    act: Annotated[str | None, typer.Argument(metavar="[ACT]", help="argument-act")] = None,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.entries import chosen
    from cli.session import at_desk
    from domain.errors import NotFound
    from domain.staff import MAY, Act
    from storage import staff
    from storage.database import reaching_database

    asked = chosen(Act, act, "act") if act is not None else None
    has = None
    if name is not None:
        async with at_desk(console, engine=False) as desk:
            with reaching_database():
                members, in_force = await staff.members(desk.pool, name), await staff.in_force(desk.pool)
        if in_force:
            if not members:
                raise NotFound("staff-unknown", name=name, role="-")
            has = {one.role for one in members}
    rows = [
        (one, roles)
        for one, roles in MAY.items()
        if (asked in (None, one)) and (has is None or asked is not None or has & set(roles))
    ]
    allowed = asked is None or has is None or bool(has & set(MAY[asked]))
    if output is Output.JSON:
        console.json({"allowed": allowed, "may": dict(rows)})
    elif asked is not None and name is not None:
        roles = console.text.parts(console.text.label(role) for role in MAY[asked])
        console.say("staff-may" if allowed else "staff-may-not", name=name, act=asked, roles=roles)
    else:
        label = console.text.label
        told = [(one.value, label(one), console.text.parts(map(label, roles))) for one, roles in rows]
        console.table(("column-act", "column-act-name", "column-who-may"), told)
    return OK if allowed else CHECK_FAILED
