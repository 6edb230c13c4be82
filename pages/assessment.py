"""The assessment as people read it: its words and numbers, and the page with charts."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from domain.assessment import Assessment, Comparison, Figures, Interval, Share, six_up_one_down
from domain.custody import Hands
from domain.marks import COUNTS, RATES, Figure
from pages.sheet import Chart, Json, page
from texts.catalogue import Catalogue
from texts.moments import local

RAW, ADJUSTED = "#8db8e0", "#f0b775"
SHOWN: Final = 15
"""Groups in a chart, those with the most behind the figure; the table has all."""

DAY: Final = 86_400

_NAMES: Final[Json] = {"type": "category", "automargin": True, "autorange": "reversed", "ticksuffix": "  "}
"""An axis of names, read from the top; a code of digits is no number."""


class Words(NamedTuple):
    """An assessment, and how it is told."""

    found: Assessment
    text: Catalogue
    name: Callable[[str | None], str]
    """Of a group: a department, a district or a class."""
    department: Callable[[str | None], str]

    def say(self, key: str, **params: str | int) -> str:
        return self.text.say(key, **params)

    @property
    def title(self) -> str:
        period = self.found.period
        return self.say("assess-title", first=f"{period.first}", last=f"{period.last}")

    @property
    def against(self) -> str:
        before = self.found.before
        return self.say("assess-against", first=f"{before.first}", last=f"{before.last}", zone=before.zone)

    @property
    def left_out(self) -> str:
        number = len(self.found.exclusions)
        return self.say("assess-excluded", cases=number) if number else self.say("assess-nothing-excluded")

    @property
    def by(self) -> str:
        return self.say("assess-groups", by=self.text.label(self.found.by))

    def figure(self, key: str) -> str:
        """The word for a figure, or for what is only compared."""
        return self.say(f"figure-{key.replace('_', '-')}")

    def short(self, figure: Figure) -> str:
        return self.say(f"short-{figure.value.replace('_', '-')}")

    def measure(self, figure: Figure) -> str:
        return self.say(f"measure-{figure.value.replace('_', '-')}")

    def outside(self, compared: Sequence[Comparison]) -> str:
        """What is asked for and counted elsewhere."""
        names = [self.figure(one.key) for one in compared if one.now is None and not one.is_rate]
        return self.say("assess-outside", figures=self.text.parts(names))


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"


def between(interval: Interval | None) -> str:
    return f"{interval.low:.1%}–{interval.high:.1%}" if interval else ""


def told(share: Share) -> str:
    """``91.2 % (31/34)``."""
    return f"{percent(share.rate)} ({share.good:,}/{share.total:,})" if share.total else "–"


def number(one: Comparison, value: float | None) -> str:
    if value is None:
        return "–"
    return percent(value) if one.is_rate else f"{value:,.0f}"


def change(one: Comparison) -> str:
    """The difference: percentage points of a rate, per cent of a count."""
    if one.now is None or one.before is None or (not one.is_rate and not one.before):
        return "–"
    if one.is_rate:
        return _signed((one.now - one.before) * 100, " pp")
    return _signed((one.now / one.before - 1) * 100, " %")


def _signed(value: float, unit: str) -> str:
    return f"{value:+,.1f}{unit}".replace("-", "−")


def report(words: Words) -> str:
    """The page. Raises Unavailable ``extra-missing`` where the charts' library is not installed."""
    head = [*_head(words), *_six(words), *_rates(words)]
    foot = [*_groups(words), *_exclusions(words), *_measures(words)]
    return page(words.text.language, escape(words.title), head, charts(words), foot)


# -- charts ----------------------------------------------------------------------------------------------


def charts(words: Words) -> list[Chart]:
    """A chart a rate, where there is anything to show; and custody."""
    drawn = [chart for figure in RATES if (chart := _rate(words, figure))]
    return [*drawn, _custody(words)] if words.found.custody else drawn


def _rate(words: Words, figure: Figure) -> Chart | None:
    groups = [group for group in words.found.groups if group.pair(figure)[0].total]
    groups = sorted(groups, key=lambda group: -group.pair(figure)[0].total)[:SHOWN]
    if not groups:
        return None
    names = [escape(words.name(group.group)) for group in groups]
    traces = [
        *_bars(words.say("column-raw"), RAW, names, [group.pair(figure)[0] for group in groups]),
        *_bars(words.say("column-adjusted"), ADJUSTED, names, [group.pair(figure)[1] for group in groups]),
    ]
    layout: Json = {
        "barmode": "group",
        "height": 150 + 46 * max(len(groups), 2),
        "xaxis": {"title": {"text": words.say("assess-axis-rate")}, **_RATES},
        "yaxis": _NAMES,
    }
    heading = escape(words.say("assess-chart-rate", figure=words.figure(figure.value)))
    return Chart(f"rate-{figure.value}", heading, traces, layout)


