"""The report of a rehearsal: one HTML file with its charts and all that draws them; it loads nothing from anywhere."""

import json
from collections.abc import Callable, Iterator
from html import escape
from typing import Final, cast

from domain.department import Directory
from domain.errors import Unavailable
from rehearsal.charts import CLIMBED, COLOURS, LEGEND, Chart, Drawing, charts
from rehearsal.crowd import shipped_directory
from rehearsal.result import Deadlines, Figures, Rehearsal, Spread
from rehearsal.wording import Lang, Wording

EXTRA: Final = "rehearsal"

_LAYOUT: Final = {
    "font": {"family": "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif", "size": 13},
    "paper_bgcolor": "white",
    "plot_bgcolor": "white",
    "margin": {"l": 60, "r": 40, "t": 30, "b": 50},
    "legend": LEGEND,
    "height": 360,
    "bargap": 0.3,
}
_AXIS: Final = {"gridcolor": "#e2e8f0", "zerolinecolor": "#a0aec0"}
_CONFIG: Final = {"responsive": True, "displayModeBar": False}

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
"""What the browser is told to refuse: everything that is not in the file."""

_STYLE: Final = """
:root { color: #1a202c; background: #eef2f7; font: 15px/1.6 system-ui, "Noto Sans CJK SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; }
body { max-width: 1080px; margin: 0 auto; padding: 32px 20px 60px; }
h1 { font-size: 30px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 0 0 8px; }
.lead { color: #4a5568; margin: 0 0 16px; }
.policies { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; margin: 0 0 16px; }
.policy { background: white; border-left: 6px solid; border-radius: 6px; padding: 8px 16px; font-weight: 600; }
.policy small { display: block; font-weight: 400; color: #718096; }
section { background: white; border-radius: 10px; padding: 20px 24px; margin: 16px 0; break-inside: avoid;
  box-shadow: 0 1px 3px #1a202c1a; }
.warning { background: #fffbeb; border: 1px solid #d97706; }
table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; } .scroll > div { min-width: 720px; }
th, td { padding: 6px 10px; border-bottom: 1px solid #e2e8f0; text-align: right; font-variant-numeric: tabular-nums; }
th { color: #4a5568; font-weight: 600; }
tr:first-child > th:first-child, td:first-child { text-align: left; min-width: 8em; }
td { white-space: nowrap; } td:first-child { white-space: normal; } th[colspan] { text-align: center; }
td small { color: #718096; margin-left: 6px; }
summary { cursor: pointer; font-size: 18px; font-weight: 600; }
@media (max-width: 640px) { body { padding: 20px 10px; } section { padding: 14px 12px; } th, td { padding: 6px; } }
ol { padding-left: 22px; color: #4a5568; } footer { color: #718096; font-size: 13px; }
"""

_DRAW: Final = """
for (const chart of JSON.parse(document.getElementById("charts").textContent))
  Plotly.newPlot(chart.name, chart.traces, chart.layout, chart.config);
"""


def report(rehearsal: Rehearsal, lang: Lang, directory: Directory | None = None) -> str:
    """The whole page. ``directory`` knows the departments' names; Haikou's where none is given.

    Raises Unavailable ``extra-missing`` where the charts' library is not installed.
    """
    drawing = Drawing(rehearsal, directory or shipped_directory(), Wording(lang))
    plotly, drawn = _plotly(), charts(drawing)
    language = {"zh": "zh-CN", "en": "en"}[lang]
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_title(drawing)}</title><style>{_STYLE}</style>",
            f"<script>{plotly}</script></head><body>",
            *_head(drawing),
            *_key_figures(drawing),
            *(
                f'<section><h2>{c.heading}</h2><div class="scroll"><div id="{c.name}"></div></div></section>'
                for c in drawn
            ),
            *_departments(drawing),
            *_notes(drawing),
            f'<script type="application/json" id="charts">{_embedded(drawn)}</script>',
            f"<script>{_DRAW}</script></body></html>\n",
        ]
    )


def _plotly() -> str:
    """The charts' library, whole."""
    try:
        from plotly import offline  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        raise Unavailable("extra-missing", package="plotly", extra=EXTRA) from None
    get = cast("Callable[[], str]", offline.get_plotlyjs)
    return get().replace("</script", "<\\/script")


def _embedded(drawn: list[Chart]) -> str:
    """The charts as JSON that cannot end the script it stands in."""
    content = [
        {"name": c.name, "traces": c.traces, "layout": _with_defaults(c.layout), "config": _CONFIG} for c in drawn
    ]
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")


