"""Work that runs beside the path of a case."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

Work = Coroutine[Any, Any, object]


class Beside:
    """Tasks that run beside something. One that failed is not lost: its error is raised by ``raise_failed``.

    As a context manager, they run beside what happens inside and end with it. A class and no generator: a workflow that
    is dropped unfinished is collected as garbage in any order, and a generator that went first cannot be closed again.
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        if error is None:
            self.raise_failed()

    def start(self, work: Work) -> None:
        self._tasks = [task for task in self._tasks if not task.done() or _failure(task)]
        self._tasks.append(asyncio.create_task(work))

    @property
    def all_done(self) -> bool:
        return all(task.done() for task in self._tasks)

    def raise_failed(self) -> None:
        for task in self._tasks:
            if failure := _failure(task):
                raise failure

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


def _failure(task: asyncio.Task[object]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
