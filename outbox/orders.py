"""An order reaches its department: at once in its inbox, or posted to the department's own system.

What goes out is a CloudEvent, signed by the Standard Webhooks scheme; the same message has the same id however
often it is sent.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.commands import Command, NoteUndelivered
from domain.errors import Unavailable
from domain.ledger import FactKind
from domain.order import OrderRequest
from domain.tokens import department_secret
from outbox.failures import reaching_engine
from outbox.lanes import Lanes, NoPlace, refused
from outbox.signatures import signed
from storage import departments, notices, orders
from storage.database import Pool
from storage.notices import Notice
from storage.orders import Outgoing, Way

ANSWER_LIMIT: Final = 10.0
"""Seconds a department's system has to take a message."""

ORDER_IS_OUT: Final = "order-is-out"
"""What a try to send an order says that has worked."""

_ORDER_FIELDS = {
    "order_id",
    "department",
    "role",
    "rung",
    "task",
    "acknowledge_by",
    "due_at",
    "provisional",
    "returnable",
    "return_by",
}
_EVENTS = {FactKind.ORDER_WITHDRAWN: "withdrawn", FactKind.WARNING_YELLOW: "warned", FactKind.WARNING_RED: "warned"}

_log = logging.getLogger("liandong.outbox")


@dataclass(frozen=True)
class Post:
    """How departments' systems are reached."""

    http: httpx.AsyncClient
    key: str
    """The gateway's key, from which secrets are derived."""
    gateway_url: str
    """Where departments answer: printed on every order."""
    lanes: Lanes = field(default_factory=Lanes)
    alert_url: str | None = None
    """Who is told of a department that cannot be reached; nobody but the log where it is not set."""
    alert_secret: str | None = None
    """What alerts are signed with; they go unsigned where it is not set."""


@dataclass(frozen=True)
class _Message:
    """Something for one department."""

    message_id: str
    event: str
    order_id: str
    department: str
    at: datetime
    data: Mapping[str, object]


async def send_order(pool: Pool, client: Client, post: Post, request: OrderRequest) -> Way:
    """Send an order out, unless it has been; how it got there.

    Raises Unavailable ``department-unreachable`` where the department's system does not take it yet; what the system
    has not taken after the department's set time is left in its inbox, and the case and the hotline are told.
    """
    order = request.order
    outgoing = await orders.register(pool, request)
    if outgoing.way is not None:
        return outgoing.way
    way, tries = Way.INBOX, 0
    if outgoing.endpoint is not None:
        way, tries = Way.SYSTEM, 1
        try:
            await _send(post, outgoing.endpoint, outgoing.concurrency, outgoing.serials, _sent(post, request, outgoing))
        except Unavailable as error:
            left = outgoing.inbox_after - outgoing.waited
            tries = 0 if isinstance(error, NoPlace) else 1
            await orders.mark_undelivered(pool, order.order_id, str(error.params["reason"]), attempts=tries)
            if left > 0:
                soon = min(float(error.params["retry_in_ms"]) / 1000, left)
                raise refused(order.department, str(error.params["reason"]), soon) from error
            way, tries = Way.FALLBACK, 0
            await _tell_undelivered(client, request, str(error.params["reason"]))
            await _alert(post, order.department, str(error.params["reason"]))
    await orders.mark_delivered(pool, order.order_id, way, attempts=tries)
    return way


async def send_notice(pool: Pool, post: Post, notice: Notice) -> None:
    """Tell a department's system of a warning or a withdrawal. Raises Unavailable as ``send_order`` does."""
    endpoint = await departments.endpoint(pool, notice.department)
    if endpoint is not None and endpoint.url is not None:
        data = {
            "case_id": notice.case_id,
            "order_id": notice.order_id,
            "department": notice.department,
            "kind": notice.kind.value,
            "due_at": notice.due_at.isoformat() if notice.due_at else None,
            "reason": notice.reason,
        }
        message = _Message(
            message_id=f"{notice.order_id}.{notice.kind.value}",
            event=_EVENTS[notice.kind],
            order_id=notice.order_id,
            department=notice.department,
            at=notice.due_at or datetime.now(UTC),
            data=data,
        )
        try:
            await _send(post, endpoint.url, endpoint.concurrency, endpoint.serials, message)
        except Unavailable as error:
            tries = 0 if isinstance(error, NoPlace) else 1
            await notices.mark_undelivered(pool, notice, str(error.params["reason"]), attempts=tries)
            raise
    await notices.mark_delivered(pool, notice)


