"""Every outcome of every rung, reached by the workflow in virtual time."""

from collections.abc import AsyncGenerator

import pytest
from hotlines import (
    CONDEMNED,
    LEAD,
    NOBODY,
    OTHER,
    WITHDRAWAL,
    Engines,
    Life,
    at,
    hotline,
    withdrawn_after,
)
from scripts import (
    Duty,
    Script,
    acknowledges,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    refers,
    resolves,
    returns,
    verifies,
)

from domain.case import Awaited, Closing
from domain.commands import CallbackResult, Command, Escalate, Merge
from domain.ladder import TRANSITIONS, End, Outcome, Rung, Step
from domain.ledger import FactKind
from storage import ledger

PAIRS = [(rung, outcome, step) for rung, row in TRANSITIONS.items() for outcome, step in row.items()]

MEETS = Script(
    people={Awaited.MEETING: (convenes(LEAD, OTHER),), Awaited.CONCLUSION: (concludes((LEAD, 3), (OTHER, 2)),)}
)
REFERS = Script(people={Awaited.DECISION: (refers(),)})
CONFIRMS = Script(people={Awaited.CONFIRMATION: (confirms(),)})
REFUSES = Script(people={Awaited.CONFIRMATION: (confirms(confirmed=False),)})

ON_THE_WAY = {
    Rung.DISPATCH: NOBODY,
    Rung.SUPERVISED: NOBODY,
    Rung.JOINT_MEETING: MEETS,
    Rung.REFERRAL: REFERS,
    Rung.RECTIFICATION: CONDEMNED,
}
"""What people do about a case up to the point where the lead is asked on this rung."""


def lead(rung: Rung, *duties: Duty) -> Script:
    return Script(lead={rung: duties})


def called(*results: CallbackResult) -> Script:
    return Script(people={Awaited.CALLBACK: tuple(calls_back(result) for result in results)})


def answered(rung: Rung) -> Script:
    """The case gets to the callback from this rung."""
    if rung is Rung.REFERRAL:
        return lead(rung, explains()) | CONFIRMS
    if rung is Rung.RECTIFICATION:
        return Script(people={Awaited.VERIFICATION: (verifies(),)})
    return lead(rung, resolves())


NEVER_REACHED = (CallbackResult.UNREACHED,) * 3
DECLINES = decides(("甲", True), ("乙", False))


def way(rung: Rung, outcome: Outcome, other_case: str) -> Script:
    """The people that make a case leave the rung with this outcome."""
    match outcome:
        case Outcome.SATISFIED:
            return answered(rung) | called(CallbackResult.SATISFIED)
        case Outcome.UNSATISFIED:
            return answered(rung) | called(CallbackResult.UNSATISFIED)
        case Outcome.UNREACHED:
            return answered(rung) | called(*NEVER_REACHED)
        case Outcome.RESOLVED | Outcome.VERIFIED:
            return answered(rung)
        case Outcome.WITHDRAWN:
            return at(rung, Command.WITHDRAW, WITHDRAWAL)
        case Outcome.MERGED:
            return at(rung, Command.MERGE, Merge(into=other_case, by="话务员", reason="重复诉求"))
        case Outcome.ESCALATED:
            return at(rung, Command.ESCALATE, Escalate(by="话务长", reason="群众多次来电"))
        case Outcome.EXPLAINED:
            return lead(rung, explains()) | CONFIRMS
        case Outcome.EXPLANATION_REFUSED:
            return lead(rung, explains()) | REFUSES
        case Outcome.NOT_ACKNOWLEDGED | Outcome.VIOLATION_FOUND:
            return NOBODY if outcome is Outcome.NOT_ACKNOWLEDGED else CONDEMNED
        case Outcome.OVERDUE:
            return lead(rung, acknowledges())
        case Outcome.RETURNED_TOO_OFTEN | Outcome.DISPUTED:
            return lead(rung, returns(suggests=OTHER), returns())
        case Outcome.NO_CONCLUSION:
            return Script(people={Awaited.CONCLUSION: (concludes(),)})
        case Outcome.DECLINED:
            return Script(people={Awaited.DECISION: (DECLINES,)})
        case Outcome.DECLINED_AGAIN:
            return Script(people={Awaited.DECISION: (DECLINES, DECLINES)})


def after(rung: Rung, outcome: Outcome, step: Step) -> Script:
    """What ends a case that is not closed by its outcome."""
    return NOBODY if step is End.CLOSED else withdrawn_after(rung, outcome)


BY_TIME = {Outcome.NOT_ACKNOWLEDGED, Outcome.OVERDUE}
CLOSINGS = {
    Outcome.WITHDRAWN: Closing.WITHDRAWN,
    Outcome.MERGED: Closing.MERGED,
    Outcome.UNREACHED: Closing.UNREACHED,
}
"""How a case ends; by any other outcome as it was answered."""

Lives = dict[tuple[Rung, Outcome], Life]


@pytest.fixture(scope="module")
async def lives(engines: Engines) -> AsyncGenerator[Lives]:
    """One case for every pair of the table, all of them at the same time."""
    async with hotline(engines, skip_time=True) as town:
        other = await town.open("other", lead=None)
        opened: dict[tuple[Rung, Outcome], str] = {}
        for rung, outcome, step in PAIRS:
            script = ON_THE_WAY[rung] | way(rung, outcome, other) | after(rung, outcome, step)
            opened[rung, outcome] = await town.open(f"{rung.value}-{outcome.value}", script)
        yield {pair: await town.life(case_id) for pair, case_id in opened.items()}
        assert town.refusals == {}
        assert (await ledger.verify(town.pool)).misfit is None


@pytest.mark.parametrize(("rung", "outcome", "step"), PAIRS)
def test_the_outcome_leads_where_the_table_says(lives: Lives, rung: Rung, outcome: Outcome, step: Step) -> None:
    life = lives[rung, outcome]
    left = next(
        place
        for place, fact in enumerate(life.facts)
        if fact.kind is FactKind.RUNG_LEFT and (fact.rung, fact.payload["outcome"]) == (rung, outcome.value)
    )
    came_after = life.facts[left + 1]
    if isinstance(step, Rung):
        assert (came_after.kind, came_after.rung) == (FactKind.RUNG_ENTERED, step)
        assert came_after.payload["reason"] == outcome.value
        assert (came_after.due_at is not None) == (outcome in BY_TIME)
    else:
        assert came_after.kind is (FactKind.CALLBACK_DUE if step is End.CALLBACK else FactKind.CASE_CLOSED)
    if step is End.CLOSED:
        assert life.view.closing is CLOSINGS.get(
            outcome, Closing.EXPLAINED if rung is Rung.REFERRAL else Closing.RESOLVED
        )
