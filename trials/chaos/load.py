"""What goes on while things break: cases come in, departments answer in every way there is, people do their work."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from demo.office import Office
from demo.plans import draw
from desk.case_mapping import read_mapping
from desk.case_rows import read_cases
from desk.cases import open_case
from desk.directory_rows import read_departments, shipped_matters
from desk.window import Desk
from domain.department import Directory
from domain.errors import Unavailable
from domain.intake import NewDemand
from reference import path
from simulator.caller import Answer, Caller
from simulator.conduct import Name, Named, Reception, Step
from simulator.departments import OVERTAKEN, Departments, Note, Received, Said, Secrets
from simulator.serving import serving
from simulator.wire import OrderData
from storage import cases, departments
from storage.database import reaching_database

WITHIN: Final = 2.0
"""Working days that an obedient department takes at most: less than half of any limit."""

PATIENCE: Final = 180.0
"""Seconds that a department goes on trying to be heard; every fault is shorter."""

INBOX_AFTER: Final = timedelta(seconds=8)
"""After this time an order is left in the inbox of a department that does not take it."""

CONCURRENCY: Final = 4
"""How many messages go out to one department at a time: the default."""

OPEN: Final = 60
"""How many cases are open at once."""

AT_ONCE: Final = 20
"""How many duplicates are under way at a time."""


@dataclass
class Witness:
    """What the outside world saw and was promised."""

    asked: int = 0
    """Demands that somebody has brought to the desk."""
    opened: list[str] = field(default_factory=list[str])
    """Cases that the desk has confirmed."""
    closed: int = 0
    received: list[Received] = field(default_factory=list[Received])
    said: list[Said] = field(default_factory=list[Said])
    duplicates: int = 0
    """How often something was said once more."""
    duplicates_wrong: list[str] = field(default_factory=list[str])
    """Duplicates that were not called repeated, and other words under a used id that were not refused."""

    def hear(self, note: Note) -> None:
        """What the departments tell."""
        if isinstance(note, Said):
            self.said.append(note)
        else:
            self.received.append(note)

    @property
    def confirmed(self) -> dict[tuple[str, str], Said]:
        """Every callback that got a 2xx, by department and id."""
        return {(said.department, said.callback_id): said for said in self.said if said.answer.is_taken}


@dataclass
class Moody:
    """Departments that meet each order with a conduct of its own, until everybody calms down."""

    seed: int
    within: float
    """Seconds."""
    calm: bool = False
    """What was begun is ended; from now on everybody is obedient."""

    def receive(self, department: str, order: OrderData, attempt: int) -> Reception:
        """See ``simulator.conduct.Conduct``."""
        return self._now.receive(department, order, attempt)

    def answer(self, department: str, order: OrderData) -> Sequence[Step]:
        """See ``simulator.conduct.Conduct``."""
        return self._now.answer(department, order)

    @property
    def _now(self) -> Named:
        return (
            Named(Name.OBEDIENT, self.seed, self.within / 2) if self.calm else Named(Name.MIXED, self.seed, self.within)
        )


class Town:
    """The departments before one house, and the one whose endpoint can be cut."""

    def __init__(self, departments: Departments, mood: Moody, secrets: Secrets, witness: Witness, gateway: str) -> None:
        self.departments = departments
        self.mood = mood
        self._secrets = secrets
        self._witness = witness
        self._gateway = gateway
        self._cut = AsyncExitStack()
        self._port = 0

    async def open_branch(self) -> str:
        """Serve the department that can be cut, on a port of its own; its address."""
        url = await self._cut.enter_async_context(serving(self.departments.app(), port=self._port))
        self._port = int(url.rpartition(":")[2])
        return url

    async def cut(self, seconds: float) -> None:
        """Nobody listens there for a while."""
        await self._cut.aclose()
        await asyncio.sleep(seconds)
        await self.open_branch()

    async def close(self) -> None:
        """Stop everything."""
        await self._cut.aclose()
        await self.departments.close()

    async def repeat(self, times: int) -> None:
        """Say every confirmed callback again, ``times`` times, and once with other words under the same id."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            caller, places = Caller(http, patience=PATIENCE), asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for said in list(self._witness.confirmed.values()):
                    for number in range(times + 1):
                        group.create_task(self._once_more(caller, places, said, otherwise=number == times))

    async def _once_more(self, caller: Caller, places: asyncio.Semaphore, said: Said, *, otherwise: bool) -> None:
        body = json.dumps({**json.loads(said.body), "by": "另一人"}).encode() if otherwise else said.body
        url = f"{self._gateway}/v1/orders/{said.order_id}/{said.word}"
        secret = self._secrets(said.department)[0]
        async with places:
            answer = await caller.say(url, said.department, secret, said.callback_id, body)
        self._witness.duplicates += 1
        if not _is_right(said, answer, otherwise=otherwise):
            how = "other words" if otherwise else "again"
            self._witness.duplicates_wrong.append(f"{said.callback_id} {how}: {answer.status} {answer.outcome}")


