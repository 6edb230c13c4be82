"""Who may come in where. A guard says who a request proves to come from, or refuses it; it sees the whole body."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from domain.errors import Invalid, LiandongError, Refused
from domain.tokens import AccessToken, Caller, TokenKind, department_secret, same_secret, taken_apart
from gateway.problems import EdgeRefusal
from outbox.signatures import ID, SIGNATURE, is_signed
from storage import access
from storage.database import Pool, reaching_database

DEPARTMENT_HEADER: Final = "Liandong-Department"

Guard = Callable[[Request, bytes], Awaitable[Caller | None]]
"""Raises EdgeRefusal 401 where the request proves nothing, Unavailable where PostgreSQL is away."""

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="liandong"'}


def department_guard(pool: Pool, key: str) -> Guard:
    """A department's own system by its signature, or one of its clerks by token."""

    async def check(request: Request, body: bytes) -> Caller:
        if SIGNATURE in request.headers:
            return await _system(pool, key, request, body)
        return await bearer(pool, request, TokenKind.CLERK)

    return check


def bearer_guard(pool: Pool, kind: TokenKind) -> Guard:
    """Whoever carries a token of this kind, as ``Authorization: Bearer``."""

    async def check(request: Request, body: bytes) -> Caller:
        del body
        return await bearer(pool, request, kind)

    return check


async def _system(pool: Pool, key: str, request: Request, body: bytes) -> Caller:
    code = request.headers.get(DEPARTMENT_HEADER, "")
    message_id = request.headers.get(ID, "")
    with reaching_database():
        serials = await access.valid_serials(pool, code) if "\0" not in code else []
    # One that nobody knows takes as long as one whose signature is wrong.
    secrets = [department_secret(key, code, serial) for serial in serials or (0,)]
    request.state.claimed = code if serials else None  # a department that there is: whose key is wrong must be found
    if not is_signed(secrets, request.headers, body) or not serials:
        raise _unproved("signature-wrong")
    try:
        return Caller(kind=None, name=code, department=code, message_id=message_id)
    except ValueError:
        raise EdgeRefusal(
            HTTPStatus.UNPROCESSABLE_ENTITY, Invalid("input-invalid", field=ID, reason="malformed")
        ) from None


async def bearer(pool: Pool, request: Request, kind: TokenKind) -> Caller:
    """Who carries the token of the ``Authorization`` header."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise _unproved("not-authenticated")
    return await holder(pool, text.strip(), kind)


async def holder(pool: Pool, text: str, kind: TokenKind) -> Caller:
    """Who carries a token. Raises EdgeRefusal for one that is unknown, revoked, or opens another door."""
    parts = taken_apart(text)
    with reaching_database():
        found = await access.find(pool, parts[0]) if parts else None
    if parts is None or found is None or not same_secret(parts[1], found[1]):
        raise _unproved("not-authenticated")
    token, _ = found
    if token.revoked_at is not None:
        raise _unproved("token-revoked")
    if token.kind is not kind:
        raise EdgeRefusal(HTTPStatus.FORBIDDEN, Refused("token-opens-another-door", kind=token.kind.value))
    return _caller(token)


def _caller(token: AccessToken) -> Caller:
    return Caller(kind=token.kind, name=token.holder, department=token.department, token_id=token.token_id)


def _unproved(code: str) -> EdgeRefusal:
    error: LiandongError = Refused(code)
    return EdgeRefusal(HTTPStatus.UNAUTHORIZED, error, _CHALLENGE)
