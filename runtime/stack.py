"""The whole system on one machine: what ``liandong up`` does.

Servers first (ours, unless the environment names others), then what must exist in them, then the worker
and the gateway. Stopped in the opposite order. A part that ends by itself ends everything, with its name.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.embedded import claim_ports, embedded_postgres, embedded_temporal, gateway_port, temporal_ports
from runtime.parts import Part, Program, end_leftover, running
from runtime.schedules import ensure_schedules
from runtime.settings import PREFIX, Servers, Settings, external_servers, http_url, started_servers
from runtime.state import Running, StateFolder
from runtime.temporal import connect, ensure_namespace, ensure_search_attributes, pollers

WORKER_PATIENCE: Final = 15.0
"""Seconds a worker has to finish the activities it is running."""
GATEWAY_PATIENCE: Final = 10.0

Report = Callable[[str], None]
"""Told the name of each step when it begins: postgres, temporal, preparation, worker, gateway."""


@dataclass(frozen=True)
class Addresses:
    """Where everything is."""

    servers: Servers
    """What a client in the same process needs; ``locate`` gives the same to other processes."""
    state: Path
    logs: Path
    embedded: bool
    """Whether the servers are ours."""
    pids: Mapping[str, int] = field(default_factory=dict[str, int])
    """Process id of each part that we started: postgres, temporal (if ours), worker, gateway."""

    @property
    def temporal(self) -> str:
        """``host:port`` of Temporal."""
        return self.servers.temporal_address

    @property
    def temporal_ui(self) -> str | None:
        """Temporal's web page, if it is ours."""
        return self.servers.temporal_ui

    @property
    def gateway(self) -> str:
        """The gateway's URL."""
        return self.servers.gateway_url


