"""The sweep: hands over whatever was stored and, for a crash or an outage, not handed over at once."""

from collections.abc import Coroutine

from temporalio import activity

from domain.errors import Unavailable
from domain.values import Value
from outbox import callbacks as callback_outbox
from outbox import cases as case_outbox
from outbox import orders as order_outbox
from outbox.cases import Engine, RulesInForce
from outbox.orders import Post
from storage import callbacks, demands, orders
from storage.database import Pool, reaching_database

GRACE = 20.0
"""Seconds that the direct way has before the sweep takes a hand."""

AT_ONCE = 200
"""How many of each kind one sweep takes."""


class Swept(Value):
    """How many the sweep has handed over."""

    cases: int = 0
    callbacks: int = 0
    orders: int = 0
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
        """Hand over what is left; what fails again stays for the next sweep."""
        done = {"cases": 0, "callbacks": 0, "orders": 0, "failed": 0}
        with reaching_database():
            for demand in await demands.not_started(self._pool, self._grace, AT_ONCE):
                work = case_outbox.start_case(self._pool, self._engine, await self._rules(), demand)
                done[await _settle("cases", work)] += 1
            for callback in await callbacks.pending(self._pool, self._grace, AT_ONCE):
                work = callback_outbox.hand_over(self._pool, self._engine.client, callback)
                done[await _settle("callbacks", work)] += 1
            for request in await orders.undelivered(self._pool, self._grace, AT_ONCE):
                work = order_outbox.send_order(self._pool, self._post, request)
                done[await _settle("orders", work)] += 1
        return Swept.model_validate(done)


async def _settle(kind: str, work: Coroutine[object, object, object]) -> str:
    try:
        await work
    except Unavailable:
        return "failed"
    return kind
