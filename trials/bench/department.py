"""A department as a process of its own: takes an order over HTTP, acknowledges it, replies to it, and tells the
driver of both. ``python -m trials.bench.department`` serves all sides.
"""

import asyncio
import json
import logging
import os
import socket
import sys
from datetime import UTC, datetime
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server

from domain.tokens import department_secret
from outbox.signatures import is_signed, signed
from trials.bench.bell import VARIABLE, Ringer, ringer

REPLY = {"result": "resolved", "statement": "现场已清理，占道物品全部移走。", "by": "经办人 12"}


class Office:
    """Answers orders."""

    _log = logging.getLogger("bench.department")

    def __init__(self, http: httpx.AsyncClient, ringing: Ringer, key: str) -> None:
        self._http = http
        self._ringing = ringing
        self._key = key

    async def take_from_liandong(self, request: Request) -> Response:
        body = await request.body()
        order = json.loads(body)["data"]
        if not is_signed([department_secret(self._key, order["department"], 1)], request.headers, body):
            return Response(status_code=401)
        self._ringing.ring("sent", order["case_id"])
        prompt = request.path_params["manner"] == "prompt"
        return Response(status_code=202, background=BackgroundTask(self._answer_liandong, order) if prompt else None)

    async def _answer_liandong(self, order: dict[str, str]) -> None:
        order_id = order["order_id"]
        await self._say_signed(order, "acknowledge", f"a-{order_id}", {"order_id": order_id, "by": "值班员 07"})
        await self._say_signed(order, "reply", f"r-{order_id}", {"order_id": order_id, **REPLY})
        self._ringing.ring("replied", order["case_id"])

    async def _say_signed(self, order: dict[str, str], what: str, message_id: str, said: dict[str, str]) -> None:
        body = json.dumps(said).encode()
        secret = department_secret(self._key, order["department"], 1)
        headers = {
            **signed([secret], message_id, datetime.now(UTC), body),
            "Content-Type": "application/json",
            "Liandong-Department": order["department"],
        }
        url = f"{order['callback']}/{what}"
        while (answer := await self._http.post(url, content=body, headers=headers)).status_code == HTTPStatus.ACCEPTED:
            self._log.warning("%s %s was kept", what, order["order_id"])  # the case has not got it yet: ask again
            await asyncio.sleep(0.5)
        answer.raise_for_status()

    async def take_from_dbos(self, request: Request) -> Response:
        order = json.loads(await request.body())
        self._ringing.ring("sent", order["case_id"])
        return Response(status_code=202, background=BackgroundTask(self._answer_dbos, order))

    async def _answer_dbos(self, order: dict[str, str]) -> None:
        order_id = order["order_id"]
        said = {"order_id": order_id, "by": "值班员 07", "callback_id": f"a-{order_id}"}
        await self._say(f"{order['callback']}/acknowledge", said)
        await self._say(f"{order['callback']}/reply", {"order_id": order_id, **REPLY, "callback_id": f"r-{order_id}"})
        self._ringing.ring("replied", order["case_id"])

    async def _say(self, url: str, body: dict[str, str]) -> None:
        (await self._http.post(url, json=body)).raise_for_status()


async def serve(port: int) -> None:
    """On a loopback port, until it is stopped."""
    ringing = await ringer(os.environ[VARIABLE])
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        office = Office(http, ringing, os.environ["BENCH_GATEWAY_KEY"])
        app = Starlette(
            routes=[
                Route("/liandong/{manner}", office.take_from_liandong, methods=["POST"]),
                Route("/dbos", office.take_from_dbos, methods=["POST"]),
            ]
        )
        with socket.create_server(("127.0.0.1", port), backlog=512) as listening:
            ringing.ring("ready", "department")
            config = Config(app, log_level="warning", lifespan="off", access_log=False, ws="none")
            await Server(config).serve([listening])


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
