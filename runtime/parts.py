"""Programs that belong to us: start one, wait until it is ready, notice its end, stop it.

A part runs in a process group of its own, so that Ctrl-C reaches only us and parts stop in order; it
ends with us even if we are killed (``tether``); its output goes to its log.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from domain.errors import Unavailable
from runtime.state import StateFolder

TETHER: Final = Path(__file__).with_name("tether.py")
START_LIMIT: Final = 60.0
"""Seconds a part may take until it answers; PostgreSQL's recovery after a crash is the longest."""


@dataclass(frozen=True)
class Program:
    """What to start, and how to end it."""

    name: str
    """Short and stable: names the log, the pid file, and the part in errors."""
    command: Sequence[str]
    """The program's absolute path and its arguments."""
    environ: Mapping[str, str] | None = None
    """Its whole environment; None: ours."""
    user: str | None = None
    """The user to run as; None: ourselves. Needs root."""
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    """Seconds between the stop signal and SIGKILL."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when we die without having stopped it."""


@dataclass(frozen=True)
class Part:
    """A program that was started."""

    program: Program
    process: asyncio.subprocess.Process
    log: Path

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def ended(self) -> Unavailable:
        """Wait until it ends by itself, and say how: ``part-crashed``."""
        await self.process.wait()
        return self._failure("part-crashed", exit=_exit_name(self.process.returncode))

    async def ready(self, probe: Callable[[], Awaitable[bool]], *, limit: float = START_LIMIT) -> None:
        """Wait until ``probe`` answers true; ``limit`` in seconds.

        Raises:
            Unavailable: ``part-crashed`` if it ends before, ``part-not-ready`` after the limit.
        """
        try:
            async with asyncio.timeout(limit):
                while self.process.returncode is None:
                    if await probe():
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise self._failure("part-not-ready", seconds=int(limit)) from None
        raise await self.ended()

    async def stop(self) -> None:
        """Ask it to end, wait, and kill it if it does not. Nothing happens if it has ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.program.stop_signal)
            try:
                async with asyncio.timeout(self.program.patience):
                    await self.process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()

    def _failure(self, code: str, **params: str | int) -> Unavailable:
        return Unavailable(code, part=self.name, log=str(self.log), said=_last_line(self.log), **params)


async def start(program: Program, state: StateFolder) -> Part:
    """Start ``program``; its log and pid file are in ``state``."""
    log = state.log_file(program.name)
    with _open_private(log) as output:
        process = await asyncio.create_subprocess_exec(
            *_tethered(program),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=program.environ,
            cwd=state.path if program.user else None,
            process_group=0,
        )
    note = json.dumps({"pid": process.pid, "command": list(program.command)})
    state.pid_file(program.name).write_text(note)
    return Part(program, process, log)


@asynccontextmanager
async def running(program: Program, state: StateFolder) -> AsyncGenerator[Part]:
    """Start ``program``, and stop it on the way out."""
    part = await start(program, state)
    try:
        yield part
    finally:
        await part.stop()
        state.pid_file(part.name).unlink(missing_ok=True)


async def run(program: Program, state: StateFolder) -> None:
    """Run ``program`` to its end.

    Raises:
        Unavailable: ``part-crashed`` if its exit status is not 0.
    """
    async with running(program, state) as part:
        failure = await part.ended()
        if part.process.returncode != 0:
            raise failure


async def end_leftover(name: str, state: StateFolder, how: signal.Signals = signal.SIGTERM) -> None:
    """Stop the part that an earlier, killed ``up`` left running, if the noted process is still that part."""
    file = state.pid_file(name)
    with suppress(FileNotFoundError, ValueError, KeyError):
        note = cast("dict[str, Any]", json.loads(file.read_text()))
        await end_process(int(note["pid"]), [str(word) for word in note["command"]][1:], how)
    file.unlink(missing_ok=True)


async def end_process(pid: int, words: Sequence[str], how: signal.Signals, *, patience: float = 20.0) -> bool:
    """Stop process ``pid`` if its command line contains all ``words``: a number alone may long belong to
    somebody else. Waits ``patience`` seconds before SIGKILL. Answers whether it was that process.

    Needs the ``embedded`` extra.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if not words or not set(words) <= set(process.cmdline()):
            return False
        for signalled in (how, signal.SIGKILL):
            process.send_signal(signalled)
            if await _ends(pid, patience):
                break
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's, so not ours
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that has ended may keep its number until its parent takes note, which
    a container's first process often never does. Needs the ``embedded`` extra."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _ends(pid: int, patience: float) -> bool:
    """Whether the process ends within ``patience`` seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while is_alive(pid):  # noqa: ASYNC110 - it is not our child, nobody tells us
                await asyncio.sleep(0.05)
    return not is_alive(pid)


def _tethered(program: Program) -> list[str]:
    """The command line that starts ``program`` through the tether. Isolated (-I -S): it must not load
    anything from where we happen to be, and starts in a few milliseconds."""
    tether = [sys.executable, "-I", "-S", str(TETHER)]
    bond = [str(os.getpid()), str(int(program.orphan_signal)), program.user or "-"]
    return [*tether, *bond, *program.command]


def _open_private(log: Path) -> BinaryIO:
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _exit_name(status: int | None) -> str:
    """``3`` for an exit status, ``SIGKILL`` for a signal."""
    if status is not None and status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return str(status)


def _last_line(log: Path) -> str:
    """The last thing a part said, at most 300 characters: usually the reason why it ended."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4096))
        lines = stream.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:300] if lines else ""
