"""How an assessment is shown on a terminal: the figures side by side, and the cases behind one of them."""

import sys
from typing import TYPE_CHECKING, Any, Final

from cli.console import Console, Output

if TYPE_CHECKING:
    from desk.window import Desk
    from domain.assessment import Assessment, Figures, Line, Period, Share
    from domain.marks import Figure
    from pages.assessment import Words


NAME_WIDTH: Final = 20
"""Columns of a group's name on a terminal: the six rates stand beside it in 80."""


def as_data(found: "Assessment") -> dict[str, Any]:
    """An assessment for programs: every share with its numbers, its rate and its interval."""
    from domain.assessment import six_up_one_down

    data = found.model_dump(mode="json", exclude={"whole", "whole_before", "groups"})
    return data | {
        "whole": _figures(found.whole),
        "whole_before": _figures(found.whole_before),
        "groups": [{"group": group.group, **_figures(group)} for group in found.groups],
        "six_up_one_down": [one._asdict() for one in six_up_one_down(found)],
    }


def _figures(figures: "Figures") -> dict[str, Any]:
    return {
        figure.value: {"raw": _share(raw), "adjusted": _share(figures.pair(figure)[1])}
        for figure, raw in sorted(figures.raw.items())
    }


def _share(share: "Share") -> dict[str, Any]:
    interval = share.interval
    return {"good": share.good, "total": share.total, "rate": share.rate, "interval": interval and list(interval)}


def assessment_page(console: Console, words: "Words") -> None:
    """The whole, six up and one down, the groups, and who was left out."""
    from domain.assessment import six_up_one_down
    from pages.assessment import EXCLUSION_HEADINGS, RATE_HEADINGS, SIX_HEADINGS, exclusion_rows, rate_rows, six_rows

    console.write(words.title)
    console.write(words.against)
    if not words.found.whole.raw:
        console.say("assess-empty")
        return
    _heading(console, "assess-rates")
    console.table(RATE_HEADINGS, rate_rows(words))
    console.say("assess-interval")
    _heading(console, "assess-six")
    console.table(SIX_HEADINGS, six_rows(words))
    console.write(words.outside(six_up_one_down(words.found)))
    console.write(f"\n{words.by}  {words.say('assess-no-ranking')}")
    _groups(console, words)
    console.write("")
    console.write(words.left_out)
    if words.found.exclusions:
        console.table(EXCLUSION_HEADINGS, exclusion_rows(words))


def _heading(console: Console, key: str) -> None:
    console.write(f"\n{console.text.say(key)}")


def _groups(console: Console, words: "Words") -> None:
    from domain.marks import RATES
    from pages.assessment import led, percent

    rows: list[tuple[str, ...]] = []
    for group in words.found.groups:
        if not any(group.pair(figure)[0].total for figure in RATES):
            continue
        raw = (percent(group.pair(figure)[0].rate) for figure in RATES)
        rows.append((_fitting(words.name(group.group)), str(led(group)), *raw))
        if group.is_adjusted:
            adjusted = (percent(group.pair(figure)[1].rate) for figure in RATES)
            rows.append((words.say("assess-adjusted-row"), "", *adjusted))
    shorts = tuple(f"short-{figure.value.replace('_', '-')}" for figure in RATES)
    console.table(("column-group", "column-led", *shorts), rows)


def _fitting(name: str) -> str:
    """A group's name, cut off where a terminal would have no room for its figures."""
    if not sys.stdout.isatty():
        return name
    from rich.cells import cell_len, set_cell_size

    return name if cell_len(name) <= NAME_WIDTH else f"{set_cell_size(name, NAME_WIDTH - 1).rstrip()}…"


async def behind_page(
    console: Console,
    desk: "Desk",
    period: "Period",
    figure: "Figure",
    department: str | None,
    district: str | None,
    limit: int,
    output: Output,
) -> None:
    """The cases behind a figure, those against it first; each with the ledger entry that decided it."""
    from cli.session import directory_of
    from cli.situation import Names
    from pages.assessment import told
    from storage import assessment
    from storage.database import reaching_database

    directory = await directory_of(desk)
    names = Names(directory, console.text)
    if department:
        directory.get(department)
    only = {"department": department, "district": district}
    with reaching_database():
        raw, adjusted = await assessment.shares(desk.pool, period, figure, **only)
        lines = await assessment.behind(desk.pool, period, figure, **only, limit=limit)
    if output is Output.JSON:
        shares = {"raw": _share(raw), "adjusted": _share(adjusted)}
        console.json({"figure": figure, "period": period, **only, **shares, "lines": lines})
        return
    told_shares = {"raw": told(raw), "adjusted": told(adjusted)}
    console.say("assess-explained", figure=figure, first=f"{period.first}", last=f"{period.last}", **told_shares)
    if lines:
        console.table(
            ("column-case", "column-entry", "column-at", "column-department", "column-counted", "column-excluded"),
            [_row(console, line, names.of(line.department)) for line in lines],
        )
    if raw.total > len(lines):
        console.note("assess-explained-part", limit=limit)


def _row(console: Console, line: "Line", department: str) -> tuple[str, ...]:
    from texts.moments import local

    counted = console.text.say("counted-for" if line.good else "counted-against")
    excluded = f"{console.text.label(line.excluded)} ({line.approved_by})" if line.excluded else ""
    return line.case_id, str(line.seq), local(line.at), department, counted, excluded
