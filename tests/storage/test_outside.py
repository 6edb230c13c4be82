"""What senders outside ask for is found by an index, however much others have sent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.front import WINDOW
from storage.database import Pool
from storage.demands import FROM_OUTSIDE, LATEST

MANY = 20_000
FILL = """
INSERT INTO demand (case_id, description, reported_at, received_at, opening, opened_by, fingerprint)
SELECT 'case-' || n, '路灯不亮', t, t, '{"matter": "street-lamp"}',
       CASE WHEN n % 2 = 0 THEN 'client:app-' || n % 40 END, CASE WHEN n % 2 = 0 THEN md5((n / 3)::text) END
FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, $1::int) AS n) AS one
"""


def indexes(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan:
        yield plan["Index Name"]
    for child in plan.get("Plans", []):
        yield from indexes(child)


NOW = datetime.now(UTC)
ASKED = {
    "everything of the last 90 days": (None, None, NOW - timedelta(days=90), NOW, None, 1000, 0),
    "the open ones of one service": (None, ["street-lamp"], NOW - timedelta(days=90), NOW, False, 50, 0),
    "a day": (None, None, NOW - timedelta(days=2), NOW - timedelta(days=1), None, 1000, 0),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_a_sender_finds_its_own_by_the_index(pool: Pool, asked: str) -> None:
    await pool.execute(FILL, MANY)
    await pool.execute("ANALYZE demand")
    (found,) = json.loads(await pool.fetchval(f"EXPLAIN (FORMAT json) {FROM_OUTSIDE}", "client:app-2", *ASKED[asked]))
    assert "demand_of_source" in set(indexes(found["Plan"]))


async def test_the_last_with_the_same_content_is_found_by_the_index(pool: Pool) -> None:
    await pool.execute(FILL, MANY)
    await pool.execute("ANALYZE demand")
    (found,) = json.loads(await pool.fetchval(f"EXPLAIN (FORMAT json) {LATEST}", "0" * 64, WINDOW))
    assert list(indexes(found["Plan"])) == ["demand_by_fingerprint"]
