"""The bench runs as it is typed, in its short form: every side carries its cases to the end, and all is measured.

Its figures are not held here: a minute on a busy machine says nothing about them.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trials.bench import report

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_the_short_bench_measures_everything(tmp_path: Path) -> None:
    page, found = tmp_path / "page.md", tmp_path / "bench.json"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    command = [sys.executable, "-m", "trials.bench", "--quick", "--json", str(found), "--page", str(page)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=380)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(found.read_text(encoding="utf-8"))
    assert set(result["throughput"]) == set(report.SIDES)
    for side in result["throughput"].values():
        assert len(side["per_second"]) == len(side["cpu"]) == result["rounds"] > 0
    assert set(result["throughput"]["liandong"]["cpu"][0]) == set(report.PROCESSES)
    assert all(seconds > 0 for side in result["latency"].values() for seconds in side)
    assert len(result["lateness"]["late"]) == 10
    assert len(result["stuck"]["seconds"]) >= 200
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert written.count("\n| liandong |") == 1


def test_the_bench_names_no_machine() -> None:
    told = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")
    assert report.BEGIN in told
    assert report.END in told
    assert "/" + "tmp" not in told
