"""The departments' own systems: one HTTP server that takes every order, and answers through the gateway."""

import asyncio
import hashlib
import hmac
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
from domain.tokens import department_token

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
            signed = hmac.new(department_token(self._key, code).encode(), body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(request.headers.get("Liandong-Signature", ""), f"sha256={signed}"):
                return Response(status_code=401)
            order = json.loads(body)
            if order["event"] == "order.sent":
                self._start(self._deal_with(code, order))
            return Response(status_code=202)

        del take
        return app

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
            await self._post(code, order["order_id"], "acknowledgement", {"by": "值班员"})
        await asyncio.sleep(await self._patience(conduct, order))
        reply = {
            "by": "经办人",
            "result": conduct.result.value,
            "statement": EXPLAINED if conduct.result is Result.EXPLAINED else ON_RUNG.get(rung, RESOLVED),
            "limit_days": conduct.limit_days,
            "callback_id": f"{code}:{order['order_id']}",
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
        headers = {"Liandong-Department": code, "Authorization": f"Bearer {department_token(self._key, code)}"}
        answer = await self._http.post(f"/v1/orders/{order_id}/{what}", json=body, headers=headers)
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
