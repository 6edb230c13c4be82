"""How a department's inbox, and what became of a reply, are shown."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cli.console import Console
from cli.session import is_at_rest
from cli.situation import tell
from desk.orders import Received
from domain.case import CaseView
from domain.ledger import FactKind
from storage.callbacks import CallbackOutcome
from storage.orders import InboxItem
from texts.moments import local


def inbox_page(console: Console, items: Sequence[InboxItem]) -> None:
    """The open orders, each with what the citizen said and how to reach him."""
    if not items:
        console.say("no-orders")
        return
    text = console.text
    now = datetime.now(UTC)
    for number, item in enumerate(items):
        order = item.order
        alarm = (
            text.say("overdue") if order.due_at < now else text.label(FactKind.WARNING_YELLOW) if order.warned else ""
        )
        due = local(order.due_at) + (text.say("shown-provisional") if order.provisional else "")
        due += f" ({alarm})" if alarm else ""
        citizen = ", ".join(part for part in (item.citizen_name, item.citizen_phone, item.citizen_address) if part)
        pending = order.acknowledge_by and not order.acknowledged_at
        return_by = local(order.return_by) if order.return_by and order.return_by >= now else ""
        acknowledge_by = local(order.acknowledge_by) if order.acknowledge_by and pending else ""
        console.write("" if number else text.say("inbox-orders", orders=len(items)))
        console.pairs(
            [
                (text.say("column-order"), f"{order.order_id}  {text.label(order.role)} / {text.label(order.rung)}"),
                (text.say("column-status"), text.label(order.status)),
                (text.say("column-acknowledge-by"), acknowledge_by),
                (text.say("column-return-by"), return_by),
                (text.say("column-due"), due),
                (text.say("column-task"), order.task or ""),
                (text.say("column-description"), item.description),
                (text.field("place"), item.place or ""),
                (text.say("column-citizen"), citizen),
            ]
        )


def after_reply(received: Received) -> Callable[[CaseView], bool]:
    """Whether a view shows what the reply has brought about."""

    def shows(view: CaseView) -> bool:
        order = next((order for order in view.orders if order.order_id == received.order_id), None)
        known = order is not None and (order.reply is not None or order.late_reply is not None)
        return (known and is_at_rest(view)) or received.outcome is CallbackOutcome.AFTER_CLOSING

    return shows


def received_page(console: Console, received: Received, view: CaseView | None) -> None:
    """What became of a reply, and where the case is now."""
    outcome = received.outcome
    if received.repeated:
        console.say("reply-repeated", order=received.order_id, outcome=outcome)
    elif outcome is CallbackOutcome.IN_TIME:
        console.say("reply-in-time", order=received.order_id)
    elif outcome is CallbackOutcome.LATE:
        console.say("reply-late", order=received.order_id)
    else:
        console.say("reply-after-closing", order=received.order_id)
    if view is not None:
        tell(console, view)
