"""Without a cache every step of a case replays it from the beginning: it must come to the same facts."""

import pytest
from hotlines import (
    CONDEMNED,
    LEAD,
    OTHER,
    THIRD,
    WITHDRAWAL,
    Engines,
    Life,
    at,
    hotline,
)
from scripts import (
    DAY,
    HOUR,
    MINUTE,
    SILENT,
    Duty,
    Script,
    acknowledges,
    assigns,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    resolves,
    returns,
    verifies,
)
from told_lives import Told, merged, passed_on

from domain.case import Awaited
from domain.commands import Assign, CallbackResult, Command, Escalate
from domain.ladder import Rung

SATISFIED = Script(people={Awaited.CALLBACK: (calls_back(),)})
UNSATISFIED = CallbackResult.UNSATISFIED

SCRIPTS: dict[str, Script] = {
    "silence": CONDEMNED | Script(people={Awaited.VERIFICATION: ((), verifies(passed=False), verifies())}) | SATISFIED,
    "unsatisfied": Script(
        lead={Rung.DISPATCH: (resolves(DAY),), Rung.SUPERVISED: (resolves(),), Rung.JOINT_MEETING: (SILENT,)},
        people={
            Awaited.CALLBACK: (calls_back(CallbackResult.UNREACHED), calls_back(UNSATISFIED), calls_back(UNSATISFIED)),
            Awaited.MEETING: (convenes(LEAD, OTHER),),
            Awaited.CONCLUSION: (concludes((OTHER, 3), (LEAD, 2)),),
            Awaited.DECISION: (decides(("甲", True), ("甲", True), ("乙", False)), decides(("乙", False))),
        },
    ),
    "returned": Script(lead={Rung.DISPATCH: (returns(suggests=OTHER), returns()), Rung.SUPERVISED: (resolves(),)})
    | SATISFIED,
    "queue": Script(
        lead={Rung.DISPATCH: (returns(),), Rung.SUPERVISED: (explains(),)},
        people={Awaited.ASSIGNMENT: (assigns(LEAD, after=HOUR),), Awaited.CONFIRMATION: (confirms(after=20 * DAY),)},
    )
    | SATISFIED,
    "late": Script(
        lead={Rung.DISPATCH: (acknowledges(),), Rung.SUPERVISED: (Duty(replies=100 * DAY),)},
        assisting={OTHER: Duty(replies=90 * DAY), THIRD: resolves(MINUTE)},
        people={Awaited.MEETING: (convenes(LEAD, OTHER),), Awaited.CONCLUSION: (concludes((LEAD, 300)),)},
    )
    | Script(lead={Rung.JOINT_MEETING: (resolves(120 * DAY),)})
    | SATISFIED,
    "by-hand": at(Rung.DISPATCH, Command.ASSIGN, Assign(department=OTHER, by="话务长"))
    | at(Rung.SUPERVISED, Command.ESCALATE, Escalate(to=Rung.REFERRAL, by="话务长", reason="紧急"))
    | at(Rung.REFERRAL, Command.WITHDRAW, WITHDRAWAL),
}


async def lived(engines: Engines, max_cached_workflows: int) -> dict[str, Life]:
    async with hotline(engines, skip_time=True, max_cached_workflows=max_cached_workflows) as town:
        opened: dict[str, str] = {}
        for name, script in SCRIPTS.items():
            lead = None if name == "queue" else LEAD
            opened[name] = await town.open(name, script, lead=lead, assisting=(OTHER, THIRD) if name == "late" else ())
        return {name: await town.life(case_id) for name, case_id in opened.items()}


@pytest.fixture(scope="module")
async def cached(engines: Engines) -> dict[str, Life]:
    return await lived(engines, 1000)


@pytest.fixture(scope="module")
async def uncached(engines: Engines) -> dict[str, Life]:
    return await lived(engines, 0)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_case_that_is_replayed_at_every_step_comes_to_the_same(
    cached: dict[str, Life], uncached: dict[str, Life], name: str
) -> None:
    assert uncached[name].kinds == cached[name].kinds
    assert uncached[name].endings == cached[name].endings
    assert [(o.department, o.role, o.status, o.silent) for o in uncached[name].view.orders] == [
        (o.department, o.role, o.status, o.silent) for o in cached[name].view.orders
    ]


async def test_a_case_that_really_asks_and_is_replayed_at_every_step_comes_to_the_same(
    engines: Engines, told_lives: dict[str, Told]
) -> None:
    async with hotline(engines, skip_time=False, max_cached_workflows=0) as town:
        for tell in (passed_on, merged):
            life = await tell(town)
            assert life.kinds == told_lives[tell.__name__].life.kinds