def _with_defaults(layout: dict[str, object]) -> dict[str, object]:
    names = {name for name in layout if name.startswith(("xaxis", "yaxis"))} | {"xaxis", "yaxis"}
    axes = {name: {**_AXIS, **cast("dict[str, object]", layout.get(name, {}))} for name in names}
    margin = {**cast("dict[str, object]", _LAYOUT["margin"]), **cast("dict[str, object]", layout.get("margin", {}))}
    return {**_LAYOUT, **layout, **dict(sorted(axes.items())), "margin": margin}


def _title(drawing: Drawing) -> str:
    policies = " / ".join(name for name, _, _ in drawing.sides)
    return drawing.say("page-title", title=drawing.say("title"), policies=policies)


def _head(drawing: Drawing) -> Iterator[str]:
    rehearsal, source = drawing.rehearsal, drawing.rehearsal.source
    done = rehearsal.sides[0].figures.cases
    yield f"<h1>{drawing.say('title')}</h1>"
    yield f'<p class="lead">{drawing.say("subtitle", cases=_whole(done))}</p><div class="policies">'
    cards = [
        f'<div class="policy" style="border-color:{colour}">{name}'
        f"<small>{escape(side.policy.policy_id)}@{side.policy.version}</small></div>"
        for (name, colour, _), side in zip(drawing.sides, rehearsal.sides, strict=True)
    ]
    yield f"<span>{drawing.say('against')}</span>".join(cards)
    yield "</div>"
    if rehearsal.partial:
        told = drawing.say("partial", done=_whole(done), asked=_whole(source.picked))
        yield f'<section class="warning" id="partial">{told}</section>'
    if rehearsal.fallen:
        told = drawing.say("fallen", count=len(rehearsal.fallen))
        items = "".join(f"<li>{escape(fallen)}</li>" for fallen in rehearsal.fallen[:20])
        yield f'<section class="warning" id="fallen">{told}<ul>{items}</ul></section>'


def _key_figures(drawing: Drawing) -> Iterator[str]:
    sides = drawing.sides
    yield f'<section><h2>{drawing.say("key-figures")}</h2><div class="scroll"><table>'
    yield f"<tr><th>{drawing.say('figure')}</th>"
    yield from (f'<th style="color:{colour}">{name}</th>' for name, colour, _ in sides)
    if len(sides) > 1:
        yield f"<th>{drawing.say('difference')}</th>"
    yield "</tr>"
    columns = [list(_figures(drawing, figures)) for _, _, figures in sides]
    for number, first in enumerate(columns[0]):
        row = [column[number] for column in columns]
        cells = "".join(f"<td>{cell.shown}</td>" for cell in row)
        difference = f"<td>{_signed(row[-1].value - first.value, first.digits)}</td>" if len(row) > 1 else ""
        yield f"<tr><td>{first.label}</td>{cells}{difference}</tr>"
    yield "</table></div></section>"


class _Cell:
    """One figure of one policy."""

    def __init__(self, label: str, value: float, of: int = 0, *, shown: str = "", digits: int = 0) -> None:
        self.label, self.value, self.digits = label, value, digits
        share = f"<small>{value / of:.1%}</small>" if of else ""
        self.shown = shown or f"{value:,.{digits}f}{share}"


def _figures(drawing: Drawing, figures: Figures) -> Iterator[_Cell]:
    say, calls = drawing.say, figures.callbacks
    yield _Cell(say("cases"), figures.cases)
    yield _Cell(say("first-go"), figures.first_go, figures.cases)
    for found in figures.rungs:
        if found.rung in CLIMBED:
            yield _Cell(say("reached", rung=drawing.label(found.rung)), found.cases, figures.cases)
    yield _Cell(say("still-open", days=drawing.rehearsal.horizon_days), figures.cases - figures.ended, figures.cases)
    days = figures.days_to_end or Spread(median=0, p90=0)
    yield _Cell(say("days-to-end"), days.median, shown=f"{days.median:,.1f} / {days.p90:,.1f}", digits=1)
    yield _Cell(say("silent"), figures.silent, figures.orders)
    yield _Cell(say("returns"), figures.returns, figures.orders)
    results = {str(result): count for result, count in calls.results.items()}
    satisfied, unsatisfied = results.get("satisfied", 0), results.get("unsatisfied", 0)
    yield _Cell(say("satisfied"), satisfied, satisfied + unsatisfied)
    yield _Cell(say("calls"), calls.calls)
    yield _Cell(say("busiest"), calls.busiest)
    yield _Cell(say("days-over", limit=calls.limit), calls.days_over)
    yield _odd(say("odd-orders"), figures.order_deadlines)
    yield _odd(say("odd-calls"), figures.callback_deadlines)
    yield _Cell(say("provisional"), figures.order_deadlines.provisional, figures.order_deadlines.total)


