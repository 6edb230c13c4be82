"""The witness: a worker's signs of life, and what it sees of the engine and of the record.

Nothing is written while all is well but one row, over and over; an outage becomes one entry of the audit's chain when
it is over. So the audit can tell, from the record alone, why something fired late.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from domain.audit import Down, Gap
from domain.errors import Unavailable
from storage import audit_chain
from storage.database import Pool, reaching_database

EVERY: Final = 3.0
"""Seconds between two looks."""

UNSEEN: Final = timedelta(seconds=10)
"""No sign of life for longer than this is an outage; a look takes seven seconds at the most, pause and all."""

PATIENCE: Final = timedelta(seconds=2)
"""How long engine and record may take to answer."""

_log = logging.getLogger("liandong.watch")


class Watch:
    """One worker's look at what it needs."""

    def __init__(self, pool: Pool, client: Client, task_queue: str, unseen: timedelta = UNSEEN) -> None:
        self._pool = pool
        self._client = client
        self._queue = task_queue
        self._unseen = unseen
        self._looked: datetime | None = None
        self._seen: dict[Down, datetime] = {}
        """When engine and record were there last."""
        self._ended: list[Gap] = []
        """Outages that are over and not on record yet."""

    async def look(self) -> None:
        """Look once; what was away and is back goes on record."""
        now = datetime.now(UTC)
        if self._looked is not None and now - self._looked > self._unseen:
            self._seen.clear()  # this process itself stood still: it cannot vouch for the time in between
        self._looked = now
        if await self._engine_is_there():
            self._back(Down.ENGINE, now)
        with suppress(Unavailable), reaching_database():
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._tell(now)

    async def _tell(self, now: datetime) -> None:
        """While the record was away this worker was alive, though it could not say so: its word counts from then."""
        alive_since = self._seen.get(Down.RECORD, now)
        if gap := await audit_chain.see_worker(self._pool, self._queue, alive_since, now, self._unseen):
            _log.warning("no worker from %s to %s", gap.since, gap.until)
        self._back(Down.RECORD, now)
        while self._ended:
            await audit_chain.keep_gap(self._pool, self._ended[0])
            gap = self._ended.pop(0)
            _log.warning("%s from %s to %s", gap.what.value, gap.since, gap.until)

    def _back(self, what: Down, now: datetime) -> None:
        since = self._seen.get(what)
        if since is not None and now - since > self._unseen:
            self._ended.append(Gap(what=what, since=since, until=now))
        self._seen[what] = now

    async def _engine_is_there(self) -> bool:
        try:
            return await self._client.service_client.check_health(timeout=PATIENCE)
        except RPCError:
            return False

    async def keep_looking(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            (outcome,) = await asyncio.gather(self.look(), return_exceptions=True)
            if isinstance(outcome, Exception):  # whatever the cause: a worker does not end for it
                _log.error("cannot look: %s", type(outcome).__name__)


@asynccontextmanager
async def watching(pool: Pool, client: Client, task_queue: str) -> AsyncGenerator[None]:
    """While inside, this process says that it is alive and looks at what it needs; the first look comes before."""
    watch = Watch(pool, client, task_queue)
    await watch.look()
    looking = asyncio.create_task(watch.keep_looking())
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
