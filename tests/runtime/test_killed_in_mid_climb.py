"""``liandong up`` is killed while a case climbs, and started again: the climb goes on, no fact missing or doubled."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CASE = "test-killed"
PATIENCE = 60.0

Environ = dict[str, str]


def liandong(environ: Environ, *arguments: str) -> str:
    """What a command answers; it must succeed."""
    command = [sys.executable, "-m", "cli.main", "--lang", "en", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def up(environ: Environ, state: Path) -> Generator[subprocess.Popen[bytes]]:
    """The whole stack as its own process, once it is running."""
    ports = ("--gateway-port", "0", "--temporal-port", "0", "--temporal-ui-port", "0")
    told = state.parent / f"up-{time.monotonic_ns()}.log"
    log = told.open("wb")
    process = subprocess.Popen([sys.executable, "-m", "cli.main", "up", *ports], env=environ, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or b"is running" in told.read_bytes())
        assert process.poll() is None, told.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        log.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.2)


def trail(environ: Environ) -> list[dict[str, Any]]:
    return json.loads(liandong(environ, "case", "trail", CASE, "--output", "json"))["entries"]


def rungs(environ: Environ) -> list[str]:
    return [entry["rung"] for entry in trail(environ) if entry["kind"] == "rung.entered"]


def test_the_climb_goes_on_after_up_was_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="liandong-killed-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user must get in
        state = Path(folder) / "state"
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("LIANDONG_", "TEMPORAL_"))},
            "LIANDONG_STATE": str(state),
            "LIANDONG_POLICY": "demo",
            "LIANDONG_LANG": "en",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        with up(environ, state) as process:
            liandong(environ, "department", "import", "haikou")
            described = ("--description", "a shed on a roof may fall", "--department", "longhua-urban-mgmt")
            liandong(environ, "case", "open", "--reference", "test:killed", *described)
            until(lambda: "supervised" in rungs(environ))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        with up(environ, state):
            until(lambda: "referral" in rungs(environ))
            entries = trail(environ)
            assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
            assert rungs(environ) == ["dispatch", "supervised", "joint_meeting", "referral"]
            liandong(environ, "ledger", "verify")
