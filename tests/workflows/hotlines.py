"""A hotline with scripted people, and what must be true of every case whatever becomes of it."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from beginnings import BEGINS, Shifted
from scripts import MINUTE, Intervention, Move, Refusal, Script, answers, finds_violation, refers
from support import desk_of, new_database, outside_of, rules
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from desk import cases as desk_cases
from desk.commands import ask, update
from desk.directory_rows import read_departments, shipped_matters
from desk.window import Desk
from domain.audit import WRONG, CaseAudit, Pinned, audited
from domain.callbacks import COMMANDS
from domain.case import Awaited, CaseResult, CaseView, Record, Waiting
from domain.commands import ChangeRules, Command, Withdraw
from domain.demand import Nature
from domain.intake import NewDemand
from domain.ladder import Outcome, Rung
from domain.ledger import Entry, Fact, FactKind, first_misfit
from domain.policy import Commission, Limit, Rules
from domain.values import Value
from outbox.orders import ORDER_IS_OUT
from reference import path
from rehearsal.actors import ScriptedCase, scripted
from runtime.embedded import embedded_temporal
from runtime.settings import Servers
from runtime.state import StateFolder
from runtime.temporal import connect
from storage import cases, departments, ledger
from storage.database import Pool, open_pool
from worker import build_worker, sandboxed

SKIPPING = "frontend.WorkflowTimeSkippingEnabled=true"

PATIENCE = 60.0
"""Seconds of real time for any wait; a case that takes longer hangs."""
PUNCTUALITY = timedelta(seconds=1)
"""How late limits fire at the median, where one case has the engine to itself."""
CROWDED = timedelta(seconds=30)
"""How late any limit may fire here at all. Virtual time runs on while engine and worker work, so this is how long
many cases at once, or a machine with other things to do, keep one waiting."""

LEAD, OTHER, THIRD = "hk-urban-mgmt", "hk-market", "hk-housing"

# -- servers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Engines:
    """What a hotline runs on."""

    postgres_url: str
    client: Client


@asynccontextmanager
async def engine(*dynamic_config: str) -> AsyncGenerator[Client]:
    """A client of an engine of our own."""
    extra = [word for value in dynamic_config for word in ("--dynamic-config-value", value)]
    with tempfile.TemporaryDirectory(prefix="liandong-test-") as folder:
        state = StateFolder(Path(folder))
        state.prepare()
        with state.locked():
            async with embedded_temporal(state, synchronous="normal", extra=extra) as temporal:
                servers = Servers(
                    temporal={"target_host": temporal.address, "namespace": temporal.namespace},
                    database_url="",
                    gateway_url="",
                )
                yield await connect(servers)


# -- a hotline ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """A case as the record has it."""

    view: CaseView
    entries: tuple[Entry, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(entry.fact for entry in self.entries)

    @property
    def kinds(self) -> list[FactKind]:
        return [fact.kind for fact in self.facts]

    @property
    def endings(self) -> list[tuple[Rung, Outcome]]:
        """How each station was left, and on which rung the case was."""
        return [(fact.rung, Outcome(str(fact.payload["outcome"]))) for fact in self.of(FactKind.RUNG_LEFT)]

    @property
    def lateness(self) -> list[timedelta]:
        """How late each limit fired that caused something."""
        return [fact.fired_at - fact.due_at for fact in self.facts if fact.due_at and fact.fired_at]

    @property
    def is_punctual(self) -> bool:
        """Whether limits fired in time at the median."""
        return median(late.total_seconds() for late in self.lateness) <= PUNCTUALITY.total_seconds()

    def of(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind is kind]

    def one(self, kind: FactKind) -> Fact:
        (fact,) = self.of(kind)
        return fact


@dataclass(frozen=True)
class Hotline:
    """A desk with a worker behind it, and the scripts of the people around each case."""

    desk: Desk
    database_url: str
    prefix: str
    worker: Callable[[], Worker]
    scripts: dict[str, Script] = field(default_factory=dict[str, Script])
    refusals: dict[str, list[Refusal]] = field(default_factory=dict[str, list[Refusal]])
    changes: dict[str, ChangeRules] = field(default_factory=dict[str, ChangeRules])
    """The rules that a test has given a case."""

    @property
    def pool(self) -> Pool:
        return self.desk.pool

    def handle(self, case_id: str) -> WorkflowHandle[Any, Any]:
        return self.desk.client.get_workflow_handle(case_id)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """While inside, a worker is at work."""
        async with self.worker():
            yield

    async def open(
        self,
        name: str,
        script: Script | None = None,
        *,
        lead: str | None = LEAD,
        nature: Nature = Nature.COMPLAINT,
        **demand: object,
    ) -> str:
        """Open a case; the people of the script gather around it where time is virtual."""
        case_id = f"{self.prefix}-{name}"
        self.scripts[case_id] = replace(TAKEN_ON | (script or Script()), refused=self._refused)
        content = {"description": "楼下占道经营", "department": lead, "nature": nature, **demand}
        new = NewDemand.model_validate({"reference": f"{self.prefix}:{name}", **content})
        opened = await desk_cases.open_case(self.desk, new, datetime.now(UTC))
        assert (opened.case_id, opened.new) == (case_id, True)
        return case_id

    def _refused(self, case_id: str, refusal: Refusal) -> None:
        known = self.refusals.setdefault(case_id, [])
        if all((refusal.at, refusal.command) != (other.at, other.command) for other in known):  # no replay
            known.append(refusal)

    async def ask(self, case_id: str, command: Command, content: Value) -> CaseView:
        """As the desk does, or what a department says, as the gateway does."""
        if command not in COMMANDS.values():
            return await ask(self.desk, case_id, command, content)
        record = await update(self.desk, case_id, command, content, Record)
        await ledger.write(self.pool, record)
        return record.view

    async def view(self, case_id: str) -> CaseView:
        """The case as it is now, by its own word."""
        return await self.handle(case_id).query("state", result_type=CaseView)

    async def settled(self, case_id: str) -> CaseView:
        """The case once the ledger holds all it knows, and the engine has nothing left to do for it.

        The running case is not asked: a query that comes together with a task costs the task three events more.
        """
        async with asyncio.timeout(PATIENCE):
            before = None
            while True:
                recorded = await cases.view(self.pool, case_id)
                seen = await self._at_rest(recorded) if recorded else None
                if recorded and seen is not None and (recorded, seen) == before:
                    return recorded
                before = recorded, seen
                await asyncio.sleep(0.02)

    async def _at_rest(self, view: CaseView) -> int | None:
        """The length of the case's history where the engine has nothing left to do for it."""
        description = await self.handle(view.case_id).describe()
        return None if self._is_busy(view, description.raw_description) else description.history_length

    @staticmethod
    def _is_busy(view: CaseView, description: DescribeWorkflowExecutionResponse) -> bool:
        orders = [order.order_id for order in view.orders]
        return description.HasField("pending_workflow_task") or any(
            activity.activity_id not in orders or activity.last_failure.application_failure_info.type != ORDER_IS_OUT
            for activity in description.pending_activities
        )

    async def until(self, case_id: str, *kinds: FactKind) -> Life:
        """Wait until the ledger holds facts of these kinds, in this order."""
        async with asyncio.timeout(PATIENCE):
            while True:
                entries = await ledger.entries_of(self.pool, case_id)
                left = iter(entry.fact.kind for entry in entries)
                if entries and all(kind in left for kind in kinds):
                    view = await cases.view(self.pool, case_id)
                    assert view is not None
                    return Life(view, tuple(entries))
                await asyncio.sleep(0.02)

    async def life(self, case_id: str) -> Life:
        """The whole of a case after its end."""
        handle = self.desk.client.get_workflow_handle(case_id, result_type=CaseResult)
        async with asyncio.timeout(PATIENCE):
            result = await handle.result()
        life = await self.recorded(case_id)
        assert (result.closing, result.rung, result.facts) == (life.view.closing, life.view.rung, len(life.facts))
        closed = life.kinds.index(FactKind.CASE_CLOSED)
        assert set(life.kinds[closed + 1 :]) <= {FactKind.ORDER_REPLIED_LATE}
        assert life.view.waiting == ()
        assert life.view.allowed == ()
        return life

    async def lives(self, case_ids: Iterable[str]) -> list[Life]:
        return [await self.life(case_id) for case_id in case_ids]

    async def checked(self, case_id: str) -> Life:
        """The same as ``recorded``; and the case says the same to whoever asks for its trail and who is waited for."""
        life = await self.recorded(case_id)
        handle = self.handle(case_id)
        assert tuple(await handle.query("trail", result_type=list[Fact])) == life.facts
        assert tuple(await handle.query("waiting_for", result_type=list[Waiting])) == life.view.waiting
        return life

    async def recorded(self, case_id: str) -> Life:
        """A case with nothing on the way, by the record; whether the record is right was looked at."""
        entries = tuple(await ledger.entries_of(self.pool, case_id))
        view = await cases.view(self.pool, case_id)
        assert view is not None
        life = Life(view, entries)
        assert first_misfit(case_id, entries, (view.seq, entries[-1].hash)) is None
        assert await self.view(case_id) == view
        assert all(timedelta(0) <= late <= CROWDED for late in life.lateness), life.lateness
        return life


