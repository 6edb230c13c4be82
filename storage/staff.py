"""The staff directory: who has which role now; entries are added, never changed."""

from collections.abc import Sequence

from asyncpg import Record as Row

from domain.errors import NotFound, Refused
from domain.staff import Member, NewMember, StaffRole, check_member
from storage.database import Pool

NOW = """
SELECT name, role, department, entered_by, at FROM (
    SELECT DISTINCT ON (name, role, department) * FROM staff
    WHERE $1::text IS NULL OR name = $1 ORDER BY name, role, department, number DESC
) AS last WHERE NOT retired ORDER BY role, department, name
"""

ENTER = """
INSERT INTO staff (name, role, department, retired, entered_by) VALUES ($1, $2, $3, $4, $5)
RETURNING name, role, department, entered_by, at
"""

LOCK = "SELECT pg_advisory_xact_lock(hashtext('liandong.staff'))"
IN_FORCE = "SELECT EXISTS (SELECT FROM staff)"


async def in_force(pool: Pool) -> bool:
    """Whether anybody was ever entered: from then on only those who are may act."""
    return bool(await pool.fetchval(IN_FORCE))


async def members(pool: Pool, name: str | None = None) -> list[Member]:
    """Everybody's roles as they are now, or one person's."""
    return [_member(row) for row in await pool.fetch(NOW, name)]


async def enter(pool: Pool, new: NewMember, by: str, *, retired: bool = False) -> Member:
    """Give a role, or take it back.

    Raises Refused as ``check_member``, ``staff-already`` where he has it, ``first-is-administrator`` and
    ``last-administrator`` where nobody could change the staff any more; NotFound ``staff-unknown`` where there is
    nothing to take back.
    """
    check_member(new)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK)
        now = [_member(row) for row in await connection.fetch(NOW, None)]
        _check(new, now, retired=retired)
        row = await connection.fetchrow(ENTER, new.name, new.role.value, new.department, retired, by)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return _member(row)


def _check(new: NewMember, now: Sequence[Member], *, retired: bool) -> None:
    known = any((one.name, one.role, one.department) == (new.name, new.role, new.department) for one in now)
    administrators = [one for one in now if one.role is StaffRole.ADMINISTRATOR]
    if retired and not known:
        raise NotFound("staff-unknown", name=new.name, role=new.role.value)
    if not retired and known:
        raise Refused("staff-already", name=new.name, role=new.role.value)
    if retired and new.role is StaffRole.ADMINISTRATOR and len(administrators) == 1:
        raise Refused("last-administrator", name=new.name)
    if not administrators and new.role is not StaffRole.ADMINISTRATOR:
        raise Refused("first-is-administrator", name=new.name, role=new.role.value)


def _member(row: Row) -> Member:
    return Member.model_validate(dict(row))
