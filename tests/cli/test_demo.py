"""The demo: what it leaves behind when it is broken off, and how its screen fits a small terminal."""

import asyncio
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from cli_process import Cli

from demo.run import Reckoning
from demo.screen import Screen
from texts.catalogue import Catalogue


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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_the_demo_shows_fits_a_small_terminal_and_can_be_typed(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.argv", [".venv/bin/liandong"])
    reckoning = Reckoning(source="sample", expected=0, started_at=datetime(2027, 2, 2, tzinfo=UTC))
    Screen(Catalogue(language)).reckon(reckoning, "/srv/two words", lambda _: None)
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "LIANDONG_STATE='/srv/two words' .venv/bin/liandong ledger verify" in shown
