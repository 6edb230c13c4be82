"""When virtual cases begin: always at the same instant, whatever hour it is where the tests run."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info

BEGINS = datetime.fromisoformat(os.environ.get("LIANDONG_TESTS_BEGIN", "2026-07-07T10:00:00+08:00"))
"""A Tuesday morning in summer, far from holidays. Any other instant must do as well: the variable is for trying."""


class Shifted(WorkflowRunner):
    """Runs workflows as another runner does, by the engine's clock put forward or back by so much."""

    def __init__(self, runner: WorkflowRunner, by: timedelta) -> None:
        self._runner = runner
        self._by = by

    @classmethod
    def to_begin(cls, runner: WorkflowRunner, at: datetime) -> "Shifted":
        """So that a case that is opened now begins at this instant."""
        return cls(runner, at - datetime.now(UTC))

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Shifted(self._runner.create_instance(det), self._by)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _Shifted(WorkflowInstance):
    """A running workflow that is told another time."""

    def __init__(self, instance: WorkflowInstance, by: timedelta) -> None:
        self._instance = instance
        self._by = by

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        act.timestamp.FromDatetime(act.timestamp.ToDatetime(UTC) + self._by)
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()
