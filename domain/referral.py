"""The gate before a referral: what must be true before a case is referred as exhausted, met and unmet, each with what
shows it (P13, P15, P17); how it came there, who decided what, and what the commission answered.

Pure: from the facts and the orders of a case, and the policy it is pinned to. The case refuses the ground "exhausted"
by the rungs (``domain.permissions``); the rest is what the two who decide go by.
"""

from collections.abc import Sequence
from enum import StrEnum

from domain.case import CaseView
from domain.errors import Refused
from domain.ladder import IN_VAIN, Outcome, Rung
from domain.ledger import Entry, Fact, FactKind
from domain.meeting import Opinion
from domain.order import Order, OrderStatus, Role
from domain.policy import Policy
from domain.values import Instant, Token, Value


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


class Stay(Value):
    """One stay on a rung."""

    rung: Rung
    entered_at: Instant
    left_at: Instant | None = None
    outcome: Outcome | None = None


class Gate(Value):
    """How a case stands before the two who decide, and before the commission."""

    case: CaseView
    policy: str
    """The policy that it is pinned to now."""
    armed: bool
    """The case waits for their decision, or has waited for it."""
    needed: int
    """So many different people must say yes."""
    findings: tuple[Finding, ...]
    path: tuple[Stay, ...]
    silences: tuple[Fact, ...]
    """Every limit that a department let pass without a word: which word was due, and by when."""
    positions: tuple[Opinion, ...]
    """What each department held at the meeting before the referral; None where it gave no opinion."""
    decisions: tuple[Fact, ...]
    """Every decision so far, also those of an earlier time at this rung."""
    referred: bool
    """Enough people have agreed, and nobody declined, this time or an earlier one."""
    answers: tuple[Fact, ...]
    """What the commission has said to it, and the papers that it was given."""
    head: Entry
    """The last entry of the case's chain: it vouches for all of this."""


def gate_of(view: CaseView, entries: Sequence[Entry], policy: Policy) -> Gate:
    """By the facts and the orders of a case, and the policy that it is pinned to now."""
    facts = [entry.fact for entry in entries]
    armed = [fact for fact in facts if fact.kind is FactKind.REFERRAL_ARMED]
    return Gate(
        case=view,
        policy=f"{policy.policy_id}@{policy.version}",
        armed=bool(armed),
        needed=policy.referral.deciders.value,
        findings=findings(facts, view.orders, policy),
        path=_path(facts),
        silences=tuple(fact for fact in facts if fact.kind is FactKind.ORDER_SILENT),
        positions=_positions(armed[-1]) if armed else (),
        decisions=tuple(fact for fact in facts if fact.kind is FactKind.REFERRAL_DECIDED),
        referred=_was_referred(facts, policy.referral.deciders.value),
        answers=tuple(fact for fact in facts if fact.kind in (FactKind.REFERRAL_ANSWERED, FactKind.PAPERS_SUPPLIED)),
        head=entries[-1],
    )


def check_referred(gate: Gate) -> None:
    """Whether there is a referral to print. Raises Refused ``not-referred``: not enough people have agreed on one."""
    if not gate.referred:
        raise Refused("not-referred", case=gate.case.case_id, step=gate.case.step.value)


def _was_referred(facts: Sequence[Fact], needed: int) -> bool:
    """Each time at this rung is decided anew: a yes of the last time does not count."""
    times: list[list[bool]] = []
    for fact in facts:
        if fact.kind is FactKind.REFERRAL_ARMED:
            times.append([])
        elif fact.kind is FactKind.REFERRAL_DECIDED and times:
            times[-1].append(bool(fact.payload["accepted"]))
    return any(len(decided) >= needed and all(decided) for decided in times)


def _path(facts: Sequence[Fact]) -> tuple[Stay, ...]:
    stays: list[Stay] = []
    for fact in facts:
        if fact.kind is FactKind.RUNG_ENTERED:
            stays.append(Stay(rung=fact.rung, entered_at=fact.at))
        elif fact.kind is FactKind.RUNG_LEFT and stays and stays[-1].left_at is None:
            outcome = Outcome(str(fact.payload["outcome"]))
            stays[-1] = stays[-1].model_copy(update={"left_at": fact.at, "outcome": outcome})
    return tuple(stays)


def _positions(armed: Fact) -> tuple[Opinion, ...]:
    given, missing = armed.payload.get("positions"), armed.payload.get("not_given")
    found = [Opinion.model_validate(one) for one in given] if isinstance(given, list) else []
    found += [Opinion(department=str(code)) for code in missing] if isinstance(missing, list) else []
    return tuple(found)
