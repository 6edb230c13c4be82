"""The whole way of a reply in one process: a worker, the desk, and the gateway on a loopback port."""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp
from support import GATEWAY_KEY, desk_of, name_of_letters, new_database, outside_of
from temporalio.client import Client
from temporalio.service import RPCError
from uvicorn import Config, Server

from desk.cases import CaseFolder, folder, open_case
from desk.commands import ask
from desk.directory_rows import read_departments, shipped_matters
from desk.window import Desk
from domain.case import CaseView
from domain.citizen import Citizen
from domain.commands import Command
from domain.demand import Urgency
from domain.intake import NewDemand
from domain.ledger import Fact, FactKind
from domain.order import Order
from domain.tokens import AccessToken, TokenKind, department_secret, token_hash, token_text
from domain.values import Value
from gateway.app import create_app
from outbox.signatures import signed
from reference import path
from storage import access, departments
from storage.database import open_pool
from worker import Outside

BUREAU = "hk-urban-mgmt"
NEIGHBOUR = "hk-housing"
CITIZEN = Citizen(name="符小妹", phone="0898-66778899", address="海口市海甸岛怡心路 7 号 302 房")


class _Quiet(Server):
    """Leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[str]:
    """``app`` behind a real HTTP server on a free loopback port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = _Quiet(Config(app, log_config=None, lifespan="off", access_log=False, ws="none"))
        task = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            await task


def envelope(
    content: bytes, department: str = BUREAU, message_id: str | None = None, serial: int = 1
) -> dict[str, str]:
    """The headers of a callback as the department's own system would send it."""
    secret = department_secret(GATEWAY_KEY, department, serial)
    headers = signed([secret], message_id or uuid.uuid4().hex, datetime.now(UTC), content)
    return {"Liandong-Department": department, "Content-Type": "application/json", **headers}


class Servers(Protocol):
    """The session's servers."""

    @property
    def postgres_url(self) -> str: ...

    @property
    def client(self) -> Client: ...


@dataclass
class Office:
    """What a test needs to play departments and to look at what became of it."""

    outside: Outside
    desk: Desk
    http: httpx.AsyncClient
    database_url: str

    async def open(self, **demand: Any) -> str:
        """Open a case of the bureau's; its id, once the first order is on record."""
        # Every test has a database of its own, and they share one Temporal: a number would occur twice there.
        reference = f"t:{name_of_letters()}"
        asked: dict[str, Any] = {
            "reference": reference,
            "department": BUREAU,
            "description": "楼顶搭棚",
            "citizen": CITIZEN,
            **demand,
        }
        opened = await open_case(self.desk, NewDemand.model_validate(asked), datetime.now(UTC))
        await self.recorded(opened.case_id, FactKind.ORDER_SENT)
        return opened.case_id

    async def post(
        self,
        order_id: str,
        what: str,
        body: Mapping[str, object],
        *,
        of: str = BUREAU,
        message_id: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """What the department ``of`` says about an order."""
        content = json.dumps({"order_id": order_id, **body}).encode()
        return await self.http.post(
            f"/v1/orders/{order_id}/{what}", content=content, headers=envelope(content, of, message_id) | headers
        )

    async def acknowledge(self, order_id: str, *, of: str = BUREAU) -> httpx.Response:
        return await self.post(order_id, "acknowledge", {"by": "值班员 07"}, of=of)

    async def give_back(self, order_id: str, *, of: str = BUREAU, **more: str) -> httpx.Response:
        body = {"reason": "不属于本单位职责", "basis": "三定方案第四条", "by": "值班员 07", **more}
        return await self.post(order_id, "return", body, of=of)

    async def reply(
        self, order_id: str, *, of: str = BUREAU, message_id: str | None = None, **more: object
    ) -> httpx.Response:
        message_id = message_id or f"r-{order_id}"
        return await self.post(order_id, "reply", reply_body(order_id, **more), of=of, message_id=message_id)

    async def token(self, kind: TokenKind = TokenKind.CLERK, holder: str = "经办人 12", of: str | None = BUREAU) -> str:
        """A new token of this kind, as its holder shows it."""
        token_id, secret = uuid.uuid4().hex[:10], uuid.uuid4().hex
        department = of if kind is TokenKind.CLERK else None
        issued = AccessToken(
            token_id=token_id, kind=kind, holder=holder, department=department, created_at=datetime.now(UTC)
        )
        await access.issue(self.desk.pool, issued, token_hash(secret))
        return token_text(token_id, secret)

    async def ask(self, case_id: str, command: Command, content: Value) -> CaseView:
        return await ask(self.desk, case_id, command, content)

    async def view(self, case_id: str) -> CaseView:
        """What the running case says of itself."""
        return await self.outside.engine.client.get_workflow_handle(case_id).query("state", result_type=CaseView)

    async def order(self, order_id: str) -> Order:
        view = await self.view(order_id.rpartition(".")[0])
        return next(order for order in view.orders if order.order_id == order_id)

    async def folder(self, case_id: str) -> CaseFolder:
        return await folder(self.desk, case_id)

    async def recorded(self, case_id: str, kind: FactKind, *, times: int = 1) -> list[Fact]:
        """The facts of this kind, once the ledger has so many."""
        try:
            return await until(lambda: self._facts(case_id, kind), lambda facts: len(facts) >= times)
        except AssertionError as waited:
            raise AssertionError(f"{waited}; {case_id} at the engine: {await self._at_engine(case_id)}") from None

    async def _at_engine(self, case_id: str) -> str:
        """What the engine says of a case that the record does not follow."""
        try:
            found = await self.outside.engine.client.get_workflow_handle(case_id).describe()
        except RPCError as error:
            return error.status.name
        raw = found.raw_description
        return f"{raw.pending_workflow_task} {list(raw.pending_activities)}"

    async def _facts(self, case_id: str, kind: FactKind) -> list[Fact]:
        if await self.desk.pool.fetchval("SELECT true FROM case_view WHERE case_id = $1", case_id) is None:
            return []
        return [entry.fact for entry in (await self.folder(case_id)).entries if entry.fact.kind is kind]


def reply_body(order_id: str, **more: object) -> dict[str, object]:
    return {"order_id": order_id, "result": "resolved", "statement": "棚已拆除", "by": "经办人 12", **more}


async def until(look: Callable[[], Any], enough: Callable[[Any], bool], limit: float = 30.0) -> Any:
    """Look again until it is ``enough``."""
    ends = time.monotonic() + limit
    while not enough(seen := await look()):
        assert time.monotonic() < ends, f"waited {limit} s, and it is still {seen!r}"
        await asyncio.sleep(0.05)
    return seen


@asynccontextmanager
async def office_of(servers: Servers, policy: str = "demo") -> AsyncGenerator[Office]:
    """A database with the shipped directory, the desk and the gateway; without another word under the demo's policy,
    whose working day is a second. The worker is the caller's."""
    async with (
        new_database(servers.postgres_url) as url,
        await open_pool(url) as pool,
        outside_of(pool, servers.client, policy=policy) as outside,
        serving(create_app(desk_of(outside), GATEWAY_KEY)) as address,
        httpx.AsyncClient(base_url=address, timeout=20, trust_env=False) as http,
    ):
        found, _ = read_departments(path("haikou-departments.csv"), shipped_matters())
        await departments.put(pool, tuple(found))
        yield Office(outside, desk_of(outside), http, url)


SOON = {"urgency": Urgency.DANGER}
"""A case that must be acknowledged within two seconds under the demo's policy."""
