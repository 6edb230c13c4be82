"""What the engine says of cases that it cannot move: workflow tasks and activities that fail again and again.

A bounded look: what Temporal's own list reports, and the cases that somebody names, asked one by one.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.stuck import StuckCause, Trouble
from outbox.failures import reaching_engine
from outbox.lanes import UNREACHABLE
from outbox.orders import ORDER_IS_OUT

PATIENCE: Final = 10.0
"""Seconds that the whole look may take."""

LISTED: Final = 200
"""So many of the cases that Temporal reports are looked at."""

AT_ONCE: Final = 16
"""Cases that are asked about at the same time."""

FAILING: Final = 3
"""Attempts after which it is no passing trouble: seconds for an activity, for a workflow's task rather more."""

OF_DELIVERY: Final = frozenset({UNREACHABLE, ORDER_IS_OUT})
"""An order is out, or its department's system takes nothing: no step is broken, and the record tells what is."""

REPORTED: Final = (
    "WorkflowType = 'Case' AND ExecutionStatus = 'Running' AND TemporalReportedProblems IN "
    "('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
)
"""What the server marks by itself after some failures in a row (server 1.30 and later)."""


async def troubles(client: Client, case_ids: Iterable[str]) -> dict[str, Trouble]:
    """The trouble of each of these cases, and of those that Temporal reports, that has one.

    Raises Unavailable ``temporal-unreachable``.
    """
    address = client.service_client.config.target_host
    with reaching_engine("temporal-unreachable", address=address):
        async with asyncio.timeout(PATIENCE):
            ids = dict.fromkeys([*await _reported(client), *case_ids])
            free = asyncio.Semaphore(AT_ONCE)
            found = await asyncio.gather(*(_trouble(client, case_id, free) for case_id in ids))
    return {trouble.case_id: trouble for trouble in found if trouble}


async def trouble_of(client: Client, case_id: str) -> Trouble | None:
    """The trouble of one case. Raises Unavailable ``temporal-unreachable``."""
    with reaching_engine("temporal-unreachable", address=client.service_client.config.target_host):
        async with asyncio.timeout(PATIENCE):
            return await _trouble(client, case_id, asyncio.Semaphore(1))


async def _reported(client: Client) -> list[str]:
    try:
        return [one.id async for one in client.list_workflows(REPORTED, limit=LISTED)]
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return []  # an older server, which does not know that attribute
        raise


async def _trouble(client: Client, case_id: str, free: asyncio.Semaphore) -> Trouble | None:
    async with free:
        try:
            found = (await client.get_workflow_handle(case_id).describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
    attempts = found.pending_workflow_task.attempt
    if attempts >= FAILING:
        return Trouble(case_id=case_id, cause=StuckCause.TASK_FAILS, attempts=attempts)
    failing = [
        one
        for one in found.pending_activities
        if one.attempt >= FAILING
        and one.HasField("last_failure")
        and one.last_failure.application_failure_info.type not in OF_DELIVERY
    ]
    worst = max(failing, key=lambda one: one.attempt, default=None)
    if worst is None:
        return None
    return Trouble(
        case_id=case_id,
        cause=StuckCause.ACTIVITY_FAILS,
        attempts=worst.attempt,
        activity=worst.activity_type.name,
        activity_id=worst.activity_id,
        error=_kind(worst.last_failure),
    )


def _kind(failure: Failure) -> str:
    """Which kind of failure it was: the name of the innermost error that has one."""
    while failure.HasField("cause"):
        failure = failure.cause
    kind = failure.WhichOneof("failure_info") or ""
    return failure.application_failure_info.type or kind.removesuffix("_failure_info")