@asynccontextmanager
async def hotline(
    engines: Engines,
    *,
    skip_time: bool,
    begins: datetime = BEGINS,
    policy: str = "haikou",
    rules: Rules | None = None,
    max_cached_workflows: int = 1000,
    works: bool = True,
) -> AsyncGenerator[Hotline]:
    """A hotline with the shipped directory, on a database of its own.

    In virtual time its people are scripted and the first case begins when it is said to; in real time its departments
    are really asked. Unless it ``works``, nothing happens but while somebody lets it be ``working()``.
    """
    found, problems = read_departments(path("haikou-departments.csv"), shipped_matters())
    assert not problems
    async with AsyncExitStack() as exits:
        database_url = await exits.enter_async_context(new_database(engines.postgres_url))
        pool = await exits.enter_async_context(await open_pool(database_url))
        await departments.put(pool, tuple(found))
        outside = await exits.enter_async_context(outside_of(pool, engines.client, policy=policy, skip_time=skip_time))
        if rules is not None:

            async def in_force(given: Rules = rules) -> Rules:
                return given

            outside = replace(outside, rules=in_force)

        def worker() -> Worker:
            return build_worker(
                outside,
                interceptors=[scripted(lambda case_id: town.scripts[case_id])] if skip_time else [],
                runner=Shifted.to_begin(sandboxed(), begins) if skip_time else None,
                max_cached_workflows=max_cached_workflows,
            )

        town = Hotline(desk_of(outside), database_url, f"t{uuid.uuid4().hex[:8]}", worker)
        if works:
            await exits.enter_async_context(town.working())
        yield town
        await audit_of(town)


