"""What is measured, each bounded in time."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from desk.window import Desk
from domain.clock import Unit
from domain.demand import Channel, Nature, Urgency
from domain.intake import NewDemand, Opening
from domain.policy import Rules
from domain.stuck import SOON, Search
from outbox.cases import start_case
from storage import demands, ledger
from storage import stuck as stuck_store
from storage.database import Pool, open_pool
from storage.demands import StoredDemand
from trials.bench import cpu
from trials.bench.sides import Side, play
from trials.bench.stage import Stage, throw_away

PER_SECOND = 5.6
"""Ten times Haikou's busiest hour."""


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


@dataclass
class Throughput:
    """One side's rounds."""

    per_second: list[float] = field(default_factory=list[float])
    cpu: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    """CPU seconds a case, by process."""

    @property
    def median(self) -> float:
        return statistics.median(self.per_second)

    def cpu_median(self, process: str) -> float:
        return statistics.median(round_[process] for round_ in self.cpu)


async def throughput(stage: Stage, *, rounds: int, cases_a_round: int, at_once: int) -> dict[str, Throughput]:
    """Closed loop, sides in turn; a short round for each to warm up is not counted."""
    found = {side.name: Throughput() for side in stage.sides}
    for number in range(rounds + 1):
        size = cases_a_round if number else 2 * at_once
        for side in stage.sides:
            case_ids = [f"{side.name}-r{number}x{index}" for index in range(size)]
            before, began = cpu.spent(stage.pids), time.perf_counter()
            await play(side, case_ids, at_once)
            took = time.perf_counter() - began
            if number:
                spent = cpu.since(before, cpu.spent(stage.pids))
                found[side.name].per_second.append(size / took)
                found[side.name].cpu.append({name: seconds / size for name, seconds in spent.items()})
    return found


async def latency(stage: Stage, side: Side, seconds: float) -> list[float]:
    """Seconds from intake to the department, cases coming in at a steady rate whether or not the last is through."""
    taken: list[float] = []

    async def one(number: int) -> None:
        case_id = f"{side.name}-l{number}"
        came_in, sent = time.time(), asyncio.create_task(stage.bell.hear("sent", case_id))
        await side.open(case_id)
        taken.append(await sent - came_in)
        await side.answered(case_id)
        await side.finish(case_id)

    async with asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for number in range(int(seconds * PER_SECOND)):
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
            group.create_task(one(number))
    return taken


@dataclass
class Lateness:
    """Escalations while many timers are open."""

    open_cases: int
    opening_took: float
    """Seconds."""
    late: list[float]
    """Seconds between the limit and the escalation, each."""


def brisk(rules: Rules, seconds: int) -> Rules:
    """The same rules, but a case of danger must be acknowledged within so many seconds."""
    acknowledge = rules.policy.acknowledge
    limit = acknowledge.danger.model_copy(update={"value": seconds, "unit": Unit.CLOCK_SECONDS})
    changed = acknowledge.model_copy(update={"danger": limit})
    policy = rules.policy.model_copy(update={"acknowledge": changed})
    return rules.model_copy(update={"policy": policy})


async def lateness(stage: Stage, *, open_cases: int, escalating: int, limit: float) -> Lateness:
    """Open so many cases that wait for days (or as many as ``limit`` seconds allow), then let others escalate at a
    steady rate beside them."""
    desk, rules = stage.desk, await stage.desk.rules()
    numbers, began, opened = iter(range(open_cases)), time.perf_counter(), 0

    async def line() -> None:
        nonlocal opened
        for number in numbers:
            if time.perf_counter() - began > limit:
                return
            await _start(desk, rules, f"open-o{number}", Urgency.NORMAL, stage.quiet)
            opened += 1
            while number % 50 == 0 and await desk.pool.fetchval(NOT_ON_RECORD) > BACKLOG:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as group:
        for _ in range(32):
            group.create_task(line())
    while await desk.pool.fetchval(NOT_ON_RECORD) and time.perf_counter() - began < limit + 60:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    took = time.perf_counter() - began
    since, soon = datetime.now(UTC), brisk(rules, 10)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(escalating):
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
            group.create_task(_start(desk, soon, f"late-e{number}", Urgency.DANGER, stage.quiet))
    await asyncio.sleep(20)
    fired = await ledger.escalations(desk.pool, since)
    if not fired:
        raise RuntimeError("nothing escalated")
    late = [(at - due).total_seconds() for case_id, _, due, at in fired if case_id.startswith("late-")]
    return Lateness(opened, took, late)


BACKLOG = 100
"""Cases that may be opened and not yet on record: else the engine would still be at it while others escalate."""

NOT_ON_RECORD = "SELECT count(*) FROM demand WHERE recorded_at IS NULL"


