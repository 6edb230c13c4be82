"""The staff directory at the desk: as what somebody acts, and whether he may."""

from domain.staff import Act, Asking, StaffRole, right, usual
from storage import staff
from storage.database import Pool, reaching_database


async def role_of(pool: Pool, by: str, act: Act, department: str | None = None) -> StaffRole:
    """As what ``by`` does this; what it usually takes where nobody has been entered in the directory yet.

    Raises as ``domain.staff.right``, and Unavailable.
    """
    with reaching_database():
        roles = await staff.members(pool, by)
        if not roles and not await staff.in_force(pool):
            return usual(act)
    return right(act, by, roles, department)


async def require(pool: Pool, asking: Asking) -> None:
    """The same for what is no command of a case."""
    await role_of(pool, asking.by, asking.act, asking.department)
