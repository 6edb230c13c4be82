"""The assessment as a page and as a workbook: whole, loading nothing, with the numbers of the assessment."""

import json
from datetime import date, timedelta
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from records import START

from domain.assessment import (
    Assessment,
    Booked,
    By,
    Exclusion,
    ExclusionReason,
    Period,
    Share,
    Sum,
    figures_of,
    grouped,
    wilson,
)
from domain.marks import RATES, Figure
from pages.assessment import Words, report, six_rows
from pages.workbook import workbook
from texts.catalogue import Catalogue

HOSTILE = "</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://evil.test","x")'
NOVEMBER = Period(first=date(2026, 11, 1), end=date(2026, 12, 1), zone="Asia/Shanghai")


def one(group: str | None, figure: Figure, good: int, total: int, less: int = 0) -> Sum:
    raw = Share(good=good, total=total)
    return Sum(group=group, figure=figure, raw=raw, adjusted=Share(good=good, total=total - less))


def assessment(*, remark: str = "已起诉", hands: str = "department") -> Assessment:
    sums = [
        *(one("460106", figure, 30, 40, less=2) for figure in RATES),
        *(one("460107", figure, 0, 3) for figure in RATES),
        one("460106", Figure.ACCEPTED, 50, 50),
        one(None, Figure.GRID, 7, 7),
    ]
    left_out = Exclusion(
        case_id="case-1",
        reason=ExclusionReason.LEGAL_WAY,
        remark=remark,
        approved_by="陈主任",
        by="王敏",
        number=1,
        at=START,
    )
    return Assessment(
        period=NOVEMBER,
        before=NOVEMBER.year_before(),
        by=By.DISTRICT,
        whole=figures_of(None, sums),
        whole_before=figures_of(None, [one(None, Figure.ACCEPTED, 40, 40), one(None, Figure.SATISFACTION, 1, 2)]),
        groups=grouped(sums),
        exclusions=(left_out,),
        grid_workers=4,
        grid_workers_before=0,
        custody=(Booked(hands=hands, department="hk-water" if hands == "department" else None, cases=2, clock=DAYS),),
        computed_at=START,
    )


DAYS = timedelta(days=3, hours=12)


def words(found: Assessment, language: str = "zh", name: str = "{}") -> Words:
    def named(code: str | None) -> str:
        return name.format(code or "-")

    def department(code: str | None) -> str:
        return f"单位 {code}"

    return Words(found, Catalogue(language), named, department)


