"""The assessment as a workbook: numbers as numbers, so that they can be checked and summed up."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from domain.assessment import Share, six_up_one_down
from domain.marks import COUNTS, RATES
from pages.assessment import DAY, EXCLUSION_HEADINGS, Words, exclusion_rows, hands, led

Cell = str | int | float | None


class Rate(float):
    """A share, shown in per cent."""


def workbook(words: Words) -> bytes:
    """The whole file. No text in it is a formula or a link, whatever it says."""
    content = BytesIO()
    book: Any  # the library leaves its own dictionaries untyped
    with Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": words.title, "created": words.found.computed_at.replace(tzinfo=None)})
        for key, rows in (
            ("assess-rates", _rates(words)),
            ("assess-six", _six(words)),
            ("column-group", _groups(words)),
            ("assess-exclusions", _exclusions(words)),
            ("assess-custody", _custody(words)),
            ("assess-measures", _measures(words)),
        ):
            add_sheet(book, words.say(key), rows)
    return content.getvalue()


def add_sheet(book: Any, name: str, rows: Sequence[Sequence[Cell]]) -> None:
    """A sheet with headings in its first row, which stay in sight."""
    sheet = book.add_worksheet(name[:31].translate({ord(c): " " for c in "[]:*?/\\"}))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    rate = book.add_format({"num_format": "0.0%"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            _write(sheet, number, column, cell, bold if not number else rate)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 40, 16)


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, style: Format) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell, style if not row else None)
    elif cell is not None:
        sheet.write_number(row, column, cell, style if isinstance(cell, Rate) else None)


def _shares(share: Share) -> list[Cell]:
    interval = share.interval
    ends = (Rate(interval.low), Rate(interval.high)) if interval else (None, None)
    return [share.good, share.total, _rate(share.rate), *ends]


def _rate(rate: float | None) -> Rate | None:
    return None if rate is None else Rate(rate)


def _headings(words: Words, *firsts: str) -> list[str]:
    pair = [words.say("column-raw"), words.say("column-adjusted")]
    what = [words.say("column-counted"), words.say("column-share"), "%", "95 % <", "95 % >"]
    return [*firsts, *(f"{side}: {one}" for side in pair for one in what)]


def _rates(words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[*_headings(words, words.title), words.say("column-period-before")]]
    for figure in RATES:
        raw, adjusted = words.found.whole.pair(figure)
        before = words.found.whole_before.pair(figure)[0].rate
        rows.append([words.figure(figure.value), *_shares(raw), *_shares(adjusted), _rate(before)])
    for figure in COUNTS:
        raw, adjusted = words.found.whole.pair(figure)
        filler: list[Cell] = [None, None, None]
        rows.append([words.figure(figure.value), raw.good, raw.total, *filler, adjusted.good, adjusted.total])
    return rows


def _six(words: Words) -> list[list[Cell]]:
    headings = ("column-figure", "column-now", "column-period-before")
    rows: list[list[Cell]] = [[words.say(key) for key in headings]]
    for one in six_up_one_down(words.found):
        values = [_rate(value) if one.is_rate else value for value in (one.now, one.before)]
        rows.append([f"{words.figure(one.key)} {'↑' if one.up_is_good else '↓'}", *values])
    return rows


def _groups(words: Words) -> list[list[Cell]]:
    """A line a group and figure: to be filtered by either."""
    firsts = (words.text.label(words.found.by), words.say("column-led"), words.say("column-figure"))
    rows: list[list[Cell]] = [list(_headings(words, *firsts))]
    for group in words.found.groups:
        for figure in RATES:
            raw, adjusted = group.pair(figure)
            if raw.total:
                name, figure_name = words.name(group.group), words.figure(figure.value)
                rows.append([name, led(group), figure_name, *_shares(raw), *_shares(adjusted)])
    return rows


def _exclusions(words: Words) -> list[list[Cell]]:
    return [[words.say(key) for key in EXCLUSION_HEADINGS], *(list(row) for row in exclusion_rows(words))]


def _custody(words: Words) -> list[list[Cell]]:
    headings = ("column-hands", "column-led", "assess-custody-days")
    rows: list[list[Cell]] = [[words.say(key) for key in headings]]
    for one in words.found.custody:
        days = round(one.clock.total_seconds() / DAY, 2)
        rows.append([hands(words, one.hands, one.department), one.cases, days])
    return rows


def _measures(words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[words.say("column-figure"), words.say("column-measure")]]
    return [*rows, *([words.figure(figure.value), words.measure(figure)] for figure in (*RATES, *COUNTS))]
