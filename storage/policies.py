"""Every version of a policy, which one counts for new cases, and every revision of a calendar. Append-only.

What a policy says is plain JSON here; ``desk/rules.py`` knows what it means.
"""

from datetime import date, datetime

from asyncpg import Record as Row
from pydantic import JsonValue

from domain.calendar import WorkCalendar
from domain.errors import NotFound, Refused
from domain.values import Value
from storage.database import Connection, Pool

STORE = """
INSERT INTO policy_version (policy_id, version, content, fingerprint, stored_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""

ALIKE = "SELECT version FROM policy_version WHERE policy_id = $1 AND fingerprint = $2"

NEXT_VERSION = "SELECT max(version) + 1 FROM policy_version WHERE policy_id = $1"

GET = "SELECT * FROM policy_version WHERE policy_id = $1 AND version = $2"

VERSIONS = """
SELECT policy_id, version, fingerprint, stored_at, stored_by FROM policy_version
WHERE $1::text IS NULL OR policy_id = $1 ORDER BY policy_id, version
"""

LOCK_ACTIVATIONS = "LOCK TABLE policy_activation IN SHARE ROW EXCLUSIVE MODE"

ACTIVE = """
SELECT policy_id, version, activated_at, activated_by, reason FROM policy_activation ORDER BY number DESC LIMIT 1
"""

ACTIVATIONS = """
SELECT policy_id, version, activated_at, activated_by, reason FROM policy_activation ORDER BY number DESC LIMIT $1
"""

ACTIVATE = """
INSERT INTO policy_activation (policy_id, version, activated_by, reason) VALUES ($1, $2, $3, $4)
RETURNING policy_id, version, activated_at, activated_by, reason
"""

IN_FORCE = """
SELECT policy_version.*, to_jsonb(latest) AS latest
FROM (SELECT policy_id, version FROM policy_activation ORDER BY number DESC LIMIT 1) AS active
JOIN policy_version USING (policy_id, version)
LEFT JOIN LATERAL (
    SELECT * FROM calendar_version WHERE name = $1 ORDER BY revision DESC LIMIT 1
) AS latest ON true
"""

PUBLISH = """
INSERT INTO calendar_version (name, revision, content, first_day, last_day, override, published_by, source)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING *
"""

LATEST = "SELECT * FROM calendar_version WHERE name = $1 ORDER BY revision DESC LIMIT 1"

CALENDAR = "SELECT * FROM calendar_version WHERE name = $1 AND revision = $2"

CALENDARS = "SELECT * FROM calendar_version WHERE name = $1 ORDER BY revision"


class NewPolicy(Value):
    """A policy that is to be kept."""

    policy_id: str
    version: int
    content: dict[str, JsonValue]
    fingerprint: str


class PolicyVersion(Value):
    """One version of a policy, without what it says."""

    policy_id: str
    version: int
    fingerprint: str
    """The same for the same content, whatever its version."""
    stored_at: datetime
    stored_by: str


class StoredPolicy(PolicyVersion):
    """One version of a policy."""

    content: dict[str, JsonValue]


class Activation(Value):
    """From when on a version of a policy counted for new cases, who said so, and why."""

    policy_id: str
    version: int
    activated_at: datetime
    activated_by: str
    reason: str


class CalendarVersion(Value):
    """One revision of a calendar, and the days that its lists cover."""

    calendar: WorkCalendar
    first_day: date
    last_day: date
    override: dict[str, JsonValue] | None
    """The dates that came with this revision; None where it was made from the libraries alone."""
    published_at: datetime
    published_by: str
    source: str


class InForce(Value):
    """What counts for new cases."""

    policy: StoredPolicy
    calendar: CalendarVersion | None
    """None where nothing is published under the name that was asked for."""


# -- policies ------------------------------------------------------------------------------------------


async def store(pool: Pool, new: NewPolicy, by: str, *, dry_run: bool = False) -> int:
    """Keep a version, once; returns its number, or that of the version which has this content already.

    With ``dry_run`` nothing is kept. Raises Refused ``policy-version-taken`` (``next``: the first free number)
    where another content has the number.
    """
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            version = await _store(connection, new, by)
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if dry_run else transaction.commit())
    return version


async def activate(pool: Pool, new: NewPolicy, *, by: str, reason: str, only_first: bool = False) -> Activation | None:
    """Keep a version, and from now on it counts for new cases: both or neither.

    None, and nothing is written, where it counts already; with ``only_first`` also where any other does.
    Raises as ``store``.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_ACTIVATIONS)
        current = _activation_of(await connection.fetchrow(ACTIVE))
        if current and only_first:
            return None
        version = await _store(connection, new, by)
        if current and (current.policy_id, current.version) == (new.policy_id, version):
            return None
        rows = await connection.fetch(ACTIVATE, new.policy_id, version, by, reason)
    return _activation(rows[0])