class Page(HTMLParser):
    """The elements of a page, the text between them, and the charts in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.charts: list[dict[str, Any]] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attrs = self.elements[-1] if self.elements else ("", {})
        if attrs.get("id") == "charts" and data.startswith("["):
            self.charts = json.loads(data)
        elif tag in ("td", "th"):
            self.cells.append(data)


# -- the page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_whole_and_loads_nothing(language: str) -> None:
    page = Page(report(words(assessment(), language)))
    loading = {"link", "iframe", "object", "embed", "img", "base", "source", "video", "audio", "form"}
    assert not loading.intersection(tag for tag, _ in page.elements)
    assert not [attrs for _, attrs in page.elements if {"src", "href", "action", "srcset"} & set(attrs)]
    policy = next(attrs["content"] for tag, attrs in page.elements if tag == "meta" and attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    places = {attrs.get("id") for tag, attrs in page.elements if tag == "div"}
    assert [chart["name"] for chart in page.charts] == [*(f"rate-{figure.value}" for figure in RATES), "custody"]
    assert {chart["name"] for chart in page.charts} <= places


def test_raw_and_adjusted_stand_side_by_side_with_their_numbers() -> None:
    page = Page(report(words(assessment(), "en")))
    row = page.cells.index("acknowledged in time")
    low, high = wilson(30, 41)
    shown = ["69.8% (30/43)", "73.2% (30/41)", f"{low:.1%}–{high:.1%}", "–"]
    assert page.cells[row + 1 : row + 5] == shown


def test_charts_show_the_shares_and_where_they_may_lie() -> None:
    chart = Page(report(words(assessment(), "en"))).charts[0]
    raw, figures, adjusted, _ = chart["traces"]
    assert chart["layout"]["yaxis"]["type"] == "category", "a district's code is no number"
    assert (raw["y"], raw["x"]) == (["460106", "460107"], [0.75, 0.0])
    assert adjusted["x"] == [pytest.approx(30 / 38), 0.0]
    ends = wilson(30, 40)
    assert raw["error_x"]["array"] == [pytest.approx(ends.high - 0.75), pytest.approx(wilson(0, 3).high)]
    assert raw["error_x"]["arrayminus"] == [pytest.approx(0.75 - ends.low), 0.0]
    assert (figures["text"], figures["y"]) == (["75.0% (30/40)", "0.0% (0/3)"], raw["y"])
    assert figures["offsetgroup"] == raw["offsetgroup"] != adjusted["offsetgroup"]
    assert min(figures["base"]) > 1, "right of every interval, so that none crosses it"


def test_what_people_wrote_does_not_become_markup() -> None:
    text = report(words(assessment(remark=HOSTILE), "en", name=HOSTILE + "{}"))
    page = Page(text)
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 3
    assert HOSTILE not in json.dumps(page.charts)


def test_every_excluded_case_is_listed_with_its_reason_and_who_approved_it() -> None:
    cells = Page(report(words(assessment()))).cells
    row = cells.index("case-1")
    assert cells[row : row + 4] == ["case-1", "已进入诉讼、仲裁、信访或纪检程序: 已起诉", "陈主任", "王敏"]


def test_six_up_one_down_beside_the_period_before() -> None:
    rows = six_rows(words(assessment(), "en"))
    assert [(row[0][-1], *row[1:]) for row in rows] == [
        ("↑", "50", "40", "+25.0 %"),
        ("↑", "69.8%", "50.0%", "+19.8 pp"),
        ("↑", "69.8%", "–", "–"),
        ("↑", "69.8%", "–", "–"),
        ("↑", "4", "0", "–"),
        ("↑", "–", "–", "–"),
        ("↓", "–", "–", "–"),
    ]


# -- the workbook ----------------------------------------------------------------------------------------


def sheets(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(BytesIO(content))
    return {sheet.title: [tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book.worksheets}


def test_the_workbook_read_back_says_the_same() -> None:
    found = assessment()
    book = sheets(workbook(words(found, "en")))
    assert list(book) == [
        "Rates, raw and adjusted",
        "Six up, one down",
        "Of",
        "Cases left out",
        "In whose hands the closed cases",
        "What is counted",
    ]
    first = book["Rates, raw and adjusted"][1]
    raw, adjusted = wilson(30, 43), wilson(30, 41)
    assert first[:6] == ("acknowledged in time", 30, 43, *(pytest.approx(n) for n in (30 / 43, *raw)))
    assert first[6:] == (30, 41, *(pytest.approx(n) for n in (30 / 41, *adjusted)), None)
    assert book["Of"][1][:5] == ("460106", 50, "acknowledged in time", 30, 40)
    assert book["In whose hands the closed cases"][1] == ("单位 hk-water", 2, 3.5)
    assert book["Cases left out"][1][:4] == (
        "case-1",
        "in court, arbitration, petition or discipline: 已起诉",
        "陈主任",
        "王敏",
    )


def test_rates_are_numbers_that_are_shown_in_per_cent() -> None:
    sheet = load_workbook(BytesIO(workbook(words(assessment())))).worksheets[0]
    cell = sheet["D2"]
    assert (cell.value, cell.number_format) == (pytest.approx(30 / 43), "0.0%")


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    book = load_workbook(BytesIO(workbook(words(assessment(remark=FORMULA), name="=1+{}"))))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert "=1+460106" in [cell.value for cell in cells]
