"""A stored demand becomes a case: its workflow is started, once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.case import Case, CaseStart, Status
from domain.ladder import Rung
from domain.policy import Rules
from outbox.failures import reaching_engine
from outbox.search_attributes import DEPARTMENT, RUNG, STATUS
from storage import demands
from storage.database import Pool
from storage.demands import StoredDemand

CASE_WORKFLOW = "Case"
"""The workflow's registered name."""

PATIENCE = 5.0
"""Seconds that the engine may take: somebody is on the telephone, and the sweep opens the case later."""


RulesInForce = Callable[[], Awaitable[Rules]]
"""Asked when a case is opened: the rules of that day."""


@dataclass(frozen=True)
class Engine:
    """Where cases run."""

    client: Client
    task_queue: str


async def start_case(pool: Pool, engine: Engine, rules: Rules, demand: StoredDemand) -> None:
    """Start the workflow of a stored demand; one that runs already, or has ended, is left alone.

    Raises Unavailable where Temporal does not answer; the demand stays stored and the sweep starts it.
    """
    opening = demand.opening
    start = CaseStart(
        case=Case(case_id=demand.case_id, **opening.model_dump(exclude={"lead", "assisting"})),
        policy=rules.policy,
        calendar=rules.calendar,
        lead=opening.lead,
        assisting=opening.assisting,
    )
    with reaching_engine("kept-not-opened", case=demand.case_id), suppress(WorkflowAlreadyStartedError):
        async with asyncio.timeout(PATIENCE):
            await engine.client.start_workflow(
                CASE_WORKFLOW,
                start,
                id=demand.case_id,
                task_queue=engine.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=TypedSearchAttributes(_attributes(opening.lead)),
            )
    await demands.mark_started(pool, demand.case_id)


def _attributes(lead: str | None) -> list[SearchAttributePair[str]]:
    status = Status.HANDLING if lead else Status.QUEUED
    known = [
        SearchAttributePair(RUNG, Rung.DISPATCH.value),
        SearchAttributePair(STATUS, status.value),
    ]
    return [*known, SearchAttributePair(DEPARTMENT, lead)] if lead else known
