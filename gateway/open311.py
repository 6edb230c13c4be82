"""Open311 GeoReport v2 below ``/open311/v2``: citizens' channels open cases and follow those they opened.

A matter is a service, a case a request. Services are for everybody; requests hold citizens' words, so reading them
takes an ``api_key`` too, and shows what the holder of that key has opened. A key comes as a field of the form or the
query, where the specification has it; or by HTTP's Basic or Bearer, for clients that send none when they read.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from desk.directory_rows import shipped_matters
from desk.front import case_of_id, opened_case, opened_cases, place
from desk.window import Desk
from domain.department import Directory, Matter
from domain.errors import Invalid, LiandongError, NotFound, Refused, Unavailable
from domain.tokens import Caller, TokenKind
from gateway.guards import Guard, holder
from gateway.open311_input import (
    ASKED,
    COMMON,
    SENT,
    demand_of,
    fields_of,
    own_id_of,
    search_of,
    service_code_of,
    token,
    value_of,
)
from gateway.open311_pages import (
    MEDIA_TYPES,
    Format,
    Shown,
    attributes_of,
    definition,
    discovery,
    places_of,
    service,
    written,
)
from gateway.problems import RETRY_AFTER, EdgeRefusal, language_of, outward, problem
from storage.database import Pool, reaching_database
from texts.catalogue import Catalogue

PREFIX = "/open311/v2"
FORM = "application/x-www-form-urlencoded"
OPEN = ("/services.", "/services/", "/discovery.")
"""What anybody may read: it holds nobody's words."""

_KEPT = (403, 404, 405, 408, 413, 415, 500, 503)
"""Refusals that keep their number; to the specification any other one is a 400."""


