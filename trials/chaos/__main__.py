"""``python -m trials.chaos``: run it, say what came of it; exit status 1 where a promise was broken."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.runtime import Runtime, TelemetryConfig

from trials.chaos.report import as_data, table, write_into
from trials.chaos.run import Plan, run

LONGEST = 540.0
"""Seconds after which a run is given up: something hangs."""


@dataclass
class Teller:
    """Says on stderr what is happening, and when."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self, what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self.began:6.1f} s  {what}\n")
        sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trials.chaos", description=__doc__)
    parser.add_argument("--cases", type=int, default=Plan.cases)
    parser.add_argument("--seconds", type=float, default=Plan.seconds, help="so long do cases come in")
    parser.add_argument("--day", type=int, default=Plan.day, help="seconds of a working day")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--small", action="store_true", help="kill each part once, alone")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--page", type=Path, help="a page with a place for the table")
    parser.add_argument("--keep", type=Path, help="a folder for data and logs that stays; else it goes")
    return parser.parse_args()


async def _bounded(plan: Plan, state: Path) -> int:
    async with asyncio.timeout(LONGEST):
        outcome = await run(plan, state, Teller())
    given = _arguments()
    written = table(outcome)
    sys.stdout.write(f"\n{written}")
    for promise in outcome.promises:
        for broken in promise.broken:
            sys.stdout.write(f"BROKEN: {promise.says}: {broken}\n")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(as_data(outcome), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if given.page:
        write_into(given.page, written)
    return 0 if outcome.is_sound else 1


def main() -> int:
    """See the module."""
    given = _arguments()
    if given.page and not given.page.is_file():
        sys.stderr.write(f"{given.page.name} is not there: --page needs a page with a place for the table\n")
        return 2
    logging.getLogger().addHandler(logging.NullHandler())  # a pool that has lost its database says so by itself
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)), error_if_already_set=False)
    plan = Plan(cases=given.cases, seconds=given.seconds, day=given.day, seed=given.seed, thorough=not given.small)
    if given.keep:
        given.keep.mkdir(mode=0o755, parents=True, exist_ok=True)
        return asyncio.run(_bounded(plan, given.keep.resolve() / "state"))
    with tempfile.TemporaryDirectory(prefix="liandong-chaos-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user must get in
        return asyncio.run(_bounded(plan, Path(folder) / "state"))


if __name__ == "__main__":
    sys.exit(main())
