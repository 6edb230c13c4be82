"""A page with charts: one HTML file with all that draws them; it loads nothing from anywhere."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, cast

from domain.errors import Unavailable
from texts.catalogue import LANGUAGES

Json: TypeAlias = dict[str, Any]

LEGEND: Final[Json] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


class Chart(NamedTuple):
    """One chart: its heading, and what ``Plotly.newPlot`` takes."""

    name: str
    heading: str
    traces: list[Json]
    layout: Json


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
.lead { color: #4a5568; margin: 0 0 16px; } .note { color: #4a5568; margin: 10px 0 0; }
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


def page(lang: str, title: str, head: Iterable[str], drawn: list[Chart], foot: Iterable[str]) -> str:
    """The whole page: its head, the charts, its foot. ``title`` and the rest are HTML already.

    Raises Unavailable ``extra-missing`` where the charts' library is not installed.
    """
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="{LANGUAGES[lang]}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style>",
            f"<script>{_plotly()}</script></head><body>",
            *head,
            *(
                f'<section><h2>{c.heading}</h2><div class="scroll"><div id="{c.name}"></div></div></section>'
                for c in drawn
            ),
            *foot,
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