def _is_right(said: Said, answer: Answer, *, otherwise: bool) -> bool:
    if otherwise:
        return answer.outcome == "callback-id-used"
    refused_since = said.answer.outcome == "kept" and answer.outcome in OVERTAKEN
    return refused_since or (answer.is_taken and answer.repeated)


@asynccontextmanager
async def town(desk: Desk, gateway: str, secrets: Secrets, witness: Witness, mood: Moody) -> AsyncGenerator[Town]:
    """Haikou's departments, every one with a system; the endpoint of the one that leads most cases can be cut."""
    players = Departments(secrets, mood, told=witness.hear, patience=PATIENCE)
    made = Town(players, mood, secrets, witness, gateway)
    async with serving(players.app()) as url:
        try:
            branch = await made.open_branch()
            found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
            busiest = _busiest(Directory(departments=tuple(found)))
            placed = tuple(
                one.model_copy(update={"endpoint": f"{branch if one.code == busiest else url}/departments/{one.code}"})
                for one in found
            )
            await departments.put(desk.pool, placed)
            for one in placed:
                await departments.set_endpoint(desk.pool, one.code, one.endpoint, CONCURRENCY, INBOX_AFTER)
            yield made
        finally:
            await made.close()


def _busiest(directory: Directory) -> str:
    """The department that leads most of the sample's cases."""
    leads = [directory.choose(one.matter, one.district, one.street) for one in demands(297)]
    codes = [lead.code for lead in leads if lead]
    return max(sorted(set(codes)), key=codes.count)


def demands(number: int) -> Sequence[NewDemand]:
    """So many of the project's own sample cases, from the beginning again where they run out."""
    found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
    matters = shipped_matters()
    mapping = read_mapping(path("mappings/sample.toml"), matters)
    rows, _ = read_cases(path("sample-cases.csv"), mapping, matters, Directory(departments=tuple(found)))
    given = [row.model_dump(exclude={"line", "opened_at", "reference"}) for row in rows]
    return [NewDemand(**given[index % len(given)], reference=f"chaos:{index + 1:04}") for index in range(number)]


async def come_in(desk: Desk, witness: Witness, number: int, seconds: float, seed: int) -> None:
    """Open so many cases at random moments within so many seconds; who hears nothing asks again.

    A machine that cannot keep pace is given time: no more than ``OPEN`` cases are open at once. Limits that are seconds
    would else all pass, each would bring new orders, and no machine would ever catch up with that.
    """
    chance = random.Random(f"load:{seed}")  # noqa: S311 - a script, not a secret
    moments = sorted(chance.uniform(0, seconds) for _ in range(number))
    began = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        for demand, moment in zip(demands(number), moments, strict=True):
            await asyncio.sleep(max(0.0, began + moment - asyncio.get_running_loop().time()))
            while witness.asked - witness.closed >= OPEN:  # noqa: ASYNC110 - the count comes from the database
                await asyncio.sleep(0.2)
            witness.asked += 1
            group.create_task(_open(desk, witness, demand))


async def count(desk: Desk, witness: Witness) -> None:
    """Keep count of the cases that are under way, for as long as it is let."""
    while True:
        with suppress(Unavailable), reaching_database():
            witness.closed = sum(count.cases for count in await cases.counts(desk.pool) if count.closing)
        await asyncio.sleep(0.5)


async def _open(desk: Desk, witness: Witness, demand: NewDemand) -> None:
    while True:
        try:
            opened = await open_case(desk, demand, datetime.now(UTC))
        except Unavailable:
            await asyncio.sleep(0.5)
        else:
            witness.opened.append(opened.case_id)
            return


@asynccontextmanager
async def people(desk: Desk, seed: int) -> AsyncGenerator[Office]:
    """Everybody who is no department."""
    office = Office(desk, lambda case_id: draw(seed, case_id))
    async with beside(office.work()):
        yield office


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[asyncio.Task[None]]:
    """The work beside the block, which it does not outlive. Work that fails fails the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield task
        finally:
            task.cancel()
