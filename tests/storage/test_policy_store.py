"""Versions of policies, activations and revisions of calendars on a real PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from pydantic import JsonValue

from desk.rules import fingerprint
from domain.errors import NotFound, Refused
from policies.files import PolicyFile, china_days, read
from storage import policies
from storage.database import Pool
from storage.policies import NewPolicy

TODAY = date(2026, 11, 23)
COVERS = (date(2026, 1, 1), date(2028, 12, 31))


def haikou(version: int = 1, minutes: int = 30) -> PolicyFile:
    policy_file = read("haikou")
    dispatch = policy_file.dispatch.model_copy(update={"value": minutes})
    return policy_file.model_copy(update={"version": version, "dispatch": dispatch})


def new(policy_file: PolicyFile) -> NewPolicy:
    return NewPolicy(
        policy_id=policy_file.policy_id,
        version=policy_file.version,
        content=policy_file.model_dump(mode="json"),
        fingerprint=fingerprint(policy_file),
    )


async def rows(pool: Pool, table: str) -> int:
    return int(await pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a name of ours


# -- versions ------------------------------------------------------------------------------------------


async def test_a_version_comes_back_as_it_was(pool: Pool) -> None:
    before = datetime.now(UTC)
    assert await policies.store(pool, new(haikou()), "wang") == 1
    stored = await policies.get(pool, "haikou", 1)
    assert PolicyFile.model_validate(stored.content) == haikou()
    assert (stored.stored_by, stored.fingerprint) == ("wang", fingerprint(haikou()))
    assert before - timedelta(seconds=5) < stored.stored_at < datetime.now(UTC) + timedelta(seconds=5)


async def test_a_dry_run_keeps_nothing_and_refuses_the_same(pool: Pool) -> None:
    assert await policies.store(pool, new(haikou()), "wang", dry_run=True) == 1
    assert await rows(pool, "policy_version") == 0
    await policies.store(pool, new(haikou()), "wang")
    with pytest.raises(Refused):
        await policies.store(pool, new(haikou(minutes=20)), "wang", dry_run=True)
    assert await rows(pool, "policy_version") == 1


async def test_the_same_content_is_kept_once(pool: Pool) -> None:
    assert [await policies.store(pool, new(haikou()), by) for by in ("wang", "li")] == [1, 1]
    assert [version.stored_by for version in await policies.versions(pool)] == ["wang"]


async def test_the_same_content_under_another_number_is_the_same_version(pool: Pool) -> None:
    assert await policies.store(pool, new(haikou()), "wang") == 1
    assert await policies.store(pool, new(haikou(version=2)), "wang") == 1
    assert await rows(pool, "policy_version") == 1


async def test_a_number_is_given_once(pool: Pool) -> None:
    for version in (1, 7):
        await policies.store(pool, new(haikou(version, minutes=version)), "wang")
    with pytest.raises(Refused) as refusal:
        await policies.store(pool, new(haikou(version=1, minutes=20)), "wang")
    assert refusal.value.code == "policy-version-taken"
    assert refusal.value.params == {"policy": "haikou", "version": 1, "next": 8}
    assert await rows(pool, "policy_version") == 2


async def test_versions_are_listed(pool: Pool) -> None:
    for policy_file in (haikou(2, 20), haikou(), read("demo")):
        await policies.store(pool, new(policy_file), "wang")
    names = [(version.policy_id, version.version) for version in await policies.versions(pool)]
    assert names == [("demo", 1), ("haikou", 1), ("haikou", 2)]
    assert [version.version for version in await policies.versions(pool, "haikou")] == [1, 2]
    assert await policies.versions(pool, "nanjing") == []


async def test_an_unknown_version_is_named(pool: Pool) -> None:
    with pytest.raises(NotFound) as refusal:
        await policies.get(pool, "haikou", 3)
    assert refusal.value.code == "policy-version-unknown"
    assert refusal.value.params == {"policy": "haikou", "version": 3}


# -- activations ---------------------------------------------------------------------------------------


async def test_the_last_activation_counts(pool: Pool) -> None:
    assert await policies.active(pool) is None
    first = await policies.activate(pool, new(haikou()), by="wang", reason="to begin with")
    second = await policies.activate(pool, new(haikou(2, 20)), by="li", reason="sooner")
    assert second is not None
    assert await policies.active(pool) == second
    assert (second.version, second.activated_by, second.reason) == (2, "li", "sooner")
    back = await policies.activate(pool, new(haikou()), by="li", reason="too soon")
    assert await policies.active(pool) == back
    assert await policies.activations(pool, 10) == [back, second, first]
    assert await policies.activations(pool, 1) == [back]


async def test_what_counts_already_is_left_alone(pool: Pool) -> None:
    first = await policies.activate(pool, new(haikou()), by="wang", reason="to begin with")
    assert await policies.activate(pool, new(haikou()), by="li", reason="again") is None
    assert await policies.activate(pool, new(haikou(version=2)), by="li", reason="the same, renumbered") is None
    assert await policies.active(pool) == first
    assert await rows(pool, "policy_activation") == 1


async def test_a_refused_version_activates_nothing(pool: Pool) -> None:
    first = await policies.activate(pool, new(haikou()), by="wang", reason="to begin with")
    with pytest.raises(Refused):
        await policies.activate(pool, new(haikou(minutes=20)), by="wang", reason="forgot the number")
    assert await policies.active(pool) == first


async def test_only_the_first_of_many_at_once(pool: Pool) -> None:
    async def activate(number: int) -> policies.Activation | None:
        return await policies.activate(
            pool, new(haikou(number, minutes=number)), by=f"worker {number}", reason="default", only_first=True
        )

    activations = await asyncio.gather(*(activate(number) for number in range(1, 9)))
    assert len([done for done in activations if done]) == 1
    assert await rows(pool, "policy_activation") == await rows(pool, "policy_version") == 1


# -- calendars -----------------------------------------------------------------------------------------


async def test_a_calendar_comes_back_as_it_was(pool: Pool) -> None:
    assert await policies.latest_calendar(pool, "china") is None
    days = china_days(TODAY)
    stored = await policies.publish_calendar(pool, days, covers=COVERS, by="liandong", source=days.source)
    assert stored == await policies.latest_calendar(pool, "china") == await policies.calendar(pool, "china", 0)
    assert stored is not None
    assert (stored.calendar, stored.first_day, stored.last_day, stored.override) == (days, *COVERS, None)


async def test_a_revision_is_published_once(pool: Pool) -> None:
    days = china_days(TODAY)
    next_days = days.model_copy(update={"revision": 1})
    override: dict[str, JsonValue] = {"source": "the city", "days_off": ["2027-03-17"]}

    async def publish(by: str) -> policies.CalendarVersion | None:
        return await policies.publish_calendar(
            pool, next_days, covers=COVERS, by=by, source="the city", override=override
        )

    await policies.publish_calendar(pool, days, covers=COVERS, by="liandong", source=days.source)
    published = await asyncio.gather(*(publish(f"clerk {number}") for number in range(5)))
    kept = [calendar for calendar in published if calendar is not None]
    assert len(kept) == 1
    assert kept[0].override == override
    assert await policies.latest_calendar(pool, "china") == kept[0]
    assert [version.calendar.revision for version in await policies.calendars(pool, "china")] == [0, 1]


async def test_an_unknown_revision_is_named(pool: Pool) -> None:
    with pytest.raises(NotFound) as refusal:
        await policies.calendar(pool, "china", 4)
    assert refusal.value.code == "calendar-revision-unknown"
    assert refusal.value.params == {"calendar": "china", "revision": 4}


async def test_what_is_in_force_comes_at_one_go(pool: Pool) -> None:
    assert await policies.in_force(pool, "china") is None
    await policies.activate(pool, new(haikou()), by="wang", reason="to begin with")
    found = await policies.in_force(pool, "china")
    assert found == policies.InForce(policy=await policies.get(pool, "haikou", 1), calendar=None)
    for revision in (0, 1):
        days = china_days(TODAY).model_copy(update={"revision": revision})
        await policies.publish_calendar(pool, days, covers=COVERS, by="liandong", source=days.source)
    await policies.activate(pool, new(haikou(2, 20)), by="wang", reason="sooner")
    found = await policies.in_force(pool, "china")
    assert found is not None
    assert found.policy == await policies.get(pool, "haikou", 2)
    assert found.calendar == await policies.calendar(pool, "china", 1)


# -- the past ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_version SET content = '{}'",
        "DELETE FROM policy_version",
        "TRUNCATE policy_version CASCADE",
        "UPDATE policy_activation SET reason = 'another'",
        "DELETE FROM policy_activation",
        "TRUNCATE policy_activation",
        "UPDATE calendar_version SET content = '{}'",
        "DELETE FROM calendar_version",
        "TRUNCATE calendar_version",
    ],
)
async def test_nothing_is_taken_back(pool: Pool, statement: str) -> None:
    await policies.activate(pool, new(haikou()), by="wang", reason="to begin with")
    days = china_days(TODAY)
    await policies.publish_calendar(pool, days, covers=COVERS, by="liandong", source=days.source)
    with pytest.raises(asyncpg.RestrictViolationError):
        await pool.execute(statement)
