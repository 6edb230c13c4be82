"""How cases are shown: one on a page, many in a table, the same as data."""

from collections.abc import Sequence
from typing import Any

from cli.console import Console
from cli.situation import Names, next_command, until, wait_of, wait_of_row, who
from desk.cases import CaseFolder
from domain.case import CaseView, Hold, Waiting
from domain.citizen import Citizen
from domain.commands import Command
from domain.order import Order
from storage.cases import CaseRow
from texts.catalogue import Catalogue
from texts.moments import local


def case_as_data(folder: CaseFolder) -> dict[str, Any]:
    """A case for programs."""
    return {
        **folder.view.model_dump(),
        "description": folder.description,
        "place": folder.place,
        "point": folder.point,
        "media_url": folder.media_url,
        **folder.codes,
        "citizen": folder.citizen,
        "callbacks": list(folder.callbacks),
    }


def case_page(console: Console, folder: CaseFolder, names: Names) -> None:
    """A case for people: where it is, what it waits for, its orders, what can be done."""
    text, view = console.text, folder.view
    pairs = [
        (text.say("column-case"), f"{view.case_id}  {_place_of(view, text)}"),
        (text.say("column-opened"), local(view.opened_at)),
        (text.say("column-description"), folder.description),
        (text.field("place"), folder.place or ""),
        (text.field("point"), folder.point.in_words if folder.point else ""),
        (text.field("media_url"), folder.media_url or ""),
        *((text.field(name), text.words(code or "", (name,))) for name, code in folder.codes.items()),
        (text.say("column-citizen"), text.parts(reached_at(folder.citizen))),
        (text.say("column-lead"), names.of(view.lead)),
        (text.say("column-assisting"), text.clauses(names.of(code) for code in view.assisting)),
        (text.say("column-merged-into"), view.merged_into or ""),
        (text.say("column-absorbed"), text.parts(view.absorbed)),
        (text.say("column-hold"), _hold(view.hold, text)),
        *((text.say("column-waits-for"), _waiting(waiting, text, names)) for waiting in view.waiting),
        (text.say("column-allowed"), text.words(", ".join(_for_people(view.allowed)) or "-", ("command",))),
    ]
    console.pairs(pairs)
    if view.orders:
        console.write("")
        _orders_table(console, view.orders, names)
    if wait := wait_of(view):
        console.write("")
        console.say("next-step", command=next_command(wait, text))


def reached_at(citizen: Citizen | None) -> list[str]:
    """Who the citizen is and how he is reached, as far as he said so."""
    said = (citizen.name, citizen.phone, citizen.address, citizen.email) if citizen else ()
    return [part for part in said if part]


def _for_people(allowed: Sequence[str]) -> list[str]:
    """The commands without those that come from another case, the sweep or a change of rules."""
    return [name for name in allowed if name not in (Command.ABSORB, Command.NOTE_LATE_REPLY, Command.CHANGE_RULES)]


def _place_of(view: CaseView, text: Catalogue) -> str:
    closing = f" ({text.label(view.closing)})" if view.closing else ""
    return f"{text.label(view.rung)} / {text.label(view.status)}{closing}"


def _hold(hold: Hold | None, text: Catalogue) -> str:
    if hold is None:
        return ""
    approved = f"{text.field('approved_by')} {hold.approved_by}"
    return text.parts([hold.reason, approved, text.say("until", until=hold.until)])


def _waiting(waiting: Waiting, text: Catalogue, names: Names) -> str:
    party = names.of(waiting.department) if waiting.department else text.label(waiting.party)
    words = [text.label(waiting.awaited), party]
    if waiting.until:
        words.append(text.say("until", until=waiting.until))
    if waiting.provisional:
        words.append(text.say("provisional"))
    if waiting.overdue:
        words.append(text.say("overdue"))
    return text.parts(words)


def _orders_table(console: Console, orders: Sequence[Order], names: Names) -> None:
    text = console.text
    columns = ("column-order", "column-department", "column-role", "column-rung", "column-status", "column-due")
    rows = [
        (
            order.order_id,
            names.of(order.department),
            text.label(order.role),
            text.label(order.rung),
            text.label(order.status),
            local(order.due_at) + (text.say("shown-provisional") if order.provisional else ""),
            _answer(order, text),
        )
        for order in orders
    ]
    console.table((*columns, "column-answer"), rows)


def _answer(order: Order, text: Catalogue) -> str:
    if order.reply:
        return text.say("told", what=order.reply.result, details=order.reply.statement)
    if order.late_reply:
        told = text.say("told", what=order.late_reply.result, details=order.late_reply.statement)
        return text.say("late", reply=told)
    return text.say("silent") if order.silent else ""


def cases_page(console: Console, rows: Sequence[CaseRow], names: Names) -> None:
    """A table of cases."""
    if not rows:
        console.say("no-cases")
        return
    text = console.text
    columns = ("column-case", "column-rung", "column-status", "column-urgency", "column-lead", "column-opened")
    table = [
        (
            row.case_id,
            text.label(row.rung),
            text.label(row.status) + (f" ({text.label(row.closing)})" if row.closing else ""),
            text.label(row.urgency),
            names.of(row.lead),
            local(row.opened_at),
            _row_waits(row, text, names),
        )
        for row in rows
    ]
    console.table((*columns, "column-waits-for"), table)


def _row_waits(row: CaseRow, text: Catalogue, names: Names) -> str:
    wait = wait_of_row(row)
    if wait is None:
        return ""
    return text.parts([text.label(wait.awaited), who(wait, text, names), *until(wait, text)])
