"""The audit as a workflow; a schedule of the engine's own starts it, one at a time."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.audit import AuditActivities, AuditFigures

from workflows.calls import CALLS


@workflow.defn(name="Audit")
class AuditWorkflow:
    """Looks whether every limit has fired that should have, and none twice."""

    @workflow.run
    async def run(self) -> AuditFigures:
        return await workflow.execute_activity_method(
            AuditActivities.audit_record, **CALLS[AuditActivities.audit_record.__name__]
        )