def refused(
    request: Request, error: LiandongError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal in the specification's shape; in XML, which it requires of every server, unless JSON was asked for."""
    request.state.refused = error.code
    language = language_of(request.headers.get("accept-language", ""))
    found = problem(outward(error), language, status)
    number = found.status if found.status in _KEPT else 400
    form = Format.JSON if request.scope["path"].endswith(".json") else Format.XML
    response = written(form, "errors", [{"code": number, "description": found.detail}], number)
    response.headers.update({"Content-Language": language, **(headers or {})})
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = RETRY_AFTER
    return response


# -- who calls -----------------------------------------------------------------------------------------


def open311_guard(pool: Pool) -> Guard:
    """Whoever carries a citizens' channel's key; anybody, for what is open."""

    async def check(request: Request, body: bytes) -> Caller | None:
        path = request.scope["path"].removeprefix(PREFIX)
        if request.method == "GET" and path.startswith(OPEN):
            return None
        shown = value_of(body, "api_key") if request.method == "POST" else None
        shown = shown or value_of(request.scope["query_string"], "api_key") or _shown_in_header(request)
        if not shown:
            raise EdgeRefusal(HTTPStatus.FORBIDDEN, Refused("api-key-missing"))
        try:
            return await holder(pool, shown, TokenKind.CLIENT)
        except EdgeRefusal as refusal:
            wrong = refusal.error.code == "not-authenticated"  # which speaks of signatures
            error = Refused("api-key-wrong") if wrong else refusal.error
            raise EdgeRefusal(HTTPStatus.FORBIDDEN, error) from None

    return check


def _shown_in_header(request: Request) -> str:
    """The token of ``Authorization``: Bearer as it is; of Basic the password, or the name where that is empty."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return ""
    return password or name


_api_key = APIKeyQuery(name="api_key", auto_error=False, description="A citizens' channel's token.")
_bearer = HTTPBearer(auto_error=False, description="The same token; HTTP's Basic takes it, too.")


def _client_of(
    request: Request,
    _key: Annotated[str | None, Depends(_api_key)] = None,
    _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> Caller:
    return request.state.caller  # the guard has found it; the parameters are there to be documented


Client = Annotated[Caller, Depends(_client_of)]

# -- the routes ----------------------------------------------------------------------------------------

_CONTENT: dict[str, Any] = {media_type: {} for media_type in MEDIA_TYPES.values()}
router = APIRouter(
    prefix=PREFIX,
    tags=["open311"],
    responses={200: {"content": _CONTENT}, "default": {"description": "Refused: errors.", "content": _CONTENT}},
)

FormatInPath = Annotated[str, Path(json_schema_extra={"enum": [*Format]})]


def _query(*names: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]}


_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in SENT},
                    "patternProperties": {r"^attribute\[[a-z]+\]$": {"type": "string"}},
                    "additionalProperties": False,
                    "required": ["service_code", "description"],
                }
            }
        },
    }
}
"""What a POST takes, for the description of the interface."""


class _Asked:
    """What every route needs of a request: the desk, the format of its path, the reader's language, and its query,
    which may hold parameters ``known`` to the route and no others."""

    def __init__(self, request: Request, form: str, known: Sequence[str] = COMMON) -> None:
        if form not in list(Format):
            raise NotFound("format-unknown", allowed=", ".join(Format))
        self.query = fields_of(request.scope["query_string"], known, known)
        self.desk: Desk = request.app.state.desk
        self.key: str = request.app.state.key
        self.form = Format(form)
        self.text = Catalogue(language_of(request.headers.get("accept-language", "")))

    async def directory(self) -> Directory:
        with reaching_database():
            return await self.desk.directory()

    async def shown(self) -> Shown:
        return Shown(_services(), await self.directory(), self.text)

    def answer(self, root: str, content: Any, status: int = HTTPStatus.OK) -> Response:
        response = written(self.form, root, content, status)
        response.headers["Content-Language"] = self.text.language
        return response


def _services() -> dict[str, Matter]:
    return {matter.code: matter for matter in shipped_matters().matters}


def _service(code: str) -> Matter:
    if (found := _services().get(code)) is None:
        raise NotFound("service-unknown")
    return found


@router.get("/discovery.{form}")
async def discover(request: Request, form: FormatInPath) -> Response:
    """Where this door is, and what it speaks."""
    address: str = request.app.state.address or str(request.base_url)
    return _Asked(request, form).answer("discovery", discovery(f"{address.rstrip('/')}{PREFIX}"))


@router.get("/services.{form}")
async def services(request: Request, form: FormatInPath) -> Response:
    """Everything that can be asked for."""
    asked = _Asked(request, form)
    places = places_of(await asked.directory(), asked.text)
    found = [service(one, attributes_of(one, places, asked.text), asked.text) for one in _services().values()]
    return asked.answer("services", found)


@router.get("/services/{service_code}.{form}")
async def service_definition(request: Request, service_code: str, form: FormatInPath) -> Response:
    """What can be told of one service besides."""
    asked = _Asked(request, form)
    matter = _service(service_code)
    attributes = attributes_of(matter, places_of(await asked.directory(), asked.text), asked.text)
    return asked.answer("service_definition", definition(matter, attributes, asked.text))


@router.post("/requests.{form}", openapi_extra=_FORM)
async def open_request(request: Request, client: Client, form: FormatInPath) -> Response:
    """Open a case. Sent twice it is opened once: by the header ``Idempotency-Key`` or the field ``token``, or by its
    content where neither is sent."""
    asked = _Asked(request, form)
    fields = fields_of(await request.body(), (*SENT, "attribute"))
    matter, shown = _service(service_code_of(fields)), await asked.shown()
    attributes = attributes_of(matter, places_of(shown.directory, asked.text), asked.text)
    own_id = own_id_of(fields, request.headers.get("idempotency-key"))
    placed = await place(asked.desk, asked.key, client, demand_of(fields, attributes), own_id, datetime.now(UTC))
    return asked.answer("service_requests", [shown.placed(placed)])


@router.get("/requests.{form}", openapi_extra=_query(*ASKED[1:]))
async def requests(request: Request, client: Client, form: FormatInPath) -> Response:
    """The client's own requests, the newest first."""
    asked = _Asked(request, form, ASKED)
    search = search_of(asked.query, datetime.now(UTC), _services())
    shown = await asked.shown()
    return asked.answer(
        "service_requests", [shown.request(case) for case in await opened_cases(asked.desk, client, search)]
    )


@router.get("/requests/{service_request_id}.{form}")
async def request_by_id(request: Request, client: Client, service_request_id: str, form: FormatInPath) -> Response:
    """One of the client's own requests."""
    asked = _Asked(request, form)
    case = await opened_case(asked.desk, client, _id(service_request_id))
    return asked.answer("service_requests", [(await asked.shown()).request(case)])


@router.get("/tokens/{token_id}.{form}")
async def request_of_token(request: Request, client: Client, token_id: str, form: FormatInPath) -> Response:
    """The id of the request that the client gave this id of its own. A POST is answered at once, never by a token."""
    asked = _Asked(request, form)
    case_id = await case_of_id(asked.desk, client, _id(token_id))
    return asked.answer("service_requests", [{"service_request_id": case_id, "token": token_id}])


def _id(given: str) -> str:
    """What can be an id; anything else is not there."""
    try:
        return token(given, "id")
    except Invalid:
        raise NotFound("request-unknown") from None