async def audit_of(town: Hotline) -> list[CaseAudit]:
    """Whatever cases have lived here, the audit finds nothing missing, doubled or wrong in the record of it."""
    base, audits = await town.desk.rules(), list[CaseAudit]()
    async with aclosing(ledger.chains(town.pool)) as chains:
        async for case_id, entries, _ in chains:
            facts = [Fact.model_validate(vars(entry.fact)) for entry in entries]
            if facts[0].kind is not FactKind.CASE_OPENED:
                continue  # a test has begun it in mid-life
            pinned = pins(base, town.changes.get(case_id))
            audits.append(audited(case_id, facts, pinned, (), facts[-1].at))
    found = [finding for audit in audits for finding in audit.findings if finding.flaw in WRONG]
    assert found == []
    return audits


def pins(base: Rules, change: ChangeRules | None = None) -> Pinned:
    """The rules by the names that a case's facts give them: those it was opened under, and those it was given."""
    policies, calendars = [base.policy], [base.calendar]
    if change is not None:
        policies += [change.policy] if change.policy else []
        calendars += [change.calendar] if change.calendar else []
    by_policy = {f"{policy.policy_id}@{policy.version}": policy for policy in policies}
    by_calendar = {f"{calendar.name}@{calendar.revision}": calendar for calendar in calendars}
    return lambda policy, calendar: Rules(policy=by_policy[policy], calendar=by_calendar[calendar])


