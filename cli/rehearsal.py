"""How a rehearsal is run and shown: a progress bar, the key figures, and the report."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import INTERRUPTED, OK, Console, Output
from domain.ladder import Rung

if TYPE_CHECKING:
    from rehearsal.result import Rehearsal


async def show_rehearsal(
    console: Console,
    *,
    policies: tuple[str, str | None],
    cases: Path,
    mapping: str,
    departments: Path | None,
    seed: int,
    limit: int | None,
    report: Path | None,
    output: Output,
) -> int:
    """Rehearse, write the report where one is asked for, tell the figures; a partial one ends as interrupted."""
    from rehearsal.run import rehearse

    first, second = policies
    with console.progress("progress-rehearsal", None) as advance:

        def progress(done: int, total: int) -> None:
            advance(steps=min(done, 1), total=total)

        found = await rehearse(first, second, cases, mapping, departments, seed, limit, progress)
    if report is not None:
        from rehearsal.report import report as page

        report.write_text(page(found, "zh" if console.text.language == "zh" else "en"), encoding="utf-8")  # noqa: ASYNC240 - one file, at the end
    if output is Output.JSON:
        console.write(found.model_dump_json(indent=2))
    else:
        _figures(console, found)
        if report is not None:
            console.say("rehearsal-report", file=str(report))
    return INTERRUPTED if found.partial else OK


def _figures(console: Console, found: "Rehearsal") -> None:
    """The key figures, one policy beside the other."""
    text = console.text
    sides = [side.figures for side in found.sides]
    rows: list[tuple[str, ...]] = [
        (text.say("rehearsal-cases"), *(str(one.cases) for one in sides)),
        (text.say("rehearsal-ended"), *(str(one.ended) for one in sides)),
        (text.say("rehearsal-first-go"), *(str(one.first_go) for one in sides)),
    ]
    for rung in Rung:
        reached = [next((r for r in one.rungs if r.rung is rung), None) for one in sides]
        rows.append((text.label(rung), *(f"{r.cases} ({r.share:.1%})" if r else "0" for r in reached)))
    rows += [
        (text.say("rehearsal-callbacks"), *(str(one.callbacks.calls) for one in sides)),
        (text.say("rehearsal-over"), *(str(one.callbacks.days_over) for one in sides)),
        (text.say("rehearsal-odd"), *(f"{one.order_deadlines.odd} / {one.order_deadlines.total}" for one in sides)),
    ]
    names = tuple(f"{side.policy.policy_id}@{side.policy.version}" for side in found.sides)
    console.write("")
    console.table(("column-figure", *("column-policy" for _ in names)), [("", *names), *rows])
    timing = found.timing
    console.say("rehearsal-done", seconds=round(timing.seconds), rate=f"{timing.cases_per_second:.1f}", seed=found.seed)
    if found.partial:
        console.say("rehearsal-partial")
    if found.fallen:
        console.say("rehearsal-fallen", cases=len(found.fallen))