COLUMN = 1.02
"""Where the column of the figures begins, right of all bars and of their intervals."""
_RATES: Json = {"tickformat": ".0%", "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1], "range": [0, 1.24]}


def _bars(name: str, colour: str, names: Sequence[str], shares: Sequence[Share]) -> tuple[Json, Json]:
    """The bars with their intervals; and what they say, in a column beside them where no interval crosses it."""
    rates = [share.rate or 0.0 for share in shares]
    intervals = [share.interval or Interval(0.0, 0.0) for share in shares]
    said = [f"{told(share)}" for share in shares]
    row: Json = {"type": "bar", "orientation": "h", "offsetgroup": name, "y": list(names)}
    bars: Json = row | {
        "name": name,
        "marker": {"color": colour},
        "x": rates,
        "customdata": said,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                interval.high - rate if rate or interval.high else 0 for interval, rate in _pairs(intervals, rates)
            ],
            "arrayminus": [max(0.0, rate - interval.low) for interval, rate in _pairs(intervals, rates)],
            "color": "#1a202c",
            "thickness": 1.2,
        },
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    column: Json = row | {
        "x": [0.0] * len(names),
        "base": [COLUMN] * len(names),
        "text": said,
        "textposition": "outside",
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return bars, column


def _pairs(intervals: Sequence[Interval], rates: Sequence[float]) -> Iterator[tuple[Interval, float]]:
    return zip(intervals, rates, strict=True)


def _custody(words: Words) -> Chart:
    booked = words.found.custody[:SHOWN]
    names = [escape(hands(words, one.hands, one.department)) for one in booked]
    days = [one.clock.total_seconds() / DAY for one in booked]
    trace: Json = {
        "type": "bar",
        "orientation": "h",
        "marker": {"color": RAW},
        "y": names,
        "x": days,
        "text": [f"{day:,.1f}" for day in days],
        "textposition": "outside",
        "cliponaxis": False,
    }
    layout: Json = {
        "height": 140 + 30 * max(len(booked), 3),
        "xaxis": {"title": {"text": words.say("assess-custody-days")}, "rangemode": "tozero"},
        "yaxis": _NAMES,
    }
    return Chart("custody", escape(words.say("assess-custody")), [trace], layout)


def hands(words: Words, holder: str, department: str | None) -> str:
    """A department by its name, everybody else by the word."""
    return words.department(department) if department else words.text.label(Hands(holder))


# -- tables ----------------------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield '<div class="scroll"><table><tr>'
    yield "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    yield "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</table></div>"


def _section(heading: str, *parts: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{''.join(parts)}</section>"


def _head(words: Words) -> Iterator[str]:
    yield f"<h1>{escape(words.title)}</h1>"
    yield f'<p class="lead">{escape(words.against)}<br>{escape(words.left_out)}</p>'


SIX_HEADINGS: Final = ("column-figure", "column-now", "column-period-before", "column-change")


def six_rows(words: Words) -> list[tuple[str, str, str, str]]:
    """Six up and one down: the figure and where it should go, now, before, and the difference."""
    return [
        (
            f"{words.figure(one.key)} {'↑' if one.up_is_good else '↓'}",
            number(one, one.now),
            number(one, one.before),
            change(one),
        )
        for one in six_up_one_down(words.found)
    ]


def _six(words: Words) -> Iterator[str]:
    compared = six_up_one_down(words.found)
    headings = [words.say(key) for key in SIX_HEADINGS]
    rows = six_rows(words)
    note = f'<p class="note">{escape(words.outside(compared))}</p>'
    yield _section(words.say("assess-six"), *_table(headings, rows), note)


def rate_rows(words: Words) -> list[tuple[str, str, str, str, str]]:
    """Each rate of the whole: raw, adjusted, its interval, and the period before."""
    rows: list[tuple[str, str, str, str, str]] = []
    for figure in RATES:
        raw, adjusted = words.found.whole.pair(figure)
        before = words.found.whole_before.pair(figure)[0]
        rows.append((words.figure(figure.value), told(raw), told(adjusted), between(adjusted.interval), told(before)))
    return rows


RATE_HEADINGS: Final = ("column-figure", "column-raw", "column-adjusted", "column-interval", "column-period-before")


def _rates(words: Words) -> Iterator[str]:
    headings = [words.say(key) for key in RATE_HEADINGS]
    note = f'<p class="note">{escape(words.say("assess-interval"))}</p>'
    yield _section(words.say("assess-rates"), *_table(headings, rate_rows(words)), note)


def led(figures: Figures) -> int:
    """How many cases a group had: those it was asked to lead, else those that were accepted."""
    return figures.pair(Figure.LED)[0].total or figures.pair(Figure.ACCEPTED)[0].total


def _groups(words: Words) -> Iterator[str]:
    headings = [
        words.text.label(words.found.by),
        words.say("column-led"),
        *(words.figure(figure.value) for figure in RATES),
    ]
    rows: list[list[str]] = []
    for group in words.found.groups:
        rows.append([words.name(group.group), f"{led(group):,}", *(told(group.pair(figure)[0]) for figure in RATES)])
        if group.is_adjusted:
            adjusted = (told(group.pair(figure)[1]) for figure in RATES)
            rows.append([words.say("assess-adjusted-row"), "", *adjusted])
    note = f'<p class="lead">{escape(words.say("assess-no-ranking"))}</p>'
    yield _section(words.by, note, *_table(headings, rows))


EXCLUSION_HEADINGS: Final = ("column-case", "column-excluded", "column-approved-by", "column-entered-by", "column-at")


def exclusion_rows(words: Words) -> list[tuple[str, str, str, str, str]]:
    """Every case that is left out: why, approved by whom, entered by whom and when."""
    return [
        (
            one.case_id,
            words.text.label(one.reason) + (f": {one.remark}" if one.remark else ""),
            one.approved_by,
            one.by,
            local(one.at),
        )
        for one in words.found.exclusions
    ]


def _exclusions(words: Words) -> Iterator[str]:
    headings = [words.say(key) for key in EXCLUSION_HEADINGS]
    rows = exclusion_rows(words)
    parts = _table(headings, rows) if rows else [f"<p>{escape(words.left_out)}</p>"]
    yield _section(words.say("assess-exclusions"), *parts)


def _measures(words: Words) -> Iterator[str]:
    items = "".join(
        f"<li><b>{escape(words.figure(figure.value))}</b> {escape(words.measure(figure))}</li>"
        for figure in (*RATES, *COUNTS)
    )
    made = words.say("assess-made", at=local(words.found.computed_at))
    yield _section(words.say("assess-measures"), f"<ol>{items}</ol><footer>{escape(made)}</footer>")
