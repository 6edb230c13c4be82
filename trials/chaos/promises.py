"""What must hold when all is quiet again. Each promise says how much it looked at, and what broke it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory, WorkflowQueryFailedError
from temporalio.service import RPCError
from temporalio.worker import Replayer

from desk.window import Desk
from domain.audit import WRONG
from domain.callbacks import Callback, CallbackKind, CallbackOutcome
from domain.case import CaseView, Status
from domain.ledger import Entry, FactKind
from domain.order import OrderStatus
from simulator.departments import Verdict
from storage import callbacks, cases, ledger
from trials.chaos.load import Witness
from worker import WORKFLOWS, sandboxed

OK, CHECK_FAILED = 0, 8
"""Exit statuses of a command that has looked: nothing is wrong, something is."""

LOOKS = 3
"""How often a case that differs is looked at."""

ANSWER_LIMIT = timedelta(seconds=5)
"""How long a case may take to answer a query."""

GRACE = timedelta(seconds=5)
"""How long a limit may have passed before a case that still waits for it is called stuck."""


@dataclass
class Promise:
    """One promise, held against what is found."""

    says: str
    looked_at: int = 0
    broken: list[str] = field(default_factory=list[str])

    def check(self, kept: bool, what: str) -> None:
        """One look."""
        self.looked_at += 1
        if not kept:
            self.broken.append(what)


@dataclass(frozen=True)
class Evidence:
    """Where it is looked up."""

    desk: Desk
    witness: Witness
    environ: Mapping[str, str]
    """For commands of ours."""


async def hold_all(evidence: Evidence) -> list[Promise]:
    """Every promise, in the order of the page."""
    promises: Sequence[Callable[[Evidence], Awaitable[Promise]]] = (
        cases_opened,
        callbacks_kept,
        duplicates_count_once,
        wrong_words_refused,
        cases_where_their_facts_say,
        histories_replay,
        nobody_forgotten,
        audited,
        ledger_verified,
    )
    return [await promise(evidence) for promise in promises]


async def cases_opened(evidence: Evidence) -> Promise:
    """What the desk confirmed is a case, and there are no others."""
    promise = Promise("every confirmed demand is one case")
    opened = evidence.witness.opened
    known = {row.case_id for row in await _listed(evidence.desk)}
    for case_id in opened:
        promise.check(case_id in known, f"{case_id} is no case")
    promise.check(len(known) == len(set(opened)), f"{len(known)} cases for {len(set(opened))} demands")
    return promise


async def callbacks_kept(evidence: Evidence) -> Promise:
    """Everything that got a 2xx is kept with what became of it, and what was accepted is a fact."""
    promise = Promise("every callback with a 2xx is in the ledger, or kept with its outcome")
    facts: dict[str, set[tuple[FactKind, str | None]]] = {}
    by_case: dict[str, list[Callback]] = {}
    for (department, callback_id), said in evidence.witness.confirmed.items():
        case_id = said.order_id.rpartition(".")[0]
        if case_id not in by_case:
            by_case[case_id] = await callbacks.of_case(evidence.desk.pool, case_id)
            entries = await ledger.entries_of(evidence.desk.pool, case_id)
            facts[case_id] = {(entry.fact.kind, entry.fact.order_id) for entry in entries}
        kept = [one for one in by_case[case_id] if (one.department, one.callback_id) == (department, callback_id)]
        promise.check(len(kept) == 1, f"{callback_id}: kept {len(kept)} times")
        for one in kept:
            promise.check(one.outcome is not CallbackOutcome.KEPT, f"{callback_id} has not reached its case")
            if one.outcome is CallbackOutcome.ACCEPTED:
                fact = FACTS[one.kind], one.order_id
                promise.check(fact in facts[case_id], f"{callback_id} was accepted and is not in the ledger")
    waiting = await callbacks.kept(evidence.desk.pool, 0, 1000)
    promise.check(not waiting, f"{len(waiting)} callbacks have not reached their cases")
    return promise


async def duplicates_count_once(evidence: Evidence) -> Promise:
    """A second delivery says so and changes nothing; other words under a used id are refused."""
    promise = Promise("a callback that comes again changes nothing, and says so")
    promise.looked_at = evidence.witness.duplicates
    promise.broken += evidence.witness.duplicates_wrong
    return promise


async def wrong_words_refused(evidence: Evidence) -> Promise:
    """Departments were answered as they should be, whatever they said."""
    promise = Promise("what is right is heard, what is wrong is refused with its reason")
    for said in evidence.witness.said:
        wrong = said.verdict in (Verdict.WRONG, Verdict.UNHEARD)
        twist = f" ({said.twist})" if said.twist else ""
        promise.check(not wrong, f"{said.callback_id}{twist}: {said.answer.status} {said.answer.outcome}")
    return promise


async def cases_where_their_facts_say(evidence: Evidence) -> Promise:
    """The engine, the ledger and the projection tell the same of every case."""
    promise = Promise("engine, ledger and projection agree on every case")
    differing: dict[str, str | None] = dict.fromkeys(evidence.witness.opened, "")
    for _ in range(LOOKS):
        differing = {case_id: told for case_id in differing if (told := await _difference(evidence.desk, case_id))}
        if not differing:
            break
        await asyncio.sleep(2)  # a case that is on its way is looked at again
    promise.looked_at = len(evidence.witness.opened)
    promise.broken += [f"{case_id}: {told}" for case_id, told in differing.items()]
    return promise


async def histories_replay(evidence: Evidence) -> Promise:
    """A worker that has never seen a case gets as far by its history: else the next one that dies strands it."""
    promise = Promise("every case's history replays from its beginning")
    client = evidence.desk.client
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=sandboxed(), data_converter=client.data_converter)
    async with replayer.workflow_replay_iterator(_histories(client, evidence.witness.opened)) as replays:
        async for replay in replays:
            failure = replay.replay_failure
            promise.check(failure is None, f"{replay.history.workflow_id}: {str(failure)[:200]}")
    return promise


async def _histories(client: Client, case_ids: Sequence[str]) -> AsyncIterator[WorkflowHistory]:
    for case_id in case_ids:
        yield await client.get_workflow_handle(case_id).fetch_history()


async def nobody_forgotten(evidence: Evidence) -> Promise:
    """Every open case waits for somebody, and its limit has not passed unnoticed."""
    promise = Promise("every open case waits for somebody within a limit that has not passed")
    now = datetime.now(UTC)
    for row in await _listed(evidence.desk):
        if row.status is Status.CLOSED:
            continue
        waits = row.waiting_for is not None
        punctual = row.waiting_until is None or row.waiting_until > now - GRACE
        promise.check(waits and punctual, f"{row.case_id} waits for {row.waiting_for} until {row.waiting_until}")
    return promise


async def audited(evidence: Evidence) -> Promise:
    """The audit, which reads only the ledger and the policies, misses nothing and finds nothing doubled."""
    promise = Promise("audit: no escalation, warning or acceptance missing, none doubled")
    code, said, complaint = await _liandong(evidence, "audit", "--all", "--output", "json")
    if code not in (OK, CHECK_FAILED):
        promise.broken.append(f"the audit ended with {code}: {complaint}")
        return promise
    found = json.loads(said)
    promise.looked_at = found["cases"]
    promise.broken += [f"{flaw}: {number}" for flaw, number in found["flaws"].items() if flaw in WRONG]
    promise.broken += [json.dumps(one, ensure_ascii=False) for one in found["findings"] if one["flaw"] in WRONG]
    return promise


async def ledger_verified(evidence: Evidence) -> Promise:
    """Every chain is recomputed."""
    promise = Promise("ledger verify: every chain fits")
    code, said, complaint = await _liandong(evidence, "ledger", "verify")
    promise.check(code == 0, f"{said}{complaint}")
    return promise


FACTS: Mapping[CallbackKind, FactKind] = {
    CallbackKind.ACKNOWLEDGE: FactKind.ORDER_ACKNOWLEDGED,
    CallbackKind.PROGRESS: FactKind.ORDER_PROGRESS,
    CallbackKind.REPLY: FactKind.ORDER_REPLIED,
    CallbackKind.RETURN: FactKind.ORDER_RETURNED,
    CallbackKind.EXTENSION: FactKind.EXTENSION_GRANTED,
}
"""What a callback that was accepted is in the ledger."""


async def _listed(desk: Desk) -> list[cases.CaseRow]:
    return await cases.listed(desk.pool, status=None, rung=None, department=None, limit=100_000)


async def _liandong(evidence: Evidence, *words: str) -> tuple[int, str, str]:
    """A command of ours: its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli.main", *words),
        env=dict(evidence.environ) | {"PATH": os.environ.get("PATH", os.defpath)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode().strip()


# -- one case ----------------------------------------------------------------------------------------

ENDED: Mapping[FactKind, OrderStatus] = {
    FactKind.ORDER_REPLIED: OrderStatus.REPLIED,
    FactKind.ORDER_RETURNED: OrderStatus.RETURNED,
    FactKind.ORDER_WITHDRAWN: OrderStatus.WITHDRAWN,
    FactKind.ORDER_SUPERSEDED: OrderStatus.SUPERSEDED,
}
"""The facts that end an order, and what it is then."""


async def _difference(desk: Desk, case_id: str) -> str | None:
    """What the three say differently."""
    projected = await cases.view(desk.pool, case_id)
    if projected is None:
        return "not in the projection"
    told = against_facts(projected, await ledger.entries_of(desk.pool, case_id))
    if told:
        return told
    handle = desk.client.get_workflow_handle(case_id)
    running = (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    if running == (projected.status is Status.CLOSED):
        return f"the engine says running={running}, the projection {projected.status}"
    try:
        live = await handle.query("state", result_type=CaseView, rpc_timeout=ANSWER_LIMIT)
    except (WorkflowQueryFailedError, RPCError) as error:
        return f"the engine cannot say: {str(error)[:200]}"
    unequal = [name for name in CaseView.model_fields if getattr(live, name) != getattr(projected, name)]
    return f"engine and projection differ in {', '.join(unequal)}" if unequal else None


def against_facts(view: CaseView, entries: Sequence[Entry]) -> str | None:
    """What the projection says otherwise than the ledger."""
    facts = [entry.fact for entry in entries]
    if not facts or facts[-1].seq != view.seq:
        return f"the projection is at fact {view.seq}, the ledger at {len(facts)}"
    closed = any(fact.kind is FactKind.CASE_CLOSED for fact in facts)
    if closed != (view.status is Status.CLOSED):
        return f"closed in the ledger: {closed}, in the projection: {view.status}"
    rungs = [fact.rung for fact in facts if fact.kind is FactKind.RUNG_ENTERED]
    if rungs and rungs[-1] is not view.rung:
        return f"on {rungs[-1]} in the ledger, on {view.rung} in the projection"
    ended = {fact.order_id: ENDED[fact.kind] for fact in facts if fact.kind in ENDED}
    for order in view.orders:
        if not order.is_open and ended.get(order.order_id) is not order.status:
            return f"{order.order_id} is {ended.get(order.order_id)} in the ledger, {order.status} in the projection"
        if order.is_open and order.order_id in ended:
            return f"{order.order_id} has ended in the ledger and is open in the projection"
    return None
