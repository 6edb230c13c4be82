"""The demo: what it leaves behind when it is broken off."""

import asyncio
import signal
import tempfile
from pathlib import Path

import psutil
from cli_process import Cli


def _with(words: str) -> list[psutil.Process]:
    """The processes whose command line contains the words."""
    return [one for one in psutil.process_iter(["cmdline"]) if words in " ".join(one.info["cmdline"] or [])]


async def test_ctrl_c_in_mid_demo_is_quiet_and_leaves_nothing_running(plain: Cli) -> None:
    # Not in tmp_path: that one is closed to PostgreSQL's user when we are root.
    with tempfile.TemporaryDirectory(prefix="liandong-test-") as folder:
        Path(folder).chmod(0o755)
        demo = await plain.where(LIANDONG_STATE=f"{folder}/state").start("demo", "--cases", "100")
        assert demo.stdout is not None
        async with asyncio.timeout(90):
            while b"cases opened" not in (line := await demo.stdout.readline()):
                assert line, "the demo has ended"
        assert _with(folder)
        await asyncio.sleep(2)  # the crowd is coming in
        demo.send_signal(signal.SIGINT)
        _, err = await demo.communicate()
        assert (demo.returncode, err.decode()) == (130, "")
        assert not _with(folder)
