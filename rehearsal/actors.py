"""Scripted people: departments, operators, supervisors and citizens who act inside a case's workflow.

They run there because the engine skips no time while an activity waits to be completed from outside. The
workflow's own code is untouched: an interceptor answers ``request_department`` from the script, and lets
the script call the handlers that updates would call, validators first.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from temporalio import workflow
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.departments import DepartmentActivities
from activities.ledger import LedgerActivities
from domain.case import CaseView, Record
from domain.commands import Command, asked_as_usual
from domain.ledger import Fact
from domain.order import OrderRequest, Reply
from domain.values import Value
from workflows.calls import CALLS


class Actors(Protocol):
    """The people around one case. Both run inside its workflow: time is ``workflow.now()``, waiting is virtual.

    They may run again from the beginning when the engine replays the case, so they keep nothing themselves:
    what they do follows from what the case shows.
    """

    async def answer(self, case: "ScriptedCase", request: OrderRequest) -> Reply:
        """A department's reply to an order, after however long; one that stays silent never returns."""
        ...

    async def act(self, case: "ScriptedCase") -> None:
        """Everybody else, and what departments do besides replying; ends when the script is over."""
        ...


class ScriptedCase:
    """A running case as its scripted people see it."""

    def __init__(self, running: Any) -> None:
        self._running = running

    @property
    def view(self) -> CaseView:
        return cast("CaseView", self._running.file.view())

    @property
    def facts(self) -> Sequence[Fact]:
        return cast("Sequence[Fact]", self._running.file.state.facts)

    async def until(self, condition: Callable[["ScriptedCase"], bool]) -> None:
        """Wait until this is true of the case."""
        await workflow.wait_condition(lambda: condition(self))

    async def ask(self, command: Command, content: Value) -> CaseView:
        """What an update does: the validator, which may refuse (an ApplicationError), then the handler. Scripted people
        have the role that what they do usually takes."""
        content = asked_as_usual(command, content)
        workflow_type = cast("type[object]", type(self._running))
        # The SDK keeps what it knows of a workflow's updates to itself.
        definition = workflow._Definition.must_from_class(workflow_type).updates[command.value]  # pyright: ignore[reportPrivateUsage]
        if definition.validator is not None:
            definition.validator(self._running, content)
        answer = await definition.fn(self._running, content)
        if not isinstance(answer, Record):
            return cast("CaseView", answer)
        await _write(answer)
        return answer.view


async def _write(record: Record) -> None:
    """What whoever sends an order, or hands a department's word over, does with the record."""
    await workflow.execute_activity_method(LedgerActivities.record, record, **CALLS[LedgerActivities.record.__name__])


def scripted(actors_of: Callable[[str], Actors]) -> Interceptor:
    """A worker interceptor that puts these people around each case; ``actors_of`` is given the case id."""

    class Outbound(WorkflowOutboundInterceptor):
        def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - the SDK's own name
            if input.activity != DepartmentActivities.request_department.__name__:
                return super().start_activity(input)
            request, record = cast("tuple[OrderRequest, Record]", input.args)
            case = ScriptedCase(workflow.instance())

            async def asked() -> Reply:
                await _write(record)
                return await actors_of(request.case_id).answer(case, request)

            return cast("workflow.ActivityHandle[Any]", asyncio.create_task(asked()))

    class Inbound(WorkflowInboundInterceptor):
        def init(self, outbound: WorkflowOutboundInterceptor) -> None:
            super().init(Outbound(outbound))

        async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's own name
            if workflow.info().workflow_type != "Case":
                return await super().execute_workflow(input)
            actors = actors_of(workflow.info().workflow_id)
            script = asyncio.create_task(actors.act(ScriptedCase(workflow.instance())))
            try:
                return await super().execute_workflow(input)
            finally:
                if script.done() and not script.cancelled() and script.exception():
                    workflow.logger.error("a script failed", exc_info=script.exception())
                script.cancel()

    class Scripted(Interceptor):
        def workflow_interceptor_class(
            self,
            input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's own name
        ) -> type[WorkflowInboundInterceptor]:
            del input
            return Inbound

    return Scripted()
