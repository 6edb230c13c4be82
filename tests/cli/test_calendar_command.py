"""The calendar from the command line: shown, published, revised; open cases are computed again."""

from datetime import date, timedelta
from pathlib import Path

from cli_process import ROOT, Cli, Done

from calendars.china import published_until, statutory_days
from storage.database import Pool

NEXT = published_until().year + 1
"""The first year without a published list: 2027 when this was written."""
HAIKOU = (ROOT / "policies" / "haikou.toml").read_text("utf-8")
WHY = ("--reason", "the dates were announced")
OPENING = ("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--nature", "complaint")


def listed(folder: Path, name: str, *, off: list[date], horizon: date | None = None, more: str = "") -> str:
    """A calendar file, MADE UP for these tests."""
    file = folder / name
    last = f"horizon = {horizon}\n" if horizon else ""
    days = ", ".join(day.isoformat() for day in sorted(off))
    file.write_text(f'source = "made up for the tests"\ndays_off = [{days}]\n{last}{more}', "utf-8")
    return str(file)


async def revisions(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM calendar_version"))


def limit_of(shown: Done) -> str:
    """The handling limit of the case's first order, as it is shown."""
    return str(shown.data["orders"][0]["due_at"])


async def test_the_days_of_a_year_with_their_source(online: Cli) -> None:
    english, chinese, data, later = await online.all(
        ("calendar", "show", "2025"),
        ("--lang", "zh", "calendar", "show", "2025"),
        ("calendar", "show", "2026", "--output", "json"),
        ("calendar", "show", str(NEXT), "--output", "json"),
    )
    assert [done.code for done in (english, chinese, data, later)] == [0, 0, 0, 0], data
    for line in ("2025-01-26  Sun      worked  published", "2025-10-01  Wed      off     published"):
        assert line in english.out
    assert f"Published until {published_until()}" in english.out
    assert "上班" in chinese.out
    days = {day["day"]: day for day in data.data["days"]}
    assert days["2026-02-17"] == {"day": "2026-02-17", "worked": False, "published": True}
    assert days["2026-02-28"]["worked"], "a make-up Saturday"
    assert all(not day["published"] for day in later.data["days"])
    assert later.data["days"], "the statutory days are projected"


async def test_a_file_that_makes_no_sense_stores_nothing(online: Cli, pool: Pool, tmp_path: Path) -> None:
    await online("calendar", "show", "2026")
    before = await revisions(pool)
    soon = date.today() + timedelta(days=30)  # noqa: DTZ011 - any day will do
    files = {
        "twice.toml": f"days_off = [{soon}, {soon}]",
        "impossible.toml": 'days_off = ["2027-02-30"]',
        "no-toml.toml": "days_off = [2027-02-30]",
        "unknown.toml": f"holidays = [{soon}]",
        "both.toml": f"days_off = [{soon}]\ndays_worked = [{soon}]",
        "far.toml": "days_off = [2090-01-01]",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(f'source = "made up for the tests"\n{text}\n', "utf-8")
    (tmp_path / "no-source.toml").write_text(f"days_off = [{soon}]\n", "utf-8")
    good = listed(tmp_path, "good.toml", off=[soon])
    publish = ("calendar", "publish")
    refused = await online.all(
        *((*publish, str(tmp_path / name), *WHY) for name in files),
        (*publish, str(tmp_path / "no-source.toml"), *WHY),
        (*publish, str(tmp_path / "nowhere.toml"), *WHY),
        (*publish, good, *WHY, "--by", "w" * 500),
        (*publish, good, "--reason", " "),
        (*publish, good, "--reason", "x" * 2001),
        ("--lang", "zh", *publish, str(tmp_path / "twice.toml"), *WHY),
    )
    twice, impossible, no_toml, unknown, both, far, no_source, nowhere, by, reason, longest, chinese = refused
    twice.refused(5, "twice.toml, days_off", f"a date is listed twice: {soon}. Nothing was stored.")
    impossible.refused(5, "impossible.toml, days_off.0: there is no such date: 2027-02-30.")
    no_toml.refused(5, "no-toml.toml", "this is no TOML", "line 2")
    unknown.refused(5, "unknown.toml, holidays: there is no such key: source, days_off, days_worked, horizon.")
    both.refused(5, "both.toml, days_worked: a date is both off and worked", str(soon))
    far.refused(5, "2090-01-01")
    no_source.refused(5, "no-source.toml, source: it is missing")
    nowhere.refused(5, "nowhere.toml cannot be read")
    by.refused(5, "too long")
    reason.refused(5, "reason: it is missing")
    longest.refused(5, "reason: it is too long")
    chinese.refused(5, "同一日期列了两次", str(soon))
    assert await revisions(pool) == before


async def test_a_past_day_moves_with_revise_only(hotline: Cli, pool: Pool, tmp_path: Path) -> None:
    await hotline("calendar", "show", "2026")
    before = await revisions(pool)
    past = next(day for n in range(3, 30) if (day := date.today() - timedelta(days=n)).weekday() < 5)  # noqa: DTZ011
    file = listed(tmp_path, "past.toml", off=[past])
    refused = await hotline("calendar", "publish", file, *WHY)
    refused.refused(4, past.isoformat(), "Possible: --revise")
    assert await revisions(pool) == before
    done = await hotline("calendar", "publish", file, *WHY, "--revise")
    assert f"{past}: now off" in done.out
    assert await revisions(pool) == before + 1


async def test_a_deadline_is_provisional_until_its_year_is_published(hotline: Cli, pool: Pool, tmp_path: Path) -> None:
    year = sorted(statutory_days(date(NEXT, 1, 1), date(NEXT, 12, 31)))
    # Time is real here: the limit is as long as it takes to end beyond the horizon, whatever today is.
    days = (date(NEXT, 4, 1) - date.today()).days * 5 // 7  # noqa: DTZ011
    policy = tmp_path / "long.toml"
    complaint = 'value = 15\nunit = "working_days"'
    without_bound = HAIKOU[: HAIKOU.index("[referral_within]")] + HAIKOU[HAIKOU.index("[calendar]") :]
    policy.write_text(without_bound.replace(complaint, complaint.replace("15", str(days)), 1), "utf-8")
    active = await hotline("policy", "activate", str(policy), *WHY)
    assert active.code == 0, active
    opened = await hotline(*OPENING, "--description", "blocked", "--output", "json")
    case, police = opened.data["case_id"], "hk-traffic-police"
    await hotline("order", "acknowledge", f"{case}.1", "--department", police)
    before = await hotline("case", "show", case, "--output", "json")
    assert before.data["orders"][0]["provisional"] is True
    assert date.fromisoformat(limit_of(before)[:10]).year == NEXT

    file = listed(tmp_path, "next.toml", off=[*year, *_workdays(date(NEXT, 1, 4), 3)], horizon=date(NEXT, 12, 31))
    done = await hotline("calendar", "publish", file, *WHY)
    assert done.code == 0, done
    assert "One case computed again" in done.out
    after, inbox, trail = await hotline.all(
        ("case", "show", case, "--output", "json"),
        ("order", "inbox", police),
        ("case", "trail", case, "--output", "json"),
    )
    assert after.data["orders"][0]["provisional"] is False
    assert "provisional" not in inbox.out
    moved = trail.data["entries"][-1]
    assert (moved["kind"], moved["payload"]["reason"]) == ("limits.moved", WHY[1])
    (handle,) = [move for move in moved["payload"]["limits"] if move["limit"] == "handle"]
    assert handle["before"]["at"] == limit_of(before)
    assert handle["after"]["at"] == limit_of(after)
    again = await hotline("calendar", "publish", file, *WHY)
    assert "0 days changed" in again.out
    assert "0 moved" in again.out


def _workdays(first: date, count: int) -> list[date]:
    days = (first + timedelta(days=n) for n in range(30))
    return [day for day in days if day.weekday() < 5][:count]
