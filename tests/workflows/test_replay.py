"""Histories of earlier cases replay: the workflow's code has not left the path that open cases are on.

``histories/`` holds the lives of ``told_lives``, of invented cases, as they were told once. A failure here means that
cases which run now would hang after a deployment: keep the old way beside the new one with ``workflow.patched``, and
add the new histories.
To write them anew, where no case is open anywhere yet:

    LIANDONG_SAVE_HISTORIES=1 pytest tests/workflows/test_replay.py
"""

import json
import os
import platform
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import NondeterminismError
from told_lives import Told

from worker import PASSED_THROUGH, WORKFLOWS

HISTORIES = Path(__file__).with_name("histories")
SAVED = sorted(HISTORIES.glob("*.json"))


def replayer() -> Replayer:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return Replayer(
        workflows=list(WORKFLOWS),
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        data_converter=pydantic_data_converter,
    )


def without_us(history: WorkflowHistory) -> str:
    """The history as JSON, without the names of the machine, the process and the folder it was made in."""
    text = history.to_json().replace(f"{os.getpid()}@{platform.node()}", "test")
    assert platform.node() not in text
    assert "stackTrace" not in text
    return json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.skipif(not os.environ.get("LIANDONG_SAVE_HISTORIES"), reason="only where histories are to be written anew")
def test_histories_are_saved(told_lives: dict[str, Told]) -> None:
    HISTORIES.mkdir(exist_ok=True)
    for name, told in told_lives.items():
        (HISTORIES / f"{name}.json").write_text(without_us(told.history), encoding="utf-8")


def test_every_life_was_saved(told_lives: dict[str, Told]) -> None:
    assert {saved.stem for saved in HISTORIES.glob("*.json")} == set(told_lives)


@pytest.mark.parametrize("saved", SAVED, ids=lambda saved: saved.stem)
async def test_a_saved_history_replays(saved: Path) -> None:
    text = saved.read_text(encoding="utf-8")
    assert "stackTrace" not in text
    await replayer().replay_workflow(WorkflowHistory.from_json(f"saved-{saved.stem}", text))


def test_no_life_tells_where_it_was_lived(told_lives: dict[str, Told]) -> None:
    """What is expected to fail leaves no trace, which would name paths of the worker's machine."""
    for told in told_lives.values():
        without_us(told.history)


async def test_the_lives_of_today_replay(told_lives: dict[str, Told]) -> None:
    for told in told_lives.values():
        await replayer().replay_workflow(told.history)


async def test_a_history_that_does_not_fit_is_found(told_lives: dict[str, Told]) -> None:
    history = told_lives["plain"].history
    changed = history.to_json().replace('"record"', '"another_activity"')
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json(history.workflow_id, changed))
