"""The clock of rehearsed cases: each begins at an instant of its own and runs the same in every rehearsal.

The engine skips the time in which nothing happens, but its own clock still moves while a case is worked on, a
little differently each time; deadlines would shift by milliseconds, and no two rehearsals would be alike. So
a case is told the time by its timers: it begins when it is said to, and when a timer ends it is exactly the
instant that the timer was set for. The timers themselves run on the engine, in its order.

``SLOWER`` keeps that order the same, too: a second of the case is a minute of the engine's skipped time, so what
a busy machine takes to set a timer is small against the time that lies between two of them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import StartTimer
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info

SLOWER = 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = 1_000  # all times here are in nanoseconds, as the engine's
_MILLISECOND = 1_000_000


class Timekeeper(WorkflowRunner):
    """Runs workflows as another runner does, each by a clock that begins at its instant of ``begins``."""

    def __init__(self, runner: WorkflowRunner, begins: Mapping[str, datetime]) -> None:
        self._runner = runner
        self._begins = begins
        self._runs: dict[str, int] = {}
        self._clocks: dict[str, _Clock] = {}

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A case that is continued as new goes on where its clock stands; one that is replayed begins again."""
        case_id, run_id = det.info.workflow_id, det.info.run_id
        if run_id not in self._runs:
            before = self._clocks.get(case_id)
            self._runs[run_id] = before.now if before else _nanoseconds(self._begins[case_id] - _EPOCH)
        clock = self._clocks[case_id] = _Clock(self._runs[run_id])
        return _Timed(self._runner.create_instance(det), clock)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _Clock:
    """The time of one case."""

    def __init__(self, begins: int) -> None:
        self.begins = self.now = begins


class _Timed(WorkflowInstance):
    """A running workflow that is told the time by its timers."""

    def __init__(self, instance: WorkflowInstance, clock: _Clock) -> None:
        self._instance = instance
        self._clock = clock
        self._engine_begins: int | None = None
        self._ends: dict[int, int] = {}
        """When each timer ends, by its number."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        engine_now = act.timestamp.ToNanoseconds()
        if self._engine_begins is None:
            self._engine_begins = engine_now
        ended = [self._ends.pop(job.fire_timer.seq) for job in act.jobs if job.HasField("fire_timer")]
        self._clock.now = max([self._clock.now, *ended])
        act.timestamp.FromNanoseconds(self._clock.now)
        completion = self._instance.activate(act)
        for command in completion.successful.commands:
            if command.HasField("start_timer"):
                self._start(command.start_timer, engine_now - self._engine_begins)
            elif command.HasField("cancel_timer"):
                self._ends.pop(command.cancel_timer.seq, None)
        return completion

    def _start(self, timer: StartTimer, engine_elapsed: int) -> None:
        """Note when the timer ends, and let the engine end it then, whatever time it has lost so far."""
        length = timer.start_to_fire_timeout.ToNanoseconds()
        end = (self._clock.now + length + _MICROSECOND // 2) // _MICROSECOND * _MICROSECOND
        self._ends[timer.seq] = end
        engine_length = (end - self._clock.begins) * SLOWER - engine_elapsed
        timer.start_to_fire_timeout.FromNanoseconds(max(engine_length, _MILLISECOND))

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


def _nanoseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1) * _MICROSECOND
