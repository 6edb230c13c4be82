"""State folders, servers and other processes for the tests of ``runtime``."""

import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from runtime.embedded import EmbeddedTemporal, embedded_temporal
from runtime.settings import Servers
from runtime.state import StateFolder


@contextmanager
def new_state() -> Generator[StateFolder]:
    """A state folder of its own. Not in ``tmp_path``: that one is closed to PostgreSQL's user when we are
    root."""
    with tempfile.TemporaryDirectory(prefix="liandong-test-") as folder:
        state = StateFolder(Path(folder).resolve())
        state.prepare()
        yield state


@pytest.fixture
def state() -> Generator[StateFolder]:
    """A new, prepared state folder."""
    with new_state() as folder:
        yield folder


@pytest.fixture(scope="session")
async def temporal() -> AsyncGenerator[EmbeddedTemporal]:
    """One embedded Temporal for the tests that only talk to it."""
    with new_state() as folder:
        async with embedded_temporal(folder) as server:
            yield server


@pytest.fixture
def servers(temporal: EmbeddedTemporal) -> Servers:
    """How to reach that Temporal."""
    return Servers(
        temporal={"target_host": temporal.address, "namespace": temporal.namespace},
        database_url="postgresql://nobody@/none",
        gateway_url="http://127.0.0.1:1",
    )


@pytest.fixture
def stranger() -> Generator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        while psutil.Process(process.pid).cmdline() != process.args:
            time.sleep(0.001)  # the kernel lets go of us a moment before it knows the new command line
        yield process
        process.kill()


Killed = Callable[[str], str]


@pytest.fixture
def killed(state: StateFolder) -> Killed:
    """Runs a Python script with the state folder as its argument, kills it at the first line it prints, and
    answers that line."""

    def run(script: str) -> str:
        command = [sys.executable, "-c", script, str(state.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            line = process.stdout.readline()
            process.kill()
        return line.strip()

    return run
