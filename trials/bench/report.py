"""The run's result: a Markdown table between two marks of a page, and JSON. Ratios where one side can be held
against another; never a machine's name."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trials.bench.measures import Lateness, Stuck, Throughput, quantile

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

SIDES = ("floor", "liandong", "dbos")
PROCESSES = ("temporal", "postgres", "worker", "gateway", "floor", "dbos_app", "department", "driver")

FLOOR_TARGET, DBOS_TARGET = 0.7, 1.0
LATENCY_TARGET, LATENESS_TARGET, STUCK_TARGET = 1.0, 1.0, 0.05
"""Seconds, of the slowest in a hundred."""


@dataclass
class Result:
    """Everything that was measured."""

    cores: int
    rounds: int
    cases_a_round: int
    at_once: int
    throughput: dict[str, Throughput]
    latency: dict[str, list[float]]
    lateness: Lateness
    stuck: Stuck
    took: float
    """Seconds."""

    def ratio(self, other: str) -> float:
        """Liandong's cases a second, of the other side's: the median of the rounds' own ratios."""
        ours, theirs = self.throughput["liandong"].per_second, self.throughput[other].per_second
        return quantile([mine / its for mine, its in zip(ours, theirs, strict=True)], 0.5)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio_to_floor": self.ratio("floor"), "ratio_to_dbos": self.ratio("dbos")}


def table(result: Result) -> str:
    """As Markdown."""
    return "\n\n".join([_conditions(result), _rates(result), _cpu(result), _times(result)])


def write(page: Path, result: Result) -> None:
    """Put the table between the marks of the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{table(result)}\n\n{END}{after}", encoding="utf-8")


def _conditions(result: Result) -> str:
    return (
        f"One run on {result.cores} cores: {result.rounds} rounds of {result.cases_a_round} cases a side, "
        f"{result.at_once} cases at a time; {result.took / 60:.0f} minutes in all."
    )


def _rates(result: Result) -> str:
    floor = result.throughput["floor"].median
    rows = [
        f"| {name} | {side.median:.1f} | {min(side.per_second):.1f}–{max(side.per_second):.1f} | "
        f"{side.median / floor:.2f} | {sum(side.cpu_median(p) for p in side.cpu[0]) * 1000:.0f} |"
        for name, side in result.throughput.items()
    ]
    return "\n".join(
        [
            "| side | cases/s (median) | rounds | of the floor | CPU ms a case, all processes |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _cpu(result: Result) -> str:
    rows = [
        f"| {process} | " + " | ".join(_ms(result.throughput[side].cpu_median(process)) for side in SIDES) + " |"
        for process in PROCESSES
    ]
    return "\n".join(["| CPU ms a case | " + " | ".join(SIDES) + " |", "|---|---|---|---|", *rows])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}" if seconds >= 0.00005 else "–"


def _times(result: Result) -> str:
    late, stuck = result.lateness, result.stuck
    rows = [
        _target(
            "Liandong's cases/s, of the floor's",
            f"{result.ratio('floor'):.2f}",
            "≥ 0.7",
            result.ratio("floor") >= FLOOR_TARGET,
        ),
        _target(
            "Liandong's cases/s, of DBOS's", f"{result.ratio('dbos'):.2f}", "≥ 1.0", result.ratio("dbos") >= DBOS_TARGET
        ),
    ]
    for side, seconds in result.latency.items():
        rows.append(
            _target(
                f"intake to department at 5.6 cases/s, {side}",
                _spread(seconds),
                "p99 ≤ 1 s" if side == "liandong" else "",
                quantile(seconds, 0.99) <= LATENCY_TARGET,
            )
        )
    rows.append(
        _target(
            f"escalation lateness, {len(late.late)} escalations beside {late.open_cases:,} open cases "
            f"(opened in {late.opening_took:.0f} s)",
            _spread(late.late),
            "p99 ≤ 1 s",
            quantile(late.late, 0.99) <= LATENESS_TARGET,
        )
    )
    rows.append(
        _target(
            f"`stuck` at {stuck.rows:,} projected cases ({stuck.open_rows:,} open, {stuck.overdue:,} past their "
            f"limit), {len(stuck.seconds)} runs",
            _spread(stuck.seconds),
            "p99 ≤ 50 ms",
            quantile(stuck.seconds, 0.99) <= STUCK_TARGET,
        )
    )
    return "\n".join(["| measure | found | wanted | |", "|---|---|---|---|", *rows])


def _spread(seconds: list[float]) -> str:
    found = (("median", quantile(seconds, 0.5)), ("p99", quantile(seconds, 0.99)), ("worst", max(seconds)))
    return ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in found)


def _target(what: str, found: str, wanted: str, met: bool) -> str:
    return f"| {what} | {found} | {wanted} | {('met' if met else 'missed') if wanted else ''} |"


def cores() -> int:
    return os.cpu_count() or 1
