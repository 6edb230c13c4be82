"""The floor: a bare Temporal workflow that waits for what a plain case waits for, and does nothing else.

The same waits in the same way: the acknowledgement by update, the reply by asynchronous completion of an
activity, the callback by update; the same timers armed on the way (to acknowledge, to handle, to call back). No
ledger, no rules, no HTTP. ``python -m trials.bench.floor`` is its worker.
"""

import asyncio
import logging
import os
import sys
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench-floor"

ACKNOWLEDGE, HANDLE, CALL_BACK = timedelta(hours=2), timedelta(days=7), timedelta(days=3)

DECADE = timedelta(days=3650)


@dataclass
class Answer:
    """What a department or a citizen says."""

    by: str
    result: str
    statement: str


@workflow.defn(name="Floor")
class FloorWorkflow:
    """One case, bare."""

    def __init__(self) -> None:
        self.acknowledged: Answer | None = None
        self.called: Answer | None = None

    @workflow.run
    async def run(self, case_id: str) -> str:
        reply = workflow.start_activity(
            ask_department, case_id, activity_id=f"{case_id}.1", start_to_close_timeout=DECADE
        )
        try:
            await workflow.wait_condition(lambda: self.acknowledged is not None, timeout=ACKNOWLEDGE)
            await workflow.wait_condition(reply.done, timeout=HANDLE)
            workflow.logger.info("replied %s", case_id)  # the worker below tells the driver
            await workflow.wait_condition(lambda: self.called is not None, timeout=CALL_BACK)
        except TimeoutError:
            return "overdue"
        return (await reply).result

    @workflow.update
    async def acknowledge(self, answer: Answer) -> str:
        self.acknowledged = answer
        return "acknowledged"

    @workflow.update
    async def call_back(self, answer: Answer) -> str:
        self.called = answer
        return "called"


@activity.defn
async def ask_department(case_id: str) -> Answer:
    """Stays open until somebody else completes it."""
    _log.info("sent %s", case_id)
    activity.raise_complete_async()


_log = logging.getLogger("bench.floor")


async def serve(address: str, bell: str) -> None:
    """The worker, until it is stopped."""
    from trials.bench.bell import ringer

    ringing = await ringer(bell)

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            what, *rest = record.getMessage().split(" ")
            ringing.ring(what, rest[0])

    for logger in (_log, logging.getLogger("temporalio.workflow")):
        logger.setLevel(logging.INFO)
        logger.addHandler(Telling())
        logger.propagate = False
    client = await Client.connect(address)
    async with Worker(client, task_queue=QUEUE, workflows=[FloorWorkflow], activities=[ask_department]):
        ringing.ring("ready", "floor")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], os.environ["BENCH_BELL"]))
