"""What engine, ledger and projection say of the same cases: where they part, and what replaying facts can put right.

No entry of the ledger is ever edited. Facts that only the engine has are appended as the case itself would; a
projection is written anew from the case's own view; a demand that never became a case is opened.
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from desk.window import Desk
from domain.case import Case, CaseView, Record
from domain.differences import Difference, DifferenceKind, Mended
from domain.errors import LiandongError, Unavailable
from domain.ledger import Fact, FactKind
from domain.values import Value
from outbox.cases import CASE_WORKFLOW, start_case
from outbox.failures import reaching_engine
from storage import audits, cases, demands, differences, ledger
from storage.database import reaching_database
from storage.differences import Head

MANY: Final = 1000
"""So many cases are looked at unless more is asked for."""

AT_ONCE: Final = 8

PATIENCE: Final = timedelta(seconds=5)
"""How long a case may take to answer."""

ON_ITS_WAY: Final = timedelta(seconds=60)
"""What is younger than this may be on its way from one to the other."""

SETTLING: Final = 2.0
"""Seconds after which two that differ are compared once more: a case may just be moving."""


class Compared(Value):
    """What was looked at, and what parts."""

    cases: int
    whole: bool
    """False where there are more cases than were to be looked at."""
    differences: tuple[Difference, ...]


async def compare(desk: Desk, *, limit: int = MANY) -> Compared:
    """Look at open cases, one page after the other, up to so many.

    Raises Unavailable where PostgreSQL or Temporal cannot be reached.
    """
    found: list[Difference] = []
    looked, whole = 0, True
    with reaching_database():
        async for page in _pages(desk, limit):
            whole = whole and page is not None
            if page is None:
                break
            looked += len(page)
            found += await _compared(desk, page)
        found += [
            Difference(kind=DifferenceKind.PROJECTION, case_id=case_id, projection=0)
            for case_id in await differences.without_entries(desk.pool, limit)
        ]
        found += await _not_opened(desk, limit)
    found += await _unknown_to_ledger(desk, limit, {difference.case_id for difference in found})
    return Compared(cases=looked, whole=whole, differences=tuple(found))


async def _pages(desk: Desk, limit: int) -> AsyncGenerator[list[str] | None]:
    """Cases that are open by the ledger, or were a day ago; None at the end where there are more than the limit."""
    left = limit
    async for ids in audits.case_ids(desk.pool, open_since=datetime.now(UTC) - timedelta(days=1)):
        yield ids[:left]
        left -= len(ids)
        if left < 0:
            yield None
            return


async def _compared(desk: Desk, case_ids: list[str]) -> list[Difference]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(case_id: str) -> Difference | None:
        async with places:
            return await _difference(desk, case_id) and await _still(desk, case_id)

    return [difference for difference in await asyncio.gather(*map(one, case_ids)) if difference]


async def _still(desk: Desk, case_id: str) -> Difference | None:
    await asyncio.sleep(SETTLING)
    return await _difference(desk, case_id)


async def _difference(desk: Desk, case_id: str) -> Difference | None:
    (head,) = await differences.heads(desk.pool, [case_id])
    if not head.follows:
        return Difference(kind=DifferenceKind.PROJECTION, case_id=case_id, ledger=head.seq, projection=head.view_seq)
    if head.is_closed:
        return None
    return await _beside_engine(desk, head)


async def _beside_engine(desk: Desk, head: Head) -> Difference | None:
    try:
        runs, view = await _runs(desk, head.case_id), await _view(desk, head.case_id)
    except Unavailable as error:
        if error.code != "case-does-not-answer":
            raise
        return Difference(kind=DifferenceKind.SILENT, case_id=head.case_id, ledger=head.seq)
    if view is None or (not runs and view.seq <= head.seq):  # a run that was ended by force still answers
        seq = view.seq if view else None
        return Difference(kind=DifferenceKind.NOT_IN_ENGINE, case_id=head.case_id, ledger=head.seq, engine=seq)
    if view.seq == head.seq:
        return None
    kind = DifferenceKind.NOT_RECORDED if view.seq > head.seq else DifferenceKind.CONTRADICTED
    return Difference(kind=kind, case_id=head.case_id, ledger=head.seq, engine=view.seq)


async def _not_opened(desk: Desk, limit: int) -> list[Difference]:
    """Demands that neither ledger nor engine made a case of, though there was time."""
    old = datetime.now(UTC) - ON_ITS_WAY
    stored = [one for one in await cases.not_in_view(desk.pool, limit) if one.received_at < old]
    found: list[Difference] = []
    for demand in stored:
        view = await _view(desk, demand.case_id)
        if view is None:
            found.append(Difference(kind=DifferenceKind.NOT_OPENED, case_id=demand.case_id))
        else:
            (head,) = await differences.heads(desk.pool, [demand.case_id])
            if head.seq < view.seq:
                found.append(Difference(kind=DifferenceKind.NOT_RECORDED, case_id=demand.case_id, engine=view.seq))
    return found


async def _unknown_to_ledger(desk: Desk, limit: int, known: set[str]) -> list[Difference]:
    """Cases that run on the engine, and of which the ledger has no entry."""
    query = f'WorkflowType="{CASE_WORKFLOW}" AND ExecutionStatus="Running" AND TaskQueue="{desk.engine.task_queue}"'
    old, running = datetime.now(UTC) - ON_ITS_WAY, list[str]()
    with reaching_engine("temporal-unreachable", address=desk.address):
        async for execution in desk.client.list_workflows(query, limit=limit):
            if execution.start_time < old and execution.id not in known:
                running.append(execution.id)
    with reaching_database():
        return [
            Difference(kind=DifferenceKind.NOT_RECORDED, case_id=head.case_id, ledger=0)
            for head in await differences.heads(desk.pool, running)
            if head.seq == 0
        ]


async def _runs(desk: Desk, case_id: str) -> bool:
    """Whether the engine has the case, and has not ended it. Raises Unavailable."""
    try:
        with reaching_engine("temporal-unreachable", address=desk.address):
            description = await desk.client.get_workflow_handle(case_id).describe(rpc_timeout=PATIENCE)
    except RPCError:
        return False
    return description.status is WorkflowExecutionStatus.RUNNING


async def _view(desk: Desk, case_id: str) -> CaseView | None:
    """The case by its own word; None where the engine knows none. Raises Unavailable."""
    handle = desk.client.get_workflow_handle(case_id)
    try:
        with reaching_engine("temporal-unreachable", address=desk.address):
            return await handle.query("state", result_type=CaseView, rpc_timeout=PATIENCE)  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
    except WorkflowQueryFailedError as error:
        raise Unavailable("case-does-not-answer", case=case_id) from error
    except Unavailable as error:
        if error.params.get("reason") == RPCStatusCode.DEADLINE_EXCEEDED.name:
            raise Unavailable("case-does-not-answer", case=case_id) from error
        raise
    except RPCError:
        return None


# -- repair --------------------------------------------------------------------------------------------


async def repair(desk: Desk, found: Difference) -> Difference:
    """Put one difference right by replaying facts, where that helps; says what it came to."""
    try:
        done = await _repaired(desk, found)
    except (LiandongError, ValueError):  # the ledger's writer refuses facts that contradict it
        done = False
    return found.model_copy(update={"mended": Mended.REPAIRED if done else Mended.BEYOND_REPAIR})


async def _repaired(desk: Desk, found: Difference) -> bool:
    match found.kind:
        case DifferenceKind.PROJECTION | DifferenceKind.NOT_RECORDED:
            return await _replay(desk, found.case_id)
        case DifferenceKind.NOT_OPENED:
            return await _open(desk, found.case_id)
        case _:
            return False


async def _replay(desk: Desk, case_id: str) -> bool:
    """Give the ledger the facts it lacks, as the case would, and write the projections by the case's own view."""
    view = await _view(desk, case_id)
    if view is None:
        return False
    handle = desk.client.get_workflow_handle(case_id)
    with reaching_engine("temporal-unreachable", address=desk.address):
        facts = await handle.query("trail", result_type=list[Fact], rpc_timeout=PATIENCE)  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
    facts = facts[: view.seq]
    if len(facts) < view.seq:
        return False
    record = _record(case_id, facts, view)
    with reaching_database():
        await ledger.write(desk.pool, record)
        return await differences.project(desk.pool, record)


def _record(case_id: str, facts: list[Fact], view: CaseView) -> Record:
    opened = facts[0].payload
    codes = {name: opened.get(name) for name in Case.model_fields if name != "case_id"}
    named = [fact.payload for fact in facts if fact.kind in (FactKind.CASE_OPENED, FactKind.LIMITS_MOVED)]
    policy_id, _, version = str(named[-1]["policy"]).rpartition("@")
    return Record(
        case=Case.model_validate({"case_id": case_id, **codes}),
        policy_id=policy_id,
        policy_version=int(version),
        facts=tuple(facts),
        view=view,
    )


async def _open(desk: Desk, case_id: str) -> bool:
    with reaching_database():
        demand = await demands.stored(desk.pool, case_id)
    if demand is None:
        return False
    await start_case(desk.pool, desk.engine, await desk.rules(), demand)
    return True
