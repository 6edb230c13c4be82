"""Runs work: the one place that wires settings, pool, client and activities into a Temporal worker."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.anchor import AnchorActivities
from activities.audit import AuditActivities, AuditFigures
from activities.cases import CaseActivities
from activities.departments import DepartmentActivities
from activities.ledger import LedgerActivities
from activities.sweep import SweepActivities
from desk.audit import audit_on_record
from outbox.addresses import CheckedTransport, Network
from outbox.anchors import Anchoring
from outbox.cases import Engine, RulesInForce
from outbox.orders import Post
from storage.database import Pool
from workflows.anchor import AnchorWorkflow
from workflows.audit import AuditWorkflow
from workflows.case import CaseWorkflow
from workflows.sweep import SweepWorkflow

WORKFLOWS = (AnchorWorkflow, AuditWorkflow, CaseWorkflow, SweepWorkflow)

PASSED_THROUGH = (
    "domain",
    "activities",
    "cryptography",
    "dossiers",
    "outbox",
    "storage",
    "pydantic",
    "asyncpg",
    "httpx",
    "sqlalchemy",
)
"""Imported once, not once a workflow: values and pure rules, and activities that workflows only name."""

CONCURRENT_ACTIVITIES = 500
"""More than all departments' lanes together hold up while their systems are slow: nothing else waits for them."""


CACHED = 250
"""Cases kept ready between two events; one that is not is replayed, as most are that wait for days. More would make the
garbage collector's pauses longer, and the limits that pass meanwhile late: 1000 cases are 0.7 s (measured)."""


@dataclass(frozen=True)
class Outside:
    """What activities touch."""

    pool: Pool
    engine: Engine
    post: Post
    rules: RulesInForce
    anchoring: Callable[[], Anchoring]
    """Asked when an anchor is due: a worker without a key still runs cases."""
    deadman: str | None = None
    """The dead man's switch that a clean audit touches."""


def activities_of(outside: Outside) -> list[Any]:
    """Every activity, bound to what it touches."""
    ledger = LedgerActivities(outside.pool)
    departments = DepartmentActivities(outside.pool, outside.engine.client, outside.post)
    cases = CaseActivities(outside.engine.client)
    sweep = SweepActivities(outside.pool, outside.engine, outside.post, outside.rules)
    anchor = AnchorActivities(outside.pool, outside.anchoring)
    audit = AuditActivities(lambda: _audit(outside))
    return [
        ledger.record,
        departments.request_department,
        departments.withdraw_order,
        departments.choose_department,
        cases.absorb_duplicate,
        sweep.hand_over_pending,
        anchor.anchor_cases,
        anchor.publish_anchors,
        audit.audit_record,
    ]


async def _audit(outside: Outside) -> AuditFigures:
    made = await audit_on_record(outside.pool, outside.deadman)
    found = made.summary
    counts = {name: getattr(found, name) for name in ("cases", "fired", "missing", "doubled", "wrong")}
    return AuditFigures(seq=made.seq, switch=made.switch, **counts)


def sandboxed() -> WorkflowRunner:
    """Keeps workflows from whatever would not be the same at replay. A check, which tests run with."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def plain() -> WorkflowRunner:
    """Without the sandbox, which is half of what a case costs the worker, and guards what lint and import contracts
    forbid already: for production."""
    return UnsandboxedWorkflowRunner()


def build_worker(
    outside: Outside,
    *,
    interceptors: Sequence[Interceptor] = (),
    runner: WorkflowRunner | None = None,
    max_cached_workflows: int = CACHED,
) -> Worker:
    """The worker for every workflow and activity; without a ``runner`` workflows are sandboxed."""
    return Worker(
        outside.engine.client,
        task_queue=outside.engine.task_queue,
        workflows=list(WORKFLOWS),
        activities=activities_of(outside),
        workflow_runner=runner or sandboxed(),
        interceptors=list(interceptors),
        max_cached_workflows=max_cached_workflows,
        max_concurrent_activities=CONCURRENT_ACTIVITIES,
        graceful_shutdown_timeout=timedelta(seconds=5),
    )


@asynccontextmanager
async def department_http(allowed: Sequence[Network]) -> AsyncGenerator[httpx.AsyncClient]:
    """The HTTP client that orders go out with: to public addresses and the ``allowed`` networks; no redirects."""
    transport = CheckedTransport(allowed)
    async with httpx.AsyncClient(transport=transport, timeout=10, follow_redirects=False, trust_env=False) as http:
        yield http
