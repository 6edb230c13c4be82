"""The charts of a rehearsal's report, as plotly.js takes them: plain data, no library."""

from collections.abc import Sequence
from enum import StrEnum
from html import escape
from typing import Final, Literal, NamedTuple

from domain.case import Closing
from domain.department import Directory
from domain.errors import NotFound
from domain.ladder import Outcome, Rung
from pages.sheet import LEGEND, Chart, Json
from rehearsal.result import Deadlines, Figures, Rehearsal, RungFigures
from rehearsal.wording import Wording

COLOURS: Final = ("#1d5fa6", "#d9822b")
"""Of the one policy and of the other."""

KINDS: Final = {"in-office": "#cfd8e3", "weekend": "#c2410c", "holiday": "#9f1239", "outside-hours": "#eab308"}
OUTCOMES: Final[dict[Closing | Literal["open"], str]] = {
    Closing.RESOLVED: "#2f855a",
    Closing.EXPLAINED: "#90b4a0",
    Closing.UNREACHED: "#eab308",
    Closing.WITHDRAWN: "#a0aec0",
    Closing.MERGED: "#718096",
    "open": "#c2410c",
}
CLIMBED: Final = tuple(Rung)[1:]
SHOWN: Final = 12
"""Departments in a chart; the table below has all of them."""

_DOWNWARDS: Final[Json] = {"automargin": True, "autorange": "reversed", "ticksuffix": "  "}
"""An axis of names, read from the top."""


class Drawing(NamedTuple):
    """What every chart is drawn from."""

    rehearsal: Rehearsal
    directory: Directory
    words: Wording

    def say(self, key: str, **params: str | int) -> str:
        return self.words.say(key, **params)

    def label(self, member: StrEnum) -> str:
        return self.words.label(member)

    @property
    def sides(self) -> Sequence[tuple[str, str, Figures]]:
        """Name, colour and figures of each policy."""
        return [(self.name(number), COLOURS[number], side.figures) for number, side in enumerate(self.rehearsal.sides)]

    def name(self, number: int) -> str:
        policy = self.rehearsal.sides[number].policy
        return escape(policy.title if self.words.lang == "zh" else policy.title_en)

    def department(self, code: str | None) -> str:
        if code is None:
            return self.say("nobody")
        try:
            found = self.directory.get(code)
        except NotFound:
            return escape(code)
        return escape(found.name if self.words.lang == "zh" else found.name_en)


def charts(drawing: Drawing) -> list[Chart]:
    """All charts, in the order of the page."""
    drawn = [
        _rungs(drawing),
        _reasons(drawing),
        _when(drawing),
        _months(drawing),
        _departments(drawing),
        _callbacks(drawing),
        _deadlines(drawing),
        _outcomes(drawing),
    ]
    return [*drawn, _beside(drawing)] if drawing.rehearsal.beside else drawn


def _rungs(drawing: Drawing) -> Chart:
    names = [drawing.label(rung) for rung in CLIMBED]
    traces = [
        {
            "type": "bar",
            "name": name,
            "marker": {"color": colour},
            "x": names,
            "y": [figures.cases for figures in _climbed(found)],
            "text": [f"{figures.cases}<br>{figures.share:.1%}" for figures in _climbed(found)],
            "textposition": "outside",
            "cliponaxis": False,
        }
        for name, colour, found in drawing.sides
    ]
    layout = {
        "barmode": "group",
        "margin": {"t": 40, "b": 30},
        "xaxis": {"showgrid": False},
        "yaxis": {"title": {"text": drawing.say("axis-cases")}},
    }
    return Chart("rungs", drawing.say("chart-rungs"), traces, layout)


def _climbed(figures: Figures) -> list[RungFigures]:
    return [found for found in figures.rungs if found.rung in CLIMBED]


def _reasons(drawing: Drawing) -> Chart:
    found = [_on(figures, Rung.SUPERVISED).reasons for _, _, figures in drawing.sides]
    reasons = sorted({reason for reasons in found for reason in reasons}, key=lambda r: (-found[0].get(r, 0), r))
    names = [drawing.label(Outcome(reason)) for reason in reasons]
    traces = [
        _across(name, colour, names, [found[number].get(reason, 0) for reason in reasons])
        for number, (name, colour, _) in enumerate(drawing.sides)
    ]
    return Chart("reasons", drawing.say("chart-reasons"), traces, _across_layout(len(names), drawing.say("axis-cases")))


