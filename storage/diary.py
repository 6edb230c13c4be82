"""The duty diaries: one chain a department, only ever added to."""

from datetime import datetime

from asyncpg import Record as Row

from domain.diary import Diary, DiaryEntry, NewEntry, chained, first_diary_misfit
from domain.ledger import Misfit
from storage.database import Connection, Pool

LOCK_DIARY = "SELECT pg_advisory_xact_lock(hashtextextended('diary ' || $1, 0))"

OF_DEPARTMENT = "SELECT * FROM diary WHERE department = $1 ORDER BY seq"

DEPARTMENTS = "SELECT DISTINCT department FROM diary ORDER BY department"

APPEND = """
INSERT INTO diary (department, seq, day, kind, entered_by, duty, instead_of, point, case_id, text, at, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""


async def of_department(source: "Pool | Connection", department: str) -> Diary:
    """All of a department's diary, from its first entry."""
    return Diary([_entry(row) for row in await source.fetch(OF_DEPARTMENT, department)])


async def write(pool: Pool, new: NewEntry, at: datetime) -> tuple[DiaryEntry, Diary]:
    """Add an entry; with the diary as it is then. Raises as ``Diary.check`` does, and nothing is added."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_DIARY, new.department)
        diary = await of_department(connection, new.department)
        diary.check(new)
        entry = chained(new, diary.last, at)
        await connection.execute(
            APPEND,
            entry.department,
            entry.seq,
            entry.day,
            entry.kind.value,
            entry.by,
            entry.duty.value if entry.duty else None,
            entry.instead_of,
            entry.point,
            entry.case_id,
            entry.text,
            entry.at,
            entry.prev_hash,
            entry.hash,
        )
    return entry, Diary([*diary.entries, entry])


async def misfit(pool: Pool) -> Misfit | None:
    """The first entry of any diary that does not follow from the one before it."""
    for row in await pool.fetch(DEPARTMENTS):
        if found := first_diary_misfit((await of_department(pool, row["department"])).entries):
            return found
    return None


def _entry(row: Row) -> DiaryEntry:
    columns = dict(row)
    columns["by"] = columns.pop("entered_by")
    return DiaryEntry.model_validate(columns)
