"""The other side of the simulator in small: signs orders, and checks what departments say as the contract has it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.conduct import Conduct
from simulator.departments import Departments, Note, Received, Said
from simulator.serving import serving

SECRETS: dict[str, tuple[str, ...]] = {
    "hk-housing": ("whsec_aG91c2luZyBob3VzaW5nIGhvdXNpbmcgMTI=",),
    "hk-water": ("whsec_d2F0ZXIgd2F0ZXIgd2F0ZXIgd2F0ZXIgMTI=", "whsec_b2xkIHdhdGVyIG9sZCB3YXRlciBvbGQgd2F0"),
}
FIELDS = {
    "acknowledge": {"order_id", "by"},
    "progress": {"order_id", "by", "statement"},
    "reply": {"order_id", "by", "result", "statement"},
    "return": {"order_id", "by", "reason", "basis"},
}


@dataclass
class Receiver:
    """What a gateway would keep, and how often it is to say that it cannot now."""

    kept: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    """Department and callback id → body."""
    at: dict[tuple[str, str], datetime] = field(default_factory=dict[tuple[str, str], datetime])
    away: int = 0
    """So many requests are answered with 503 first."""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/orders/{order_id}/{word}", self._hear, methods=["POST"])])

    async def _hear(self, request: Request) -> Response:
        body, code = await request.body(), request.headers["Liandong-Department"]
        if self.away:
            self.away -= 1
            return Response(status_code=503, headers={"retry-after": "0"})
        if len(body) > 65536:
            return _problem(413, "body-too-large")
        try:
            Webhook(SECRETS[code][0]).verify(body, dict(request.headers), json_parse=False)
            said: Any = json.loads(body)
        except WebhookVerificationError:
            return _problem(401, "not-authenticated")
        except ValueError:
            return _problem(422, "not-json")
        if set(said) != FIELDS[request.path_params["word"]]:
            return _problem(422, "input-invalid")
        if not said["order_id"].startswith(code) or said["order_id"] != request.path_params["order_id"]:
            return _problem(403, "order-not-yours")
        key = code, request.headers["webhook-id"]
        known = self.kept.setdefault(key, body)
        self.at.setdefault(key, datetime.now(UTC))
        if known != body:
            return _problem(409, "callback-id-used")
        return JSONResponse({"outcome": "accepted", "repeated": known is not body})

    def words(self, order_id: str) -> list[str]:
        """What was kept about an order, in order."""
        return [key[1].rpartition(".")[2] for key in self.kept if key[1].startswith(f"{order_id}.")]


def _problem(status: int, code: str) -> Response:
    return JSONResponse({"type": f"urn:liandong:{code}"}, status)


@dataclass
class Scene:
    """Departments, the receiver, and what the departments told."""

    receiver: Receiver
    departments: Departments
    gateway: str
    url: str
    http: httpx.AsyncClient
    notes: list[Note]

    @property
    def said(self) -> list[Said]:
        return [note for note in self.notes if isinstance(note, Said)]

    @property
    def received(self) -> list[Received]:
        return [note for note in self.notes if isinstance(note, Received)]

    async def send(
        self, order_id: str, *, code: str = "hk-housing", secret: str | None = None, due_in: float = 1.0, **other: Any
    ) -> httpx.Response:
        """An order as Liandong sends it."""
        now = datetime.now(UTC)
        event_id = f"{order_id}.sent"
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": self.gateway,
            "type": "liandong.order.sent",
            "subject": order_id,
            "datacontenttype": "application/json",
            "data": {
                "case_id": order_id.rpartition(".")[0],
                "order_id": order_id,
                "department": code,
                "role": "lead",
                "rung": "dispatch",
                "acknowledge_by": now.isoformat(),
                "due_at": (now + timedelta(seconds=due_in)).isoformat(),
                "returnable": True,
                "citizen": {"name": "nobody", "phone": None, "address": None},
                "callback": f"{self.gateway}/v1/orders/{order_id}",
            },
            **other,
        }
        body = json.dumps(event)
        signature = Webhook(secret or SECRETS[code][0]).sign(event_id, now, body)
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return await self.http.post(f"{self.url}/departments/{code}", content=body, headers=headers)


@asynccontextmanager
async def scene(conduct: Conduct) -> AsyncGenerator[Scene]:
    """Departments of this conduct before a receiver."""
    receiver, notes = Receiver(), list[Note]()
    departments = Departments(lambda code: SECRETS.get(code, ()), conduct, told=notes.append, patience=5)
    async with (
        serving(receiver.app()) as gateway,
        serving(departments.app()) as url,
        httpx.AsyncClient(trust_env=False, timeout=20) as http,
    ):
        try:
            yield Scene(receiver, departments, gateway, url, http, notes)
        finally:
            await departments.close()
