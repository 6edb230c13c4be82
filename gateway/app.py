"""The routes of the gateway. Every one hands a checked request to the desk and shows what came of it."""

import asyncio
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BeforeValidator, Strict

from desk import orders as window
from desk.orders import NewReply, Received
from desk.window import Desk
from domain.commands import Acknowledge, Days, ReturnOrder
from domain.errors import Invalid
from domain.order import Order, Result
from domain.values import PersonName, Text, Token, Value
from gateway.door import DEPARTMENT_HEADER, Door
from gateway.problems import MEDIA_TYPE, Problem, install
from storage.database import ping, reaching_database
from storage.orders import InboxItem

HEALTH_LIMIT = 3.0
"""Seconds that PostgreSQL has to answer."""

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused, with the reason.",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}


class AcknowledgementBody(Value):
    """The department has the order."""

    by: PersonName


class ReturnBody(Value):
    """ "Not ours"."""

    reason: Text
    basis: Text
    by: PersonName
    suggests: Token | None = None
    """The department whose it is."""


class ReplyBody(Value):
    """The department's final word."""

    result: Result
    statement: Text
    by: PersonName
    limit_days: Annotated[Days, Strict()] | None = None
    """On a verification order: the working days that the issuing body sets for the rectification."""
    callback_id: Token | None = None
    """Unique for the department; a second delivery of the same one changes nothing. May also be sent as
    ``Idempotency-Key``."""


class Inbox(Value):
    """The department's open orders, the most pressing first."""

    orders: tuple[InboxItem, ...]


def create_app(desk: Desk, key: str) -> FastAPI:
    """The gateway before ``desk``; ``key`` is the secret that departments' tokens are derived from."""
    app = FastAPI(
        title="Liandong",
        version=_version(),
        description="Departments answer their orders here.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_PROBLEM,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.desk = desk
    app.include_router(_health)
    app.include_router(_orders)
    install(app)
    app.add_middleware(Door, key=key)
    return app


def _version() -> str:
    try:
        return version("liandong")
    except PackageNotFoundError:
        return "0"


def _desk_of(request: Request) -> Desk:
    return request.app.state.desk


_bearer = HTTPBearer(auto_error=False, description="The department's token.")


def _department_of(
    request: Request,
    _named: Annotated[str, Header(alias=DEPARTMENT_HEADER, description="The department's code.")],
    _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    return request.state.department  # the door has checked it; the parameters are there to be documented


def _unquoted(given: object) -> object:
    quoted = isinstance(given, str) and len(given) > 1 and given[0] == given[-1] == '"'
    return given[1:-1] if quoted and isinstance(given, str) else given


IdempotencyKey = Annotated[Token | None, BeforeValidator(_unquoted), Header()]
"""As the draft standard has it (a quoted string), or bare."""

AtDesk = Annotated[Desk, Depends(_desk_of)]
OfDepartment = Annotated[str, Depends(_department_of)]

_health = APIRouter()
_orders = APIRouter(prefix="/v1/orders", tags=["orders"])


@_health.get("/health", response_class=Response)
async def health(desk: AtDesk) -> Response:
    """Whether the gateway can store what it is told."""
    with reaching_database():
        async with asyncio.timeout(HEALTH_LIMIT):
            await ping(desk.pool)
    return Response()


@_orders.get("")
async def inbox(desk: AtDesk, department: OfDepartment, limit: Annotated[int, Query(gt=0, le=500)] = 100) -> Inbox:
    """The department's own open orders."""
    return Inbox(orders=tuple(await window.inbox(desk, department, limit)))


@_orders.post("/{order_id}/acknowledgement")
async def acknowledge(desk: AtDesk, department: OfDepartment, order_id: Token, body: AcknowledgementBody) -> Order:
    """Say that the department has the order; once."""
    command = Acknowledge(order_id=order_id, department=department, **dict(body))
    view = await window.acknowledge(desk, command)
    return next(order for order in view.orders if order.order_id == order_id)


@_orders.post("/{order_id}/return")
async def return_order(desk: AtDesk, department: OfDepartment, order_id: Token, body: ReturnBody) -> Order:
    """Give the order back as not the department's, within the window for it."""
    command = ReturnOrder(order_id=order_id, department=department, **dict(body))
    view = await window.return_order(desk, command)
    return next(order for order in view.orders if order.order_id == order_id)


@_orders.post("/{order_id}/reply")
async def reply(
    desk: AtDesk,
    department: OfDepartment,
    order_id: Token,
    body: ReplyBody,
    idempotency_key: IdempotencyKey = None,
) -> Received:
    """Answer the order. Kept before anything is done with it; a late one is kept and shown as late."""
    callback_id = _callback_id(body.callback_id, idempotency_key)
    given = NewReply.model_validate(
        {**dict(body), "order_id": order_id, "department": department, "callback_id": callback_id}
    )
    return await window.reply(desk, given, datetime.now(UTC))


def _callback_id(in_body: str | None, in_header: str | None) -> str:
    if in_body and in_header and in_body != in_header:
        raise Invalid("input-invalid", field="callback_id", reason="contradicts_idempotency_key")
    callback_id = in_body or in_header
    if callback_id is None:
        raise Invalid("input-invalid", field="callback_id", reason="missing")
    return callback_id
