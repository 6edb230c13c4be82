"""The witness: an outage is one entry when it is over, with who was away from when to when; a calm life leaves none."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.audit import Down, Gap
from runtime.embedded import embedded_temporal
from runtime.settings import Servers
from runtime.state import StateFolder
from runtime.temporal import connect
from runtime.watch import UNSEEN, Watch
from storage import audit_chain
from storage.database import Pool

if TYPE_CHECKING:
    from tests.conftest import Embedded

LONG = 6 * UNSEEN


async def test_a_calm_life_leaves_no_entry(pool: Pool, embedded: "Embedded") -> None:
    watch = Watch(pool, embedded.client, "calm")
    for _ in range(3):
        await watch.look()
    assert await audit_chain.gaps(pool) == []
    assert await audit_chain.misfit(pool) is None


async def test_no_worker_for_a_while(pool: Pool, embedded: "Embedded") -> None:
    """The first look of a worker tells that nobody had been there; that of another queue's is not asked."""
    left = datetime.now(UTC) - LONG
    assert await audit_chain.see_worker(pool, "queue", left, left, UNSEEN) is None
    assert await audit_chain.see_worker(pool, "other", left - LONG, left - LONG, UNSEEN) is None
    await Watch(pool, embedded.client, "queue").look()
    (gap,) = await audit_chain.gaps(pool)
    assert (gap.what, gap.since) == (Down.WORKER, left)
    assert datetime.now(UTC) - gap.until < timedelta(seconds=5)
    await Watch(pool, embedded.client, "queue").look()
    assert len(await audit_chain.gaps(pool)) == 1


async def test_a_worker_that_stood_still_vouches_for_nobody(pool: Pool, embedded: "Embedded") -> None:
    """As when it is stopped, or the machine sleeps: that the engine was not asked does not mean that it was away."""
    watch = Watch(pool, embedded.client, "queue", unseen=timedelta(seconds=1))
    await watch.look()
    await asyncio.sleep(1.5)
    await watch.look()
    (gap,) = await audit_chain.gaps(pool)
    assert gap.what is Down.WORKER
    assert timedelta(seconds=1) < gap.until - gap.since < timedelta(seconds=10)


async def test_an_engine_that_was_away_is_told_when_it_is_back(pool: Pool, state: StateFolder) -> None:
    with state.locked():
        async with embedded_temporal(state, synchronous="normal") as temporal:
            servers = Servers(
                temporal={"target_host": temporal.address, "namespace": temporal.namespace},
                database_url="",
                gateway_url="",
            )
            client = await connect(servers)
            watch = Watch(pool, client, "queue", unseen=timedelta(seconds=3))
            await watch.look()
            before = datetime.now(UTC)
            os.kill(temporal.part.pid, signal.SIGSTOP)
            try:
                for _ in range(3):  # each waits for its answer as long as it has patience
                    await watch.look()
            finally:
                os.kill(temporal.part.pid, signal.SIGCONT)
            assert await audit_chain.gaps(pool) == []
            async with asyncio.timeout(30):
                while not (gaps := await audit_chain.gaps(pool)):
                    await watch.look()
    (gap,) = gaps
    assert gap.what is Down.ENGINE
    assert gap.since - before < timedelta(seconds=1)  # one look may still be answered while the server is being stopped
    assert before < gap.until
    assert gap.until - gap.since > timedelta(seconds=3)


async def test_gaps_are_read_back_as_they_were(pool: Pool) -> None:
    now = datetime.now(UTC)
    gaps = [Gap(what=what, since=now - LONG, until=now) for what in Down]
    for gap in gaps:
        await audit_chain.keep_gap(pool, gap)
    assert await audit_chain.gaps(pool) == gaps
    assert await audit_chain.misfit(pool) is None
