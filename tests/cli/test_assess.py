"""``liandong assess``: figures, the cases behind them, exclusions, files; and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli
from openpyxl import load_workbook

POLICE = "hk-traffic-police"


async def closed_case(hotline: Cli) -> str:
    """A case that the traffic police solved, and the citizen is satisfied."""
    opened = await hotline("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--description", "堵门")
    case = opened.out.split()[1]
    by = ("--department", POLICE, "--by", "chen")
    await hotline("order", "acknowledge", f"{case}.1", *by)
    reply = ("--department", POLICE, "--result", "resolved", "--statement", "已挪车")
    await hotline("order", "reply", f"{case}.1", *reply)
    done = await hotline("callback", "record", case, "--result", "satisfied", "--by", "王敏")
    assert done.code == 0, done
    return case


def share(found: Any, figure: str) -> list[tuple[int, int]]:
    """Raw and adjusted."""
    pair = found["whole"][figure]
    return [(pair[side]["good"], pair[side]["total"]) for side in ("raw", "adjusted")]


async def test_from_a_closed_case_to_its_exclusion_and_back(hotline: Cli, tmp_path: Path) -> None:
    case = await closed_case(hotline)
    before = (await hotline("assess", "--output", "json")).data
    good, total = share(before, "solution")[0]
    assert good >= 1

    behind = await hotline("assess", "--explain", "solution", "--department", POLICE, "--output", "json")
    (line,) = [line for line in behind.data["lines"] if line["case_id"] == case]
    trail = await hotline("case", "trail", case, "--output", "json")
    assert line["good"]
    assert "case.closed" in str(trail.data)

    exclusion = ("assess", "exclude", case, "--reason", "legal_way", "--approved-by", "陈主任", "--by", "王敏")
    alone = await hotline(*exclusion[:-1], "陈主任")
    alone.refused(4, "陈主任")
    wrong = await hotline(*exclusion[:4], "because", *exclusion[5:])
    wrong.refused(5, "legal_way")
    done = await hotline("--lang", "zh", *exclusion)
    assert done.code == 0, done
    assert f"办件 {case} 已从调整后指标剔除：已进入诉讼、仲裁、信访或纪检程序，批准人 陈主任。" in done.out
    again = await hotline(*exclusion)
    again.refused(4, case)

    html, xlsx = tmp_path / "a.html", tmp_path / "a.xlsx"
    page = await hotline("assess", "--by", "class", "--html", str(html), "--xlsx", str(xlsx))
    assert page.code == 0, page
    assert case in page.out
    assert "city management" in page.out
    assert case in html.read_text(encoding="utf-8")
    assert case in [cell.value for cell in load_workbook(xlsx).worksheets[3]["A"]]
    after = (await hotline("assess", "--output", "json")).data
    assert share(after, "solution") == [(good, total), (good - 1, total - 1)]
    assert [one["approved_by"] for one in after["exclusions"] if one["case_id"] == case] == ["陈主任"]

    undone = await hotline("assess", "include", *exclusion[2:])
    assert undone.code == 0, undone
    assert share((await hotline("assess", "--output", "json")).data, "solution") == [(good, total), (good, total)]
    rebuilt = await hotline("assess", "rebuild", "--output", "json")
    assert rebuilt.data["cases"] >= 1
    assert share((await hotline("assess", "--output", "json")).data, "solution") == [(good, total), (good, total)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--period", "2026-13"), 5, "2026-13"),
        (("--from", "2026-11-02"), 5, "--to"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), 5, "2026-11-01"),
        (("--from", "2026-11-02", "--to", "2026-11-03", "--period", "2026"), 5, "--period"),
        (("--by", "street"), 5, "district"),
        (("--explain", "ranking"), 5, "solution"),
        (("--explain", "solution", "--department", "hk-nobody"), 3, "hk-nobody"),
        (("exclude", "no-such-case", "--reason", "duplicate", "--approved-by", "a", "--by", "b"), 3, "no-such-case"),
    ],
)
async def test_what_cannot_be_assessed_is_refused(hotline: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    refused = await hotline("assess", *words)
    refused.refused(code, said)


async def test_a_period_without_cases_is_empty(hotline: Cli) -> None:
    found = await hotline("assess", "--period", "1999")
    assert (found.code, "Nothing was counted" in found.out) == (0, True)
