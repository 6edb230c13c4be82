"""The four parts of Liandong, each a process of its own that is killed without warning and comes back where it was."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import httpx
import psutil
from temporalio.service import RPCError

from domain.errors import LiandongError, Unavailable
from domain.tokens import department_secret
from runtime.embedded import NAMESPACE, Wish, claim_ports, embedded_postgres, embedded_temporal
from runtime.parts import Part, Program, is_alive, running
from runtime.settings import PREFIX, Servers, Settings, http_url
from runtime.stack import prepare
from runtime.state import StateFolder
from runtime.temporal import connect, pollers

READY_LIMIT: Final = 90.0
"""Seconds until everything must answer again after a fault."""

BREATH: Final = 0.5
"""Seconds until a part that has ended by itself is started again: what a container's restart policy does."""


class Name(StrEnum):
    """The parts, in the order in which they start."""

    POSTGRES = "postgres"
    TEMPORAL = "temporal"
    WORKER = "worker"
    GATEWAY = "gateway"


@dataclass(frozen=True)
class Down:
    """Parts that were killed together."""

    parts: tuple[Name, ...]
    killed_at: float
    """Seconds since the epoch, as all here."""
    started_at: float
    """When they were started again."""
    ready_at: float
    """When everything answered again."""


class House:
    """All four on one state folder. Made by ``housed``."""

    def __init__(self, settings: Settings, state: StateFolder) -> None:
        self._settings, self._state = settings, state
        names = [Wish(0, f"{PREFIX}{name}_PORT") for name in ("TEMPORAL", "TEMPORAL_UI", "GATEWAY")]
        self._temporal_port, self._ui_port, self._gateway_port = claim_ports(*names)
        self._parts: dict[Name, Part] = {}
        self._may_run = {name: asyncio.Event() for name in Name}
        self.downs: list[Down] = []
        self.ended_by_itself: list[Name] = []
        """Parts that ended though nobody killed them: they could not go on without another one."""
        self.servers: Servers

    async def start(self, exits: AsyncExitStack) -> None:
        """Start everything for the first time; ``exits`` stops it."""
        for name in (Name.POSTGRES, Name.TEMPORAL):
            await self._begin(name, exits)
        await prepare(self.servers, self._settings.task_queue)
        for name in (Name.WORKER, Name.GATEWAY):
            await self._begin(name, exits)
        await self.ready()

    async def kill(self, parts: Iterable[Name], down_for: float) -> Down:
        """SIGKILL these and whatever they started; after ``down_for`` seconds start them again, and wait until all
        is well."""
        parts = tuple(parts)
        killed_at = time.time()
        for name in parts:
            self._may_run[name].clear()
        running_now = [self._parts[name] for name in parts]
        await asyncio.to_thread(_kill, [part.pid for part in running_now if part.process.returncode is None])
        await asyncio.sleep(down_for)
        started_at = time.time()
        for name in parts:
            self._may_run[name].set()
        await self.ready()
        down = Down(parts, killed_at, started_at, time.time())
        self.downs.append(down)
        return down

    async def ready(self) -> None:
        """Wait until every part answers. Raises Unavailable with the part that does not."""
        for name in Name:
            await _until(self._answers[name], name)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process of ours: external servers, and nothing of the user's own."""
        own = {
            "STATE": str(self._state.path),
            "DATABASE_URL": self.servers.database_url,
            "GATEWAY_HOST": self._settings.gateway_host,
            "GATEWAY_PORT": str(self._gateway_port),
            "GATEWAY_URL": self.servers.gateway_url,
            "GATEWAY_KEY": self.servers.require_gateway_key().get_secret_value(),
            "TASK_QUEUE": self._settings.task_queue,
            "POLICY": self._settings.policy,
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "LANG": "en",
        }
        theirs = {key: value for key, value in os.environ.items() if not key.startswith((PREFIX, "TEMPORAL_"))}
        return {
            **theirs,
            **{f"{PREFIX}{key}": value for key, value in own.items()},
            "TEMPORAL_ADDRESS": self.servers.temporal_address,
            "TEMPORAL_NAMESPACE": self.servers.namespace,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUNBUFFERED": "1",
        }

    def secrets(self, department: str) -> tuple[str, ...]:
        """What the department signs with: its first key, which no trial changes."""
        return (department_secret(self.servers.require_gateway_key().get_secret_value(), department, 1),)

    # -- one part ------------------------------------------------------------------------------------

    async def _begin(self, name: Name, exits: AsyncExitStack) -> None:
        self._may_run[name].set()
        task = asyncio.create_task(self._keep(name))
        exits.push_async_callback(_end, task)
        await _until(self._answers[name], name, task)

    async def _keep(self, name: Name) -> None:
        """Run the part, and start it again whenever it has ended and may run."""
        while True:
            await self._may_run[name].wait()
            try:
                async with self._open(name) as part:
                    self._parts[name] = part
                    await part.process.wait()
            except Unavailable:
                if name not in self._parts:  # it has never run
                    raise
            if self._may_run[name].is_set():
                self.ended_by_itself.append(name)
                await asyncio.sleep(BREATH)

    def _open(self, name: Name) -> AbstractAsyncContextManager[Part]:
        match name:
            case Name.POSTGRES:
                return self._postgres()
            case Name.TEMPORAL:
                return self._temporal()
            case _:
                command = [sys.executable, "-P", "-m", "cli.main", name.value]
                return running(Program(name.value, command, environ=self.environ, patience=15), self._state)

    @asynccontextmanager
    async def _postgres(self) -> AsyncGenerator[Part]:
        async with embedded_postgres(self._state) as postgres:
            url = http_url(self._settings.gateway_host, self._gateway_port)
            self.servers = Servers(
                temporal={"target_host": f"127.0.0.1:{self._temporal_port}", "namespace": NAMESPACE},
                database_url=postgres.database_url,
                gateway_url=url,
                gateway_key=self._state.gateway_key(),
            )
            yield postgres.part

    @asynccontextmanager
    async def _temporal(self) -> AsyncGenerator[Part]:
        async with embedded_temporal(self._state, port=self._temporal_port, ui_port=self._ui_port) as temporal:
            yield temporal.part

    # -- whether it answers --------------------------------------------------------------------------

    @property
    def _answers(self) -> dict[Name, Callable[[], Awaitable[bool]]]:
        return {
            Name.POSTGRES: self._runs(Name.POSTGRES),
            Name.TEMPORAL: self._temporal_answers,
            Name.WORKER: self._worker_polls,
            Name.GATEWAY: self._gateway_is_ready,
        }

    def _runs(self, name: Name) -> Callable[[], Awaitable[bool]]:
        async def runs() -> bool:
            part = self._parts.get(name)
            return self._may_run[name].is_set() and part is not None and part.process.returncode is None

        return runs

    async def _temporal_answers(self) -> bool:
        try:
            await pollers(await connect(self.servers), self._settings.task_queue)
        except (LiandongError, RPCError):
            return False
        return await self._runs(Name.TEMPORAL)()

    async def _worker_polls(self) -> bool:
        if not await self._runs(Name.WORKER)():
            return False
        try:
            names = await pollers(await connect(self.servers), self._settings.task_queue)
        except (LiandongError, RPCError):
            return False
        return any(name.startswith(f"{self._parts[Name.WORKER].pid}@") for name in names)

    async def _gateway_is_ready(self) -> bool:
        if not await self._runs(Name.GATEWAY)():
            return False
        try:
            async with httpx.AsyncClient(base_url=self.servers.gateway_url, trust_env=False, timeout=2) as http:
                return (await http.get("/ready")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def housed(settings: Settings) -> AsyncGenerator[House]:
    """The four parts, running; stopped on the way out."""
    state = StateFolder(settings.state)
    state.prepare()
    with state.locked():
        house = House(settings, state)
        async with AsyncExitStack() as exits:
            await house.start(exits)
            yield house


async def _until(answers: Callable[[], Awaitable[bool]], name: Name, task: asyncio.Task[None] | None = None) -> None:
    try:
        async with asyncio.timeout(READY_LIMIT):
            while not await answers():
                if task is not None and task.done():
                    task.result()
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Unavailable("part-not-ready", part=name.value, seconds=int(READY_LIMIT), log="-", said="-") from None


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _kill(pids: list[int]) -> None:
    """SIGKILL, each with all that it started: PostgreSQL is a family."""
    killed: list[psutil.Process] = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            head = psutil.Process(pid)
            killed += [head, *head.children(recursive=True)]
    for process in killed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    while any(is_alive(process.pid) for process in killed):
        time.sleep(0.01)