def _sent(post: Post, request: OrderRequest, outgoing: Outgoing) -> _Message:
    order = request.order
    data = {
        "case_id": request.case_id,
        **order.model_dump(mode="json", include=_ORDER_FIELDS),
        "description": outgoing.description,
        "place": outgoing.place,
        "point": outgoing.point and outgoing.point.model_dump(),
        "media_url": outgoing.media_url,
        "citizen": outgoing.citizen.model_dump(include={"name", "phone", "address"}),
        "callback": f"{post.gateway_url}/v1/orders/{order.order_id}",
    }
    message_id = f"{order.order_id}.sent"
    return _Message(message_id, "sent", order.order_id, order.department, order.sent_at, data)


async def _send(post: Post, url: str, concurrency: int, serials: Sequence[int], message: _Message) -> None:
    """Post one message in its department's lane. Raises Unavailable where the system does not take it."""
    with post.lanes.place(message.department, message.message_id, concurrency):
        headers, body = _on_the_wire(post, serials, message)
        error, asked = await _post(post.http, url, headers, body)
    if error is None:
        post.lanes.went_well(message.department)
        return
    raise refused(message.department, error, post.lanes.went_wrong(message.department, error, asked))


def _on_the_wire(post: Post, serials: Sequence[int], message: _Message) -> tuple[dict[str, str], bytes]:
    attributes = {
        "id": message.message_id,
        "source": post.gateway_url,
        "type": f"liandong.order.{message.event}",
        "subject": message.order_id,
        "time": message.at,
        "datacontenttype": "application/json",
    }
    event = to_structured_event(CloudEvent(attributes, dict(message.data)))
    secrets = [department_secret(post.key, message.department, serial) for serial in serials]
    return {**event.headers, **signed(secrets, message.message_id, datetime.now(UTC), event.body)}, event.body


async def _post(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[str | None, float | None]:
    """What went wrong, without any content, and in how many seconds the system asks to be tried again."""
    try:
        async with (
            asyncio.timeout(ANSWER_LIMIT),  # of the whole, however slowly an answer trickles in
            http.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            if answer.is_success:
                return None, None  # nobody waits for a body to end
            return f"HTTP {answer.status_code}", _retry_after(answer.headers.get("retry-after"))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return type(error).__name__, None


def _retry_after(given: str | None) -> float | None:
    """Seconds: the header has whole seconds or a date; None where it has neither."""
    if given is None:
        return None
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


async def _tell_undelivered(client: Client, request: OrderRequest, reason: str) -> None:
    """The case learns that its department has not got the order. One that has ended needs not know."""
    order_id = request.order.order_id
    note = NoteUndelivered(order_id=order_id, reason=reason)
    try:
        with reaching_engine("temporal-unreachable", address=client.service_client.config.target_host):
            await client.get_workflow_handle(request.case_id).execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
                Command.NOTE_UNDELIVERED, note, id=f"undelivered-{order_id}"
            )
    except WorkflowUpdateFailedError:
        _log.info("order %s: its case no longer waits for it", order_id)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _alert(post: Post, department: str, reason: str) -> None:
    """Tell the hotline, once an outage, that a department's system takes no orders; again where it did not arrive."""
    if not post.lanes.first_alert(department):
        return
    _log.error("the system of %s takes no orders (%s): they are left in its inbox", department, reason)
    if post.alert_url is not None:
        now = datetime.now(UTC)
        message_id = f"{department}.unreachable.{int(now.timestamp())}"
        attributes = {
            "id": message_id,
            "source": post.gateway_url,
            "type": "liandong.department.unreachable",
            "subject": department,
            "time": now,
            "datacontenttype": "application/json",
        }
        event = to_structured_event(CloudEvent(attributes, {"department": department, "reason": reason}))
        secrets = [post.alert_secret] if post.alert_secret else []
        signature = signed(secrets, message_id, now, event.body) if secrets else {}
        error, _ = await _post(post.http, post.alert_url, {**event.headers, **signature}, event.body)
        if error is not None:
            _log.error("and nobody could be told of it: %s", error)
            post.lanes.nobody_told(department)
