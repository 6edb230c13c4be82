"""One run: start, load, break, wait until all is quiet, and hold every promise against what is there."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from temporalio.client import ScheduleIntervalSpec, ScheduleUpdate, ScheduleUpdateInput

from desk.rules import rules_in_force
from desk.window import Desk
from outbox.cases import Engine
from runtime.schedules import SWEEP
from runtime.settings import load_settings
from runtime.temporal import connect
from storage import callbacks, ledger
from storage.database import open_pool
from trials.chaos.faults import Fault, each_once, in_turn_and_together
from trials.chaos.house import Down, House, housed
from trials.chaos.load import WITHIN, Moody, Town, Witness, beside, come_in, count, people, town
from trials.chaos.pace import stretched
from trials.chaos.promises import Evidence, Promise, hold_all

SWEEP_EVERY: Final = timedelta(seconds=5)
"""The sweep looks every minute otherwise: as an operator would, the trial sets it to the pace of its limits."""

SETTLES: Final = 120.0
"""Seconds until every case is closed after the last fault and the last case."""

AFTER_EFFECT: Final = 5.0
"""Seconds after everything answers again in which lateness still counts as caused by the fault."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is to happen."""

    cases: int = 300
    seconds: float = 120.0
    """So long do cases come in, on a machine that keeps pace."""
    day: int = 3
    """Seconds of a working day; the demo's limits are two to ten of them."""
    seed: int = 12345
    thorough: bool = True
    """Parts alone and together; else each alone, once."""
    cut_for: float = 15.0
    """Seconds that one department's endpoint is away."""
    repeats: int = 3
    """How often each confirmed callback is said again in the middle of it, and after it."""

    @property
    def faults(self) -> Sequence[Fault]:
        """What is killed, in order."""
        return in_turn_and_together(self.seed) if self.thorough else each_once(self.seed)


@dataclass
class Figures:
    """What was measured, besides the promises."""

    cases: int
    closed: int
    seconds: float
    facts: int
    downs: list[Down]
    ended_by_itself: Counter[str]
    orders_received: int
    orders_refused: int
    """Answers of departments that did not take an order, or a repetition of one."""
    verdicts: Counter[str]
    kept_meanwhile: int
    """Callbacks that the gateway took while it could not hand them over."""
    said_again: int
    """Callbacks that were sent more than once until they were heard."""
    duplicates: int
    lateness: list[float] = field(default_factory=list[float])
    """Seconds of each escalation by a limit that passed while everything was well."""
    lateness_down: list[float] = field(default_factory=list[float])
    """The same for limits that passed while something was down, or just after."""


@dataclass
class Outcome:
    """A whole run."""

    plan: Plan
    figures: Figures
    promises: list[Promise]

    @property
    def is_sound(self) -> bool:
        return not any(promise.broken for promise in self.promises)


async def run(plan: Plan, state: Path, say: Say) -> Outcome:
    """The trial, on servers of its own in ``state``."""
    policy = stretched(plan.day, state.parent)
    settings = load_settings(state=state, policy=policy, gateway_port=0, temporal_port=0, temporal_ui_port=0)
    witness, began, started_at = Witness(), time.monotonic(), datetime.now(UTC)
    async with AsyncExitStack() as exits:
        say("starting PostgreSQL, Temporal, worker and gateway")
        house = await exits.enter_async_context(housed(settings))
        desk = await exits.enter_async_context(_desk(house, settings.task_queue, settings.policy))
        await _sweep_often(desk)
        mood = Moody(plan.seed, WITHIN * plan.day)
        made = await exits.enter_async_context(town(desk, house.servers.gateway_url, house.secrets, witness, mood))
        await exits.enter_async_context(people(desk, plan.seed))
        await exits.enter_async_context(beside(count(desk, witness)))
        coming = await exits.enter_async_context(beside(come_in(desk, witness, plan.cases, plan.seconds, plan.seed)))
        await _break(house, made, plan, say)
        await coming
        say("departments calm down; waiting until all is quiet")
        made.mood.calm = True
        await _until_quiet(desk, made, witness)
        say("saying every confirmed callback once more")
        await made.repeat(1)
        say("holding the promises")
        promises = await hold_all(Evidence(desk, witness, house.environ))
        figures = await _figures(desk, house, witness, started_at, time.monotonic() - began)
    return Outcome(plan, figures, promises)


@asynccontextmanager
async def _desk(house: House, task_queue: str, policy: str) -> AsyncGenerator[Desk]:
    pool = await open_pool(house.servers.database_url)
    try:
        client = await connect(house.servers)
        yield Desk(pool=pool, engine=Engine(client, task_queue), rules=lambda: rules_in_force(pool, policy))
    finally:
        pool.terminate()


async def _sweep_often(desk: Desk) -> None:
    def often(given: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = given.description.schedule
        schedule.spec.intervals = [ScheduleIntervalSpec(every=SWEEP_EVERY)]
        return ScheduleUpdate(schedule)

    await desk.client.get_schedule_handle(SWEEP).update(often)


async def _break(house: House, made: Town, plan: Plan, say: Say) -> None:
    """Every fault in its turn; beside them the cut endpoint, and half-way the duplicates."""
    faults = plan.faults
    async with asyncio.TaskGroup() as group:
        for number, fault in enumerate(faults):
            await asyncio.sleep(fault.pause)
            if number == 1:
                say(f"cutting one department's endpoint for {plan.cut_for:.0f} s")
                group.create_task(made.cut(plan.cut_for))
            if number == len(faults) // 2:
                say("filling the inbox with duplicates")
                group.create_task(made.repeat(plan.repeats))
            down = await house.kill(fault.parts, fault.down_for)
            say(
                f"killed {' + '.join(fault.parts)}; away for {fault.down_for:.1f} s, "
                f"all well after {down.ready_at - down.killed_at:.1f} s"
            )


async def _until_quiet(desk: Desk, made: Town, witness: Witness) -> None:
    """Until every case is closed, every department has said its last and no callback waits; or ``SETTLES`` seconds."""
    ends = time.monotonic() + SETTLES
    while time.monotonic() < ends:
        waiting = made.departments.busy or await callbacks.kept(desk.pool, 0, 1)
        if witness.closed == len(witness.opened) and not waiting:
            return
        await asyncio.sleep(0.5)


async def _figures(desk: Desk, house: House, witness: Witness, since: datetime, seconds: float) -> Figures:
    verdict = await ledger.verify(desk.pool)
    figures = Figures(
        cases=len(witness.opened),
        closed=witness.closed,
        seconds=seconds,
        facts=verdict.entries,
        downs=house.downs,
        ended_by_itself=Counter(name.value for name in house.ended_by_itself),
        orders_received=len({(one.department, one.order_id) for one in witness.received if one.what == "order.sent"}),
        orders_refused=sum(one.status >= 300 for one in witness.received),
        verdicts=Counter(said.verdict.value for said in witness.said),
        kept_meanwhile=sum(said.answer.outcome == "kept" for said in witness.said),
        said_again=sum(said.answer.tries > 1 for said in witness.said),
        duplicates=witness.duplicates,
    )
    for _, _, due_at, fired_at in await ledger.escalations(desk.pool, since):
        among = figures.lateness_down if _was_down(house.downs, due_at.timestamp()) else figures.lateness
        among.append((fired_at - due_at).total_seconds())
    return figures


def _was_down(downs: Sequence[Down], moment: float) -> bool:
    return any(down.killed_at - 1 <= moment <= down.ready_at + AFTER_EFFECT for down in downs)


def median(values: Sequence[float]) -> float:
    """0 for nothing."""
    return statistics.median(values) if values else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed; 0 for nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
