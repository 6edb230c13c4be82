"""Programs as parts: started, waited for, stopped; with us and without us."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from domain.errors import Unavailable
from runtime.parts import Program, end_leftover, is_alive, run, running
from runtime.state import StateFolder

SLEEP = ["/bin/sleep", "60"]


def shell(script: str, **options: float) -> Program:
    return Program("shell", ["/bin/sh", "-c", script], **options)  # pyright: ignore[reportArgumentType]


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def test_a_part_is_stopped_at_the_end(state: StateFolder) -> None:
    async with running(Program("sleep", SLEEP), state) as part:
        await part.ready(yes)
        assert psutil.pid_exists(part.pid)
        assert state.pid_file("sleep").exists()
    assert part.process.returncode == -signal.SIGTERM
    assert not state.pid_file("sleep").exists()


async def test_a_part_that_does_not_listen_is_killed(state: StateFolder) -> None:
    deaf = shell("trap '' TERM; echo up; while :; do sleep 0.05; done", patience=0.2)

    async def up() -> bool:
        return "up" in (state.logs / "shell.log").read_text()

    async with running(deaf, state) as part:
        await part.ready(up)
    assert part.process.returncode == -signal.SIGKILL


async def test_a_crash_is_told_with_its_last_words(state: StateFolder) -> None:
    async with running(shell("echo one; echo the reason; exit 3"), state) as part:
        with pytest.raises(Unavailable) as failure:
            await part.ready(no)
    assert failure.value.code == "part-crashed"
    assert failure.value.params == {
        "part": "shell",
        "exit": "3",
        "said": "the reason",
        "log": str(state.logs / "shell.log"),
    }


async def test_a_signal_is_called_by_its_name(state: StateFolder) -> None:
    with pytest.raises(Unavailable) as failure:
        await run(shell("kill -KILL $$"), state)
    assert failure.value.params["exit"] == "SIGKILL"


async def test_a_part_that_never_answers_is_given_up(state: StateFolder) -> None:
    async with running(Program("sleep", SLEEP), state) as part:
        with pytest.raises(Unavailable) as failure:
            await part.ready(no, limit=0.2)
    assert failure.value.code == "part-not-ready"


async def test_a_program_that_does_not_exist_is_a_crash(state: StateFolder) -> None:
    with pytest.raises(Unavailable) as failure:
        await run(Program("none", ["/nonexistent/program"]), state)
    assert "/nonexistent/program" in str(failure.value.params["said"])


async def test_ctrl_c_reaches_only_us(state: StateFolder) -> None:
    async with running(Program("sleep", SLEEP), state) as part:
        assert os.getpgid(part.pid) == part.pid


async def test_a_leftover_is_ended(state: StateFolder, stranger: subprocess.Popen[bytes]) -> None:
    note = {"pid": stranger.pid, "command": SLEEP}
    state.pid_file("sleep").write_text(json.dumps(note))
    await end_leftover("sleep", state)
    assert stranger.poll() == -signal.SIGTERM
    assert not state.pid_file("sleep").exists()


@pytest.mark.parametrize("note", ['{"pid": PID, "command": ["/bin/sleep", "61"]}', "{}", "nonsense"])
async def test_somebody_with_the_same_number_is_left_alone(
    state: StateFolder, stranger: subprocess.Popen[bytes], note: str
) -> None:
    state.pid_file("sleep").write_text(note.replace("PID", str(stranger.pid)))
    await end_leftover("sleep", state)
    assert stranger.poll() is None
    assert not state.pid_file("sleep").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends the leftover")
async def test_a_part_ends_when_we_are_killed(killed: Callable[[str], str]) -> None:
    pid = int(
        killed("""if True:
            import asyncio, sys
            from pathlib import Path
            from runtime.parts import Program, start
            from runtime.state import StateFolder

            async def main():
                part = await start(Program("sleep", ["/bin/sleep", "60"]), StateFolder(Path(sys.argv[1])))
                while "sleep" not in Path(f"/proc/{part.pid}/comm").read_text():
                    await asyncio.sleep(0.01)
                print(part.pid, flush=True)
                await asyncio.sleep(60)

            asyncio.run(main())
        """)
    )
    async with asyncio.timeout(5):
        while is_alive(pid):
            await asyncio.sleep(0.02)