def _odd(label: str, deadlines: Deadlines) -> _Cell:
    return _Cell(label, deadlines.odd, deadlines.total)


def _departments(drawing: Drawing) -> Iterator[str]:
    """Every department: its orders, how many of its cases reached each rung, its head's calls; A beside B."""
    say, sides = drawing.say, drawing.sides
    limit = sides[0][2].callbacks.limit
    what = [
        *(say("led"), say("late")),
        *(say("reached", rung=drawing.label(rung)) for rung in CLIMBED),
        *(say("busiest-day"), say("over-limit", limit=limit)),
    ]
    letters = "AB" if len(sides) > 1 else " "
    beside = "".join(
        f'<th style="color:{colour}">{letter}</th>' for letter, colour in zip(letters, COLOURS, strict=False)
    )
    yield f'<section><details><summary>{say("table-departments")}</summary><div class="scroll"><table><tr>'
    yield f'<th rowspan="2">{say("department")}</th>'
    yield from (f'<th colspan="{len(sides)}">{word}</th>' for word in what)
    yield f"</tr><tr>{beside * len(what)}</tr>"
    tables = [_by_department(figures) for _, _, figures in sides]
    known = {code for table in tables for code in table}
    for code in sorted(known, key=lambda code: (-tables[0].get(code, _NONE)[0], code or "")):
        pairs = zip(*(table.get(code, _NONE) for table in tables), strict=True)
        cells = "".join(f"<td>{number:,}</td>" for pair in pairs for number in pair)
        yield f"<tr><td>{drawing.department(code)}</td>{cells}</tr>"
    yield "</table></div></details></section>"


_NONE: Final = (0,) * (4 + len(CLIMBED))


def _by_department(figures: Figures) -> dict[str | None, tuple[int, ...]]:
    """Of each department, and of the cases that had none, the columns of the table."""
    led = {found.department: found for found in figures.departments}
    loads = {load.department: load for load in figures.callbacks.departments}
    climbed = [
        {tally.department: tally.cases for tally in found.departments}
        for found in figures.rungs
        if found.rung in CLIMBED
    ]
    return {
        code: (
            *((led[code].orders, led[code].silent) if code in led else (0, 0)),
            *(tallies.get(code, 0) for tallies in climbed),
            *((loads[code].busiest, loads[code].days_over) if code in loads else (0, 0)),
        )
        for code in {*led, *loads, *(code for tallies in climbed for code in tallies)}
    }


def _notes(drawing: Drawing) -> Iterator[str]:
    rehearsal, source, say = drawing.rehearsal, drawing.rehearsal.source, drawing.say
    about = say(
        "sample-text",
        file=escape(source.file),
        in_file=_whole(source.in_file),
        unreadable=_whole(source.unreadable),
        picked=_whole(source.picked),
        first=f"{source.first_at:%Y-%m-%d}",
        last=f"{source.last_at:%Y-%m-%d}",
        weeks=source.weeks_moved,
        begins=f"{source.first_begins:%Y-%m-%d}",
        ends=f"{source.last_begins:%Y-%m-%d}",
        seed=rehearsal.seed,
    )
    yield f"<section><h2>{say('sample')}</h2><p>{about}</p><h2>{say('notes')}</h2><ol>"
    notes = ["people", "effort", "moved", "scale", "nobody", "office", "provisional", "first"]
    if len(rehearsal.sides) > 1:
        notes.insert(2, "same")
    told: dict[str, str] = {
        "departments": escape(rehearsal.departments),
        "picked": _whole(source.picked),
        "office": escape(rehearsal.office),
    }
    yield from (f"<li>{say(f'note-{note}', **told)}</li>" for note in notes)
    timing = rehearsal.timing
    yield f"</ol><footer>{say('made', seconds=f'{timing.seconds:.0f}', rate=f'{timing.cases_per_second:.1f}')}</footer>"
    yield "</section>"


def _signed(number: float, digits: int) -> str:
    told = f"{number:+,.{digits}f}"
    return told.replace("-", "−") if number else "0"


def _whole(number: int) -> str:
    return f"{number:,}"
