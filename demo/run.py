"""The demo from start to end: the stack, the town, a crowd of cases and three stories, and the reckoning."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from demo.office import Office
from demo.plans import Plan, draw
from demo.stories import STORIES
from demo.town import Town
from desk.case_mapping import read_mapping
from desk.case_rows import CaseRow, read_cases
from desk.cases import CaseFolder, folder, open_case
from desk.directory_rows import read_departments, shipped_matters
from desk.rules import rules_in_force
from desk.window import Desk
from domain.department import Directory
from domain.intake import NewDemand
from domain.tokens import department_secret
from outbox.cases import Engine
from reference import path
from runtime.settings import Settings
from runtime.stack import Addresses, running_stack
from runtime.temporal import connect
from simulator.departments import Departments, Note, Said, Verdict
from simulator.serving import serving
from storage import cases, departments, ledger, orders
from storage.cases import Count
from storage.database import open_pool

CASES = 200
PER_SECOND = 3.3
"""How many cases come in a second."""

PATIENCE = 90.0
"""Seconds that are left after the last case came in."""

REAL_CASES = Path(__file__).parents[2] / "shared" / "data" / "pingshan_cases.csv"
"""Where the real cases lie on a machine that has them; they are not part of the project."""


@dataclass
class Reckoning:
    """What the demo shows at its end, and holds itself to."""

    source: str
    """``pingshan`` for real cases, ``sample`` for those made for the project."""
    expected: int
    """How many cases are to come."""
    started_at: datetime
    opened: list[str] = field(default_factory=list[str])
    stories: dict[str, str] = field(default_factory=dict[str, str])
    """Name of a story → its case."""
    counts: list[Count] = field(default_factory=list[Count])
    lateness: list[float] = field(default_factory=list[float])
    """Seconds by which each escalation fired after its due time."""
    delivery: list[float] = field(default_factory=list[float])
    """Seconds from a case's acceptance to its first order being with the department."""
    told: dict[str, CaseFolder] = field(default_factory=dict[str, CaseFolder])
    """Name of a story → everything the record has of its case."""
    directory: Directory = field(default_factory=lambda: Directory(departments=()))
    entries: int = 0
    unaccounted: list[str] = field(default_factory=list[str])
    """Cases that are not closed, or not in the ledger."""
    problems: list[str] = field(default_factory=list[str])
    """A chain that does not fit, refusals that nobody expected."""
    seconds: float = 0.0

    @property
    def closed(self) -> int:
        return sum(count.cases for count in self.counts if count.closing)

    @property
    def is_sound(self) -> bool:
        return len(self.opened) == self.expected and not self.unaccounted and not self.problems


LOOPBACK = ip_network("127.0.0.0/8")


@dataclass(frozen=True)
class Show:
    """Who is told what, while it goes on."""

    on_step: Callable[[str], None]
    on_ready: Callable[[Addresses], None]
    on_look: Callable[[Reckoning], None]
    """Twice a second."""


async def run_demo(settings: Settings, *, seed: int, number: int, show: Show) -> Reckoning:
    """Start the stack, let ``number`` cases and the stories live through, check everything, stop the stack."""
    began = time.monotonic()
    settings = settings.model_copy(update={"allowed_networks": (LOOPBACK,)})  # the town's departments are here
    async with AsyncExitStack() as exits:
        addresses = await exits.enter_async_context(running_stack(settings, on_step=show.on_step))
        show.on_ready(addresses)
        desk = await exits.enter_async_context(_desk(settings, addresses))
        reckoning = await _live(settings, desk, addresses, seed, number, show.on_look)
    reckoning.seconds = time.monotonic() - began
    return reckoning


@asynccontextmanager
async def _desk(settings: Settings, addresses: Addresses) -> AsyncGenerator[Desk]:
    pool = await open_pool(addresses.servers.database_url)
    try:
        client = await connect(addresses.servers)
        yield Desk(
            pool=pool, engine=Engine(client, settings.task_queue), rules=lambda: rules_in_force(pool, settings.policy)
        )
    finally:
        await pool.close()


async def _live(
    settings: Settings, desk: Desk, addresses: Addresses, seed: int, number: int, look: Callable[[Reckoning], None]
) -> Reckoning:
    plans: dict[str, Plan] = {}

    def plan_of(case_id: str) -> Plan:
        return plans.get(case_id) or draw(seed, case_id)

    async with AsyncExitStack() as exits:
        key = addresses.servers.require_gateway_key().get_secret_value()
        refused: list[str] = []
        town = _departments(key, plan_of, refused)
        exits.push_async_callback(town.close)
        directory = await _settle_departments(desk, await exits.enter_async_context(serving(town.app())))
        source, crowd = _crowd(directory, number)
        reckoning = Reckoning(
            source=source,
            expected=len(crowd) + len(STORIES),
            started_at=datetime.now(UTC),
            directory=directory,
        )
        office = Office(desk, plan_of)
        await exits.enter_async_context(_beside(office.work()))
        coming = await exits.enter_async_context(_beside(_come_in(desk, crowd, plans, reckoning)))
        await _until_quiet(desk, reckoning, coming, look)
        await coming
        await _reckon(desk, reckoning)
        reckoning.problems += refused + office.refused
    return reckoning


