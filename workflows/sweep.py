"""The sweep as a workflow: a schedule of the engine's own starts it; one at a time."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sweep import SweepActivities, Swept

from workflows.calls import CALLS


@workflow.defn(name="Sweep")
class SweepWorkflow:
    """Hands over what the direct way has left in the outbox."""

    @workflow.run
    async def run(self) -> Swept:
        return await workflow.execute_activity_method(
            SweepActivities.hand_over_pending, **CALLS[SweepActivities.hand_over_pending.__name__]
        )
