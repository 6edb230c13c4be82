"""The report: whole, in both languages, and asking nobody for anything."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest

from domain.case import Closing
from domain.commands import CallbackResult
from domain.ladder import Rung
from domain.order import Role
from policies.files import read, rules_of
from rehearsal.course import Call, Climb, Course, Sent
from rehearsal.report import report
from rehearsal.result import Named, Rehearsal, Side, Source, Timing, figures_of, pairs_of
from rehearsal.wording import Lang, Wording

FOLDER = Path(__file__).parents[2] / "rehearsal"
AT = datetime(2026, 12, 1, 2, tzinfo=UTC)
HOSTILE = '</script><img src=x onerror="alert(1)">'


def course(rung: Rung, department: str) -> Course:
    climbs = [
        Climb(step, AT.replace(day=2 + step.height), "overdue", department)
        for step in Rung
        if step.height <= rung.height
    ]
    order = Sent(
        Rung.DISPATCH, department, Role.LEAD, AT, AT.replace(day=5), provisional=True, silent=bool(rung.height)
    )
    return Course(
        opened_at=AT,
        ended_at=AT.replace(day=20),
        closing=Closing.RESOLVED,
        climbs=climbs,
        orders={"1": order},
        calls=[Call(department, AT, AT, CallbackResult.SATISFIED)],
        meetings=[AT],
        referrals=[AT],
    )


def rehearsal(*, policies: int = 2, partial: bool = False, title: str = "规则") -> Rehearsal:
    office = rules_of(read("haikou"), date(2026, 11, 23)).calendar
    sides = [
        {1: course(Rung.DISPATCH, "hk-gas"), 2: course(Rung.SUPERVISED, "hk-bus"), 3: Course(opened_at=AT)},
        {1: course(Rung.REFERRAL, "hk-gas"), 2: course(Rung.RECTIFICATION, "gone-since"), 3: Course(opened_at=AT)},
    ][:policies]
    return Rehearsal(
        seed=1,
        source=Source(
            file=HOSTILE,
            mapping="sample",
            in_file=4,
            unreadable=1,
            picked=3,
            first_at=AT,
            last_at=AT,
            weeks_moved=0,
            first_begins=AT,
            last_begins=AT,
        ),
        departments=HOSTILE,
        office=office.source,
        horizon_days=400,
        partial=partial,
        fallen=(HOSTILE,),
        sides=tuple(
            Side(
                policy=Named(policy_id=f"p{number}", version=1, title=f"{title}{number}", title_en=f"{title} {number}"),
                figures=figures_of(list(side.values()), office),
            )
            for number, side in enumerate(sides)
        ),
        beside=pairs_of(*sides) if policies == 2 else (),
        timing=Timing(seconds=1, cases_per_second=3),
    )


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of the charts' script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.charts: list[dict[str, Any]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][1].get("id") == "charts" and data.strip():
            self.charts = cast("list[dict[str, Any]]", json.loads(data))
            self.elements.append(("read", {}))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("policies", [1, 2])
def test_a_report_is_whole_and_loads_nothing(lang: Lang, policies: int) -> None:
    page = Page(report(rehearsal(policies=policies), lang))
    loading = {"link", "iframe", "object", "embed", "img", "base", "source", "video", "audio", "form"}
    assert not loading.intersection(tag for tag, _ in page.elements)
    assert not [attrs for _, attrs in page.elements if {"src", "href", "action", "srcset", "background"} & set(attrs)]
    refuses = next(a["content"] for t, a in page.elements if t == "meta" and a.get("http-equiv"))
    assert refuses is not None
    assert refuses.startswith("default-src 'none'")
    places = {attrs.get("id") for tag, attrs in page.elements if tag == "div"}
    assert {chart["name"] for chart in page.charts} <= places
    assert len(page.charts) == (9 if policies == 2 else 8)


def test_what_files_say_does_not_become_markup() -> None:
    text = report(rehearsal(title=HOSTILE, partial=True), "en")
    page = Page(text)
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 3
    assert HOSTILE not in json.dumps(page.charts, ensure_ascii=False)


def test_a_partial_rehearsal_says_so() -> None:
    assert 'id="partial"' in report(rehearsal(partial=True), "zh")
    assert 'id="partial"' not in report(rehearsal(), "zh")


def test_departments_are_called_by_their_names() -> None:
    assert "海口公共交通集团有限公司" in report(rehearsal(), "zh")
    english = report(rehearsal(), "en")
    assert "gone-since" in english, "a code that the directory does not know"
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub(r"<script>.*?</script>", "", english, flags=re.DOTALL).replace("规则", "")
    )


def test_the_table_tells_of_each_department_what_reached_every_rung_one_policy_beside_the_other() -> None:
    text = report(rehearsal(), "en")
    table = text[text.index("<details>") : text.index("</details>")]
    cells = {row[0]: row[1:] for row in (re.findall(r"<td>(.*?)</td>", line) for line in table.splitlines()) if row}
    # lead orders, late, the four rungs above dispatch, busiest day, days over the limit: of A and of B each
    assert cells["gone-since"] == ["0", "1", "0", "1", "0", "1", "0", "1", "0", "1", "0", "1", "0", "1", "0", "0"]
    gas = next(row for name, row in cells.items() if "Gas" in name)
    assert gas == ["1", "1", "0", "1", "0", "1", "0", "1", "0", "1", "0", "0", "1", "1", "0", "0"]


def test_charts_keep_their_width_on_a_narrow_screen() -> None:
    page = report(rehearsal(), "zh")
    assert page.count('<div class="scroll"><div id="') == 9
    assert ".scroll > div { min-width: " in page


def test_both_languages_say_the_same() -> None:
    def keys(lang: Lang) -> list[tuple[str, list[str]]]:
        content = (FOLDER / f"report.{lang}.ftl").read_text(encoding="utf-8")
        found = re.findall(r"^([a-z][a-z0-9-]*) = (.*)$", content, re.MULTILINE)
        return [(key, sorted(re.findall(r"\{ \$(\w+) \}", said))) for key, said in found]

    assert keys("zh") == keys("en")


def test_a_missing_sentence_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Wording("en").say("no-such-sentence")
    with pytest.raises(KeyError):
        Wording("en").say("partial", done=1)
