"""Anchors on PostgreSQL: every case proved in every tree, over many blocks, and nothing held that grows with them."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from records import facts, record

from domain.anchor import BLOCK, Anchored, root_by
from domain.case import Record
from domain.errors import DoesNotFit, Unavailable
from dossiers.check import kept_anchors
from dossiers.seal import Seal, is_signed
from outbox.anchors import Anchoring, file_name, make_anchor, publish_anchors
from storage import ledger
from storage.anchors import of_case
from storage.database import Pool

NOW = datetime(2026, 11, 23, 15, 55, tzinfo=UTC)
MANY = 2 * BLOCK + 17

CASES = """
WITH one AS (SELECT * FROM case_view WHERE case_id = 'case-0')
INSERT INTO case_view (case_id, seq, head_hash, status, step, rung, channel, nature, urgency, policy, opened_at,
    changed_at, view)
SELECT 'case-' || number, seq, head_hash, status, step, rung, channel, nature, urgency, policy, opened_at, changed_at,
    view
FROM one, generate_series(1, $1) AS number
"""

DEMANDS = """
INSERT INTO demand (case_id, description, reported_at, opening)
SELECT case_id, '诉求 ' || case_id, now(), '{}' FROM case_view ON CONFLICT DO NOTHING
"""


@pytest.fixture
def anchoring(tmp_path: Path) -> Anchoring:
    return Anchoring(seal=Seal("5e" * 32), folder=tmp_path / "anchors")


async def write(pool: Pool, written: Record) -> None:
    await ledger.write(pool, written)
    await pool.execute(DEMANDS)


async def many(pool: Pool, count: int) -> None:
    await write(pool, record("case-0", facts(3)))
    await pool.execute(CASES, count - 1)
    await pool.execute(DEMANDS)


async def found(pool: Pool, case_id: str) -> Anchored:
    anchored = await of_case(pool, case_id)
    assert anchored is not None
    anchor = anchored.signed.anchor
    assert root_by(anchored.proof, anchored.leaf.encoded()) == anchor.root
    assert is_signed(anchor.encoded(), anchored.signed.signature, anchor.key)
    return anchored


async def test_every_case_is_proved(pool: Pool, anchoring: Anchoring) -> None:
    await many(pool, MANY)
    signed = await make_anchor(pool, anchoring, NOW)
    assert signed.anchor.cases == MANY
    ids = sorted(f"case-{number}" for number in range(MANY))
    for place in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, MANY - 1):
        anchored = await found(pool, ids[place])
        assert (anchored.proof.index, anchored.leaf.case_id) == (place, ids[place])


async def test_only_what_moved_is_written_again(pool: Pool, anchoring: Anchoring) -> None:
    await many(pool, 5)
    first = await make_anchor(pool, anchoring, NOW)
    await ledger.write(pool, record("case-0", facts(5, first=4)))
    second = await make_anchor(pool, anchoring, NOW)
    third = await make_anchor(pool, anchoring, NOW)
    leaves = await pool.fetch("SELECT number, count(*) FROM anchor_leaf GROUP BY number ORDER BY number")
    assert [tuple(row) for row in leaves] == [(1, 5), (2, 1)]
    assert first.anchor.root != second.anchor.root == third.anchor.root
    assert third.anchor.previous == second.anchor.hash
    assert (await found(pool, "case-0")).leaf.seq == 5
    assert (await found(pool, "case-3")).leaf.seq == 3


async def test_a_case_that_came_after_the_anchor_has_none(pool: Pool, anchoring: Anchoring) -> None:
    await make_anchor(pool, anchoring, NOW)
    assert (await make_anchor(pool, anchoring, NOW)).anchor.root == hashlib.sha256().hexdigest()
    await write(pool, record("case-1", facts(1)))
    assert await of_case(pool, "case-1") is None


async def test_many_at_once_follow_one_another(pool: Pool, anchoring: Anchoring) -> None:
    await many(pool, 20)
    made = await asyncio.gather(*(make_anchor(pool, anchoring, NOW) for _ in range(4)))
    assert sorted(one.anchor.number for one in made) == [1, 2, 3, 4]
    assert len({one.anchor.root for one in made}) == 1
    assert await publish_anchors(pool, anchoring) == 4
    assert list(kept_anchors(anchoring.folder)) == [1, 2, 3, 4]


@pytest.mark.parametrize("table", ["anchor", "anchor_leaf"])
async def test_what_was_anchored_is_never_changed(pool: Pool, anchoring: Anchoring, table: str) -> None:
    await make_anchor(pool, anchoring, NOW)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await pool.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names


# -- the folder ------------------------------------------------------------------------------------------


async def test_what_a_crash_left_out_is_written_by_the_next(pool: Pool, anchoring: Anchoring) -> None:
    await make_anchor(pool, anchoring, NOW)
    await make_anchor(pool, anchoring, NOW)
    assert await publish_anchors(pool, anchoring) == 2
    assert await publish_anchors(pool, anchoring) == 0
    file = anchoring.folder / file_name(2)
    assert file.stat().st_mode & 0o777 == 0o444
    file.unlink()
    assert await publish_anchors(pool, anchoring) == 1


async def test_an_altered_file_is_a_finding(pool: Pool, anchoring: Anchoring) -> None:
    await make_anchor(pool, anchoring, NOW)
    await publish_anchors(pool, anchoring)
    file = anchoring.folder / file_name(1)
    file.chmod(0o644)
    file.write_text("{}")
    with pytest.raises(DoesNotFit, match="anchor-differs"):
        await publish_anchors(pool, anchoring)


async def test_a_database_that_was_set_back_is_a_finding(pool: Pool, anchoring: Anchoring) -> None:
    anchoring.folder.mkdir()
    (anchoring.folder / file_name(1)).write_text("{}")
    with pytest.raises(DoesNotFit, match="anchors-ahead"):
        await make_anchor(pool, anchoring, NOW)
    assert await pool.fetchval("SELECT count(*) FROM anchor") == 0


async def test_a_server_that_is_away_leaves_it_for_the_next(pool: Pool, anchoring: Anchoring) -> None:
    await make_anchor(pool, anchoring, NOW)
    away = Anchoring(seal=anchoring.seal, folder=anchoring.folder, url="http://127.0.0.1:9/anchor")
    with pytest.raises(Unavailable, match="anchor-not-posted"):
        await publish_anchors(pool, away)
    assert await publish_anchors(pool, anchoring) == 1
