"""The projection of cases: what lists and the stuck view read."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record as Row

from domain.case import Awaited, CaseView, Closing, Party, Status
from domain.demand import Nature, Urgency
from domain.ladder import Rung
from domain.values import Value
from storage.database import Pool, fetch_filtered

VIEW = "SELECT view FROM case_view WHERE case_id = $1"

LIST = """
SELECT * FROM case_view
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR rung = $2)
ORDER BY opened_at DESC, case_id LIMIT $3
"""

LIST_OF_DEPARTMENT = """
SELECT * FROM case_view
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR rung = $2)
  AND EXISTS (SELECT FROM order_view WHERE order_view.case_id = case_view.case_id AND order_view.department = $4)
ORDER BY opened_at DESC, case_id LIMIT $3
"""

WAITING = """
SELECT * FROM case_view
WHERE status <> 'closed' AND waiting_for IS NOT NULL
ORDER BY waiting_until, case_id LIMIT $1
"""
"""What is overdue has the earliest limits, so it comes first; what has no limit comes last."""

BY_RUNG_AND_STATUS = """
SELECT rung, status, closing, count(*) AS cases FROM case_view
GROUP BY rung, status, closing ORDER BY rung, status, closing
"""

NOT_IN_VIEW = """
SELECT case_id, received_at FROM demand WHERE recorded_at IS NULL ORDER BY received_at LIMIT $1
"""


OPEN = """
SELECT case_id, policy FROM case_view
WHERE status <> 'closed' AND ($1::text[] IS NULL OR case_id = ANY($1)) ORDER BY case_id
"""


class OpenCase(Value):
    """An open case and what it is pinned to."""

    case_id: str
    policy: str
    """``<policy>@<version>``."""


class CaseRow(Value):
    """One line of a list of cases."""

    case_id: str
    status: Status
    rung: Rung
    closing: Closing | None
    nature: Nature
    urgency: Urgency
    matter: str | None
    lead: str | None
    waiting_party: Party | None
    waiting_department: str | None
    waiting_for: Awaited | None
    waiting_order: str | None
    waiting_since: datetime | None
    waiting_until: datetime | None
    waiting_provisional: bool
    """That limit rests on working days that are not published yet."""
    opened_at: datetime
    closed_at: datetime | None


class Count(Value):
    """How many cases are at one place of the ladder."""

    rung: Rung
    status: Status
    closing: Closing | None
    cases: int


class NotOpened(Value):
    """A demand whose case has not shown up in the record yet."""

    case_id: str
    received_at: datetime


async def view(pool: Pool, case_id: str) -> CaseView | None:
    """The case as the record last saw it; None where the record does not know it."""
    found = await pool.fetchval(VIEW, case_id)
    return CaseView.model_validate(found) if found else None


async def listed(
    pool: Pool, *, status: Status | None, rung: Rung | None, department: str | None, limit: int
) -> list[CaseRow]:
    """The newest cases that match; ``department`` matches every case in which it has had an order."""
    query, last = (LIST_OF_DEPARTMENT, (department,)) if department else (LIST, ())
    rows = await fetch_filtered(pool, query, status and status.value, rung and rung.value, limit, *last)
    return [_row(row) for row in rows]


async def waiting(pool: Pool, limit: int) -> list[CaseRow]:
    """Open cases that wait for somebody, overdue first. What holds them up is another question: ``storage.stuck``."""
    return [_row(row) for row in await pool.fetch(WAITING, limit)]


async def policy_of(pool: Pool, case_id: str) -> str:
    """``<policy>@<version>`` that the case is pinned to; empty where the record does not know the case."""
    return str(await pool.fetchval("SELECT policy FROM case_view WHERE case_id = $1", case_id) or "")


async def open_cases(pool: Pool, case_ids: Sequence[str] | None) -> list[OpenCase]:
    """The open cases of these ids, or all for None."""
    return [OpenCase.model_validate(dict(row)) for row in await pool.fetch(OPEN, case_ids)]


async def counts(pool: Pool) -> list[Count]:
    """How many cases are where."""
    return [Count.model_validate(dict(row)) for row in await pool.fetch(BY_RUNG_AND_STATUS)]


async def not_in_view(pool: Pool, limit: int) -> list[NotOpened]:
    """Demands that the record knows no case of yet, the oldest first."""
    return [NotOpened.model_validate(dict(row)) for row in await pool.fetch(NOT_IN_VIEW, limit)]


def _row(row: Row) -> CaseRow:
    return CaseRow.model_validate({name: row[name] for name in CaseRow.model_fields})