def _on(figures: Figures, rung: Rung) -> RungFigures:
    return next(found for found in figures.rungs if found.rung is rung)


def _across(name: str, colour: str, names: Sequence[str], values: Sequence[float]) -> Json:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "marker": {"color": colour},
        "y": list(names),
        "x": list(values),
        "text": [str(value) if value else "" for value in values],
        "textposition": "outside",
        "cliponaxis": False,
    }


def _across_layout(rows: int, title: str) -> Json:
    return {
        "barmode": "group",
        "height": 140 + 34 * max(rows, 3),
        "xaxis": {"title": {"text": title}, "rangemode": "tozero"},
        "yaxis": _DOWNWARDS,
    }


def _when(drawing: Drawing) -> Chart:
    names = [drawing.label(rung) for rung in CLIMBED]
    traces: list[Json] = []
    for number, what in enumerate(("working_days", "calendar_days")):
        for name, colour, found in drawing.sides:
            spreads = [getattr(figures, what) for figures in _climbed(found)]
            traces.append(
                {
                    "type": "bar",
                    "name": name,
                    "legendgroup": name,
                    "showlegend": number == 0,
                    "marker": {"color": colour},
                    "x": names,
                    "y": [spread.median if spread else None for spread in spreads],
                    "error_y": {
                        "type": "data",
                        "symmetric": False,
                        "array": [spread.p90 - spread.median if spread else 0 for spread in spreads],
                        "arrayminus": [0 for _ in spreads],
                        "color": "#4a5568",
                        "thickness": 1.2,
                    },
                    "xaxis": "x" if number == 0 else "x2",
                    "yaxis": "y" if number == 0 else "y2",
                }
            )
    layout = {
        "barmode": "group",
        "grid": {"rows": 1, "columns": 2, "pattern": "independent", "xgap": 0.16},
        "margin": {"b": 30},
        "xaxis": {"showgrid": False},
        "xaxis2": {"showgrid": False},
        "yaxis": {"title": {"text": drawing.say("axis-working-days")}},
        "yaxis2": {"title": {"text": drawing.say("axis-calendar-days")}},
    }
    return Chart("when", drawing.say("chart-when"), traces, layout)


def _months(drawing: Drawing) -> Chart:
    wanted = ("supervised", "meetings", "referrals")
    months = sorted({month.month for _, _, figures in drawing.sides for month in figures.months})
    traces: list[Json] = []
    for number, what in enumerate(wanted, start=1):
        for name, colour, figures in drawing.sides:
            known = {month.month: getattr(month, what) for month in figures.months}
            traces.append(
                {
                    "type": "bar",
                    "name": name,
                    "legendgroup": name,
                    "showlegend": number == 1,
                    "marker": {"color": colour},
                    "x": months,
                    "y": [known.get(month, 0) for month in months],
                    "xaxis": f"x{number}" if number > 1 else "x",
                    "yaxis": f"y{number}" if number > 1 else "y",
                }
            )
    axes = {
        f"xaxis{number if number > 1 else ''}": {
            "type": "category",
            "showgrid": False,
            "automargin": True,
            "title": {"text": drawing.say(f"month-{what}"), "standoff": 12},  # below the months where they are slanted
        }
        for number, what in enumerate(wanted, start=1)
    }
    layout = {
        "barmode": "group",
        "grid": {"rows": 1, "columns": 3, "pattern": "independent", "xgap": 0.14},
        **axes,
    }
    return Chart("months", drawing.say("chart-months"), traces, layout)


def _departments(drawing: Drawing) -> Chart:
    found = [
        {tally.department: tally.cases for tally in _on(figures, Rung.SUPERVISED).departments}
        for _, _, figures in drawing.sides
    ]
    codes = _most([(code, count) for counts in found for code, count in counts.items()])
    names = [drawing.department(code) for code in codes]
    traces = [
        _across(name, colour, names, [found[number].get(code, 0) for code in codes])
        for number, (name, colour, _) in enumerate(drawing.sides)
    ]
    layout = _across_layout(len(names), drawing.say("axis-cases"))
    return Chart("departments", drawing.say("chart-departments"), traces, layout)


def _most(counts: Sequence[tuple[str | None, int]]) -> list[str | None]:
    """The departments with the highest count under any policy, the highest first."""
    highest: dict[str | None, int] = {}
    for code, count in counts:
        highest[code] = max(count, highest.get(code, 0))
    ordered = sorted(highest, key=lambda code: (-highest[code], code or ""))
    return ordered[:SHOWN]


