"""The door: what happens to every request, whichever route it is for.

Nobody comes in without a department's credentials, but for ``/health``; so a route that is added later is
closed until somebody opens it. Bodies are JSON and small. The log says who asked for which route and what
came of it: never a path as it was sent, a query string, a body, or the text of an unexpected error.
"""

import asyncio
import logging
import traceback
from http import HTTPStatus
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import DoesNotFit, Invalid, Refused, Unavailable
from domain.tokens import is_department_token
from gateway.problems import EdgeRefusal, answer

OPEN = frozenset({"/health"})
"""The paths that anybody may ask for."""

BODY_LIMIT = 64 * 1024
"""Bytes."""

DEPARTMENT_HEADER = "Liandong-Department"

_log = logging.getLogger(__name__)


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, began, answered = Request(scope), perf_counter(), _Answered(send)
        try:
            self._let_in(request)
            await self._app(scope, _limited(receive), answered)
        except EdgeRefusal as refusal:
            response = answer(request, refusal.error, refusal.status_code, refusal.headers)
            await response(scope, receive, answered)
        except asyncio.CancelledError:  # the server is stopping and waits no longer; the asker may try again
            if answered.status is None:
                response = answer(request, Unavailable("stopping"))
                await response(scope, receive, answered)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it was, the asker learns nothing of it
            _log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            if answered.status is None:
                response = answer(request, DoesNotFit("unexpected"), HTTPStatus.INTERNAL_SERVER_ERROR)
                await response(scope, receive, answered)
        finally:
            _note(request, answered.status, perf_counter() - began)

    def _let_in(self, request: Request) -> None:
        if request.scope["path"] in OPEN:  # the very path that is routed: a URL built of it drops tabs and line ends
            return
        request.state.department = self._department(request)
        if request.method in ("POST", "PUT", "PATCH"):
            _check_body(request)

    def _department(self, request: Request) -> str:
        """The department that the request proves to come from. Raises EdgeRefusal where it proves none."""
        department = request.headers.get(DEPARTMENT_HEADER, "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_department_token(self._key, department, token.strip()):
            challenge = {"WWW-Authenticate": 'Bearer realm="liandong"'}
            raise EdgeRefusal(HTTPStatus.UNAUTHORIZED, Refused("not-authenticated"), challenge)
        return department


def _check_body(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise EdgeRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Invalid("not-json", allowed="application/json"))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > BODY_LIMIT:
        raise _too_large()


def _too_large() -> EdgeRefusal:
    return EdgeRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Invalid("body-too-large", limit=BODY_LIMIT))


def _limited(receive: Receive) -> Receive:
    """``receive`` that stops a body which grows past the limit while it comes in."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise _too_large()
        return message

    return receive_some


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


def _note(request: Request, status: int | None, seconds: float) -> None:
    route = getattr(request.scope.get("route"), "path", "-")
    department = getattr(request.state, "department", "-")
    _log.info("%s %s %s by %s in %.0f ms", request.method, route, status, department, seconds * 1000)
