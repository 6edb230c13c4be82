"""Joint meetings on record: nothing here is ever changed, only added to."""

from collections.abc import Sequence

from asyncpg import Record as Row

from domain.commands import SpeakInMeeting
from domain.errors import NotFound
from domain.meeting import (
    Meeting,
    MeetingFile,
    MeetingWord,
    Minutes,
    NewMeeting,
    Record,
    Result,
    Said,
    Signature,
)
from storage.database import Connection, Pool

LOCK_MEETING = "SELECT pg_advisory_xact_lock(hashtextextended('meeting ' || $1, 0))"

ADD_MEETING = """
INSERT INTO meetings (meeting_id, held_at, place, members, quorum, convened_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""

ADD_CASE = "INSERT INTO meeting_cases (meeting_id, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"

MEETINGS = """
SELECT meetings.*, ARRAY(
    SELECT case_id FROM meeting_cases WHERE meeting_cases.meeting_id = meetings.meeting_id ORDER BY case_id
) AS cases
FROM meetings
"""

MEETING = f"{MEETINGS} WHERE meeting_id = $1"

LATEST = f"{MEETINGS} ORDER BY held_at DESC, meeting_id LIMIT $1"

WORDS = "SELECT * FROM meeting_words WHERE meeting_id = $1 ORDER BY number"

MINUTES = "SELECT * FROM meeting_minutes WHERE meeting_id = $1 ORDER BY number DESC LIMIT 1"

SIGNATURES = "SELECT * FROM meeting_signatures WHERE meeting_id = $1 ORDER BY at, department"

ADD_WORD = "INSERT INTO meeting_words (meeting_id, word, department, text, entered_by) VALUES ($1, $2, $3, $4, $5)"

ADD_MINUTES = "INSERT INTO meeting_minutes (meeting_id, content, sha256, entered_by) VALUES ($1, $2, $3, $4)"

ADD_SIGNATURE = "INSERT INTO meeting_signatures (meeting_id, department, sha256, signed_by) VALUES ($1, $2, $3, $4)"


async def find(pool: "Pool | Connection", meeting_id: str) -> MeetingFile | None:
    """Everything kept of a meeting; None where there is none of that id."""
    row = await pool.fetchrow(MEETING, meeting_id)
    if row is None:
        return None
    minutes = await pool.fetchrow(MINUTES, meeting_id)
    return MeetingFile(
        meeting=_meeting(row),
        said=tuple(_said(word) for word in await pool.fetch(WORDS, meeting_id)),
        minutes=_minutes(minutes, await pool.fetch(SIGNATURES, meeting_id)) if minutes else None,
    )


async def get(pool: "Pool | Connection", meeting_id: str) -> MeetingFile:
    """The same. Raises NotFound ``meeting-unknown``."""
    found = await find(pool, meeting_id)
    if found is None:
        raise NotFound("meeting-unknown", meeting=meeting_id)
    return found


async def latest(pool: Pool, limit: int) -> list[Meeting]:
    """The meetings that are held last, these first."""
    return [_meeting(row) for row in await pool.fetch(LATEST, limit)]


async def convene(pool: Pool, new: NewMeeting, cases: Sequence[str], quorum: int) -> MeetingFile:
    """Keep a meeting with the cases that come before it; one that is kept already gets those it lacks."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_MEETING, new.meeting_id)
        await connection.execute(ADD_MEETING, new.meeting_id, new.held_at, new.place, list(new.members), quorum, new.by)
        await connection.executemany(ADD_CASE, [(new.meeting_id, case_id) for case_id in cases])
        return await get(connection, new.meeting_id)


async def say(pool: Pool, new: SpeakInMeeting) -> MeetingFile:
    """Put a word on record; one that says what is known already adds nothing. Raises as ``check_open`` does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_MEETING, new.meeting_id)
        found = await get(connection, new.meeting_id)
        found.check_open()
        if not _is_known(found, new.word, new.department):
            text = new.position or new.reason
            await connection.execute(ADD_WORD, new.meeting_id, new.word.value, new.department, text, new.by)
        return await get(connection, new.meeting_id)


def _is_known(found: MeetingFile, word: MeetingWord, department: str | None) -> bool:
    if word is MeetingWord.OPINION:
        return found.opinion_of(department or "") is not None
    return department is not None and found.coming(department) is word


async def write(pool: Pool, meeting_id: str, record: Record, by: str) -> MeetingFile:
    """Keep minutes as the last version. Raises Refused ``minutes-signed`` where somebody has signed another."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_MEETING, meeting_id)
        found = await get(connection, meeting_id)
        found.check_minutes(record)
        if found.minutes is None or found.minutes.sha256 != record.sha256:
            await connection.execute(ADD_MINUTES, meeting_id, record.encoded(), record.sha256, by)
        return await get(connection, meeting_id)


async def sign(pool: Pool, meeting_id: str, department: str, results: Sequence[Result], by: str) -> MeetingFile:
    """Put a department's name under the minutes. Raises as ``check_sign`` does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_MEETING, meeting_id)
        minutes = (await get(connection, meeting_id)).check_sign(department, results)
        await connection.execute(ADD_SIGNATURE, meeting_id, department, minutes.sha256, by)
        return await get(connection, meeting_id)


def _meeting(row: Row) -> Meeting:
    columns = dict(row)
    columns["by"] = columns.pop("convened_by")
    return Meeting.model_validate(columns)


def _said(row: Row) -> Said:
    columns = dict(row)
    columns["by"] = columns.pop("entered_by")
    del columns["meeting_id"]
    return Said.model_validate(columns)


def _minutes(row: Row, signatures: Sequence[Row]) -> Minutes:
    return Minutes(
        record=Record.model_validate_json(row["content"]),
        sha256=row["sha256"],
        by=row["entered_by"],
        at=row["at"],
        signatures=tuple(
            Signature(department=one["department"], sha256=one["sha256"], by=one["signed_by"], at=one["at"])
            for one in signatures
        ),
    )
