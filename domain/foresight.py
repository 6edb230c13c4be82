"""What happens to a case if nobody does anything: every limit that runs, and what it fires, by the case's own rules.

Pure. The reckoning that the audit goes by knows what is due next; here it is put in order, with where it leads.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain.case import Case
from domain.ladder import Outcome, Rung, next_step
from domain.ledger import Fact, FactKind
from domain.order import Order
from domain.policy import Rules
from domain.reckoning import FIRED_BY, Firing, Reckoning
from domain.values import Instant, Token, Value

Pinned = Callable[[str, str], Rules]
"""The rules by the names of a policy (``haikou@1``) and a calendar (``china@3``)."""


class Foreseen(Value):
    """One thing that happens by itself."""

    at: Instant
    firing: Firing | None
    """None: an order's return window ends, and it counts as accepted (P9)."""
    order_id: Token | None = None
    department: Token | None = None
    outcome: Outcome | None = None
    """For ``climb``: how the rung is left, and where that leads."""
    to: Rung | None = None


def foreseen(
    case_id: str, facts: Sequence[Fact], pinned: Pinned, orders: Sequence[Order], now: datetime
) -> tuple[Foreseen, ...]:
    """What is due, the first first; nothing for a closed case, or one whose rules are not kept."""
    if not facts or facts[0].kind is not FactKind.CASE_OPENED:
        return ()
    opened = facts[0]
    codes = {name: opened.payload.get(name) for name in Case.model_fields if name != "case_id"}
    case = Case.model_validate({"case_id": case_id, **codes})
    try:
        reckoning = Reckoning(case, pinned(str(opened.payload["policy"]), str(opened.payload["calendar"])), opened.at)
        for fact in facts:
            if fact.due_at is not None and fact.kind in FIRED_BY and fact.kind is not FactKind.RUNG_ENTERED:
                reckoning.discharge(fact)
            reckoning.follow(fact, pinned)
    except KeyError:
        return ()
    if reckoning.closed:
        return ()
    due = [
        _of(firing, subject, duty.due, duty.order_id, orders, reckoning)
        for (firing, subject), duty in reckoning.duties.items()
        if duty.due is not None
    ]
    windows = [
        Foreseen(at=order.return_by, firing=None, order_id=order.order_id, department=order.department)
        for order in orders
        if order.is_open and order.return_by is not None and order.return_by > now
    ]
    return tuple(sorted((*due, *windows), key=lambda one: one.at))


def _of(
    firing: Firing, subject: str, due: datetime, order_id: str | None, orders: Sequence[Order], reckoning: Reckoning
) -> Foreseen:
    outcome, to = _climb(reckoning, orders, due) if firing is Firing.CLIMB else (None, None)
    department = next((order.department for order in orders if order.order_id == order_id), None)
    if firing is Firing.OPINION:
        department = subject
    return Foreseen(at=due, firing=firing, order_id=order_id, department=department, outcome=outcome, to=to)


def _climb(reckoning: Reckoning, orders: Sequence[Order], due: datetime) -> tuple[Outcome | None, Rung | None]:
    """How time ends the present rung, and where that leads."""
    rung = reckoning.step
    if not isinstance(rung, Rung):
        return None, None
    outcome = Outcome.OVERDUE
    if rung is Rung.JOINT_MEETING and not reckoning.has_concluded:
        outcome = Outcome.NO_CONCLUSION
    elif any(order.is_open and not order.acknowledged_at and order.acknowledge_by == due for order in orders):
        outcome = Outcome.NOT_ACKNOWLEDGED
    to = next_step(rung, outcome)
    return outcome, to if isinstance(to, Rung) else None
