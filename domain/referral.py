"""What must be true before a case is referred as exhausted, met and unmet, each with what shows it (P13, P15, P17).

Pure: from the facts and the orders of a case, and the policy it is pinned to. The case refuses the ground "exhausted"
by the rungs (``domain.permissions``); the rest is what the two who decide go by.
"""

from collections.abc import Sequence
from enum import StrEnum

from domain.ladder import IN_VAIN, Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import Order, OrderStatus, Role
from domain.policy import Policy
from domain.values import Token, Value


class Precondition(StrEnum):
    """What is asked for."""

    RUNG = "rung"
    """A rung has been gone through in vain."""
    SERVED = "served"
    """An order of such a rung was received, or provably could not be delivered."""
    MINUTES = "minutes"
    """A meeting that was called has its minutes."""
    EXTENSION = "extension"
    """The citizen was told of an extension (P8)."""


class Proof(StrEnum):
    """What shows that it is met, or not."""

    EXHAUSTED = "exhausted"
    NOT_EXHAUSTED = "not_exhausted"
    REPLIED = "replied"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    UNDELIVERED = "undelivered"
    SILENT = "silent"
    """A limit passed without a word, and that is on record: nobody blocks a referral by not acknowledging."""
    UNHEARD = "unheard"
    KEPT = "kept"
    MISSING = "missing"
    TOLD = "told"


UNMET = frozenset({Proof.NOT_EXHAUSTED, Proof.UNHEARD, Proof.MISSING})


class Finding(Value):
    """One precondition."""

    what: Precondition
    rung: Rung
    order_id: Token | None = None
    department: Token | None = None
    proof: Proof

    @property
    def met(self) -> bool:
        return self.proof not in UNMET


def findings(facts: Sequence[Fact], orders: Sequence[Order], policy: Policy) -> tuple[Finding, ...]:
    """All of them: the rungs, the leads' orders on these rungs, the last meeting's minutes, the extensions."""
    rungs = policy.referral.exhausted.rungs
    gone = {
        fact.rung
        for fact in facts
        if fact.kind is FactKind.RUNG_LEFT and Outcome(str(fact.payload["outcome"])) in IN_VAIN
    }
    found = [
        Finding(what=Precondition.RUNG, rung=rung, proof=Proof.EXHAUSTED if rung in gone else Proof.NOT_EXHAUSTED)
        for rung in rungs
    ]
    found += [
        Finding(
            what=Precondition.SERVED,
            rung=order.rung,
            order_id=order.order_id,
            department=order.department,
            proof=_proof(order),
        )
        for order in orders
        if order.rung in rungs and order.role is Role.LEAD
    ]
    meetings = [one.kind for one in facts if one.kind in (FactKind.MEETING_CONVENED, FactKind.MEETING_CONCLUDED)]
    if meetings:
        kept = meetings[-1] is FactKind.MEETING_CONCLUDED
        proof = Proof.KEPT if kept else Proof.MISSING
        found.append(Finding(what=Precondition.MINUTES, rung=Rung.JOINT_MEETING, proof=proof))
    found += [
        Finding(
            what=Precondition.EXTENSION,
            rung=one.rung,
            order_id=one.order_id,
            proof=Proof.TOLD if one.payload.get("told_citizen") else Proof.MISSING,
        )
        for one in facts
        if one.kind is FactKind.EXTENSION_GRANTED
    ]
    return tuple(found)


def _proof(order: Order) -> Proof:
    if order.reply or order.late_reply:
        return Proof.REPLIED
    if order.acknowledged_at:
        return Proof.ACKNOWLEDGED
    if order.status in (OrderStatus.RETURNED, OrderStatus.WITHDRAWN):
        return Proof(order.status.value)
    if order.undelivered:
        return Proof.UNDELIVERED
    return Proof.SILENT if order.silent else Proof.UNHEARD
