"""Calls to citizens over many cases: which are due, how many somebody made, and which were made again."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime

from asyncpg import Record as Row

from domain.assessment import Period
from domain.calls import FirstCall, NewSample, NewSecondCall, Sample, SecondCall, check_allowance, check_second
from domain.demand import Nature, Urgency
from domain.errors import Refused
from domain.values import Instant, Value
from storage.database import Connection, Pool, fetch_filtered

DUE = """
SELECT case_id, waiting_department AS department, waiting_since AS since, waiting_until AS due, nature, urgency, matter,
    (SELECT count(*) FROM ledger WHERE ledger.case_id = case_view.case_id AND kind = 'callback.recorded' AND seq > (
        SELECT max(seq) FROM ledger WHERE ledger.case_id = case_view.case_id AND kind = 'rung.left')) AS attempts
FROM case_view
WHERE waiting_for = 'callback' AND ($1::text[] IS NULL OR waiting_department = ANY($1))
ORDER BY waiting_until, case_id LIMIT $2
"""
"""What was called in vain since the case was answered last; what is due first comes first."""

CALLED = """
SELECT count(DISTINCT case_id) FROM ledger
WHERE kind = 'callback.recorded' AND at >= $2 AND at < $3 AND actor = 'caller:' || $1
    AND payload->>'result' IN ('satisfied', 'unsatisfied')
"""

LOCK_CALLER = "SELECT pg_advisory_xact_lock(hashtextextended('caller ' || $1, 0))"

FIRST_CALLS = """
SELECT DISTINCT ON (case_id) case_id, seq, at, substr(actor, 8) AS by, payload->>'result' AS result,
    payload->>'rating' AS rating, NULL AS department
FROM ledger
WHERE kind = 'callback.recorded' AND at >= $1 AND at < $2 AND payload->>'result' IN ('satisfied', 'unsatisfied')
ORDER BY case_id, seq DESC
"""

FIRST_CALL = """
SELECT DISTINCT ON (case_id) case_id, seq, at, substr(actor, 8) AS by, payload->>'result' AS result,
    payload->>'rating' AS rating,
    (SELECT due.payload->>'department' FROM ledger AS due
     WHERE due.case_id = ledger.case_id AND due.kind = 'callback.due' AND due.seq < ledger.seq
     ORDER BY due.seq DESC LIMIT 1) AS department
FROM ledger
WHERE case_id = ANY($1) AND kind = 'callback.recorded' AND at >= $2 AND at < $3
    AND payload->>'result' IN ('satisfied', 'unsatisfied')
ORDER BY case_id, seq DESC
"""

LAST_CALL_OF_CASE = """
SELECT at FROM ledger WHERE case_id = $1 AND kind = 'callback.recorded'
    AND payload->>'result' IN ('satisfied', 'unsatisfied')
ORDER BY seq DESC LIMIT 1
"""

SAMPLE = "SELECT * FROM callback_sample WHERE month = $1"

DRAW = """
INSERT INTO callback_sample (month, percent, seed, drawn_by) VALUES ($1, $2, $3, $4) ON CONFLICT (month) DO NOTHING
"""

SECOND_CALLS = """
SELECT DISTINCT ON (case_id, first_seq) * FROM second_call WHERE case_id = ANY($1)
ORDER BY case_id, first_seq, reached DESC, number DESC
"""
"""Where somebody reached the citizen that call, else the last attempt."""

REACHED_AGAIN = "SELECT * FROM second_call WHERE case_id = $1 AND first_seq = $2 AND reached"

LOCK_SECOND = "SELECT pg_advisory_xact_lock(hashtextextended('second call ' || $1, 0))"

CALL_AGAIN = """
INSERT INTO second_call (case_id, first_seq, first_by, called_by, reached, rating, comment)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""


class DueCall(Value):
    """A case whose citizen is to be called back."""

    case_id: str
    department: str | None
    since: Instant | None
    due: Instant | None
    nature: Nature
    urgency: Urgency
    matter: str | None
    attempts: int
    """Calls that reached nobody."""


