"""The gate before a referral: what is met, what is not, and who has decided what."""

from collections.abc import Sequence

from desk.audit import PinnedRules
from desk.cases import folder
from desk.window import Desk
from domain.case import CaseView
from domain.ledger import Fact, FactKind
from domain.referral import Finding, findings
from domain.values import Value
from storage.database import reaching_database


class Gate(Value):
    """How a case stands before the two who decide."""

    case: CaseView
    armed: bool
    """The case waits for their decision, or has waited for it."""
    needed: int
    """So many different people must say yes."""
    findings: tuple[Finding, ...]
    decisions: tuple[Fact, ...]
    """Every decision so far, also those of an earlier time at this rung."""
    answers: tuple[Fact, ...]
    """What the commission has said to it, and the papers that it was given."""


async def gate(desk: Desk, case_id: str) -> Gate:
    """By the record alone. Raises NotFound where it has no such case; Unavailable."""
    found = await folder(desk, case_id)
    facts = [entry.fact for entry in found.entries]
    rules = PinnedRules(desk.pool)
    with reaching_database():
        await rules.fetch(facts)
    policy = rules.pinned(*_names(facts)).policy
    return Gate(
        case=found.view,
        armed=any(fact.kind is FactKind.REFERRAL_ARMED for fact in facts),
        needed=policy.referral.deciders.value,
        findings=findings(facts, found.view.orders, policy),
        decisions=tuple(fact for fact in facts if fact.kind is FactKind.REFERRAL_DECIDED),
        answers=tuple(fact for fact in facts if fact.kind in (FactKind.REFERRAL_ANSWERED, FactKind.PAPERS_SUPPLIED)),
    )


def _names(facts: Sequence[Fact]) -> tuple[str, str]:
    """What the case is pinned to now."""
    pinned = [fact.payload for fact in facts if fact.kind in (FactKind.CASE_OPENED, FactKind.LIMITS_MOVED)]
    return str(pinned[-1]["policy"]), str(pinned[-1]["calendar"])
