"""What the engine itself starts from time to time: the sweep of the outbox, the audit, the day's anchor."""

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
ANCHOR: Final = "liandong-anchor"
DAY: Final = timedelta(days=1)
DAYS_END: Final = timedelta(hours=15, minutes=55)
"""When the day's anchor is made, after midnight UTC: 23:55 on the wall of the hotline."""


async def ensure_schedules(client: Client, task_queue: str) -> None:
    """Create the schedules that are missing; one that an operator has changed is left as it is.

    Raises:
        Unavailable: ``temporal-unreachable``.
    """
    sweep = ScheduleActionStartWorkflow(
        "Sweep", id=SWEEP, task_queue=task_queue, execution_timeout=timedelta(minutes=10)
    )
    audit = ScheduleActionStartWorkflow("Audit", id=AUDIT, task_queue=task_queue, execution_timeout=timedelta(hours=1))
    # A sweep or an audit that was missed is not made up for: the next one does its work.
    await _ensure(client, SWEEP, sweep, ScheduleIntervalSpec(every=EVERY), timedelta(minutes=1))
    await _ensure(client, AUDIT, audit, ScheduleIntervalSpec(every=AUDIT_EVERY), timedelta(minutes=1))
    anchor = ScheduleActionStartWorkflow("Anchor", id=ANCHOR, task_queue=task_queue, execution_timeout=DAY)
    await _ensure(client, ANCHOR, anchor, ScheduleIntervalSpec(every=DAY, offset=DAYS_END), DAY)


async def _ensure(
    client: Client, name: str, action: ScheduleActionStartWorkflow, when: ScheduleIntervalSpec, catchup: timedelta
) -> None:
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=catchup)
    try:
        await client.create_schedule(name, Schedule(action=action, spec=ScheduleSpec(intervals=[when]), policy=policy))
    except ScheduleAlreadyRunningError:
        return
    except RPCError as error:
        address = client.service_client.config.target_host
        raise Unavailable("temporal-unreachable", address=address, reason=error.status.name) from error
