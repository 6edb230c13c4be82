"""The figures of a run, as a table for people and as JSON for programs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.departments import Verdict
from trials.chaos.run import Figures, Outcome, median, percentile

BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"


def table(outcome: Outcome) -> str:
    """Markdown: what went wrong on purpose, what was said, and whether each promise was kept."""
    figures, plan = outcome.figures, outcome.plan
    load = f"{figures.cases} cases in {plan.seconds:.0f} s, a working day of {plan.day} s, seed {plan.seed}"
    lines = [
        f"{load}; the whole run took {figures.seconds:.0f} s.",
        "",
        "| promise | looked at | broken |",
        "| --- | ---: | ---: |",
        *(f"| {one.says} | {one.looked_at} | {len(one.broken)} |" for one in outcome.promises),
        "",
        "| killed without warning | away | all well again after |",
        "| --- | ---: | ---: |",
        *(
            f"| {' + '.join(down.parts)} | {down.started_at - down.killed_at:.1f} s "
            f"| {down.ready_at - down.killed_at:.1f} s |"
            for down in figures.downs
        ),
        "",
        "| figure | |",
        "| --- | ---: |",
        *(f"| {name} | {value} |" for name, value in _rows(figures)),
    ]
    return "\n".join(lines) + "\n"


def _rows(figures: Figures) -> Sequence[tuple[str, str]]:
    verdicts = figures.verdicts
    return [
        ("cases closed at the end", f"{figures.closed} of {figures.cases}"),
        ("facts in the ledger", str(figures.facts)),
        ("orders that reached a department's system", str(figures.orders_received)),
        ("deliveries that a department's system refused or failed", str(figures.orders_refused)),
        ("callbacks taken (2xx)", str(verdicts[Verdict.TAKEN])),
        ("… while the engine was away, handed over afterwards (202)", str(figures.kept_meanwhile)),
        ("… heard only after several tries", str(figures.said_again)),
        ("… overtaken by the case (409)", str(verdicts[Verdict.OVERTAKEN])),
        ("wrong ones, refused as they should be", str(verdicts[Verdict.RIGHTLY_REFUSED])),
        ("duplicates sent on purpose", str(figures.duplicates)),
        ("parts that ended because another one was away, and were started again", _parts(figures.ended_by_itself)),
        ("escalations by a limit, everything being well", _lateness(figures.lateness)),
        ("escalations by a limit that passed during a fault", _lateness(figures.lateness_down)),
    ]


def _parts(ended: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(ended.items())) or "none"


def _lateness(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    worst = max(seconds)
    return f"{len(seconds)}: median {median(seconds):.2f} s, p99 {percentile(seconds, 0.99):.2f} s, worst {worst:.2f} s"


def as_data(outcome: Outcome) -> dict[str, Any]:
    """The same for programs."""
    figures = outcome.figures
    return {
        "sound": outcome.is_sound,
        "plan": {
            "cases": outcome.plan.cases,
            "seconds": outcome.plan.seconds,
            "day": outcome.plan.day,
            "seed": outcome.plan.seed,
        },
        "promises": [{"says": one.says, "looked_at": one.looked_at, "broken": one.broken} for one in outcome.promises],
        "downs": [
            {
                "parts": list(down.parts),
                "away": round(down.started_at - down.killed_at, 3),
                "well_after": round(down.ready_at - down.killed_at, 3),
            }
            for down in figures.downs
        ],
        "figures": {name: value for name, value in vars(figures).items() if name != "downs"},
    }


def write_into(page: Path, written: str) -> None:
    """Put the table between the marks of a page. Raises ValueError where the page has none."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for figures")
    page.write_text(f"{before}{begin}{written}{end}{after}", encoding="utf-8")
