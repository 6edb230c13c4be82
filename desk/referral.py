"""The two highest rungs by the record: the gate before a referral, and the rectification orders."""

from collections.abc import Sequence

from desk.audit import PinnedRules
from desk.cases import folder
from desk.window import Desk
from domain.ledger import Fact, FactKind
from domain.rectification import Rectification, rectification_of
from domain.referral import Gate, check_referred, gate_of
from storage.database import reaching_database


async def gate(desk: Desk, case_id: str) -> Gate:
    """What is met, what is not, and who has decided what. Raises NotFound where it has no such case; Unavailable."""
    found = await folder(desk, case_id)
    facts = [entry.fact for entry in found.entries]
    rules = PinnedRules(desk.pool)
    with reaching_database():
        await rules.fetch(facts)
    return gate_of(found.view, found.entries, rules.pinned(*_names(facts)).policy)


async def referred(desk: Desk, case_id: str) -> Gate:
    """The same of a case that was referred. Raises Refused ``not-referred``, too."""
    found = await gate(desk, case_id)
    check_referred(found)
    return found


async def rectification(desk: Desk, case_id: str) -> Rectification:
    """The finding, the orders and who has looked. Raises as ``gate`` does, and Refused ``not-rectified``."""
    found = await folder(desk, case_id)
    return rectification_of(found.view, found.entries)


def _names(facts: Sequence[Fact]) -> tuple[str, str]:
    """What the case is pinned to now."""
    pinned = [fact.payload for fact in facts if fact.kind in (FactKind.CASE_OPENED, FactKind.LIMITS_MOVED)]
    return str(pinned[-1]["policy"]), str(pinned[-1]["calendar"])