async def _start(desk: Desk, rules: Rules, case_id: str, urgency: Urgency, lead: str) -> None:
    opening = Opening(
        channel=Channel.PHONE,
        nature=Nature.COMPLAINT,
        urgency=urgency,
        matter="illegal-parking",
        district=None,
        street=None,
        lead=lead,
    )
    demand = NewDemand(description="店家把桌椅摆上人行道，行人只能走到车道上。")
    stored = StoredDemand(case_id=case_id, opening=opening)
    await demands.keep(
        desk.pool,
        stored,
        reference=None,
        description=demand.description,
        place=None,
        citizen=demand.citizen,
        reported_at=datetime.now(UTC),
    )
    await start_case(desk.pool, desk.engine, rules, stored)


@dataclass
class Stuck:
    """The stuck list."""

    rows: int
    open_rows: int
    overdue: int
    filling_took: float
    seconds: list[float]


FILL = """
INSERT INTO case_view (
    case_id, seq, head_hash, status, step, rung, closing, channel, nature, urgency, matter, district, street, lead,
    waiting_party, waiting_department, waiting_for, waiting_since, waiting_until, policy, opened_at, changed_at,
    closed_at, view)
SELECT 'case-' || n, 4, md5(n::text), CASE WHEN open THEN 'handling' ELSE 'closed' END,
    CASE WHEN open THEN 'dispatch' ELSE 'closed' END, 'dispatch', CASE WHEN open THEN NULL ELSE 'resolved' END,
    'phone', 'complaint', 'normal', 'illegal-parking', '460108', NULL, lead,
    CASE WHEN open THEN CASE WHEN queued THEN 'operator' ELSE 'department' END END,
    CASE WHEN open AND NOT queued THEN lead END,
    CASE WHEN open THEN CASE WHEN queued THEN 'assignment' ELSE 'reply' END END,
    CASE WHEN open THEN opened END, CASE WHEN open THEN until END, 'haikou@1', opened, opened + interval '1 day',
    CASE WHEN open THEN NULL ELSE opened + interval '6 days' END,
    jsonb_build_object('case_id', 'case-' || n, 'seq', 4, 'status', 'handling', 'lead', lead, 'waiting',
        CASE WHEN open THEN jsonb_build_array(jsonb_build_object('party', 'department', 'department', lead,
            'awaited', 'reply', 'order_id', 'case-' || n || '.1', 'since', opened, 'until', until, 'limit', 'handle',
            'provisional', false, 'overdue', false)) ELSE '[]'::jsonb END,
        'orders', jsonb_build_array(jsonb_build_object('order_id', 'case-' || n || '.1', 'department', lead,
            'role', 'lead', 'rung', 'dispatch', 'sent_at', opened, 'due_at', until, 'status', 'sent')))
FROM (
    SELECT n, n % 33 = 0 AS open, n % 3300 = 0 AS queued, 'hk-' || n % 78 AS lead,
        now() - n * interval '30 seconds' AS opened,
        now() + CASE WHEN n % 495 = 0 THEN -1 ELSE 1 END * (n % 5000) * interval '1 minute' AS until
    FROM generate_series(1, $1) AS n
) AS made
"""
"""One in thirty-three is open, one open case in fifteen is past its limit, one in a hundred is in the queue."""

FILL_ORDERS = """
INSERT INTO order_view (order_id, case_id, department, role, rung, status, seq, sent_at, due_at, silent, view)
SELECT case_id || '.1', case_id, lead, 'lead', 'dispatch', CASE WHEN status = 'closed' THEN 'replied' ELSE 'sent' END,
    4, opened_at, coalesce(waiting_until, closed_at), false, view->'orders'->0
FROM case_view
"""


async def fill(pool: Pool, rows: int) -> None:
    """So many projected cases, made in SQL."""
    async with pool.acquire() as connection:
        await connection.execute(FILL.replace("$1", str(int(rows))), timeout=400)
        await connection.execute(FILL_ORDERS, timeout=400)
        await connection.execute("VACUUM ANALYZE case_view", timeout=300)
        await connection.execute("VACUUM ANALYZE order_view", timeout=300)


async def stuck(database_url: str, *, rows: int, runs: int) -> Stuck:
    """How long the list that the command shows takes, on a database of its own."""
    async with throw_away(database_url, "bench_stuck") as url, await open_pool(url) as pool:
        began = time.perf_counter()
        await fill(pool, rows)
        took = time.perf_counter() - began
        seconds: list[float] = []
        for _ in range(runs):
            began = time.perf_counter()
            found = await stuck_store.stuck(pool, Search(), datetime.now(UTC), timedelta(hours=SOON), 50)
            seconds.append(time.perf_counter() - began)
            if not found:
                raise RuntimeError("the stuck list is empty")
        open_rows = await pool.fetchval("SELECT count(*) FROM case_view WHERE status <> 'closed'")
        overdue = await pool.fetchval("SELECT count(*) FROM case_view WHERE waiting_until < now()")
    return Stuck(rows, open_rows, overdue, took, seconds)
