"""What the engine itself starts from time to time: the sweep of the outbox, and the audit of the record."""

from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError

from domain.errors import Unavailable

SWEEP: Final = "liandong-sweep"
AUDIT: Final = "liandong-audit"
EVERY: Final = timedelta(minutes=1)
AUDIT_EVERY: Final = timedelta(minutes=15)


async def ensure_schedules(client: Client, task_queue: str) -> None:
    """Create the schedules that are missing; one that an operator has changed is left as it is.

    Raises:
        Unavailable: ``temporal-unreachable``.
    """
    sweep = ScheduleActionStartWorkflow(
        "Sweep", id=SWEEP, task_queue=task_queue, execution_timeout=timedelta(minutes=10)
    )
    audit = ScheduleActionStartWorkflow("Audit", id=AUDIT, task_queue=task_queue, execution_timeout=timedelta(hours=1))
    await _ensure(client, SWEEP, sweep, EVERY)
    await _ensure(client, AUDIT, audit, AUDIT_EVERY)


async def _ensure(client: Client, name: str, action: ScheduleActionStartWorkflow, every: timedelta) -> None:
    # One that was missed is not made up for: the next one does its work.
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1))
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)])
    try:
        await client.create_schedule(name, Schedule(action=action, spec=spec, policy=policy))
    except ScheduleAlreadyRunningError:
        return
    except RPCError as error:
        address = client.service_client.config.target_host
        raise Unavailable("temporal-unreachable", address=address, reason=error.status.name) from error
