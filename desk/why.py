"""One case explained: its facts, what it waits for, what the engine says, and what is due by its own rules."""

from datetime import datetime

from desk.audit import PinnedRules
from desk.cases import CaseFolder, folder
from desk.engine import trouble_of
from desk.window import Desk
from domain.errors import Unavailable
from domain.foresight import Foreseen, foreseen
from domain.stuck import Trouble
from domain.values import Value
from storage.database import reaching_database


class Why(Value):
    """What there is to be told of a case."""

    folder: CaseFolder
    engine_asked: bool
    trouble: Trouble | None
    foreseen: tuple[Foreseen, ...]
    """What fires by itself, if nobody does anything; the first first."""


async def why(desk: Desk, case_id: str, now: datetime) -> Why:
    """Raises as ``folder`` does; that the engine does not answer is part of the answer."""
    found = await folder(desk, case_id)
    facts = [entry.fact for entry in found.entries]
    rules = PinnedRules(desk.pool)
    with reaching_database():
        await rules.fetch(facts)
    try:
        asked, trouble = True, await trouble_of(desk.client, case_id)
    except Unavailable:
        asked, trouble = False, None
    due = foreseen(case_id, facts, rules.pinned, found.view.orders, now)
    return Why(folder=found, engine_asked=asked, trouble=trouble, foreseen=due)
