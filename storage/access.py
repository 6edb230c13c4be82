"""Who may come in: the departments' keys by serial, and the tokens of people and channels by hash."""

from datetime import timedelta

from asyncpg import Record as Row

from domain.tokens import AccessToken, TokenKind
from domain.values import Instant, Token, Value
from storage.database import Pool

VALID_SERIALS = """
SELECT serial FROM department_key WHERE department = $1 AND (valid_until IS NULL OR valid_until > now())
ORDER BY serial DESC
"""

KEYS = "SELECT department, serial, created_at, valid_until FROM department_key WHERE department = $1 ORDER BY serial"

LOCK_KEYS = "SELECT serial FROM department_key WHERE department = $1 FOR UPDATE"

END_KEYS = """
UPDATE department_key SET valid_until = least(coalesce(valid_until, 'infinity'), now() + $2::interval)
WHERE department = $1 AND (valid_until IS NULL OR valid_until > now())
"""

NEXT_KEY = """
INSERT INTO department_key (department, serial)
SELECT $1, coalesce(max(serial), 0) + 1 FROM department_key WHERE department = $1 RETURNING serial
"""

REVOKE_KEY = """
UPDATE department_key SET valid_until = now()
WHERE department = $1 AND serial = $2 AND (valid_until IS NULL OR valid_until > now())
"""

ISSUE = "INSERT INTO access_token (token_id, kind, holder, department, hash) VALUES ($1, $2, $3, $4, $5)"

TOKEN = "SELECT * FROM access_token WHERE token_id = $1"  # noqa: S105 - SQL, not a secret

TOKENS = """
SELECT * FROM access_token WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR department = $2)
ORDER BY created_at DESC, token_id LIMIT $3
"""

REVOKE = "UPDATE access_token SET revoked_at = now() WHERE token_id = $1 AND revoked_at IS NULL"


class DepartmentKey(Value):
    """One of a department's signing keys."""

    department: Token
    serial: int
    created_at: Instant
    valid_until: Instant | None
    """When it ends, or ended; None: it is the one in force."""


async def valid_serials(pool: Pool, department: str) -> list[int]:
    """The serials of the department's keys that count now, the newest first; empty where nobody knows it."""
    return [row["serial"] for row in await pool.fetch(VALID_SERIALS, department)]


async def keys(pool: Pool, department: str) -> list[DepartmentKey]:
    """All keys a department ever had, the oldest first."""
    return [DepartmentKey.model_validate(dict(row)) for row in await pool.fetch(KEYS, department)]


async def rotate(pool: Pool, department: str, overlap: timedelta, at_most: int) -> int | None:
    """Give the department a new key; those before end after ``overlap``. Its serial, or None where ``at_most``
    keys count already."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_KEYS, department)
        if overlap and len(await connection.fetch(VALID_SERIALS, department)) >= at_most:
            return None
        await connection.execute(END_KEYS, department, overlap)
        return int(await connection.fetchval(NEXT_KEY, department))


async def revoke_key(pool: Pool, department: str, serial: int) -> bool:
    """End a key at once; False where it does not count."""
    return await pool.execute(REVOKE_KEY, department, serial) == "UPDATE 1"


async def issue(pool: Pool, token: AccessToken, secret_hash: str) -> None:
    """Keep a new token."""
    await pool.execute(ISSUE, token.token_id, token.kind.value, token.holder, token.department, secret_hash)


async def find(pool: Pool, token_id: str) -> tuple[AccessToken, str] | None:
    """A token, revoked or not, and the hash of its secret."""
    row = await pool.fetchrow(TOKEN, token_id)
    return (_token(row), row["hash"]) if row else None


async def tokens(pool: Pool, kind: TokenKind | None, department: str | None, limit: int) -> list[AccessToken]:
    """What was issued, the newest first."""
    rows = await pool.fetch(TOKENS, kind.value if kind else None, department, limit)
    return [_token(row) for row in rows]


async def revoke(pool: Pool, token_id: str) -> bool:
    """End a token; False where it has ended already, or never was."""
    return await pool.execute(REVOKE, token_id) == "UPDATE 1"


def _token(row: Row) -> AccessToken:
    return AccessToken.model_validate({name: row[name] for name in AccessToken.model_fields})
