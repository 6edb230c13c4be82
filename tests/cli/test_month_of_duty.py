"""A month of a bureau's roster and diary: thirty shifts, each takes over what the one before left, none forgets any."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_process import Cli
from support import desk_of, outside_of

from desk.roster import enter, sign_in
from domain.diary import DiaryEntry, DiaryKind, NewEntry
from domain.errors import Refused
from domain.roster import Duty
from storage.database import Pool

WATER = "hk-water-affairs"
HEADS = tuple(f"WA-{number:02}" for number in range(1, 8))
FIRST = date(2026, 9, 1)
MONTH, DAYS = "2026-09", 30
BEGINS = datetime(2026, 9, 1, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""When the first shift begins."""


def head(day: int) -> str:
    """Who is on the roster."""
    return HEADS[day % len(HEADS)]


async def test_a_month_of_shifts(online: Cli, pool: Pool, directory: None, embedded: object, tmp_path: Path) -> None:
    del directory
    water = online.where(LIANDONG_DEPARTMENT=WATER)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    file = tmp_path / "roster.csv"
    file.write_text("day,duty,person\n" + "".join(f"{day},head,{head(n)}\n" for n, day in enumerate(days)), "utf-8")
    filled = await water("roster", "import", MONTH, str(file))
    assert (filled.code, "30 entries" in filled.out, "Nobody" in filled.out) == (0, True, False), filled
    again = await water("roster", "import", MONTH, str(file))
    assert (again.code, "0 entries" in again.out) == (0, True), again

    left: list[int] = []
    """Open points, by number, as the shifts hand them on."""
    async with outside_of(pool, embedded.client) as outside:  # type: ignore[attr-defined]
        desk = desk_of(outside)

        async def write(day: int, kind: DiaryKind, by: str, **given: object) -> DiaryEntry:
            new = NewEntry.model_validate({"department": WATER, "day": days[day], "kind": kind, "by": by, **given})
            return (await enter(pool, new, BEGINS + timedelta(days=day, hours=9)))[0]

        for day in range(DAYS):
            # On the tenth day somebody else comes, on the twentieth the head is 20 minutes late.
            stands_in = day == 9
            by = "WA-09" if stands_in else head(day)
            came = BEGINS + timedelta(days=day, minutes=20 if day == 19 else -5)
            signed = await sign_in(desk, WATER, Duty.HEAD, by, head(day) if stands_in else None, days[day], came)
            assert [point.seq for point in signed.points] == left
            assert signed.late == timedelta(minutes=20 if day == 19 else 0)
            if left:
                with pytest.raises(Refused) as refused:
                    await write(day, DiaryKind.NOTE, by, text="巡查")
                assert refused.value.code == "points-unconfirmed"
            for point in left:
                await write(day, DiaryKind.CONFIRM, by, point=point)
            if day % 5 == 4 and left:
                await write(day, DiaryKind.SETTLE, by, point=left.pop(0), text="已处理")
            if day % 4 == 0:
                left.append((await write(day, DiaryKind.POINT, by, text=f"第{day + 1}日待办")).seq)
            await write(day, DiaryKind.NOTE, by, text="正常")
            await write(day, DiaryKind.CLOSE, by)
            with pytest.raises(Refused) as closed:
                await write(day, DiaryKind.NOTE, by, text="补记")
            assert closed.value.code == "diary-closed"

    roster, diary, whole, verified = await water.all(
        ("roster", "show", MONTH),
        ("diary", "show", "--month", MONTH, "--limit", "1000"),
        ("diary", "show", "--month", MONTH, "--limit", "1000", "--output", "json"),
        ("ledger", "verify"),
    )
    lines = {line[:10]: line for line in roster.out.splitlines() if line.startswith(MONTH)}
    assert len(lines) == DAYS
    assert "WA-09" in lines["2026-09-10"]
    assert [day for day, line in lines.items() if "late by" in line] == ["2026-09-20"]
    assert "late by 20 min" in lines["2026-09-20"]
    assert diary.out.startswith("UNCONFIRMED")
    assert [point["seq"] for point in whole.data["unconfirmed"]] == left
    entries = whole.data["entries"]
    assert [sum(one["kind"] == kind for one in entries) for kind in ("sign_in", "close", "point")] == [30, 30, 8]
    assert verified.code == 0, verified