async def _store(connection: Connection, new: NewPolicy, by: str) -> int:
    await connection.execute(STORE, new.policy_id, new.version, new.content, new.fingerprint, by)
    known = await connection.fetchval(ALIKE, new.policy_id, new.fingerprint)
    if known is None:
        free = int(await connection.fetchval(NEXT_VERSION, new.policy_id))
        raise Refused("policy-version-taken", policy=new.policy_id, version=new.version, next=free)
    return int(known)


async def get(pool: Pool, policy_id: str, version: int) -> StoredPolicy:
    """That version. Raises NotFound ``policy-version-unknown``."""
    row = await pool.fetchrow(GET, policy_id, version)
    if row is None:
        raise NotFound("policy-version-unknown", policy=policy_id, version=version)
    return _policy(row)


async def versions(pool: Pool, policy_id: str | None = None) -> list[PolicyVersion]:
    """All versions, of one policy or of all."""
    return [PolicyVersion.model_validate(dict(row)) for row in await pool.fetch(VERSIONS, policy_id)]


async def active(pool: Pool) -> Activation | None:
    """The activation that counts; None before the first."""
    return _activation_of(await pool.fetchrow(ACTIVE))


async def in_force(pool: Pool, calendar_name: str) -> InForce | None:
    """The policy that counts with the last revision of that calendar, at one go; None before the first activation."""
    row = await pool.fetchrow(IN_FORCE, calendar_name)
    if row is None:
        return None
    return InForce(policy=_policy(row), calendar=_calendar(row["latest"]) if row["latest"] else None)


async def activations(pool: Pool, limit: int) -> list[Activation]:
    """The last activations, the newest first."""
    return [_activation(row) for row in await pool.fetch(ACTIVATIONS, limit)]


def _policy(row: Row) -> StoredPolicy:
    return StoredPolicy.model_validate({name: row[name] for name in StoredPolicy.model_fields})


def _activation_of(row: Row | None) -> Activation | None:
    return _activation(row) if row else None


def _activation(row: Row) -> Activation:
    return Activation.model_validate(dict(row))


# -- calendars -----------------------------------------------------------------------------------------


async def publish_calendar(
    pool: Pool,
    calendar: WorkCalendar,
    *,
    covers: tuple[date, date],
    by: str,
    source: str,
    override: dict[str, JsonValue] | None = None,
) -> CalendarVersion | None:
    """Keep a revision of a calendar; None where that revision is there already: somebody was faster."""
    content = calendar.model_dump(mode="json")
    row = await pool.fetchrow(PUBLISH, calendar.name, calendar.revision, content, *covers, override, by, source)
    return _calendar(row) if row else None


async def latest_calendar(pool: Pool, name: str) -> CalendarVersion | None:
    """The last revision; None where nothing is published under that name."""
    row = await pool.fetchrow(LATEST, name)
    return _calendar(row) if row else None


async def calendar(pool: Pool, name: str, revision: int) -> CalendarVersion:
    """That revision. Raises NotFound ``calendar-revision-unknown``."""
    row = await pool.fetchrow(CALENDAR, name, revision)
    if row is None:
        raise NotFound("calendar-revision-unknown", calendar=name, revision=revision)
    return _calendar(row)


async def calendars(pool: Pool, name: str) -> list[CalendarVersion]:
    """All revisions, in order."""
    return [_calendar(row) for row in await pool.fetch(CALENDARS, name)]


def _calendar(row: Row | dict[str, JsonValue]) -> CalendarVersion:
    known = {name: row[name] for name in CalendarVersion.model_fields if name != "calendar"}
    return CalendarVersion.model_validate({**known, "calendar": row["content"]})
