"""``python -m trials.bench``: the whole bench, or with ``--quick`` a minute of it. Ends by itself."""

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

from trials.bench import report
from trials.bench.measures import latency, lateness, stuck, throughput
from trials.bench.report import Result
from trials.bench.stage import staged


async def run(state: Path, *, quick: bool) -> Result:
    """Measure everything."""
    began = time.monotonic()
    rounds, size, at_once = (1, 32, 16) if quick else (4, 100, 16)
    async with staged(state) as stage:
        gc.freeze()  # else the driver's own collector pauses for 0.1 s now and then, in whatever is being measured
        _note("throughput")
        found = await throughput(stage, rounds=rounds, cases_a_round=size, at_once=at_once)
        _note("latency")
        _, ours, dbos = stage.sides
        latencies = {side.name: await latency(stage, side, 5 if quick else 60) for side in (ours, dbos)}
        _note("stuck list")
        listed = await stuck(stage.database_url, rows=20_000 if quick else 1_000_000, runs=1000)
        _note("lateness")
        late = await lateness(
            stage, open_cases=100 if quick else 10_000, escalating=10 if quick else 200, limit=20 if quick else 400
        )
    return Result(report.cores(), rounds, size, at_once, found, latencies, late, listed, time.monotonic() - began)


def _note(what: str) -> None:
    sys.stderr.write(f"bench: {what} …\n")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="about a minute; its figures say little")
    parser.add_argument("--json", type=Path, help="write everything here as well")
    parser.add_argument("--page", type=Path, help="put the table between the marks of this page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liandong-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user must get in
        result = asyncio.run(run(Path(folder), quick=given.quick))
    sys.stdout.write(f"{report.table(result)}\n")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result.as_json(), indent=1), encoding="utf-8")
    if given.page:
        report.write(given.page, result)


if __name__ == "__main__":
    main()
