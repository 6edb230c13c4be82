"""What the engine says of cases that it cannot move, on a real one."""

import asyncio
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from desk.engine import trouble_of, troubles
from domain.stuck import StuckCause, Trouble
from outbox.lanes import UNREACHABLE

if TYPE_CHECKING:
    from tests.conftest import Embedded


@activity.defn
async def reach(how: str) -> None:
    if how == "away":
        raise ApplicationError(UNREACHABLE, type=UNREACHABLE) from ConnectionError("their system is down")
    raise ApplicationError("what somebody wrote", type="ConnectError")


@workflow.defn(name="Case")
class Broken:
    @workflow.run
    async def run(self, how: str) -> None:
        if how == "bug":
            raise LookupError(how)
        patient = RetryPolicy(initial_interval=timedelta(milliseconds=100), backoff_coefficient=1)
        await workflow.execute_activity(reach, how, start_to_close_timeout=timedelta(seconds=5), retry_policy=patient)


async def test_a_bug_and_a_step_that_fails_are_told_by_their_kind(embedded: "Embedded") -> None:
    client, mark = embedded.client, secrets.token_hex(4)
    runner = UnsandboxedWorkflowRunner()
    bug, step, away = f"bug-{mark}", f"step-{mark}", f"away-{mark}"
    worker = Worker(client, task_queue=mark, workflows=[Broken], activities=[reach], workflow_runner=runner)
    async with worker:
        handles = [
            await client.start_workflow("Case", how, id=f"{how}-{mark}", task_queue=mark)
            for how in ("bug", "step", "away")
        ]
        found: dict[str, Trouble] = {}
        async with asyncio.timeout(100):
            while {bug, step} - set(found):
                found = await troubles(client, [bug, step, "nobody"])
                await asyncio.sleep(0.2)
        assert await trouble_of(client, "nobody") is None
        while (await client.get_workflow_handle(away).describe()).raw_description.pending_activities[0].attempt < 4:
            await asyncio.sleep(0.2)
        assert await trouble_of(client, away) is None, "a department's system that is down is no broken step"
        for handle in handles:
            await handle.terminate()
    assert found[bug].cause is StuckCause.TASK_FAILS
    assert (found[step].cause, found[step].activity, found[step].error) == (
        StuckCause.ACTIVITY_FAILS,
        "reach",
        "ConnectError",
    )
    assert "wrote" not in str(found)
    assert await trouble_of(client, bug) is None
