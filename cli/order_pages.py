"""How a department's inbox, and what became of a reply, are shown."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cli.console import Console
from cli.session import is_at_rest
from cli.situation import tell
from desk.orders import Received
from domain.callbacks import CallbackKind, CallbackOutcome
from domain.case import CaseView
from domain.ledger import FactKind
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
                (text.say("column-delivery"), text.say("left-in-inbox") if order.undelivered else ""),
                (text.say("column-acknowledge-by"), acknowledge_by),
                (text.say("column-return-by"), return_by),
                (text.say("column-due"), due),
                (text.say("column-task"), order.task or ""),
                (text.say("column-description"), item.description),
                (text.field("place"), item.place or ""),
                (text.field("point"), item.point.in_words if item.point else ""),
                (text.field("media_url"), item.media_url or ""),
                (text.say("column-citizen"), citizen),
            ]
        )


def shown_by(received: Received) -> Callable[[CaseView], bool]:
    """Whether a view shows what the callback has brought about."""
    told = received.outcome in (CallbackOutcome.ACCEPTED, CallbackOutcome.LATE)

    def shows(view: CaseView) -> bool:
        if not told or received.repeated:
            return True
        if received.kind is not CallbackKind.REPLY:
            return received.seq is None or (view.seq >= received.seq and is_at_rest(view))
        order = next((order for order in view.orders if order.order_id == received.order_id), None)
        known = order is not None and (order.reply is not None or order.late_reply is not None)
        return known and is_at_rest(view)

    return shows


def received_page(console: Console, received: Received, view: CaseView | None) -> None:
    """What became of a callback, and where the case is now."""
    outcome, said = received.outcome, {"order": received.order_id, "kind": received.kind}
    if received.repeated:
        console.say("said-before", **said, outcome=outcome)
    elif outcome is CallbackOutcome.ACCEPTED:
        console.say(f"said-{received.kind}", order=received.order_id)
    else:
        console.say(f"said-{outcome.replace('_', '-')}", **said)
    if view is not None:
        tell(console, view)