def _departments(key: str, plan_of: Callable[[str], Plan], refused: list[str]) -> Departments:
    """The town; what is answered otherwise than the plans expect is added to ``refused``."""

    def told(note: Note) -> None:
        if isinstance(note, Said) and note.verdict not in (Verdict.TAKEN, Verdict.OVERTAKEN):
            refused.append(f"{note.word} {note.order_id}: {note.answer.status} {note.answer.outcome}")

    return Departments(lambda code: (department_secret(key, code, 1),), Town(plan_of), told=told)


async def _settle_departments(desk: Desk, url: str) -> Directory:
    """Haikou's directory, every department with a system of its own."""
    found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
    with_systems = tuple(d.model_copy(update={"endpoint": f"{url}/departments/{d.code}"}) for d in found)
    await departments.put(desk.pool, with_systems)
    return Directory(departments=with_systems)


def _crowd(directory: Directory, number: int) -> tuple[str, list[CaseRow]]:
    """So many cases, spread over the whole file: real ones where they are, else the project's own."""
    real = REAL_CASES.is_file()
    name, file = ("pingshan", REAL_CASES) if real else ("sample", path("sample-cases.csv"))
    matters = shipped_matters()
    mapping = read_mapping(path(f"mappings/{name}.toml"), matters)
    rows, _ = read_cases(file, mapping, matters, directory)
    step = max(1, len(rows) // number) if number else 1
    return name, rows[::step][:number]


async def _come_in(desk: Desk, crowd: list[CaseRow], plans: dict[str, Plan], reckoning: Reckoning) -> None:
    """The stories first, then the crowd at an even pace."""
    for story in STORIES:
        case_id = (story.demand.reference or "").replace(":", "-")
        plans[case_id] = story.plan
        opened = await open_case(desk, story.demand, datetime.now(UTC))
        reckoning.stories[story.name] = opened.case_id
        reckoning.opened.append(opened.case_id)
    pause = 1 / PER_SECOND
    for row in crowd:
        began = time.monotonic()
        opened = await open_case(desk, _demand(row), datetime.now(UTC))
        reckoning.opened.append(opened.case_id)
        await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))


def _demand(row: CaseRow) -> NewDemand:
    return NewDemand(**row.model_dump(exclude={"line", "opened_at"}), reported_at=row.opened_at)


async def _until_quiet(
    desk: Desk, reckoning: Reckoning, coming: asyncio.Task[None], look: Callable[[Reckoning], None]
) -> None:
    """Look twice a second until all cases are closed, or patience ends."""
    patience_ends = float("inf")
    while time.monotonic() < patience_ends:
        await _take_stock(desk, reckoning)
        look(reckoning)
        if coming.done():
            patience_ends = min(patience_ends, time.monotonic() + PATIENCE)
            if coming.exception() or reckoning.closed >= reckoning.expected:
                return
        await asyncio.sleep(0.5)


async def _take_stock(desk: Desk, reckoning: Reckoning) -> None:
    reckoning.counts = await cases.counts(desk.pool)
    fired = await ledger.escalations(desk.pool, reckoning.started_at)
    reckoning.lateness = [(fired_at - due_at).total_seconds() for _, _, due_at, fired_at in fired]


async def _reckon(desk: Desk, reckoning: Reckoning) -> None:
    """Hold every case against the ledger, and the ledger against itself."""
    await _take_stock(desk, reckoning)
    reckoning.delivery = await orders.first_order_latencies(desk.pool, reckoning.started_at)
    reckoning.told = {name: await folder(desk, case_id) for name, case_id in reckoning.stories.items()}
    for case_id in reckoning.opened:
        known = await cases.view(desk.pool, case_id)
        if known is None or known.closing is None:
            reckoning.unaccounted.append(case_id)
    verdict = await ledger.verify(desk.pool)
    reckoning.entries = verdict.entries
    if verdict.misfit:
        reckoning.problems.append(f"ledger: {verdict.misfit.case_id} {verdict.misfit.seq} {verdict.misfit.reason}")
    if verdict.cases != len(reckoning.opened):
        reckoning.problems.append(f"ledger: {verdict.cases} cases, {len(reckoning.opened)} opened")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[asyncio.Task[None]]:
    """The work beside the block, which it does not outlive."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def median(values: list[float]) -> float:
    """The median; 0 for nothing."""
    return statistics.median(values) if values else 0.0
