"""Rehearsals on the real engine: the real workflow, scripted people, virtual time."""

import asyncio
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from domain.case import Closing
from domain.errors import Invalid
from domain.ladder import Rung
from reference import path
from rehearsal.conduct import Profile, assumed, read_profile
from rehearsal.crowd import gather, shipped_directory
from rehearsal.result import Figures, Rehearsal
from rehearsal.run import rehearse

TODAY = date(2026, 11, 23)
ASSUMED = Path(__file__).parents[2] / "rehearsal" / "assumed.toml"
CASES = path("sample-cases.csv")


async def rehearsed(
    policy: str = "haikou",
    against: str | None = None,
    *,
    limit: int = 3,
    departments: Path | Profile | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    at_once: int = 30,
) -> Rehearsal:
    return await rehearse(
        policy, against, CASES, "sample", departments, 7, limit, progress, today=TODAY, at_once=at_once
    )


def conduct(folder: Path, *changes: tuple[str, str]) -> Profile:
    """What is assumed, with changes: patterns of whole lines."""
    text = ASSUMED.read_text(encoding="utf-8")
    for pattern, line in changes:
        text, number = re.subn(f"^{pattern}", line, text, flags=re.MULTILINE)
        assert number
    (folder / "departments.toml").write_text(text, encoding="utf-8")
    return read_profile(folder / "departments.toml", shipped_directory())


def reached(figures: Figures) -> dict[Rung, int]:
    return {found.rung: found.cases for found in figures.rungs}


async def test_the_same_seed_gives_the_same_figures() -> None:
    told: list[tuple[int, int]] = []
    first = await rehearsed(
        "haikou", "beijing-style", limit=30, progress=lambda done, total: told.append((done, total)), at_once=50
    )
    second = await rehearsed("haikou", "beijing-style", limit=30, at_once=9)
    assert first.model_dump_json(exclude={"timing"}) == second.model_dump_json(exclude={"timing"})
    assert told == [(done, 60) for done in range(61)]
    assert (first.fallen, first.partial) == ((), False)
    a, b = (side.figures for side in first.sides)
    assert (a.cases, b.cases) == (30, 30)
    assert sum(pair.cases for pair in first.beside) == 30
    assert a.order_deadlines.odd == 0, "working time ends in office hours"
    assert b.order_deadlines.odd > 0, "calendar time does not"
    assert Rehearsal.model_validate_json(first.model_dump_json()) == first


async def test_departments_that_do_everything_at_once(tmp_path: Path) -> None:
    now = '{ kind = "fixed", value = 1, unit = "clock_minutes" }'
    profile = conduct(
        tmp_path,
        ("silent = .*", "silent = 0"),
        ("share = 0.05 .*", "share = 0"),
        ("explained = .*", "explained = 0"),
        ("unsatisfied = .*", "unsatisfied = 0"),
        ("unreached = .*", "unreached = 0"),
        ("(delay|danger|utility|consultation|complaint) = .*", rf"\1 = {now}"),
    )
    figures = (await rehearsed(departments=profile)).sides[0].figures
    assert reached(figures)[Rung.SUPERVISED] == 0
    assert (figures.outcomes, figures.first_go) == ({Closing.RESOLVED: 3}, 3)
    assert figures.days_to_end is not None
    assert figures.days_to_end.p90 < 1 / 24


NEVER = 'accepts = { share = 1, delay = { kind = "fixed", value = 999, unit = "clock_days" } }'


async def test_silence_climbs_to_the_microsecond_and_stays_open(tmp_path: Path) -> None:
    profile = conduct(
        tmp_path, ("silent = .*", "silent = 1"), ("share = 0.05 .*", "share = 0"), ("accepts = .*", NEVER)
    )
    figures = (await rehearsed(departments=profile)).sides[0].figures
    supervised = next(found for found in figures.rungs if found.rung is Rung.SUPERVISED)
    assert supervised.reasons == {"overdue": 3}
    assert supervised.working_days is not None
    limits = {2.0, 5.0, 15.0}  # of a question, a request, a complaint
    assert {supervised.working_days.median, supervised.working_days.p90} <= limits
    assert (reached(figures)[Rung.REFERRAL], reached(figures)[Rung.RECTIFICATION]) == (3, 0)
    assert (figures.outcomes, figures.ended, figures.callbacks.calls) == ({"open": 3}, 0, 0)


async def test_broken_off_it_gives_what_it_has() -> None:
    enough = asyncio.Event()

    def progress(done: int, total: int) -> None:
        if done >= total // 4:
            enough.set()

    running = asyncio.create_task(rehearsed("haikou", "beijing-style", limit=60, progress=progress))
    await enough.wait()
    running.cancel()
    result = await running
    assert result.partial
    assert not running.cancelled()
    a, b = (side.figures for side in result.sides)
    assert 0 < a.cases < 60
    assert a.cases == b.cases == sum(pair.cases for pair in result.beside)


def test_cases_keep_their_weekday_and_time_of_day() -> None:
    crowd = gather(CASES, "sample", shipped_directory(), 100, TODAY)
    first = crowd.source.first_begins
    assert 0 <= (first.date() - TODAY).days < 7
    assert crowd.source.weeks_moved * 7 == crowd.moved.days
    assert (first.weekday(), first.time()) == (crowd.rows[0].opened_at.weekday(), crowd.rows[0].opened_at.time())
    assert len({row.reference for row in crowd.rows}) == 100
    assert list(crowd.rows) == sorted(crowd.rows, key=lambda row: row.opened_at)
    assert len(gather(CASES, "sample", shipped_directory(), None, TODAY).rows) == crowd.source.in_file


def test_no_case_is_no_rehearsal() -> None:
    with pytest.raises(Invalid) as refused:
        gather(CASES, "sample", shipped_directory(), 0, TODAY)
    assert refused.value.code == "rehearsal-limit"


def test_what_is_assumed_names_its_source() -> None:
    assert "assumed" in assumed().source
