"""Work that runs beside the path of a case."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

Work = Coroutine[Any, Any, object]


class Beside:
    """A group of tasks. A task that failed is not lost: its error is raised by ``raise_failed``."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[object]] = []

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


@asynccontextmanager
async def beside() -> AsyncGenerator[Callable[[Work], None]]:
    """Start coroutines that run beside what happens inside, and end with it."""
    tasks = Beside()
    try:
        yield tasks.start
    finally:
        tasks.cancel()
    tasks.raise_failed()
