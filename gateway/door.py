"""The door: what happens to every request, whichever route it is for.

Each part of the house has an entrance with a guard, and there is no other way in: a route that is added elsewhere is
not found. A body is read whole, up to a limit and for a limited time, before the guard sees it, and only then does a
route. The log says who asked for which route and what came of it: never a path as it was sent, a query string, a
body, or the text of an unexpected error.
"""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from time import perf_counter
from typing import Final, NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import DoesNotFit, Invalid, LiandongError, NotFound, Unavailable
from domain.tokens import Caller
from gateway.guards import Guard
from gateway.metrics import Metrics
from gateway.problems import Answer, EdgeRefusal, answer

BODY_LIMIT: Final = 64 * 1024
"""Bytes."""

BODY_PATIENCE: Final = 10.0
"""Seconds a body may take to come in."""

_log = logging.getLogger("gateway.door")
_security = logging.getLogger("liandong.security")


class Entrance(NamedTuple):
    """A part of the house: every path that begins with ``prefix``."""

    prefix: str
    guard: Guard | None
    """None: anybody may come in."""
    media_types: Sequence[str] = ("application/json",)
    """What a body may be."""
    answer: Answer = answer
    """How a refusal looks there."""

    def leads_to(self, path: str) -> bool:
        return path == self.prefix or path.startswith(f"{self.prefix}/")


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, entrances: Sequence[Entrance], metrics: Metrics) -> None:
        self._app = app
        self._entrances = tuple(entrances)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, began, answered = Request(scope), perf_counter(), _Answered(send)
        request.state.answer, request.state.refused, request.state.caller = answer, None, None
        request.state.entrance, request.state.claimed = None, None
        try:
            body = await self._let_in(request, receive)
            await self._app(scope, _replayed(body, receive), answered)
        except EdgeRefusal as refusal:
            await self._refuse(request, answered, refusal.error, refusal.status_code, refusal)
        except LiandongError as error:
            await self._refuse(request, answered, error)
        except asyncio.CancelledError:  # the server is stopping and waits no longer; the asker may try again
            await self._refuse(request, answered, Unavailable("stopping"))
        except Exception as error:  # noqa: BLE001 - the edge: whatever it was, the asker learns nothing of it
            _log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            await self._refuse(request, answered, DoesNotFit("unexpected"), HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            self._note(request, answered.status, perf_counter() - began)

    async def _let_in(self, request: Request, receive: Receive) -> bytes:
        """The request's body, once the guard of its entrance has found out who it comes from."""
        path = request.scope["path"]  # the very path that is routed: a URL built of it drops tabs and line ends
        entrance = next((entrance for entrance in self._entrances if entrance.leads_to(path)), None)
        if entrance is None:
            raise EdgeRefusal(HTTPStatus.NOT_FOUND, NotFound("route-unknown"))
        request.state.answer, request.state.entrance = entrance.answer, entrance.prefix
        body = b""
        if request.method in ("POST", "PUT", "PATCH"):
            _check_head(request, entrance.media_types)
            body = await _read(receive)
        if entrance.guard is not None:
            request.state.caller = await entrance.guard(request, body)
        return body

    @staticmethod
    async def _refuse(
        request: Request,
        answered: "_Answered",
        error: LiandongError,
        status: int | None = None,
        refusal: EdgeRefusal | None = None,
    ) -> None:
        if answered.status is None:
            response = request.state.answer(request, error, status, refusal.headers if refusal else None)
            await response(request.scope, request.receive, answered)

    def _note(self, request: Request, status: int | None, seconds: float) -> None:
        route = getattr(request.scope.get("route"), "path", request.state.entrance or "-")
        caller: Caller | None = request.state.caller
        unproved = f"{request.state.claimed} (unproved)" if request.state.claimed else "-"
        who = unproved if caller is None else caller.token_id or caller.department or "-"
        _log.info("%s %s %s by %s in %.0f ms", request.method, route, status, who, seconds * 1000)
        self._metrics.answered(_method(request), route, status or 0, seconds)
        code: str | None = request.state.refused
        if code is not None:
            self._metrics.refused(code)
            if status is not None and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                _security.warning("refused %s: %s %s %s by %s", code, _method(request), route, status, who)


def _method(request: Request) -> str:
    """The method, where it is one that is known: anything else would let askers make up metrics."""
    return request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"


def _check_head(request: Request, media_types: Sequence[str]) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        allowed = ", ".join(media_types)
        raise EdgeRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Invalid("media-type-wrong", allowed=allowed))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > BODY_LIMIT:
        raise _too_large()


def _too_large() -> EdgeRefusal:
    return EdgeRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Invalid("body-too-large", limit=BODY_LIMIT))


async def _read(receive: Receive) -> bytes:
    """The whole body, as UTF-8; one that grows past the limit, or takes too long, is not read to its end."""
    parts, size, more = list[bytes](), 0, True
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise EdgeRefusal(HTTPStatus.BAD_REQUEST, Invalid("body-cut-off"))
                parts.append(message.get("body", b""))
                size, more = size + len(parts[-1]), message.get("more_body", False)
                if size > BODY_LIMIT:
                    raise _too_large()
    except TimeoutError:
        raise EdgeRefusal(
            HTTPStatus.REQUEST_TIMEOUT, Invalid("body-too-slow", seconds=int(BODY_PATIENCE)), {"Connection": "close"}
        ) from None
    body = b"".join(parts)
    try:
        body.decode()
    except UnicodeDecodeError:
        raise EdgeRefusal(HTTPStatus.BAD_REQUEST, Invalid("not-utf8")) from None
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """``receive`` for a body that has been read: once the body, then whatever comes."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


class _Answered:
    """``send`` that remembers the status, and that nobody may keep an answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        await self._send(message)
