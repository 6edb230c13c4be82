"""An app on a port, as part of the program around it: a department's server, for the command, the demo and tests."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from starlette.types import ASGIApp
from uvicorn import Config, Server


@asynccontextmanager
async def serving(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """Serve ``app`` for as long as the block runs; gives its URL. Port 0: any that is free.

    Raises OSError where the port cannot be had.
    """
    with socket.create_server((host, port)) as listening:
        config = Config(app, log_config=None, lifespan="off", access_log=False, ws="none", timeout_graceful_shutdown=1)
        server = _Quiet(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class _Quiet(Server):
    """Leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
