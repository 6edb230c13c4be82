"""``liandong order``: a department's orders, and what it can say about one."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import (
    RESULTS,
    ByOption,
    DepartmentArgument,
    LimitOption,
    OrderArgument,
    OutputOption,
    OwnDepartmentOption,
    ReasonOption,
    noun,
    verb,
)

app = noun("order")


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
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, done
    from cli.entries import made
    from cli.session import at_desk, settled
    from desk import orders
    from domain.commands import Acknowledge

    command = made(Acknowledge, {"order_id": order, "department": department, "by": by})
    async with at_desk(console) as desk:
        view = await settled(desk, await orders.acknowledge(desk, command))
    done(console, view, Said("acknowledged", {"order": order, "department": department}), output)


@verb(app, "reply")
async def reply(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    result: Annotated[str, typer.Option("--result", help="option-result", metavar=RESULTS)],
    statement: Annotated[str, typer.Option("--statement", help="option-statement", metavar="TEXT")],
    limit_days: Annotated[int | None, typer.Option("--limit-days", help="option-limit-days")] = None,
    callback_id: Annotated[str | None, typer.Option("--callback-id", help="option-callback-id", metavar="ID")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen, made
    from cli.order_pages import after_reply, received_page
    from cli.session import at_desk, on_record
    from desk import orders
    from desk.orders import NewReply
    from domain.order import Result

    entered = {
        "order_id": order,
        "department": department,
        "by": by,
        "result": chosen(Result, result, "result"),
        "statement": statement,
        "limit_days": limit_days,
        "callback_id": callback_id,
    }
    given = made(NewReply, entered)
    async with at_desk(console) as desk:
        received = await orders.reply(desk, given, datetime.now(UTC))
        view = await on_record(desk, received.case_id, after_reply(received))
    if output is Output.JSON:
        console.json(received)
    else:
        received_page(console, received, view)


@verb(app, "return")
async def return_(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    reason: ReasonOption,
    basis: Annotated[str, typer.Option("--basis", help="option-basis", metavar="TEXT")],
    suggests: Annotated[str | None, typer.Option("--suggests", help="option-suggests", metavar="CODE")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, done
    from cli.entries import made
    from cli.session import at_desk, settled
    from desk import orders
    from domain.commands import ReturnOrder

    entered = {
        "order_id": order,
        "department": department,
        "by": by,
        "reason": reason,
        "basis": basis,
        "suggests": suggests,
    }
    command = made(ReturnOrder, entered)
    async with at_desk(console) as desk:
        view = await settled(desk, await orders.return_order(desk, command))
    done(console, view, Said("returned", {"order": order, "department": department}), output)


@verb(app, "extend")
async def extend(
    console: Console,
    order: OrderArgument,
    department: OwnDepartmentOption,
    by: ByOption,
    reason: ReasonOption,
    days: Annotated[int, typer.Option("--days", min=1, help="option-extension-days")],
    told_citizen: Annotated[str, typer.Option("--told-citizen", help="option-told-citizen", metavar="TEXT")],
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, done
    from cli.entries import made
    from cli.session import at_desk, settled
    from desk import orders
    from domain.commands import ExtendOrder

    content = {"order_id": order, "department": department, "days": days, "reason": reason}
    command = made(ExtendOrder, {**content, "told_citizen": told_citizen, "by": by})
    async with at_desk(console) as desk:
        view = await settled(desk, await orders.extend(desk, command))
    done(console, view, Said("extended", {"order": order}), output)
