"""What an assessment reads: marks and custody of a period, summed up, and the exclusions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from asyncpg import Record as Row

from domain.assessment import Booked, By, Exclusion, Line, NewExclusion, Period, Share, Sum, check_exclusion
from domain.errors import NotFound
from domain.marks import Figure
from storage.database import Connection, Pool, fetch_filtered

LEFT_OUT = """
SELECT * FROM (SELECT DISTINCT ON (case_id) * FROM exclusion ORDER BY case_id, number DESC) AS last WHERE excluded
"""
"""The last entry of every case that is left out now."""

BY_DEPARTMENT = """
SELECT department AS part, figure, count(*) AS total, count(*) FILTER (WHERE good) AS good
FROM mark WHERE at >= $1 AND at < $2 GROUP BY department, figure
"""

BY_DISTRICT = """
SELECT district AS part, figure, count(*) AS total, count(*) FILTER (WHERE good) AS good
FROM mark WHERE at >= $1 AND at < $2 GROUP BY district, figure
"""

BY_MATTER = """
SELECT matter AS part, figure, count(*) AS total, count(*) FILTER (WHERE good) AS good
FROM mark WHERE at >= $1 AND at < $2 GROUP BY matter, figure
"""

SUMS: Mapping[By, tuple[str, str]] = MappingProxyType(
    {
        By.DEPARTMENT: ("department", BY_DEPARTMENT),
        By.DISTRICT: ("district", BY_DISTRICT),
        By.CLASS: ("matter", BY_MATTER),
    }
)
"""By which column, and the query. Classes are summed up from matters by who knows the matters."""

OF_EXCLUDED = f"""
WITH left_out AS MATERIALIZED ({LEFT_OUT})
SELECT mark.*, left_out.reason AS excluded, left_out.approved_by
FROM left_out JOIN mark USING (case_id) WHERE mark.at >= $1 AND mark.at < $2
"""  # noqa: S608 - a query of ours
"""Exclusions are few: their cases' marks are found case by case."""

EXCLUSIONS = f"SELECT * FROM ({LEFT_OUT}) AS left_out WHERE case_id = ANY($1) ORDER BY case_id"  # noqa: S608 - a query of ours

BEHIND = f"""
SELECT mark.*, left_out.reason AS excluded, left_out.approved_by
FROM mark LEFT JOIN ({LEFT_OUT}) AS left_out USING (case_id)
WHERE mark.at >= $1 AND mark.at < $2 AND figure = $3
    AND ($4::text IS NULL OR mark.department = $4) AND ($5::text IS NULL OR mark.district = $5)
ORDER BY mark.good, mark.at, mark.case_id LIMIT $6
"""  # noqa: S608 - a query of ours
"""What counts against comes first: that is what is asked about."""

SHARES = f"""
SELECT count(*) AS total, count(*) FILTER (WHERE good) AS good,
    count(*) FILTER (WHERE left_out.case_id IS NULL) AS kept,
    count(*) FILTER (WHERE left_out.case_id IS NULL AND good) AS kept_good
FROM mark LEFT JOIN ({LEFT_OUT}) AS left_out USING (case_id)
WHERE mark.at >= $1 AND mark.at < $2 AND figure = $3
    AND ($4::text IS NULL OR mark.department = $4) AND ($5::text IS NULL OR mark.district = $5)
"""  # noqa: S608 - a query of ours

GRID_WORKERS = """
SELECT count(DISTINCT demand.opened_by) FROM mark JOIN demand USING (case_id)
WHERE mark.figure = 'grid' AND mark.at >= $1 AND mark.at < $2
"""
"""Known where a grid worker's own token opened the case."""

CUSTODY = """
SELECT hands, nullif(department, '') AS department, count(*) AS cases, sum(clock) AS clock
FROM custody WHERE closed_at >= $1 AND closed_at < $2 GROUP BY hands, custody.department
ORDER BY sum(clock) DESC, hands, custody.department
"""

