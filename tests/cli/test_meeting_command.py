"""``liandong meeting`` as processes: a meeting over two cases, from the invitation to the signed minutes."""

import asyncio
import hashlib
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli
from icalendar import Calendar
from test_dossier_command import opened

from storage.database import Pool

LEAD, OTHER, THIRD = "hk-urban-mgmt", "hk-market", "hk-housing"
MEMBERS = ("--members", f"{LEAD},{OTHER},{THIRD}")
PLACE = ("--place", "三楼会议室")
TABLES = ("meetings", "meeting_cases", "meeting_words", "meeting_minutes", "meeting_signatures", "ledger")


async def lifted(hotline: Cli) -> str:
    case = await opened(hotline)
    done = await hotline("case", "escalate", case, "--to", "joint_meeting", "--reason", "职责交叉")
    assert done.code == 0, done
    return case


def soon(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


async def convened(hotline: Cli, cases: list[str], held_at: datetime) -> str:
    about = ("--cases", ",".join(cases), "--at", held_at.isoformat(), *PLACE)
    done = await hotline("meeting", "convene", *about, *MEMBERS, "--output", "json")
    assert (done.code, done.err) == (0, ""), done
    return done.data["meeting_id"]


async def kept(pool: Pool) -> list[int]:
    return [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]  # noqa: S608 - names of our own


async def kinds(hotline: Cli, case: str) -> list[str]:
    return [fact["kind"] for fact in (await hotline("case", "trail", case, "--output", "json")).data["entries"]]


async def test_from_the_invitation_to_the_signed_minutes(hotline: Cli, tmp_path: Path) -> None:
    cases = sorted([await lifted(hotline), await lifted(hotline)])
    held_at = soon(20)
    meeting = await convened(hotline, cases, held_at)
    again = await hotline(
        *("meeting", "convene", "--cases", ",".join(reversed(cases)), "--at", held_at.isoformat(), *PLACE, *MEMBERS)
    )
    assert (again.code, meeting in again.out) == (0, True), again

    folder = tmp_path / "invitations"
    assert (await hotline("meeting", "invite", meeting, "--out", str(folder))).code == 0
    files = sorted(folder.glob("*.ics"))
    assert [file.name for file in files] == [f"{meeting}-{code}-invited.ics" for code in sorted((LEAD, OTHER, THIRD))]
    for file in files:
        calendar: Any = Calendar.from_ical(file.read_bytes())
        (event,) = calendar.walk("VEVENT")
        assert (calendar["METHOD"], event["UID"], event["LOCATION"]) == (
            *("REQUEST", f"{meeting}@liandong", "三楼会议室"),
        )
        assert event.decoded("dtstart") == held_at
        assert str(event["ATTENDEE"]).removeprefix("urn:liandong:department:") in file.name
        assert all(case in event["DESCRIPTION"] for case in cases)
        assert "冯秀兰" not in file.read_text("utf-8")

    agenda = (await hotline("meeting", "agenda", meeting)).out
    assert all(f"{number}. {case}" in agenda for number, case in enumerate(cases, start=1))
    assert "冯秀兰" not in agenda
    assert "楼顶违建" not in agenda, "nothing of what the citizen said"

    opinion = ("meeting", "opine", meeting, "--department", OTHER, "--position", "冯秀兰处应由城管牵头")
    assert (await hotline(*opinion)).code == 0
    (await hotline(*opinion[:-1], "另一种意见")).refused(4, OTHER)
    early = await hotline("meeting", "attend", meeting, "--department", LEAD)
    if datetime.now(UTC) < held_at:
        early.refused(4, "begins at")
    await asyncio.sleep(max(0.0, (held_at - datetime.now(UTC)).total_seconds()))
    assert "0 of at least 2 departments have come" in (await hotline("case", "why", cases[0])).out
    for code, flags in ((LEAD, ()), (OTHER, ()), (THIRD, ("--absent",))):
        assert (await hotline("meeting", "attend", meeting, "--department", code, *flags)).code == 0

    concluded = ("meeting", "conclude", cases[0], "--minutes", "城管牵头", "--lead", LEAD, "--task", f"{LEAD}=拆除")
    assert (await hotline(*concluded)).code == 0
    minutes = tmp_path / "minutes.txt"
    minutes.write_text("一、会议认为冯秀兰反映属实。", "utf-8")
    write = ("meeting", "minutes", meeting, "--file", str(minutes))
    assert (await hotline(*write)).code == 0
    sign = ("meeting", "sign", meeting, "--department")
    (await hotline(*sign, LEAD)).refused(4, cases[1])
    assert (await hotline("meeting", "conclude", cases[1], "--minutes", "无结论", "--no-conclusion")).code == 0
    (await hotline(*sign, LEAD)).refused(4, "write them again")
    assert (await hotline(*write)).code == 0
    (await hotline(*sign, "hk-planning")).refused(4, "hk-planning")
    assert (await hotline(*sign, LEAD, "--by", "城管处长")).code == 0

    shown = (await hotline("meeting", "show", meeting, "--output", "json")).data
    signed = shown["minutes"]["sha256"]
    assert [one["outcome"] for one in shown["results"]] == ["conclusion", "no_conclusion"]
    assert [one["coming"] for one in shown["departments"]] == ["attended", "attended", "absent"]
    assert [one["position"] for one in shown["departments"]] == [None, "██处应由城管牵头", None]
    held = [{"department": OTHER, "position": "██处应由城管牵头"}]
    trail = (await hotline("case", "trail", cases[1], "--output", "json")).data["entries"]
    (fact,) = [fact["payload"] for fact in trail if fact["kind"] == "meeting.concluded"]
    assert (fact["positions"], fact["not_given"]) == (held, [LEAD, THIRD])

    changed = await hotline("meeting", "minutes", meeting, "--text", "另一份纪要")
    changed.refused(4, signed, "cannot be changed")
    (await hotline("meeting", "attend", meeting, "--department", THIRD)).refused(4, signed)
    assert (await hotline("meeting", "show", meeting, "--output", "json")).data["minutes"]["sha256"] == signed

    page, pdf = tmp_path / "minutes.html", tmp_path / "minutes.pdf"
    assert (await hotline("meeting", "minutes", meeting, "--html", str(page))).code == 0
    told = page.read_text("utf-8")
    assert all(word in told for word in (signed, "██反映属实", "三楼会议室", *cases))
    printed = await hotline("meeting", "minutes", meeting, "--pdf", str(pdf))
    assert (printed.code, pdf.read_bytes()[:5]) == (0, b"%PDF-"), printed
    assert meeting in (await hotline("meeting", "list")).out

    dossier = tmp_path / "dossier.zip"
    assert (await hotline("dossier", "build", cases[1], "--out", str(dossier), "--no-pdf")).code == 0
    with zipfile.ZipFile(dossier) as held:
        inside = held.read("papers/minutes-1.json")
    assert hashlib.sha256(inside).hexdigest() == signed, "the very minutes that were signed"
    assert (await hotline("dossier", "verify", str(dossier))).code == 0


async def test_four_things_are_refused_and_nothing_is_changed(hotline: Cli, pool: Pool) -> None:
    case = await lifted(hotline)
    before = await kept(pool)
    at = ("--at", soon(3600).isoformat(), *PLACE)
    (await hotline("meeting", "convene", case, "--members", LEAD, *at)).refused(5, "at least 2")
    (await hotline("meeting", "convene", case, *MEMBERS, "--at", "2020-01-01T09:00", *PLACE)).refused(4, "2020-01-01")
    (await hotline("meeting", "convene", "--cases", f"{case},20000101-000001", *MEMBERS, *at)).refused(3, "20000101")
    (await hotline("meeting", "convene", case, *MEMBERS, at[0], at[1])).refused(5, "place")
    assert await kept(pool) == before

    meeting = await convened(hotline, [case], soon(3600))
    before = await kept(pool)
    conclude = ("meeting", "conclude", case, "--minutes", "x")
    (await hotline(*conclude, "--task", f"{LEAD}=拆除")).refused(5, "no lead")
    (await hotline(*conclude, "--lead", LEAD, "--task", f"{LEAD}=拆除")).refused(4, "0 of 3", "2 are needed")
    (await hotline("meeting", "opine", meeting, "--department", "hk-planning", "--position", "x")).refused(4)
    (await hotline("meeting", "sign", meeting, "--department", LEAD)).refused(4, "no minutes")
    (await hotline("meeting", "show", "M-none")).refused(3, "M-none")
    assert await kept(pool) == before
    kinds_before = await kinds(hotline, case)
    assert kinds_before[-1] == "meeting.convened"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_meeting_called_off_makes_way_for_another(hotline: Cli, tmp_path: Path, language: str) -> None:
    hotline = hotline.where(LIANDONG_LANG=language)
    case = await lifted(hotline)
    meeting = await convened(hotline, [case], soon(3600))
    assert (await hotline("meeting", "call-off", meeting, "--reason", "改期")).code == 0
    (await hotline("meeting", "attend", meeting, "--department", LEAD)).refused(4, meeting)
    assert (await hotline("meeting", "invite", meeting, "--out", str(tmp_path))).code == 0
    calendar: Any = Calendar.from_ical((tmp_path / f"{meeting}-{LEAD}-cancelled.ics").read_bytes())
    (event,) = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    other = await convened(hotline, [case], soon(7200))
    shown = (await hotline("meeting", "show", other)).out
    assert all(word in shown for word in (other, case, "三楼会议室"))
    assert (await kinds(hotline, case))[-2:] == ["meeting.called_off", "meeting.convened"]


async def test_a_case_that_has_left_does_not_hold_up_the_others(hotline: Cli) -> None:
    cases = sorted([await lifted(hotline), await lifted(hotline)])
    meeting = await convened(hotline, cases, soon(3600))
    assert (await hotline("case", "withdraw", cases[0], "--reason", "来电人撤回")).code == 0
    done = await hotline("meeting", "opine", meeting, "--department", OTHER, "--position", "同意")
    assert (done.code, cases[0] in done.err, cases[1] in done.err) == (7, True, False), done
    outcomes = (await hotline("meeting", "show", meeting, "--output", "json")).data["results"]
    assert [one["outcome"] for one in outcomes] == ["left", "open"]
