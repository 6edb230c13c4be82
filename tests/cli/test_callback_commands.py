"""Callbacks, roster and diary as commands: the day's allowance, ratings, second calls, shifts; and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_process import Cli
from records import fact, record

from domain.ledger import FactKind
from storage import ledger
from storage.database import Pool

POLICE = "hk-traffic-police"
HERE = ZoneInfo("Asia/Shanghai")


async def resolved(hotline: Cli) -> str:
    """A case that waits for its callback."""
    opened = await hotline("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--description", "堵门")
    case = opened.out.split()[1]
    reply = ("--department", POLICE, "--result", "resolved", "--statement", "已挪车", "--by", "TP-09")
    await hotline("order", "acknowledge", f"{case}.1", "--department", POLICE, "--by", "TP-09")
    done = await hotline("order", "reply", f"{case}.1", *reply)
    assert done.code == 0, done
    return case


async def called_back(pool: Pool, number: int, by: str) -> None:
    """A citizen whom somebody reached just now, on record."""
    payload = {"result": "satisfied", "rating": "satisfied"}
    now = datetime.now(UTC)
    called = fact(2, kind=FactKind.CALLBACK_RECORDED, at=now, actor=f"caller:{by}", payload=payload)
    await ledger.write(pool, record(f"earlier-{number}", [fact(1, at=now), called]))


async def test_a_queue_a_wrong_number_a_rating_and_the_thirty_first(hotline: Cli, pool: Pool) -> None:
    case = await resolved(hotline)
    today = f"{datetime.now(HERE):%Y-%m-%d}"
    nobody = await hotline("callback", "queue", "--head", "TP-01")
    nobody.refused(4, "TP-01", "--department")
    await hotline("roster", "set", today, "--department", POLICE, "--person", "TP-01")
    queue = ("callback", "queue", "--head", "TP-01", "--output", "json")
    assert [(one["case_id"], one["attempts"]) for one in (await hotline(*queue)).data["calls"]] == [(case, 0)]

    record_it = ("callback", "record", case, "--by", "TP-01")
    (await hotline(*record_it, "--rating", "splendid")).refused(5, "very_satisfied")
    (await hotline(*record_it, "--rating", "unsatisfied", "--result", "satisfied")).refused(5, "contradict")
    (await hotline(*record_it)).refused(5, "result")
    missed = await hotline(*record_it, "--result", "wrong_number")
    assert missed.code == 0, missed
    assert [(one["case_id"], one["attempts"]) for one in (await hotline(*queue)).data["calls"]] == [(case, 1)]

    for number in range(30):
        await called_back(pool, number, "TP-01")
    before = await pool.fetchval("SELECT count(*) FROM ledger WHERE case_id = $1", case)
    midnight = f"{datetime.now(HERE) + timedelta(days=1):%Y-%m-%d} 00:00:00"
    (await hotline(*record_it, "--rating", "satisfied")).refused(4, "30", midnight)
    assert await pool.fetchval("SELECT count(*) FROM ledger WHERE case_id = $1", case) == before

    said = ("--rating", "fairly_satisfied", "--comment", "打 13800138000 找我")
    done = await hotline("callback", "record", case, "--by", "TP-02", *said)
    assert done.code == 0, done
    trail = (await hotline("case", "trail", case)).out
    assert "fairly satisfied" in trail
    assert "13800138000" not in trail
    (await hotline(*record_it[:-1], "TP-02", "--rating", "satisfied")).refused(4, case)


async def test_a_callback_on_a_case_that_is_not_resolved(hotline: Cli) -> None:
    opened = await hotline("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--description", "堵门")
    refused = await hotline("callback", "record", opened.out.split()[1], "--rating", "satisfied", "--by", "TP-01")
    refused.refused(4, "callback", "dispatch")


async def test_a_sample_called_again_and_what_it_tells(online: Cli, pool: Pool, directory: None) -> None:
    del directory
    month = f"{datetime.now(HERE):%Y-%m}"
    for number in range(20):
        await called_back(pool, number, "TP-01")
        await pool.execute(
            "INSERT INTO demand (case_id, description, reported_at, opening) VALUES ($1, '', now(), '{}')",
            f"earlier-{number}",
        )
    (await online("callback", "flattery", month)).refused(3, month)
    draw = ("callback", "sample", "--month", month, "--share", "50", "--by", "DC-01", "--output", "json")
    drawn = (await online(*draw, "--seed", "7")).data
    assert drawn == (await online(*draw, "--seed", "7")).data
    (await online(*draw, "--seed", "8")).refused(4, "DC-01")
    cases = [one["case_id"] for one in drawn["first"]]
    assert 2 < len(cases) < 18
    outside = next(f"earlier-{number}" for number in range(20) if f"earlier-{number}" not in cases)

    again = ("callback", "again", cases[0], "--rating", "unsatisfied")
    (await online(*again, "--by", "TP-01")).refused(4, "TP-01")
    (await online("callback", "again", outside, "--rating", "satisfied", "--by", "DC-02")).refused(4, outside)
    (await online("callback", "again", "no-such-case", "--unreached", "--by", "DC-02")).refused(3, "no-such-case")
    assert "reached nobody" in (await online("callback", "again", cases[0], "--unreached", "--by", "DC-02")).out
    assert (await online(*again, "--by", "DC-02", "--comment", "没修好 13800138000")).code == 0
    (await online(*again, "--by", "DC-03")).refused(4, "DC-02")
    for case in cases[1:3]:
        await online("callback", "again", case, "--rating", "satisfied", "--by", "DC-02")

    whole = (await online("callback", "flattery", month, "--output", "json")).data["whole"]
    assert (whole["both"], whole["only_first"], whole["difference"]) == (2, 1, pytest.approx(1 / 3))
    assert whole["interval"][0] < 1 / 3 < whole["interval"][1]
    page = await online("--lang", "zh", "callback", "flattery", month)
    assert "水分 +33.3 个百分点" in page.out
    assert "13800138000" not in str(await pool.fetch("SELECT comment FROM second_call"))


async def test_a_shift_from_sign_in_to_close(online: Cli, directory: None, tmp_path: Path) -> None:
    del directory
    now = datetime.now(HERE)
    month, today = f"{now:%Y-%m}", f"{now:%Y-%m-%d}"
    water = online.where(LIANDONG_DEPARTMENT="hk-water-affairs")
    file = tmp_path / "roster.csv"
    file.write_text(f"day,duty,person\n{today},head,WA-01\n{today},head,WA-02\n1999-01-01,head,WA-03\n", "utf-8")
    filled = await water("roster", "import", month, str(file))
    assert filled.code == 7, filled
    assert all(word in filled.out for word in ("1 entries", "Line 3", "Line 4", "Nobody is on duty"))
    (await water("roster", "set", today, "--person", "WA-02")).refused(4, "WA-01", "--instead-of")
    (await water("roster", "show", "2026-13")).refused(5, "2026-13")

    (await water("diary", "write", "…", "--by", "WA-01")).refused(4, "WA-01")
    (await water("roster", "sign-in", "--by", "WA-02")).refused(4, "WA-01", "--instead-of")
    signed = await water("roster", "sign-in", "--by", "WA-02", "--instead-of", "WA-01")
    assert (signed.code, "instead of WA-01" in signed.out) == (0, True)
    (await water("roster", "sign-in", "--by", "WA-01")).refused(4, "WA-02")
    await water("diary", "write", "水压未恢复，来电 13800138000", "--open", "--by", "WA-02")
    closed = await water("diary", "close", "--by", "WA-02")
    assert "handed over: 1" in closed.out
    shown = await water("diary", "show")
    assert shown.out.startswith("UNCONFIRMED: one open point")
    assert "13800138000" not in shown.out
    assert (await water("ledger", "verify")).code == 0
