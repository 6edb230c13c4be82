"""How the driver hears from the other processes that something happened there, without asking again and again.

One line on a loopback connection: what, whose, and when by the clock of this machine. Words that nobody waits
for yet are kept.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

VARIABLE = "BENCH_BELL"
"""Tells a process where the bell is: ``host:port``."""


class Bell:
    """Hears words."""

    def __init__(self) -> None:
        self.address = ""
        self._words: dict[tuple[str, str], asyncio.Future[float]] = {}

    def _word(self, what: str, key: str) -> asyncio.Future[float]:
        return self._words.setdefault((what, key), asyncio.get_running_loop().create_future())

    async def hear(self, what: str, key: str) -> float:
        """Wait for a word; gives when it happened (seconds since 1970)."""
        try:
            return await self._word(what, key)
        finally:
            self._words.pop((what, key), None)

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one process until it hangs up."""
        try:
            while line := await reader.readline():
                what, key, at = line.decode().split()
                if not (word := self._word(what, key)).done():
                    word.set_result(float(at))
        finally:
            writer.close()


@asynccontextmanager
async def hearing() -> AsyncGenerator[Bell]:
    """A bell on a free loopback port."""
    bell = Bell()
    async with await asyncio.start_server(bell.listen, "127.0.0.1", 0) as server:
        bell.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield bell


class Ringer:
    """The other end of it. Ringing never waits."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def ring(self, what: str, key: str) -> None:
        """Say that it happened now."""
        self._writer.write(f"{what} {key} {time.time()}\n".encode())


async def ringer(address: str) -> Ringer:
    """A ringer for the bell at ``host:port``."""
    host, _, port = address.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    return Ringer(writer)
