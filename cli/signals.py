"""Being told to stop: what services do with SIGINT, SIGTERM and SIGHUP."""

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_signals() -> Generator[asyncio.Event]:
    """An event that is set when this process is told to stop. One that is ignored, as under nohup, stays so."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    wanted = [one for one in STOP_SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for one in wanted:
        loop.add_signal_handler(one, told.set)
    try:
        yield told
    finally:
        for one in wanted:
            loop.remove_signal_handler(one)


async def until_told_to_stop() -> None:
    """Wait for the first of the signals."""
    with stop_signals() as told:
        await told.wait()
