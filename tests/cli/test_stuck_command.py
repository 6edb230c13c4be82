"""``liandong stuck`` and ``liandong case why``: each cause with its owner, for people, programs and scripts."""

import asyncio
import csv
import io
import shlex
import signal
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli

from cli.main import command_in
from cli.stuck_pages import command_of
from domain.case import Awaited, Party, Status
from domain.ladder import Rung
from domain.stuck import OF_PEOPLE, StuckCase, StuckCause
from storage.database import Pool
from texts.catalogue import Catalogue


async def _opened(hotline: Cli, *words: str) -> str:
    done = await hotline("case", "open", "--description", "a gate is blocked", *words, "--output", "json")
    return done.data["case_id"]


async def test_the_list_in_every_form(hotline: Cli, tmp_path: Path) -> None:
    gate = ("--matter", "blocked-gate", "--street", "460106003", "--reported-at", "2026-11-23 08:00")
    asked, queued = await _opened(hotline, *gate), await _opened(hotline)
    file = tmp_path / "stuck.xlsx"
    data, rows, book, filtered, of_class, chinese = await hotline.all(
        ("stuck", "--output", "json", "--soon", "8000"),
        ("stuck", "--output", "csv", "--soon", "8000"),
        ("stuck", "--output", "xlsx", "--soon", "8000", "--file", str(file)),
        ("stuck", "--soon", "8000", "--department", "hk-traffic-police", "--rung", "dispatch"),
        ("stuck", "--soon", "8000", "--class", "social_governance", "--age", "400"),
        ("--lang", "zh", "stuck", "--soon", "8000"),
    )
    found = {
        group["cause"]: (group["owner"], [case["case_id"] for case in group["cases"]]) for group in data.data["groups"]
    }
    assert found == {"unassigned": ("operator", [queued]), "silent": ("department", [asked])}
    assert (data.code, data.data["number"], data.data["engine_asked"]) == (8, 2, True)
    lines = {row["case_id"]: row for row in csv.DictReader(io.StringIO(rows.out))}
    assert (lines[asked]["department"], lines[asked]["awaited"]) == ("hk-traffic-police", "acknowledgement")
    assert lines[queued]["next"] == f"liandong case assign {queued} DEPARTMENT --by NAME"
    assert book.code == 8
    assert zipfile.is_zipfile(file)
    assert asked in filtered.out
    assert queued not in filtered.out
    assert (of_class.code, of_class.out) == (0, "Nothing is stuck.\n")
    assert chinese.out.startswith("待话务员指派（1 件），应由话务员处理\n")


async def test_what_does_not_fit_together_is_refused(hotline: Cli) -> None:
    bare, watched, department, matter, rung = await hotline.all(
        ("stuck", "--output", "xlsx"),
        ("stuck", "--output", "csv", "--watch"),
        ("stuck", "--department", "hk-trafic-police"),
        ("stuck", "--matter", "moon"),
        ("stuck", "--rung", "roof"),
    )
    bare.refused(5, "xlsx", "--file")
    watched.refused(5, "csv")
    department.refused(3, "hk-traffic-police")
    matter.refused(3, "moon")
    rung.refused(3, "roof")


async def test_an_order_nobody_received(hotline: Cli, pool: Pool) -> None:
    case = await _opened(hotline, "--matter", "blocked-gate", "--street", "460106003")
    await pool.execute(
        "UPDATE delivery SET delivered_at = NULL, first_at = now() - interval '1 hour', attempts = 7,"
        " last_error = 'ConnectError' WHERE case_id = $1",
        case,
    )
    done = await hotline("stuck")
    assert done.out.startswith("An order nobody received (1); to act: administrator\n")
    assert "tried 7 times, ConnectError" in done.out
    assert "\n    liandong department endpoint hk-traffic-police\n" in done.out


async def test_without_the_engine_the_record_is_told_all_the_same(hotline: Cli) -> None:
    case = await _opened(hotline)
    away = hotline.where(TEMPORAL_ADDRESS="127.0.0.1:9")
    listed, told = await away.all(("stuck",), ("case", "why", case))
    assert listed.code == 8
    assert case in listed.out
    assert listed.err.startswith("The engine did not answer")
    assert "The engine did not answer" in told.out


async def test_watching_goes_on_until_it_is_told_to_stop(hotline: Cli) -> None:
    case = await _opened(hotline)
    process = await hotline.start("stuck", "--watch", "--every", "1")
    assert process.stdout is not None
    async with asyncio.timeout(60):
        seen = 0
        while seen < 2:
            line = (await process.stdout.readline()).decode()
            assert line
            seen += line.startswith(f"  {case}")
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130


async def test_one_case_in_sentences(hotline: Cli) -> None:
    case = await _opened(hotline, "--matter", "illegal-building", "--district", "460106", "--urgency", "normal")
    english, chinese, data, unknown = await hotline.all(
        ("case", "why", case),
        ("--lang", "zh", "case", "why", case),
        ("case", "why", case, "--output", "json"),
        ("case", "why", "nobody"),
    )
    assert "goes on to “supervised order” (not acknowledged)" in english.out
    assert "can no longer be returned" in english.out
    assert "如果无人处理：" in chinese.out
    assert "进入“督办”（未签收）" in chinese.out
    assert {one["firing"] for one in data.data["foreseen"]} >= {"climb", "silence", None}
    assert data.data["engine_asked"]
    unknown.refused(3, "nobody")
    await hotline("case", "escalate", case, "--to", "joint_meeting", "--reason", "stuck")
    told = await hotline("case", "why", case)
    assert "on to “joint meeting”, from “dispatch”: escalated by hand." in told.out
    assert "goes on to “referral” (no conclusion)" in told.out
    await hotline("case", "withdraw", case, "--reason", "x")
    closed = await hotline("case", "why", case)
    assert "If nobody does anything" not in closed.out
    assert "closed as withdrawn" in closed.out


@pytest.mark.parametrize("cause", StuckCause)
def test_what_is_to_be_done_can_be_typed(cause: StuckCause) -> None:
    """Whatever the cause, its one next command is one that there is, with all that it needs."""
    text, awaited = Catalogue("en"), {found: wait for wait, found in OF_PEOPLE.items()}.get(cause)
    waits = awaited or (Awaited.ASSIGNMENT if cause is StuckCause.UNASSIGNED else Awaited.REPLY)
    fields: dict[str, Any] = dict.fromkeys(StuckCase.model_fields)
    fields |= {"case_id": "c-1", "status": Status.HANDLING, "rung": Rung.DISPATCH, "waiting_provisional": False}
    fields |= {"waiting_party": Party.DEPARTMENT, "waiting_for": waits, "waiting_order": "c-1.1"}
    fields |= {"waiting_department": "hk-housing", "meeting_id": "M-1", "opened_at": datetime.now(UTC)}
    case = StuckCase.model_validate(fields)
    program, noun, verb, *rest = shlex.split(command_of(case, cause, text))
    command: Any = command_in(text).commands[noun].commands[verb]
    context = command.make_context(verb, rest)
    assert program == "liandong"
    assert all(context.params[param.name] is not None for param in command.params if param.required)