LAST_OF_CASE = "SELECT * FROM exclusion WHERE case_id = $1 ORDER BY number DESC LIMIT 1"

LOCK_EXCLUSIONS = "SELECT pg_advisory_xact_lock(hashtextextended('exclusion ' || $1, 0))"

KNOWN = "SELECT EXISTS (SELECT FROM case_view WHERE case_id = $1)"

EXCLUDE = """
INSERT INTO exclusion (case_id, excluded, reason, remark, approved_by, entered_by) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING *
"""


async def sums(pool: Pool, period: Period, by: By) -> tuple[list[Sum], list[str]]:
    """Every figure of every group (of every matter, for the classes), and which cases the adjusted ones leave out."""
    column, query = SUMS[by]
    counted = await pool.fetch(query, period.since, period.until)
    left_out = await pool.fetch(OF_EXCLUDED, period.since, period.until)
    less: dict[tuple[str | None, str], list[int]] = {}
    for row in left_out:
        sum_of = less.setdefault((row[column], row["figure"]), [0, 0])
        sum_of[0] += row["good"]
        sum_of[1] += 1
    return [_sum(row, less) for row in counted], sorted({row["case_id"] for row in left_out})


def _sum(row: Row, less: Mapping[tuple[str | None, str], Sequence[int]]) -> Sum:
    good, total = less.get((row["part"], row["figure"]), (0, 0))
    return Sum(
        group=row["part"],
        figure=Figure(row["figure"]),
        raw=Share(good=row["good"], total=row["total"]),
        adjusted=Share(good=row["good"] - good, total=row["total"] - total),
    )


async def grid_workers(pool: Pool, period: Period) -> int:
    """How many grid workers entered a case."""
    return await pool.fetchval(GRID_WORKERS, period.since, period.until)


async def custody(pool: Pool, period: Period) -> list[Booked]:
    """How long whose hands had the cases that were closed in the period; the longest first."""
    return [Booked.model_validate(dict(row)) for row in await pool.fetch(CUSTODY, period.since, period.until)]


async def shares(
    pool: Pool, period: Period, figure: Figure, *, department: str | None, district: str | None
) -> tuple[Share, Share]:
    """One figure, raw and adjusted."""
    (row,) = await fetch_filtered(pool, SHARES, period.since, period.until, figure.value, department, district)
    return Share(good=row["good"], total=row["total"]), Share(good=row["kept_good"], total=row["kept"])


async def behind(
    pool: Pool, period: Period, figure: Figure, *, department: str | None, district: str | None, limit: int
) -> list[Line]:
    """The marks behind a figure, those against it first."""
    rows = await fetch_filtered(pool, BEHIND, period.since, period.until, figure.value, department, district, limit)
    return [Line.model_validate({name: row[name] for name in Line.model_fields}) for row in rows]


async def exclusions(pool: Pool, case_ids: Sequence[str]) -> list[Exclusion]:
    """The entry by which each of these cases is left out."""
    return [_exclusion(row) for row in await pool.fetch(EXCLUSIONS, case_ids)]


async def enter(pool: Pool, new: NewExclusion) -> Exclusion:
    """Enter an exclusion, or its undoing. Raises NotFound ``case-unknown``, and Refused as ``check_exclusion`` does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_EXCLUSIONS, new.case_id)
        if not await connection.fetchval(KNOWN, new.case_id):
            raise NotFound("case-unknown", case=new.case_id)
        check_exclusion(new, await _last(connection, new.case_id))
        row = await connection.fetchrow(
            EXCLUDE, new.case_id, new.excluded, new.reason.value, new.remark, new.approved_by, new.by
        )
    assert row is not None  # noqa: S101 - RETURNING
    return _exclusion(row)


async def _last(connection: Connection, case_id: str) -> Exclusion | None:
    row = await connection.fetchrow(LAST_OF_CASE, case_id)
    return _exclusion(row) if row else None


def _exclusion(row: Row) -> Exclusion:
    columns = dict(row)
    columns["by"] = columns.pop("entered_by")
    return Exclusion.model_validate(columns)