def brisk_rules(*, convene: int = 900, answered: bool = True) -> Rules:
    """The demo's rules, with days of a second; but for what a person does there is time enough on any machine.

    Not ``answered``: as a policy that waits for no answer of the commission's to a referral.
    """
    found = rules("demo")
    policy = found.policy

    def seconds(limit: Limit, value: int) -> Limit:
        return limit.model_copy(update={"value": value})

    long = 900
    commission = policy.referral.commission if answered else None
    changes: dict[str, Value] = {
        "acknowledge": policy.acknowledge.model_copy(update={"normal": seconds(policy.acknowledge.normal, 1)}),
        "explanation": seconds(policy.explanation, long),
        "meeting": policy.meeting.model_copy(
            update={
                "convene": seconds(policy.meeting.convene, convene),
                "conclude": seconds(policy.meeting.conclude, long),
            }
        ),
        "referral": policy.referral.model_copy(
            update={
                "decide": seconds(policy.referral.decide, long),
                "commission": None
                if commission is None
                else Commission(answer=seconds(commission.answer, long), papers=seconds(commission.papers, long)),
                "verify": seconds(policy.referral.verify, long),
            }
        ),
        "callback": policy.callback.model_copy(update={"call": seconds(policy.callback.call, long)}),
    }
    if policy.warnings:  # a red one comes beside the path, at its own time; a number of events can hold the yellow
        changes["warnings"] = policy.warnings.model_copy(update={"red": seconds(policy.warnings.red, long)})
    return found.model_copy(update={"policy": policy.model_copy(update=changes)})


# -- working time ------------------------------------------------------------------------------------

WORKING_DAY = timedelta(hours=6, minutes=30)
"""08:30 to 12:00 and 14:30 to 17:30."""


def worked(start: datetime, end: datetime) -> timedelta:
    """The working time between two instants, counted minute by minute."""
    calendar = rules("haikou").calendar
    at, total = start.astimezone(ZoneInfo(calendar.zone)), timedelta(0)
    while at < end:
        minute = at.hour * 60 + at.minute
        step = min(timedelta(minutes=1) - timedelta(seconds=at.second, microseconds=at.microsecond), end - at)
        in_shift = 8 * 60 + 30 <= minute < 12 * 60 or 14 * 60 + 30 <= minute < 17 * 60 + 30
        if in_shift and calendar.is_working_day(at.date()):
            total += step
        at += step
    return total


def days_off(start: datetime, end: datetime) -> list[date]:
    """The days between two instants on which nobody works."""
    calendar = rules("haikou").calendar
    zone = ZoneInfo(calendar.zone)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if not calendar.is_working_day(day)]


# -- pieces of scripts -------------------------------------------------------------------------------

NOBODY = Script()
"""Everybody stays silent."""

TAKEN_ON = Script(people={Awaited.ANSWER: (answers(),) * 3})
"""The commission takes on whatever it is sent, unless a script says otherwise."""

CONDEMNED = Script(people={Awaited.DECISION: (refers(),)}, lead={Rung.REFERRAL: (finds_violation(days=10),)})
"""Two people refer the case, and the lead finds a violation. To get that far nobody needs to do anything."""

WITHDRAWAL = Withdraw(by="话务员", reason="诉求人撤回")


@dataclass(frozen=True)
class At:
    """True while the case is on this rung, and not at the callback."""

    rung: Rung

    def __call__(self, case: ScriptedCase) -> bool:
        return case.view.step is self.rung


@dataclass(frozen=True)
class Left:
    """True once a station was left on this rung with this outcome."""

    rung: Rung
    outcome: Outcome

    def __call__(self, case: ScriptedCase) -> bool:
        return any(
            fact.kind is FactKind.RUNG_LEFT and fact.rung is self.rung and fact.payload["outcome"] == self.outcome.value
            for fact in case.facts
        )


def at(rung: Rung, command: Command, content: Value, *, after: timedelta = 90 * MINUTE) -> Script:
    """Somebody asks this of the case a while after it has got to the rung."""
    return Script(interventions=(Intervention(At(rung), Move(after, command, content)),))


def withdrawn_after(rung: Rung, outcome: Outcome) -> Script:
    """The citizen takes the case back a minute after it was left like this."""
    return Script(interventions=(Intervention(Left(rung, outcome), Move(MINUTE, Command.WITHDRAW, WITHDRAWAL)),))
