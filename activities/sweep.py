"""The sweep: hands over whatever was stored and not handed over at once, for a crash or an outage; and notices."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from temporalio import activity

from domain.errors import Unavailable
from domain.values import Value
from outbox.callbacks import hand_over
from outbox.cases import Engine, RulesInForce, start_case
from outbox.orders import Post, send_notice, send_order
from storage import callbacks, demands, notices, orders
from storage.database import Pool, reaching_database
from storage.demands import StoredDemand

GRACE = 20.0
"""Seconds that the direct way has before the sweep takes a hand."""

AT_ONCE = 200
"""How many of each kind one sweep takes."""

TO_ONE = 20
"""How many orders or notices to one department, or callbacks to one case, it takes: one that is away, or cannot go on,
must not keep the others waiting."""

SIDE_BY_SIDE = 10
"""How many lines are worked off at a time."""

BEAT = 2.0
"""Seconds between two signs of life of a sweep; far less than the heartbeat timeout of its call."""

Handover = Callable[[], Awaitable[object]]


class Swept(Value):
    """How many the sweep has handed over."""

    cases: int = 0
    callbacks: int = 0
    orders: int = 0
    notices: int = 0
    failed: int = 0


class SweepActivities:
    """Looks through the outbox."""

    def __init__(self, pool: Pool, engine: Engine, post: Post, rules: RulesInForce, grace: float = GRACE) -> None:
        self._pool = pool
        self._engine = engine
        self._post = post
        self._rules = rules
        self._grace = grace

    @activity.defn
    async def hand_over_pending(self) -> Swept:
        """Hand over what is left; what fails again stays for the next sweep.

        What goes to one department, or to one case, stands in a line; where the first of a line fails, the others
        wait for the next sweep too. Lines do not wait for each other.
        """
        places = asyncio.Semaphore(SIDE_BY_SIDE)
        async with _alive(), asyncio.TaskGroup() as group:
            lines = [
                group.create_task(_work_off(kind, handovers, places))
                for (kind, _), handovers in (await self._lines()).items()
            ]
        return Swept.model_validate(sum((line.result() for line in lines), Counter[str]()))

    async def _lines(self) -> dict[tuple[str, str], list[Handover]]:
        """What is left, by its kind and whom it goes to, oldest first."""
        lines: dict[tuple[str, str], list[Handover]] = defaultdict(list)
        with reaching_database():
            for demand in await demands.not_started(self._pool, self._grace, AT_ONCE):
                lines["cases", demand.case_id].append(partial(self._start, demand))
            for callback in await callbacks.kept(self._pool, self._grace, AT_ONCE, TO_ONE):
                again = partial(hand_over, self._pool, self._engine.client, callback)
                lines["callbacks", callback.case_id].append(again)
            for request in await orders.undelivered(self._pool, self._grace, AT_ONCE, TO_ONE):
                again = partial(send_order, self._pool, self._engine.client, self._post, request)
                lines["orders", request.order.department].append(again)
            for notice in await notices.pending(self._pool, AT_ONCE, TO_ONE):
                again = partial(send_notice, self._pool, self._post, notice)
                lines["notices", notice.department].append(again)
        return lines

    async def _start(self, demand: StoredDemand) -> None:
        await start_case(self._pool, self._engine, await self._rules(), demand)


@asynccontextmanager
async def _alive() -> AsyncGenerator[None]:
    """Tell the engine that the sweep goes on: one whose worker died must not keep the next one waiting."""

    async def beat() -> None:
        while activity.in_activity():
            activity.heartbeat()
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


async def _work_off(kind: str, handovers: Sequence[Handover], places: asyncio.Semaphore) -> Counter[str]:
    """How many of a line got there, and how many did not."""
    async with places:
        for done, handover in enumerate(handovers):
            (outcome,) = await asyncio.gather(handover(), return_exceptions=True)
            if isinstance(outcome, BaseException):  # whatever the cause: one line must not stop the others
                if not isinstance(outcome, Unavailable):
                    activity.logger.error("Not handed over (%s): %s", kind, type(outcome).__name__)
                return Counter({kind: done, "failed": len(handovers) - done})
    return Counter({kind: len(handovers)})
