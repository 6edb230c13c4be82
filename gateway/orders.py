"""The routes for departments: their inbox, and what they say about an order. Each hands a checked request to the desk
and shows what came of it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BeforeValidator, Strict

from desk import orders as window
from desk.orders import Received
from desk.staff import require
from desk.window import Desk
from domain.callbacks import KINDS, CallbackOutcome, NewReply, Said
from domain.commands import Acknowledge, Days, ExtendOrder, NoteProgress, ReturnOrder
from domain.errors import Invalid, Refused
from domain.evidence import Attached
from domain.order import Result
from domain.tokens import Caller
from domain.values import PersonName, Text, Token, Value
from gateway.guards import DEPARTMENT_HEADER
from gateway.idempotency import unquoted
from gateway.problems import EdgeRefusal
from gateway.service import AtDesk, OfMetrics
from storage.orders import InboxItem

router = APIRouter(prefix="/v1/orders", tags=["orders"])


class _Body(Value):
    order_id: Token
    """As in the address: so that the signature covers it."""
    by: PersonName | None = None
    """Who says it; with a clerk's token nobody but its holder, and it can be left out."""


class AcknowledgeBody(_Body):
    """The department has the order."""


class ProgressBody(_Body):
    """An interim word."""

    statement: Text


class ReplyBody(_Body):
    """The department's final word."""

    result: Result
    statement: Text
    limit_days: Annotated[Days, Strict()] | None = None
    """On a verification order: the working days that the issuing body sets for the rectification."""
    basis: Text | None = None
    """On a verification order: the legal basis of the finding."""
    evidence: Attached = ()
    """What shows it, by reference and SHA-256; the things themselves stay where they are."""


class ReturnBody(_Body):
    """ "Not ours"."""

    reason: Text
    basis: Text
    suggests: Token | None = None
    """The department whose it is."""


class ExtensionBody(_Body):
    """More time, once, for the lead."""

    days: Annotated[Days, Strict()]
    reason: Text
    told_citizen: Text
    """How the citizen was told."""


class Inbox(Value):
    """The department's open orders, the most pressing first."""

    orders: tuple[InboxItem, ...]


_bearer = HTTPBearer(auto_error=False, description="A clerk's token, in place of a signature.")


IdempotencyKey = Annotated[
    Token | None,
    BeforeValidator(unquoted),
    Header(description="With a clerk's token: the callback's id. As the draft standard has it (quoted), or bare."),
]


def _caller_of(
    request: Request,
    _department: Annotated[str | None, Header(alias=DEPARTMENT_HEADER, description="The department's code.")] = None,
    _id: Annotated[str | None, Header(alias="webhook-id", description="The callback's id.")] = None,
    _at: Annotated[str | None, Header(alias="webhook-timestamp", description="Seconds since 1970.")] = None,
    _signature: Annotated[str | None, Header(alias="webhook-signature", description="Standard Webhooks.")] = None,
    _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> Caller:
    return request.state.caller  # the door has found out who it is; the parameters are there to be documented


FromCaller = Annotated[Caller, Depends(_caller_of)]


class _Window:
    """Where a department says something: who it is, under which id, and the desk."""

    def __init__(
        self,
        desk: AtDesk,
        metrics: OfMetrics,
        caller: FromCaller,
        response: Response,
        order_id: Token,
        idempotency_key: IdempotencyKey = None,
    ) -> None:
        self._desk: Desk = desk
        self._metrics = metrics
        self._caller = caller
        self._response = response
        self._order_id = order_id
        self._key = idempotency_key

    @property
    def _department(self) -> str:
        department = self._caller.department
        assert department is not None  # noqa: S101 - the guard lets nobody else in
        return department

    def _by(self, body: _Body) -> str:
        """Who says it. Raises Invalid where that is missing, or is not the token's holder; or for another order."""
        if body.order_id != self._order_id:
            raise Invalid("input-invalid", field="order_id", reason="contradicts_address")
        if self._caller.kind is None:
            if body.by is None:
                raise Invalid("input-invalid", field="by", reason="missing")
            return body.by
        if body.by not in (None, self._caller.name):
            raise Invalid("input-invalid", field="by", reason="contradicts_token")
        return self._caller.name

    async def receive(self, said: type[Said], body: _Body) -> Received:
        """Hand it to the desk. What it is called in the metrics is the last part of its address."""
        given = said.model_validate({**body.model_dump(), "by": self._by(body), "department": self._department})
        if self._caller.kind is not None:  # a system has proved that it is the department; a clerk, who he is
            await require(self._desk.pool, window.asking_of(given))
        callback_id = self._caller.message_id or self._key
        try:
            received = await window.receive(self._desk, given, datetime.now(UTC), callback_id)
        except Refused as refused:
            self._metrics.received(KINDS[said], refused.code)
            raise
        self._metrics.received(received.kind, "repeated" if received.repeated else received.outcome)
        if received.outcome is CallbackOutcome.KEPT:
            self._response.status_code = HTTPStatus.ACCEPTED
        return received


AtWindow = Annotated[_Window, Depends()]


@router.get("")
async def inbox(desk: AtDesk, caller: FromCaller, limit: Annotated[int, Query(gt=0, le=500)] = 100) -> Inbox:
    """The department's own open orders; for its clerks, by token."""
    if caller.department is None or caller.kind is None:
        raise EdgeRefusal(HTTPStatus.UNAUTHORIZED, Refused("token-needed"))
    return Inbox(orders=tuple(await window.inbox(desk, caller.department, limit)))


@router.post("/{order_id}/acknowledge")
async def acknowledge(at: AtWindow, body: AcknowledgeBody) -> Received:
    """Say that the department has the order; once."""
    return await at.receive(Acknowledge, body)


@router.post("/{order_id}/progress")
async def progress(at: AtWindow, body: ProgressBody) -> Received:
    """Tell what has been done so far; it moves no limit."""
    return await at.receive(NoteProgress, body)


@router.post("/{order_id}/reply")
async def reply(at: AtWindow, body: ReplyBody) -> Received:
    """Answer the order. A late answer is kept and shown as late."""
    return await at.receive(NewReply, body)


@router.post("/{order_id}/return")
async def return_order(at: AtWindow, body: ReturnBody) -> Received:
    """Give the order back as not the department's, within the window for it."""
    return await at.receive(ReturnOrder, body)


@router.post("/{order_id}/extension")
async def extension(at: AtWindow, body: ExtensionBody) -> Received:
    """Ask for more time, once, before the limit has passed."""
    return await at.receive(ExtendOrder, body)
