"""``liandong order``: a department's orders, and what it can say about one."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Console, Output
from cli.verbs import (
    RESULTS,
    ByOption,
    DepartmentArgument,
    EvidenceOption,
    LimitOption,
    OrderArgument,
    OutputOption,
    OwnDepartmentOption,
    ReasonOption,
    noun,
    verb,
)

if TYPE_CHECKING:
    from domain.callbacks import Said

app = noun("order")

StatementOption = Annotated[str, typer.Option("--statement", help="option-statement", metavar="TEXT")]
CallbackIdOption = Annotated[str | None, typer.Option("--callback-id", help="option-callback-id", metavar="ID")]


@verb(app, "inbox")
async def inbox(
    console: Console, department: DepartmentArgument, limit: LimitOption = 50, output: OutputOption = Output.TEXT
) -> None:
    from cli.order_pages import inbox_page
    from cli.session import at_desk, require_departments
    from desk import orders

    async with at_desk(console, engine=False) as desk:
        await require_departments(desk, [department])
        items = console.first(await orders.inbox(desk, department, limit + 1), limit)
    if output is Output.JSON:
        console.json(items)
    else:
        inbox_page(console, items)


@verb(app, "acknowledge")
async def acknowledge(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    callback_id: CallbackIdOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import made
    from domain.commands import Acknowledge

    said = made(Acknowledge, {"order_id": order, "department": department, "by": by})
    await _say(console, said, callback_id, output)


@verb(app, "progress")
async def progress(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    statement: StatementOption,
    callback_id: CallbackIdOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import made
    from domain.commands import NoteProgress

    said = made(NoteProgress, {"order_id": order, "department": department, "by": by, "statement": statement})
    await _say(console, said, callback_id, output)


@verb(app, "reply")
async def reply(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    result: Annotated[str, typer.Option("--result", help="option-result", metavar=RESULTS)],
    statement: StatementOption,
    limit_days: Annotated[int | None, typer.Option("--limit-days", help="option-limit-days")] = None,
    basis: Annotated[str | None, typer.Option("--basis", help="option-legal-basis", metavar="TEXT")] = None,
    evidence: EvidenceOption = None,
    callback_id: CallbackIdOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen, made
    from cli.papers import evidence_in
    from domain.callbacks import NewReply
    from domain.order import Result

    entered = {
        "order_id": order,
        "department": department,
        "by": by,
        "result": chosen(Result, result, "result"),
        "statement": statement,
        "limit_days": limit_days,
        "basis": basis,
        "evidence": evidence_in(evidence or ()),
    }
    await _say(console, made(NewReply, entered), callback_id, output)


@verb(app, "return")
async def return_(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    reason: ReasonOption,
    basis: Annotated[str, typer.Option("--basis", help="option-basis", metavar="TEXT")],
    suggests: Annotated[str | None, typer.Option("--suggests", help="option-suggests", metavar="CODE")] = None,
    callback_id: CallbackIdOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import made
    from domain.commands import ReturnOrder

    entered = {
        "order_id": order,
        "department": department,
        "by": by,
        "reason": reason,
        "basis": basis,
        "suggests": suggests,
    }
    await _say(console, made(ReturnOrder, entered), callback_id, output)


@verb(app, "extend")
async def extend(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    reason: ReasonOption,
    days: Annotated[int, typer.Option("--days", min=1, help="option-extension-days")],
    told_citizen: Annotated[str, typer.Option("--told-citizen", help="option-told-citizen", metavar="TEXT")],
    callback_id: CallbackIdOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import made
    from domain.commands import ExtendOrder

    content = {"order_id": order, "department": department, "days": days, "reason": reason}
    said = made(ExtendOrder, {**content, "told_citizen": told_citizen, "by": by})
    await _say(console, said, callback_id, output)


async def _say(console: Console, said: "Said", callback_id: str | None, output: Output) -> None:
    """The same way for all: kept, handed to the case, and then what became of it. Raises as ``desk.orders.receive``."""
    from cli.entries import token
    from cli.order_pages import received_page, shown_by
    from cli.session import at_desk, on_record
    from desk import orders

    callback_id = token(callback_id, "callback_id") if callback_id is not None else None
    async with at_desk(console, asking=orders.asking_of(said)) as desk:
        received = await orders.receive(desk, said, datetime.now(UTC), callback_id)
        view = await on_record(desk, received.case_id, shown_by(received))
    if output is Output.JSON:
        console.json(received)
    else:
        received_page(console, received, view)
