"""Where rehearsals run: the real workflow on an engine of their own that skips time, and nothing outside it.

What a case would ask of the outside world is answered inside its workflow: orders by its people, the choice of a
department by the directory; the record is not written, it is taken from the case when it ends. So no database is
needed, and a case costs the engine little more than its timers.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from temporalio import workflow
from temporalio.client import Client
from temporalio.testing._timeskipping import TimeSkipper
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ContinueAsNewError

from activities.departments import DepartmentActivities
from domain.case import CaseStart
from domain.department import DepartmentSearch, Directory
from domain.ledger import Fact
from outbox.cases import CASE_WORKFLOW
from rehearsal.actors import Actors, scripted
from rehearsal.timekeeper import Timekeeper
from runtime.embedded import EmbeddedTemporal, embedded_temporal
from runtime.settings import Servers
from runtime.state import StateFolder
from runtime.temporal import connect
from workflows.case import CaseWorkflow

SKIPPING: Final = (
    *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
    *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"'),
)
"""Lets the engine skip time (experimental, and renamed once already), and not sleep a second before each skip."""

HORIZON: Final = timedelta(days=400)
"""A case that has not ended after so long, of its own time, is counted as open."""

STALLED: Final = 300.0
"""Seconds of real time after which a case that says nothing has met a mistake of ours."""

AT_ONCE: Final = 40
"""Cases on stage at one time: enough to keep two cores busy."""

_QUEUE: Final = "rehearsal"


@dataclass(frozen=True)
class Scene:
    """One case to be rehearsed: its workflow's input, when it begins, and the people around it."""

    start: CaseStart
    begins: datetime
    actors: Actors

    @property
    def case_id(self) -> str:
        return self.start.case.case_id


class Fell(Exception):
    """A rehearsed case failed by a mistake of ours, not by a rule."""


@dataclass
class Stage:
    """A running engine with its worker."""

    client: Client
    temporal: EmbeddedTemporal
    scenes: dict[str, Scene]
    begins: dict[str, datetime]
    _ends: dict[str, asyncio.Future[tuple[Fact, ...]]] = field(
        default_factory=dict[str, asyncio.Future[tuple[Fact, ...]]]
    )

    async def play(self, scene: Scene) -> tuple[Fact, ...]:
        """Rehearse one case; its facts, when it has ended or its time is over.

        Raises Fell where the case fails, which no case should, or does not move.
        """
        case_id = scene.case_id
        ends = self._ends[case_id] = asyncio.get_running_loop().create_future()
        self.scenes[case_id], self.begins[case_id] = scene, scene.begins
        try:
            await self.client.start_workflow(CASE_WORKFLOW, scene.start, id=case_id, task_queue=_QUEUE)
            async with asyncio.timeout(STALLED):
                return await ends
        except TimeoutError:
            raise Fell(f"{case_id}: nothing for {STALLED:.0f} s") from None
        finally:
            del self._ends[case_id]

    def ended(self, case_id: str, facts: tuple[Fact, ...] | Fell) -> None:
        """Told when a case has ended; ends that nobody waits for any more are not kept."""
        ends = self._ends.get(case_id)
        if ends is None or ends.done():
            return
        if isinstance(facts, Fell):
            ends.set_exception(facts)
        else:
            ends.set_result(facts)


@asynccontextmanager
async def open_stage(directory: Directory) -> AsyncGenerator[Stage]:
    """An engine and a worker of the rehearsal's own, in a folder that is gone afterwards.

    Raises what ``embedded_temporal`` does: Unavailable ``embedded-missing`` where the extra is not installed.
    """
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="liandong-rehearsal-"))
        state = StateFolder(Path(folder))
        state.prepare()
        exits.enter_context(state.locked())
        temporal = await exits.enter_async_context(embedded_temporal(state, synchronous="normal", extra=SKIPPING))
        servers = Servers(
            temporal={"target_host": temporal.address, "namespace": temporal.namespace}, database_url="", gateway_url=""
        )
        client = TimeSkipper(await connect(servers)).client
        stage = Stage(client, temporal, scenes={}, begins={})
        await exits.enter_async_context(_worker(stage, directory))
        yield stage


def _worker(stage: Stage, directory: Directory) -> Worker:
    """No sandbox: a rehearsal is never replayed years later, and the sandbox is half of what a case costs."""
    loop = asyncio.get_running_loop()

    def ended(case_id: str, facts: tuple[Fact, ...] | Fell) -> None:
        loop.call_soon_threadsafe(stage.ended, case_id, facts)

    return Worker(
        stage.client,
        task_queue=_QUEUE,
        workflows=[CaseWorkflow],
        workflow_runner=Timekeeper(UnsandboxedWorkflowRunner(), stage.begins),
        interceptors=[_outside(directory, ended), scripted(lambda case_id: stage.scenes[case_id].actors)],
        build_id="rehearsal",  # else half a second goes into a hash of all modules
        max_cached_workflows=2 * AT_ONCE,
        max_concurrent_workflow_tasks=8,
        graceful_shutdown_timeout=timedelta(seconds=1),
    )


def _outside(directory: Directory, ended: Callable[[str, tuple[Fact, ...] | Fell], None]) -> Interceptor:
    """A worker interceptor in place of the world outside: takes the activities, and the facts at the end."""

    class Outbound(WorkflowOutboundInterceptor):
        def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - the SDK's own name
            if input.activity == DepartmentActivities.request_department.__name__:
                return super().start_activity(input)
            done = _activity(directory, input.activity, input.args)
            return cast("workflow.ActivityHandle[Any]", asyncio.create_task(done))

    class Inbound(WorkflowInboundInterceptor):
        def init(self, outbound: WorkflowOutboundInterceptor) -> None:
            super().init(Outbound(outbound))

        async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's own name
            case_id, state = workflow.info().workflow_id, cast("CaseWorkflow", workflow.instance()).file.state
            left = state.opened_at + HORIZON - workflow.now()
            run = asyncio.create_task(super().execute_workflow(input))
            await asyncio.wait([run], timeout=left.total_seconds())
            failure = run.exception() if run.done() else None
            if isinstance(failure, ContinueAsNewError):
                raise failure
            ended(case_id, Fell(f"{case_id}: {failure!r}") if failure else tuple(state.facts))

    class Outside(Interceptor):
        def workflow_interceptor_class(
            self,
            input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's own name
        ) -> type[WorkflowInboundInterceptor]:
            del input
            return Inbound

    return Outside()


async def _activity(directory: Directory, name: str, args: Sequence[Any]) -> object:
    """What an activity would have given; none of them changes anything here."""
    if name == DepartmentActivities.choose_department.__name__:
        found = cast("DepartmentSearch", args[0]).choose_from(directory)
        return found.code if found else None
    return None