async def due(pool: Pool, departments: Sequence[str] | None, limit: int) -> list[DueCall]:
    """The cases that wait for a callback by these departments' heads, or by any."""
    return [DueCall.model_validate(dict(row)) for row in await fetch_filtered(pool, DUE, departments, limit)]


async def called(source: "Pool | Connection", by: str, since: datetime, until: datetime) -> int:
    """How many citizens somebody reached in that time."""
    return int(await source.fetchval(CALLED, by, since, until))


@asynccontextmanager
async def allowance(pool: Pool, by: str, day: tuple[datetime, datetime], a_day: int) -> AsyncGenerator[None]:
    """Room for one more call by that person today; nobody else's call of theirs goes on meanwhile.

    Raises Refused as ``check_allowance`` does. What is recorded inside should be on record at the end of it.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_CALLER, by)
        check_allowance(by, await called(connection, by, *day), a_day, day[1])
        yield


async def first_calls(pool: Pool, month: Period) -> list[FirstCall]:
    """Every case whose citizen was reached in the month, by the month's last such call; not whose head called."""
    return [_first(row) for row in await pool.fetch(FIRST_CALLS, month.since, month.until)]


async def first_calls_of(pool: "Pool | Connection", case_ids: Sequence[str], month: Period) -> list[FirstCall]:
    """The same for these cases, with whose head called."""
    rows = await pool.fetch(FIRST_CALL, case_ids, month.since, month.until)
    return [_first(row) for row in rows]


async def last_call(pool: Pool, case_id: str) -> datetime | None:
    """When the case's citizen was reached last."""
    return await pool.fetchval(LAST_CALL_OF_CASE, case_id)


async def sample_of(pool: "Pool | Connection", month: date) -> Sample | None:
    """How the month's sample was drawn; None where it was not."""
    row = await pool.fetchrow(SAMPLE, month)
    return _sample(row) if row else None


async def draw(pool: Pool, new: NewSample) -> Sample:
    """Draw the month's sample; again with the same seed it is the same. Raises Refused ``sample-drawn`` for another."""
    await pool.execute(DRAW, new.month, new.percent, new.seed, new.by)
    sample = await sample_of(pool, new.month)
    assert sample is not None  # noqa: S101 - this one or the one before
    if (sample.percent, sample.seed) != (new.percent, new.seed):
        raise Refused(
            "sample-drawn",
            month=f"{new.month:%Y-%m}",
            by=sample.by,
            at=sample.at.isoformat(),
            percent=sample.percent,
            seed=sample.seed,
        )
    return sample


async def second_calls(pool: Pool, case_ids: Sequence[str]) -> list[SecondCall]:
    """What became of the second calls to these cases' citizens: the one that reached, else the last attempt."""
    return [_second(row) for row in await pool.fetch(SECOND_CALLS, case_ids)]


async def call_again(pool: Pool, new: NewSecondCall, month: Period) -> SecondCall:
    """Enter a second call. Raises as ``check_second`` does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_SECOND, new.case_id)
        first = next(iter(await first_calls_of(connection, [new.case_id], month)), None)
        before = await connection.fetchrow(REACHED_AGAIN, new.case_id, first.seq) if first else None
        check_second(new, first, await sample_of(connection, month.first), _second(before) if before else None)
        assert first is not None  # noqa: S101 - checked
        row = await connection.fetchrow(
            CALL_AGAIN,
            new.case_id,
            first.seq,
            first.by,
            new.by,
            new.reached,
            new.rating.value if new.rating else None,
            new.comment,
        )
    assert row is not None  # noqa: S101 - RETURNING
    return _second(row)


def _first(row: Row) -> FirstCall:
    return FirstCall.model_validate(dict(row))


def _sample(row: Row) -> Sample:
    columns = dict(row)
    columns["by"] = columns.pop("drawn_by")
    return Sample.model_validate(columns)


def _second(row: Row) -> SecondCall:
    columns = dict(row)
    columns["by"] = columns.pop("called_by")
    del columns["number"]
    return SecondCall.model_validate(columns)
