"""The rules that a case opens under: stored once, activated on purpose, on a calendar that reaches far enough."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest

from desk.rules import (
    activate,
    china_calendar_in_force,
    fingerprint,
    policy_in_force,
    policy_named,
    rules_in_force,
    stored_policy,
)
from domain.commands import Decision
from domain.errors import DoesNotFit, Invalid, NotFound, Refused, Unavailable
from domain.party import Party
from policies.files import PolicyFile, days_needed, read, rules_of
from storage import policies
from storage.database import Pool, open_pool

TODAY = date(2026, 11, 23)
SOONER = Decision(by="wang", reason="sooner")
HAIKOU = Path(__file__).parents[2] / "policies" / "haikou.toml"


def haikou(version: int, minutes: int) -> PolicyFile:
    policy_file = read("haikou")
    dispatch = policy_file.dispatch.model_copy(update={"value": minutes})
    return policy_file.model_copy(update={"version": version, "dispatch": dispatch})


async def rows(pool: Pool) -> dict[str, int]:
    tables = ("policy_version", "policy_activation", "calendar_version")
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608


# -- the first time ------------------------------------------------------------------------------------


async def test_the_shipped_default_is_stored_and_activated(pool: Pool) -> None:
    rules = await rules_in_force(pool, "haikou", today=TODAY)
    assert rules == rules_of(read("haikou"), TODAY)
    active = await policies.active(pool)
    assert active is not None
    assert (active.policy_id, active.version, active.activated_by, active.reason) == (
        "haikou",
        1,
        "liandong",
        "shipped default",
    )
    assert await rules_in_force(pool, "haikou", today=TODAY) == rules
    assert await rows(pool) == {"policy_version": 1, "policy_activation": 1, "calendar_version": 1}


async def test_many_workers_that_start_at_once_store_it_once(pool: Pool) -> None:
    found = await asyncio.gather(*(rules_in_force(pool, "haikou", today=TODAY) for _ in range(8)))
    assert all(rules == found[0] for rules in found)
    assert await rows(pool) == {"policy_version": 1, "policy_activation": 1, "calendar_version": 1}


async def test_another_default_later_changes_nothing(pool: Pool) -> None:
    rules = await rules_in_force(pool, "haikou", today=TODAY)
    assert await rules_in_force(pool, "demo", today=TODAY) == rules
    assert (await policy_in_force(pool, "nowhere")).policy_id == "haikou"


async def test_a_policy_on_a_calendar_of_its_own_needs_no_list(pool: Pool) -> None:
    rules = await rules_in_force(pool, "demo", today=TODAY)
    assert rules == rules_of(read("demo"), TODAY)
    assert (await rows(pool))["calendar_version"] == 0


async def test_a_default_that_cannot_work_is_refused(pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(HAIKOU.read_text("utf-8").replace('up = "joint_meeting"', 'up = "supervised"'), "utf-8")
    with pytest.raises(Invalid) as refusal:
        await rules_in_force(pool, str(file), today=TODAY)
    assert refusal.value.code == "policy-refused"
    assert await rows(pool) == {"policy_version": 0, "policy_activation": 0, "calendar_version": 0}


async def test_a_default_that_is_not_there_is_named(pool: Pool) -> None:
    with pytest.raises(NotFound) as refusal:
        await rules_in_force(pool, "nanjing", today=TODAY)
    assert refusal.value.code == "policy-unknown"


async def test_a_database_that_is_gone(database_url: str) -> None:
    pool = await open_pool(database_url)
    await pool.close()
    with pytest.raises(Unavailable):
        await rules_in_force(pool, "haikou", today=TODAY)


# -- activating ----------------------------------------------------------------------------------------


async def test_an_activated_policy_counts_for_the_next_case(pool: Pool) -> None:
    await rules_in_force(pool, "haikou", today=TODAY)
    done = await activate(pool, haikou(2, 20), SOONER)
    assert done is not None
    assert (done.policy_id, done.version, done.activated_by, done.reason) == ("haikou", 2, "wang", "sooner")
    rules = await rules_in_force(pool, "haikou", today=TODAY)
    assert (rules.policy.version, rules.policy.dispatch.value) == (2, 20)
    assert await stored_policy(pool, "haikou", 1) == read("haikou")


async def test_another_policy_keeps_its_own_hours(pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "early.toml"
    file.write_text(HAIKOU.read_text("utf-8").replace('"haikou"', '"early"').replace('"08:30"', '"08:00"'), "utf-8")
    before = await rules_in_force(pool, "haikou", today=TODAY)
    await activate(pool, read(str(file)), Decision(by="wang", reason="the offices open at eight"))
    after = await rules_in_force(pool, "haikou", today=TODAY)
    assert (before.calendar.working_day, after.calendar.working_day) == (timedelta(hours=6.5), timedelta(hours=7))
    assert (after.calendar.name, after.calendar.revision) == (before.calendar.name, before.calendar.revision)
    assert after.calendar.days_off == before.calendar.days_off


async def test_a_policy_that_cannot_work_stores_nothing(pool: Pool) -> None:
    await rules_in_force(pool, "haikou", today=TODAY)
    before = await rows(pool)
    ladder = list(read("haikou").ladder)
    ladder[1] = ladder[1].model_copy(update={"owner": Party.COMMISSION, "up": None})
    with pytest.raises(Invalid) as refusal:
        await activate(pool, haikou(2, 20).model_copy(update={"ladder": tuple(ladder)}), SOONER)
    assert refusal.value.code == "policy-refused"
    assert refusal.value.params == {
        "policy": "haikou@2",
        "key": "ladder.1.owner",
        "reason": "owner-cannot-act",
        "rung": "supervised",
        "owner": "commission",
        "allowed": "operator, supervisor",
        "findings": 5,
    }
    assert await rows(pool) == before


async def test_a_remark_is_no_refusal(pool: Pool) -> None:
    remarked = haikou(2, 20).model_copy(update={"referral_within": None})
    done = await activate(pool, remarked, Decision(by="wang", reason="no bound for now"))
    assert done is not None
    assert done.version == 2


async def test_another_policy_under_the_same_number_is_refused(pool: Pool) -> None:
    await rules_in_force(pool, "haikou", today=TODAY)
    before = await rows(pool)
    with pytest.raises(Refused) as refusal:
        await activate(pool, haikou(1, 20), Decision(by="wang", reason="forgot the number"))
    assert refusal.value.code == "policy-version-taken"
    assert refusal.value.params["next"] == 2
    assert await rows(pool) == before


def test_a_fingerprint_is_that_of_the_content() -> None:
    assert fingerprint(haikou(1, 30)) == fingerprint(haikou(2, 30)) == fingerprint(read("haikou"))
    assert fingerprint(haikou(1, 30)) != fingerprint(haikou(1, 31))
    parsed = PolicyFile.model_validate(read("haikou").model_dump(mode="json"))
    assert fingerprint(parsed) == fingerprint(read("haikou"))


async def test_a_policy_is_found_by_name_file_and_version(pool: Pool) -> None:
    await activate(pool, haikou(2, 20), SOONER)
    assert await policy_named(pool, "haikou@2") == haikou(2, 20)
    assert await policy_named(pool, "haikou") == read("haikou")
    assert await policy_named(pool, str(HAIKOU)) == read("haikou")
    with pytest.raises(NotFound) as refusal:
        await policy_named(pool, "haikou@1")
    assert refusal.value.code == "policy-version-unknown"
    for name in ("haikou@", "haikou@two", "haikou@99999999999999999999"):
        with pytest.raises(NotFound) as refusal:
            await policy_named(pool, name)
        assert refusal.value.code == "policy-unknown"


async def test_a_version_that_this_code_cannot_read(pool: Pool) -> None:
    content = read("haikou").model_dump(mode="json") | {"from_the_future": 1}
    new = policies.NewPolicy(policy_id="haikou", version=9, content=content, fingerprint="x")
    await policies.store(pool, new, "wang")
    with pytest.raises(DoesNotFit) as refusal:
        await stored_policy(pool, "haikou", 9)
    assert refusal.value.code == "policy-version-unreadable"


# -- the calendar --------------------------------------------------------------------------------------


async def test_the_calendar_reaches_as_far_as_a_case_needs(pool: Pool) -> None:
    stored = await china_calendar_in_force(pool, today=TODAY)
    assert (stored.first_day, stored.last_day) == days_needed(TODAY) == (date(2025, 11, 18), date(2028, 12, 31))
    assert (stored.calendar.revision, stored.published_by, stored.override) == (0, "liandong", None)


async def test_on_new_years_day_it_reaches_further(pool: Pool) -> None:
    first = await china_calendar_in_force(pool, today=TODAY)
    assert await china_calendar_in_force(pool, today=date(2026, 12, 31)) == first
    found = await asyncio.gather(*(china_calendar_in_force(pool, today=date(2027, 1, 1)) for _ in range(5)))
    assert {stored.calendar.revision for stored in found} == {1}
    assert (found[0].first_day, found[0].last_day) == (first.first_day, date(2029, 12, 31))
    assert set(first.calendar.days_off) < set(found[0].calendar.days_off)
    assert await china_calendar_in_force(pool, today=TODAY) == found[0]


async def test_a_clock_that_was_put_back_reaches_further_back(pool: Pool) -> None:
    await china_calendar_in_force(pool, today=TODAY)
    stored = await china_calendar_in_force(pool, today=date(2025, 6, 1))
    assert (stored.first_day, stored.last_day) == (date(2024, 5, 27), date(2028, 12, 31))


async def test_without_a_date_it_is_today(pool: Pool) -> None:
    rules = await rules_in_force(pool, "haikou")
    assert rules.calendar.name == "china"
    assert rules.policy.policy_id == "haikou"


async def test_a_stored_policy_cannot_lose_its_activation(pool: Pool) -> None:
    await rules_in_force(pool, "haikou", today=TODAY)
    with pytest.raises(asyncpg.RestrictViolationError):
        await pool.execute("DELETE FROM policy_activation")
