"""The day's anchor as a workflow: a schedule of the engine's own starts it once a day."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.anchor import AnchorActivities, AnchorMade

from workflows.calls import CALLS


@workflow.defn(name="Anchor")
class AnchorWorkflow:
    """Anchors all cases and puts the anchor where the database cannot reach it."""

    @workflow.run
    async def run(self) -> AnchorMade:
        made = await workflow.execute_activity_method(
            AnchorActivities.anchor_cases, **CALLS[AnchorActivities.anchor_cases.__name__]
        )
        await workflow.execute_activity_method(
            AnchorActivities.publish_anchors, **CALLS[AnchorActivities.publish_anchors.__name__]
        )
        return made
