"""The departments' own systems: one HTTP server that takes every order, and answers through the gateway."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from demo.plans import LATE_BY, Conduct, Manner, Plan
from domain.ladder import Rung
from domain.order import Result, Role
from domain.tokens import department_secret
from outbox.signatures import is_signed, signed

RESOLVED = "已到现场处理完毕，并与来电人沟通。"
EXPLAINED = "经核查，现有条件下无法解决，已说明原因与依据。"
ON_RUNG = {Rung.REFERRAL: "经再次核查，认定违法事实成立。", Rung.RECTIFICATION: "已按期整改到位，申请复核。"}
"""What a department that did its part says on the rungs where that is a finding or a rectification."""


class Town:
    """All departments. ``plan_of`` says how each of them behaves in a case."""

    def __init__(self, gateway_url: str, key: str, plan_of: Callable[[str], Plan]) -> None:
        self._key = key
        self._plan_of = plan_of
        self._http = httpx.AsyncClient(base_url=gateway_url, timeout=30, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._returned: set[str] = set()
        self.refused: list[str] = []
        """Refusals that no script expects; the demo fails when there are any."""

    def app(self) -> FastAPI:
        """What the departments' endpoints answer."""
        app = FastAPI(openapi_url=None)

        @app.post("/departments/{code}")
        async def take(code: str, request: Request) -> Response:
            body = await request.body()
            if not is_signed([self._secret(code)], request.headers, body):
                return Response(status_code=401)
            event = json.loads(body)
            if event["type"] == "liandong.order.sent":
                self._start(self._deal_with(code, event["data"]))
            return Response(status_code=202)

        del take
        return app

    def _secret(self, code: str) -> str:
        return department_secret(self._key, code, 1)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self._http.aclose()

    async def _deal_with(self, code: str, order: dict[str, Any]) -> None:
        rung = Rung(order["rung"])
        conduct = self._plan_of(order["case_id"]).of(code, rung)
        if order["role"] == Role.ASSISTING and conduct.manner is Manner.RETURNS:
            conduct = Conduct()
        if conduct.manner is Manner.SILENT:
            return
        await asyncio.sleep(conduct.acknowledges)
        if conduct.manner is Manner.RETURNS and order["returnable"] and order["case_id"] not in self._returned:
            self._returned.add(order["case_id"])
            await self._return(code, order)
            return
        if order["acknowledge_by"]:
            await self._post(code, order["order_id"], "acknowledge", {"by": "值班员"})
        await asyncio.sleep(await self._patience(conduct, order))
        reply = {
            "by": "经办人",
            "result": conduct.result.value,
            "statement": EXPLAINED if conduct.result is Result.EXPLAINED else ON_RUNG.get(rung, RESOLVED),
            "limit_days": conduct.limit_days,
        }
        await self._post(code, order["order_id"], "reply", reply)

    async def _patience(self, conduct: Conduct, order: dict[str, Any]) -> float:
        if conduct.manner is not Manner.LATE:
            return conduct.replies
        due = datetime.fromisoformat(order["due_at"])
        return max(0.0, (due - datetime.now(UTC)).total_seconds()) + LATE_BY

    async def _return(self, code: str, order: dict[str, Any]) -> None:
        reason = {"by": "值班员", "reason": "不属于本单位职责范围", "basis": "单位职能配置规定"}
        await self._post(code, order["order_id"], "return", reason)

    async def _post(self, code: str, order_id: str, what: str, body: dict[str, Any]) -> None:
        content = json.dumps({"order_id": order_id, **body}).encode()
        headers = {"Liandong-Department": code, "Content-Type": "application/json"}
        headers |= signed([self._secret(code)], f"{order_id}:{what}", datetime.now(UTC), content)
        answer = await self._http.post(f"/v1/orders/{order_id}/{what}", content=content, headers=headers)
        if not answer.is_success and answer.json().get("type") not in EXPECTED_REFUSALS:
            self.refused.append(f"{what} {order_id}: {answer.status_code} {answer.json().get('type')}")


EXPECTED_REFUSALS = {f"urn:liandong:{code}" for code in ("order-ended", "case-closed", "return-window-over")}
"""A department that is overtaken by events: its order has ended meanwhile."""


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[str]:
    """The app on a free loopback port; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False)
        server = _Quiet(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class _Quiet(uvicorn.Server):
    """Leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
