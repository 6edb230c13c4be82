"""What the stuck view reads: the open cases that show a sign of being held up, counted and the first of each kind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from asyncpg import Record as Row

from domain.stuck import ATTENDANCE, GRACE, Search, Signs, StuckCase
from storage.database import Pool, fetch_filtered

ATTENDED = f"interval '{ATTENDANCE.total_seconds():.0f} s'"

COLUMNS = f"""
SELECT case_view.case_id, status, rung, matter, district, lead, waiting_party, waiting_department, waiting_for,
    waiting_order, waiting_since, waiting_until, waiting_provisional, lapsed, hold_until, hold_approved_by, opened_at,
    coalesce(waiting_until < $1, false) AS overdue, coalesce(waiting_until < $2, false) AS near,
    waiting_for IS NULL AND changed_at < $3 AS standing, coalesce(hold_until < $2, false) AS hold_ends,
    meeting_id, coalesce(short_since < $1 - {ATTENDED}, false) AS no_quorum,
    coalesce(pending.order_id, lost_order) AS not_received
FROM case_view LEFT JOIN pending USING (case_id)
"""  # noqa: S608 - a query of ours
"""Cases with their signs; $1 is now, $2 soon, $3 a moment ago."""

PENDING = """
SELECT DISTINCT ON (case_id) delivery.case_id, delivery.order_id
FROM delivery JOIN order_view USING (order_id)
WHERE delivered_at IS NULL AND first_at < $3 AND order_view.status IN ('sent', 'acknowledged')
ORDER BY case_id, first_at
"""
"""Of each case the first open order that has not reached its department."""

FILTERS = """
status <> 'closed'
    AND ($4::text IS NULL OR district = $4)
    AND ($5::text IS NULL OR $5 IN (waiting_department, lead) OR jsonb_path_exists(view,
        '$.orders[*] ? (@.department == $asked && (@.status == "sent" || @.status == "acknowledged"))',
        jsonb_build_object('asked', $5::text)))
    AND ($6::text[] IS NULL OR matter = ANY($6))
    AND ($7::text IS NULL OR rung = $7)
    AND ($8::timestamptz IS NULL OR opened_at < $8)
"""

SIGNED = f"""
(waiting_until < $2 OR waiting_for = 'assignment' OR marked OR short_since < $1 - {ATTENDED}
    OR case_view.case_id = ANY (ARRAY(SELECT pending.case_id FROM pending)))
"""  # noqa: S608 - a part of a query of ours
"""The cases that may show a sign; of each kind an index knows them, ``marked`` those that a limit does not show."""

ALIKE = """
overdue::int + near::int * 2 + standing::int * 4 + (not_received IS NOT NULL)::int * 8 + lapsed::int * 16
    + hold_ends::int * 32 + waiting_provisional::int * 64 + no_quorum::int * 128
"""
"""The signs as one number: thousands of cases are sorted by it, which nine columns make three times as slow."""

STUCK = f"""
WITH pending AS MATERIALIZED ({PENDING}), signed AS (
    {COLUMNS} WHERE {FILTERS} AND {SIGNED}
), placed AS (
    SELECT *, count(*) OVER alike AS number,
        row_number() OVER (alike ORDER BY waiting_until, case_id COLLATE "C") AS place
    FROM signed
    WINDOW alike AS (PARTITION BY {ALIKE}, waiting_for COLLATE "C")
)
SELECT placed.*, delivery.order_id, delivery.department AS order_department, delivery.attempts,
    delivery.last_error AS error
FROM placed LEFT JOIN delivery ON delivery.order_id = not_received
WHERE place <= $9 ORDER BY waiting_until, placed.case_id
"""  # noqa: S608 - a query of ours

OF_THESE = f"""
WITH pending AS MATERIALIZED ({PENDING})
{COLUMNS} WHERE {FILTERS} AND case_view.case_id = ANY ($9::text[])
"""

WITHIN = f"""
WITH pending AS MATERIALIZED ({PENDING})
{COLUMNS} WHERE (waiting_until < $2) IS NOT TRUE AND waiting_for IS NOT NULL AND {FILTERS}
ORDER BY waiting_until, case_id LIMIT $9
"""


class Found(NamedTuple):
    """A case with its signs, and how many have the same."""

    case: StuckCase
    signs: Signs
    number: int


async def stuck(pool: Pool, search: Search, now: datetime, soon: timedelta, limit: int) -> list[Found]:
    """Open cases with a sign of being held up, the most pressing first; of those with the same signs ``limit``."""
    rows = await fetch_filtered(pool, STUCK, *arguments(search, now, soon), limit)
    return [Found(_case(row), _signs(row), row["number"]) for row in rows]


async def of_these(pool: Pool, search: Search, now: datetime, soon: timedelta, case_ids: Sequence[str]) -> list[Found]:
    """Those of these cases that are open and match, with their signs."""
    rows = await fetch_filtered(pool, OF_THESE, *arguments(search, now, soon), list(case_ids))
    return [Found(_case(row), _signs(row), 1) for row in rows]


async def within(pool: Pool, search: Search, now: datetime, soon: timedelta, limit: int) -> list[Found]:
    """Open cases that wait for somebody whose limit does not end soon, the most pressing first."""
    rows = await fetch_filtered(pool, WITHIN, *arguments(search, now, soon), limit)
    return [Found(_case(row), _signs(row), 1) for row in rows]


def arguments(search: Search, now: datetime, soon: timedelta) -> tuple[object, ...]:
    """What goes in for $1 to $8 of each of the queries."""
    matters = list(search.matters) if search.matters is not None else None
    rung = search.rung and search.rung.value
    return (
        *(now, now + soon, now - GRACE),
        *(search.district, search.department, matters, rung, search.opened_before),
    )


def _case(row: Row) -> StuckCase:
    return StuckCase.model_validate({name: row[name] for name in StuckCase.model_fields if name in row})


def _signs(row: Row) -> Signs:
    return Signs(
        awaited=row["waiting_for"],
        overdue=row["overdue"],
        near=row["near"],
        standing=row["standing"],
        not_received=row["not_received"] is not None,
        lapsed=row["lapsed"],
        hold_ends=row["hold_ends"],
        provisional=row["waiting_provisional"],
        no_quorum=row["no_quorum"],
    )