def _callbacks(drawing: Drawing) -> Chart:
    found = [
        {load.department: load.busiest for load in figures.callbacks.departments} for _, _, figures in drawing.sides
    ]
    limit = drawing.sides[0][2].callbacks.limit
    codes = _most([(code, count) for counts in found for code, count in counts.items()])
    names = [drawing.department(code) for code in codes]
    traces = [
        _across(name, colour, names, [found[number].get(code, 0) for code in codes])
        for number, (name, colour, _) in enumerate(drawing.sides)
    ]
    line = {"type": "line", "x0": limit, "x1": limit, "yref": "paper", "y0": 0, "y1": 1}
    layout = {
        **_across_layout(len(names), drawing.say("axis-calls")),
        "shapes": [{**line, "line": {"color": "#9f1239", "width": 2, "dash": "dash"}}],
    }
    return Chart("callbacks", drawing.say("chart-callbacks", limit=limit), traces, layout)


def _deadlines(drawing: Drawing) -> Chart:
    rows: list[tuple[str, Deadlines]] = []
    for name, _, figures in drawing.sides:
        rows.append((f"{name} · {drawing.say('of-orders')}", figures.order_deadlines))
        rows.append((f"{name} · {drawing.say('of-calls')}", figures.callback_deadlines))
    traces = [
        _stacked(drawing.say(kind), colour, [(name, _of(found, kind), found.total) for name, found in rows])
        for kind, colour in KINDS.items()
    ]
    return Chart("deadlines", drawing.say("chart-deadlines"), traces, _stacked_layout(drawing, len(rows)))


def _of(deadlines: Deadlines, kind: str) -> int:
    return {
        "in-office": deadlines.total - deadlines.odd,
        "weekend": deadlines.weekend,
        "holiday": deadlines.holiday,
        "outside-hours": deadlines.outside_hours,
    }[kind]


def _stacked(name: str, colour: str, rows: Sequence[tuple[str, int, int]]) -> Json:
    """One kind as a part of several bars that are 100 % long: name, count and total of each."""
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "marker": {"color": colour},
        "y": [row for row, _, _ in rows],
        "x": [count / total if total else 0 for _, count, total in rows],
        "text": [
            f"{count:,} ({count / total:.1%})" if total and count / total > 0.05 else "" for _, count, total in rows
        ],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "hovertext": [f"{count:,} / {total:,}" for _, count, total in rows],
        "hoverinfo": "name+text",
    }


def _stacked_layout(drawing: Drawing, rows: int) -> Json:
    return {
        "barmode": "stack",
        "height": 150 + 44 * rows,
        "xaxis": {"title": {"text": drawing.say("axis-share")}, "tickformat": ".0%", "range": [0, 1]},
        "yaxis": _DOWNWARDS,
        "legend": {**LEGEND, "traceorder": "normal"},
    }


def _outcomes(drawing: Drawing) -> Chart:
    traces: list[Json] = []
    for outcome, colour in OUTCOMES.items():
        rows = [(name, figures.outcomes.get(outcome, 0), figures.cases) for name, _, figures in drawing.sides]
        if any(count for _, count, _ in rows):
            name = drawing.label(outcome) if isinstance(outcome, Closing) else drawing.say(outcome)
            traces.append(_stacked(name, colour, rows))
    return Chart("outcomes", drawing.say("chart-outcomes"), traces, _stacked_layout(drawing, len(drawing.sides)))


def _beside(drawing: Drawing) -> Chart:
    counted = {(pair.a, pair.b): pair.cases for pair in drawing.rehearsal.beside}
    names = [drawing.label(rung) for rung in Rung]
    counts = [[counted.get((a, b), 0) for b in Rung] for a in Rung]
    trace: Json = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": [[count**0.5 for count in row] for row in counts],
        "text": [[str(count) if count else "" for count in row] for row in counts],
        "texttemplate": "%{text}",
        "hovertemplate": "%{y} → %{x}: %{text}<extra></extra>",
        "colorscale": [[0, "#f7fafc"], [1, COLOURS[0]]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    layout = {
        "height": 380,
        "xaxis": {"title": {"text": drawing.name(1)}, "side": "bottom"},
        "yaxis": {**_DOWNWARDS, "title": {"text": drawing.name(0)}},
    }
    return Chart("beside", drawing.say("chart-beside"), [trace], layout)
