"""The rectification order 限期整改 as the record has it: the finding, every order with its limit, who has looked (P18).

Pure: from the facts and the orders of a case.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.case import CaseView
from domain.errors import Refused
from domain.ladder import Rung
from domain.ledger import Entry, Fact, FactKind
from domain.order import Order, Reply
from domain.values import Instant, Text, Token, Value


class Issued(Value):
    """One rectification order, with its limit as it stood on it."""

    order_id: Token
    department: Token
    sent_at: Instant
    due_at: Instant
    provisional: bool
    reply: Reply | None
    """What the department said to it, in time or late."""
    reported_at: Instant | None
    """When the commission was told that its limit had passed."""


class Violation(Value):
    """The finding that the order rests on: what the departments found when they verified again."""

    at: Instant
    department: Token
    by: Text
    statement: Text
    law: Text | None
    """The legal basis, where the finding names one."""
    limit_days: int | None
    """Working days that the issuing body set; None: the policy's."""


class Rectification(Value):
    """All of it."""

    case: CaseView
    violation: Violation
    issued: tuple[Issued, ...]
    """The newest last; each after a limit that passed has a limit of its own."""
    looked: tuple[Fact, ...]
    """Every verification, passed or failed."""
    head: Entry
    """The last entry of the case's chain: it vouches for all of this."""


def rectification_of(view: CaseView, entries: Sequence[Entry]) -> Rectification:
    """Raises Refused ``not-rectified``: the case has come to no rectification order."""
    facts = [entry.fact for entry in entries]
    found = next((fact for fact in reversed(facts) if fact.kind is FactKind.FINDING_RECORDED), None)
    issued = [fact for fact in facts if fact.kind is FactKind.ORDER_SENT and fact.rung is Rung.RECTIFICATION]
    orders = {order.order_id: order for order in view.orders}
    verified = orders.get(found.order_id or "") if found else None
    if found is None or not issued or verified is None or verified.reply is None:
        raise Refused("not-rectified", case=view.case_id, step=view.step.value)
    reported = {fact.order_id: fact.at for fact in facts if fact.kind is FactKind.COMMISSION_INFORMED}
    looks = (FactKind.RECTIFICATION_VERIFIED, FactKind.RECTIFICATION_FAILED)
    return Rectification(
        case=view,
        violation=_violation(found, verified, verified.reply),
        issued=tuple(_issued(fact, orders, reported.get(fact.order_id)) for fact in issued),
        looked=tuple(fact for fact in facts if fact.kind in looks),
        head=entries[-1],
    )


def _violation(found: Fact, verified: Order, reply: Reply) -> Violation:
    return Violation(
        at=found.at,
        department=verified.department,
        by=reply.by,
        statement=reply.statement,
        law=reply.basis,
        limit_days=reply.limit_days,
    )


def _issued(fact: Fact, orders: dict[str, Order], reported_at: datetime | None) -> Issued:
    order = orders[fact.order_id or ""]
    return Issued(
        order_id=order.order_id,
        department=order.department,
        sent_at=fact.at,
        due_at=datetime.fromisoformat(str(fact.payload["due"])),
        provisional=bool(fact.payload.get("provisional")),
        reply=order.reply or order.late_reply,
        reported_at=reported_at,
    )
