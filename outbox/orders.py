"""An order reaches its department: at once in its inbox, or posted to the department's own system."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from domain.errors import Unavailable
from domain.order import OrderRequest, OrderWithdrawal
from domain.tokens import department_token, signature
from storage import demands, departments, notices, orders
from storage.database import Pool
from storage.notices import Notice


@dataclass(frozen=True)
class Post:
    """How departments' systems are reached; ``key`` is the gateway's key, from which tokens are derived."""

    http: httpx.AsyncClient
    key: str


async def send_order(pool: Pool, post: Post, request: OrderRequest) -> None:
    """Send an order out, unless it has been. Raises Unavailable where the department's system does not take it."""
    if await orders.register(pool, request) is not None:
        return
    order = request.order
    url = await departments.endpoint(pool, order.department)
    if url is not None:
        body = await _body(pool, request)
        error = await _post(post, url, order.department, order.order_id, body)
        if error is not None:
            await orders.mark_undelivered(pool, order.order_id, error)
            raise Unavailable("department-unreachable", department=order.department, reason=error)
    await orders.mark_delivered(pool, order.order_id)


async def send_withdrawal(pool: Pool, post: Post, withdrawal: OrderWithdrawal) -> None:
    """Tell a department's system that an order was taken back. Tried once: the order's state says it too."""
    url = await departments.endpoint(pool, withdrawal.department)
    if url is not None:
        body = {"event": "order.withdrawn", **withdrawal.model_dump(mode="json")}
        error = await _post(post, url, withdrawal.department, f"{withdrawal.order_id}.withdrawn", body)
        if error is not None:
            await orders.mark_undelivered(pool, withdrawal.order_id, error)


async def send_notice(pool: Pool, post: Post, notice: Notice) -> None:
    """Tell a department's system of a warning. Raises Unavailable where the system does not take it."""
    url = await departments.endpoint(pool, notice.department)
    if url is not None:
        body = {
            "event": "order.warned",
            "case_id": notice.case_id,
            "order_id": notice.order_id,
            "department": notice.department,
            "warning": notice.kind.value,
            "due_at": notice.due_at.isoformat(),
        }
        error = await _post(post, url, notice.department, f"{notice.order_id}.{notice.kind.value}", body)
        if error is not None:
            await notices.mark_undelivered(pool, notice, error)
            raise Unavailable("department-unreachable", department=notice.department, reason=error)
    await notices.mark_delivered(pool, notice)


async def _body(pool: Pool, request: OrderRequest) -> dict[str, object]:
    words = await demands.words(pool, request.case_id)
    order = request.order.model_dump(
        mode="json",
        include={
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
        },
    )
    return {
        "event": "order.sent",
        "case_id": request.case_id,
        **order,
        "description": words.description if words else None,
        "place": words.place if words else None,
        "citizen": words.citizen.model_dump() if words else None,
    }


async def _post(post: Post, url: str, department: str, key: str, body: Mapping[str, object]) -> str | None:
    content = json.dumps(body, ensure_ascii=False).encode()
    token = department_token(post.key, department)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "Liandong-Signature": f"sha256={signature(token, content)}",
    }
    try:
        async with post.http.stream("POST", url, content=content, headers=headers) as answer:
            return None if answer.is_success else f"HTTP {answer.status_code}"  # nobody waits for a body to end
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
