"""How a refusal looks over HTTP: problem+json (RFC 9457), in Chinese or English. The one adapter.

``type`` is ``urn:liandong:<code>``; programs branch on it, people read ``title`` and ``detail``. What was sent
is never repeated, but for the ids that the rules themselves name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import Invalid, LiandongError, NotFound, Refused, Unavailable
from texts.catalogue import Catalogue

LANGUAGES = ("zh", "en")
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "10"
"""Seconds after which it may help to try again."""

_REASONS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_too_short": "empty",
    "string_too_long": "too_long",
    "enum": "not_one_of",
}
_INWARD = frozenset({"database-unreachable", "temporal-unreachable"})
"""Which server it is, and where, is nobody's business outside."""

_BY_STATUS: dict[int, LiandongError] = {
    HTTPStatus.NOT_FOUND: NotFound("route-unknown"),
    HTTPStatus.METHOD_NOT_ALLOWED: Refused("method-not-allowed"),
}
"""What the framework refuses by itself. Anything else is a body that is no text, or too deep."""
_PLAIN_NAME = re.compile(r"[a-z_-]{1,40}")
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")


Answer = Callable[[Request, LiandongError, int | None, Mapping[str, str] | None], Response]
"""How a refusal is answered: request, error, status where it is not the error's own, and more headers."""


class Problem(BaseModel):
    """Why it was not done."""

    type: str
    """``urn:liandong:<code>``."""
    title: str
    status: int
    detail: str
    params: dict[str, str | int] = {}
    """The values that the detail names: an order, a field, what is allowed instead."""


class EdgeRefusal(HTTPException):
    """A request that does not get as far as the desk."""

    def __init__(self, status: HTTPStatus, error: LiandongError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, headers=headers)
        self.error = error


def problem(error: LiandongError, language: str, status: int | None = None) -> Problem:
    """``error`` as people and programs read it."""
    status = status or error.http_status
    text = Catalogue(language)
    title = f"http-{status}"
    return Problem(
        type=f"urn:liandong:{error.code}",
        title=text.say(title) if text.knows(title) else HTTPStatus(status).phrase,
        status=status,
        detail=text.error(error),
        params=dict(error.params),
    )


def answer(
    request: Request, error: LiandongError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The response that says so."""
    request.state.refused = error.code
    language = language_of(request.headers.get("accept-language", ""))
    found = problem(outward(error), language, status)
    all_headers = {"Content-Language": language, **(headers or {})}
    if isinstance(error, Unavailable):
        all_headers["Retry-After"] = RETRY_AFTER
    return JSONResponse(found.model_dump(), found.status, all_headers, MEDIA_TYPE)


def outward(error: LiandongError) -> LiandongError:
    """The error as it may be told outside."""
    return Unavailable("out-of-order") if error.code in _INWARD else error


def language_of(accepted: str) -> str:
    """The language to answer in: the best one of ``Accept-Language`` that there is, else Chinese."""
    best, weight = LANGUAGES[0], 0.0
    for entry in accepted.split(",")[:20]:
        tag, _, parameter = entry.partition(";")
        language = tag.strip().lower().partition("-")[0]
        found = _WEIGHT.fullmatch(parameter) if parameter else None
        given = float(found.group(1)) if found else 0.0 if parameter else 1.0
        if language in LANGUAGES and given > weight:
            best, weight = language, given
    return best


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error by the adapter of the entrance that the request came in by."""
    app.add_exception_handler(LiandongError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _answered(
    request: Request, error: LiandongError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    return cast("Answer", request.state.answer)(request, error, status, headers)


async def _on_error(request: Request, raised: Exception) -> Response:
    return _answered(request, cast("LiandongError", raised))


async def _on_invalid(request: Request, raised: Exception) -> Response:
    first = cast("Sequence[ErrorDetails]", cast("RequestValidationError", raised).errors())[0]
    if first["type"] == "json_invalid":
        return _answered(request, Invalid("json-malformed"), HTTPStatus.BAD_REQUEST)
    return _answered(request, invalid(first))


def invalid(detail: ErrorDetails) -> Invalid:
    """Which field is wrong and in which way; its value is not repeated."""
    names = [str(part) for part in detail["loc"][1:]] or ["body"]
    field = ".".join(name if _PLAIN_NAME.fullmatch(name) else "?" for name in names)
    return Invalid("input-invalid", field=field, reason=reason_of(detail["type"]))


def reason_of(kind: str) -> str:
    """In which way a value is wrong, by the kind of pydantic's complaint."""
    return _REASONS.get(kind, "malformed")


async def _on_http(request: Request, raised: Exception) -> Response:
    refusal = cast("HTTPException", raised)
    if isinstance(refusal, EdgeRefusal):
        return _answered(request, refusal.error, refusal.status_code, refusal.headers)
    error = _BY_STATUS.get(refusal.status_code, Invalid("json-malformed"))
    return _answered(request, error, refusal.status_code, refusal.headers)
