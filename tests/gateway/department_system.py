"""A department with a system of its own: a real HTTP server that writes down what arrives there."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from office import Office, serving, until
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from support import GATEWAY_KEY

from domain.tokens import department_secret
from storage import departments

Answer = Callable[[], Response | Awaitable[Response]]


@dataclass(frozen=True)
class Delivery:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


def taken() -> Response:
    return Response(status_code=202)


def refusing(status: int, **headers: str) -> Answer:
    """A system that does not take anything, for a reason that nobody wants to see written down."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response("try later: 符小妹", status_code=status, headers=named)


@dataclass
class DepartmentSystem:
    """A department's server: writes down what arrives, and answers from a list, the last answer for ever."""

    code: str
    answers: list[Answer]
    deliveries: list[Delivery] = field(default_factory=list[Delivery])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.deliveries.append(Delivery(dict(request.headers), await request.body()))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        response = answer()
        response = await response if isawaitable(response) else response
        await response(scope, receive, send)

    async def got(self, count: int) -> list[Delivery]:
        async def seen() -> list[Delivery]:
            return self.deliveries

        return await until(seen, lambda deliveries: len(deliveries) >= count)


NOT_ASKED_YET = "SELECT code FROM department WHERE code NOT IN (SELECT department FROM delivery) AND endpoint IS NULL"

LIMITS = "UPDATE department SET concurrency = $2, inbox_after = make_interval(secs => $3) WHERE code = $1"


@asynccontextmanager
async def a_department(
    office: Office, *answers: Answer, concurrency: int = 4, inbox_after: float = 1800
) -> AsyncGenerator[DepartmentSystem]:
    """A department that was never asked before gets a system of its own."""
    code = await office.desk.pool.fetchval(NOT_ASKED_YET)
    system = DepartmentSystem(code, list(answers) or [taken])
    async with serving(system) as address, at_address(office, code, f"{address}/orders", concurrency, inbox_after):
        yield system


@asynccontextmanager
async def at_address(
    office: Office, code: str, url: str, concurrency: int = 4, inbox_after: float = 1800
) -> AsyncGenerator[None]:
    """The department's system is at ``url`` for a while."""
    plain = (await departments.directory(office.desk.pool)).get(code)
    await departments.put(office.desk.pool, (plain.model_copy(update={"endpoint": url}),))
    await office.desk.pool.execute(LIMITS, code, concurrency, inbox_after)
    try:
        yield
    finally:
        await departments.put(office.desk.pool, (plain,))


def is_signed(delivery: Delivery, department: str, serial: int = 1) -> bool:
    """Whether the department, who knows its secret and no more, can tell that it comes from Liandong."""
    try:
        Webhook(department_secret(GATEWAY_KEY, department, serial)).verify(delivery.body, delivery.headers)
    except WebhookVerificationError:
        return False
    return True


async def delivery_of(office: Office, order_id: str) -> dict[str, Any]:
    return dict(await office.desk.pool.fetchrow("SELECT * FROM delivery WHERE order_id = $1", order_id) or {})


async def is_delivered(office: Office, order_id: str) -> dict[str, Any]:
    return await until(lambda: delivery_of(office, order_id), lambda row: bool(row.get("delivered_at")))


async def was_refused(office: Office, order_id: str) -> dict[str, Any]:
    """The delivery, once a try has failed."""
    return await until(lambda: delivery_of(office, order_id), lambda row: bool(row.get("last_error")))
