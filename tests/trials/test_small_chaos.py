"""The chaos trial in small: every part is killed once under load, and no promise is broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_every_part_is_killed_once_and_no_promise_is_broken(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    load = ("--small", "--cases", "24", "--seconds", "12", "--day", "2")
    done = subprocess.run(
        [sys.executable, "-m", "trials.chaos", *load, "--json", str(figures)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["sound"]
    assert [down["parts"] for down in found["downs"]] == [["postgres"], ["temporal"], ["worker"], ["gateway"]]
    assert found["figures"]["cases"] == found["figures"]["closed"] == 24
    assert all(promise["looked_at"] for promise in found["promises"] if "open case" not in promise["says"])
    assert found["figures"]["duplicates"] > 50