async def run_stack(
    settings: Settings, *, on_ready: Callable[[Addresses], Awaitable[None]], on_step: Report = lambda _: None
) -> None:
    """Start everything, call ``on_ready``, and go on until SIGINT, SIGTERM or SIGHUP. Main thread only.

    Raises:
        Unavailable: ``part-crashed`` (the rest has been stopped), ``part-not-ready``, and what the servers
            and migrations raise.
        Invalid, Refused, DoesNotFit: what keeps it from starting.
    """
    with _signals() as signalled:
        work = asyncio.create_task(_serve(settings, on_ready, on_step))
        stop = asyncio.create_task(signalled.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


@asynccontextmanager
async def running_stack(settings: Settings, *, on_step: Report = lambda _: None) -> AsyncGenerator[Addresses]:
    """The same, for as long as the block runs; the block notices itself when a part ends.

    Raises:
        Unavailable, Invalid, Refused, DoesNotFit: what keeps it from starting, as ``run_stack``.
    """
    async with _started(settings, on_step) as stack:
        yield stack.addresses


async def prepare(servers: Servers, task_queue: str) -> None:
    """Bring the servers to what this version needs: tables, namespace, search attributes, the sweep's
    schedule. Does nothing where all is there.

    Raises:
        Unavailable, DoesNotFit: what the migrations and ``runtime.temporal`` raise.
    """
    from migrations.run import upgrade  # Alembic takes a while to load, and only this needs it

    await upgrade(servers.database_url)
    client = await connect(servers)
    await ensure_namespace(client)
    await ensure_search_attributes(client)
    await ensure_schedules(client, task_queue)


async def _serve(settings: Settings, on_ready: Callable[[Addresses], Awaitable[None]], on_step: Report) -> None:
    async with _started(settings, on_step) as stack:
        await on_ready(stack.addresses)
        ends = [asyncio.create_task(part.ended()) for part in stack.parts]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            raise next(iter(done)).result()
        finally:
            for end in ends:
                end.cancel()


@contextmanager
def _signals() -> Generator[asyncio.Event]:
    """An event that is set by the signals that mean "stop"."""
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup, and stays
        wanted.append(signal.SIGHUP)
    for one in wanted:
        loop.add_signal_handler(one, signalled.set)
    try:
        yield signalled
    finally:
        for one in wanted:
            loop.remove_signal_handler(one)


@asynccontextmanager
async def _started(settings: Settings, on_step: Report) -> AsyncGenerator["_Stack"]:
    state = StateFolder(settings.state)
    outside = external_servers(settings)
    state.prepare()
    with state.locked():
        async with AsyncExitStack() as exits:
            stack = _Stack(settings, state, exits, on_step)
            await stack.start(outside)
            yield stack


class _Stack:
    """The parts while they start. ``exits`` stops them in the opposite order."""

    def __init__(self, settings: Settings, state: StateFolder, exits: AsyncExitStack, on_step: Report) -> None:
        self._settings = settings
        self._state = state
        self._exits = exits
        self._on_step = on_step
        self.parts: list[Part] = []
        self.addresses: Addresses

    async def start(self, outside: Servers | None) -> None:
        """Start all there is to start, then say where it is (``addresses``)."""
        servers = await self._own_servers() if outside is None else self._their_servers(outside)
        self._on_step("preparation")
        await prepare(servers, self._settings.task_queue)
        await self._start_programs(servers)
        pids = {part.name: part.pid for part in self.parts}
        self.addresses = Addresses(servers, self._state.path, self._state.logs, outside is None, pids)

    def _their_servers(self, outside: Servers) -> Servers:
        outside.require_gateway_key()
        (self._gateway_port,) = claim_ports(gateway_port(self._settings))
        return replace(outside, gateway_url=self._gateway_url)

    async def _own_servers(self) -> Servers:
        settings, state = self._settings, self._state
        for name in ("gateway", "worker", "temporal"):
            await end_leftover(name, state)
        of_temporal = temporal_ports(settings.temporal_port, settings.temporal_ui_port)
        port, ui_port, self._gateway_port = claim_ports(*of_temporal, gateway_port(settings))
        self._on_step("postgres")
        postgres = await self._exits.enter_async_context(embedded_postgres(state))
        self._on_step("temporal")
        temporal = await self._exits.enter_async_context(
            embedded_temporal(
                state,
                port=port,
                ui_port=ui_port,
                named=settings.temporal_program,
                synchronous=settings.temporal_synchronous,
            )
        )
        self.parts += [postgres.part, temporal.part]
        key = settings.gateway_key or state.gateway_key()
        running = Running(
            pid=os.getpid(),
            temporal_address=temporal.address,
            namespace=temporal.namespace,
            temporal_ui=temporal.ui_url,
            database_url=postgres.database_url,
            gateway_url=self._gateway_url,
            gateway_key=key.get_secret_value(),
        )
        state.write_running(running)
        self._exits.callback(state.forget_running)
        return started_servers(running)

    @property
    def _gateway_url(self) -> str:
        settings = self._settings
        return settings.gateway_url or http_url(settings.gateway_host, self._gateway_port)

    async def _start_programs(self, servers: Servers) -> None:
        """Start worker and gateway; both load at the same time, which takes most of it."""
        self._on_step("worker")
        worker = await self._start_own("worker", servers, WORKER_PATIENCE)
        gateway = await self._start_own("gateway", servers, GATEWAY_PATIENCE)
        client = await connect(servers)
        await worker.ready(lambda: _polls(client, self._settings.task_queue, worker.pid))
        self._on_step("gateway")
        url = http_url(self._settings.gateway_host, self._gateway_port)
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=2) as http:
            await gateway.ready(lambda: _is_healthy(http))

    async def _start_own(self, name: str, servers: Servers, patience: float) -> Part:
        """Start ``liandong <name>`` as a process."""
        # -P: a folder "cli" where the user happens to be must not be taken for ours.
        command = [sys.executable, "-P", "-m", "cli.main", name]
        program = Program(name, command, environ=self._environ(servers), patience=patience)
        part = await self._exits.enter_async_context(running(program, self._state))
        self.parts.append(part)
        return part

    def _environ(self, servers: Servers) -> dict[str, str]:
        """The environment of worker and gateway: ours, with what was settled here. Our own servers they find
        like every other command, through the state folder: a profile file of the user's for some other
        Temporal would be mixed into an address given here."""
        settings = self._settings
        own = {
            "STATE": str(settings.state),
            "GATEWAY_HOST": settings.gateway_host,
            "GATEWAY_PORT": str(self._gateway_port),
            "GATEWAY_URL": servers.gateway_url,
            "GATEWAY_KEY": servers.require_gateway_key().get_secret_value(),
            "TASK_QUEUE": settings.task_queue,
            "POLICY": settings.policy,
            "ALLOWED_NETWORKS": ",".join(str(network) for network in settings.allowed_networks),
        }
        home = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        return {
            **os.environ,
            **{f"{PREFIX}{name}": value for name, value in own.items()},
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
        }


async def _polls(client: Client, task_queue: str, pid: int) -> bool:
    """Whether the worker with this process id asks for work."""
    try:
        return any(name.startswith(f"{pid}@") for name in await pollers(client, task_queue))
    except RPCError:  # not there for a moment; the limit decides
        return False


async def _is_healthy(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/ready")).is_success
    except httpx.TransportError:  # it does not listen yet
        return False
