"""What the engine itself starts from time to time: the sweep of the outbox."""

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
EVERY: Final = timedelta(minutes=1)


async def ensure_schedules(client: Client, task_queue: str) -> None:
    """Create the sweep's schedule where it is missing; one that an operator has changed is left as it is.

    Raises:
        Unavailable: ``temporal-unreachable``.
    """
    action = ScheduleActionStartWorkflow(
        "Sweep", id=SWEEP, task_queue=task_queue, execution_timeout=timedelta(minutes=10)
    )
    # A sweep that was missed is not made up for: the next one does its work.
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1))
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)])
    try:
        await client.create_schedule(SWEEP, Schedule(action=action, spec=spec, policy=policy))
    except ScheduleAlreadyRunningError:
        return
    except RPCError as error:
        address = client.service_client.config.target_host
        raise Unavailable("temporal-unreachable", address=address, reason=error.status.name) from error
