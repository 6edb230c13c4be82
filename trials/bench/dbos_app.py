"""The same lifecycle on DBOS: one application, as its manual has it, with the gateway's routes and the workflows in
one process. ``python -m trials.bench.dbos_app`` serves it.

A case sends its order over HTTP, waits for the acknowledgement, the reply and the callback by ``recv`` with a
timeout each, and writes the same chained facts in steps. The gateway stores what comes in before it sends it on.
Nothing is tuned for it or against it: the configuration is the default one.
"""

import asyncio
import json
import os
import socket
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
from dbos import DBOS, SetWorkflowID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server

from domain.ladder import Rung
from domain.ledger import GENESIS, Fact, FactKind, chain
from storage.database import Pool, open_pool
from trials.bench.bell import VARIABLE, Ringer, ringer

TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    case_id text NOT NULL, seq integer NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, actor text NOT NULL,
    rung text NOT NULL, order_id text, due_at timestamptz, fired_at timestamptz, payload jsonb NOT NULL,
    prev_hash text NOT NULL, hash text NOT NULL, PRIMARY KEY (case_id, seq)
);
CREATE TABLE IF NOT EXISTS callback (
    callback_id text PRIMARY KEY, order_id text NOT NULL, kind text NOT NULL, content jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
"""

LAST = "SELECT seq, hash FROM entry WHERE case_id = $1 ORDER BY seq DESC LIMIT 1"
APPEND = "INSERT INTO entry VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
KEEP = "INSERT INTO callback (callback_id, order_id, kind, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"

ACKNOWLEDGE, HANDLE, CALL_BACK = 7_200.0, 604_800.0, 259_200.0
"""Seconds."""


class World:
    """What the steps touch."""

    pool: Pool
    http: httpx.AsyncClient
    ringing: Ringer
    department: str
    gateway: str


world = World()


@DBOS.step()
async def record(case_id: str, first: int, facts: list[dict[str, Any]]) -> None:
    """Append facts, once."""
    async with world.pool.acquire() as connection, connection.transaction():
        last = await connection.fetchrow(LAST, case_id)
        seq, prev_hash = (last["seq"], last["hash"]) if last else (0, GENESIS)
        if seq >= first:
            return
        now = datetime.now(UTC)
        new = [
            Fact(seq=first + i, kind=FactKind(fact.pop("kind")), at=now, actor="engine", rung=Rung.DISPATCH, **fact)
            for i, fact in enumerate(facts)
        ]
        await connection.executemany(APPEND, [_row(case_id, entry) for entry in chain(case_id, new, prev_hash)])


def _row(case_id: str, entry: Any) -> tuple[object, ...]:
    fact = entry.fact
    when = (fact.order_id, fact.due_at, fact.fired_at)
    return (
        case_id,
        fact.seq,
        fact.kind,
        fact.at,
        fact.actor,
        fact.rung,
        *when,
        fact.payload,
        entry.prev_hash,
        entry.hash,
    )


@DBOS.step(retries_allowed=True, max_attempts=10)
async def send_order(order: dict[str, Any]) -> None:
    """Post the order to the department."""
    (await world.http.post(world.department, json=order)).raise_for_status()


@DBOS.step()
async def tell(case_id: str) -> None:
    """The driver learns that the case is closed and on record."""
    world.ringing.ring("closed", case_id)


@DBOS.workflow()
async def case(case_id: str, demand: dict[str, Any]) -> str:
    """The plain path of a case."""
    order_id = f"{case_id}.1"
    sent = {"department": demand["department"], "role": "lead"}
    await record(
        case_id,
        1,
        [
            {"kind": "case.opened", "payload": demand},
            {"kind": "rung.entered", "payload": {"reason": "opened"}},
            {"kind": "order.sent", "order_id": order_id, "payload": sent},
        ],
    )
    await send_order({"case_id": case_id, "order_id": order_id, **demand, "callback": f"{world.gateway}/{order_id}"})
    acknowledged = await DBOS.recv_async("acknowledge", timeout_seconds=ACKNOWLEDGE)
    if acknowledged is None:
        return "overdue"
    await record(case_id, 4, [{"kind": "order.acknowledged", "order_id": order_id, "payload": acknowledged}])
    reply = await DBOS.recv_async("reply", timeout_seconds=HANDLE)
    if reply is None:
        return "overdue"
    await record(
        case_id,
        5,
        [
            {"kind": "order.replied", "order_id": order_id, "payload": reply},
            {"kind": "rung.left", "payload": {"outcome": "resolved"}},
            {"kind": "callback.due", "payload": {"department": demand["department"]}},
        ],
    )
    called = await DBOS.recv_async("call_back", timeout_seconds=CALL_BACK)
    if called is None:
        return "unreached"
    await record(
        case_id,
        8,
        [
            {"kind": "callback.recorded", "payload": called},
            {"kind": "rung.left", "payload": {"outcome": "satisfied"}},
            {"kind": "case.closed", "payload": {"closing": "resolved"}},
        ],
    )
    await tell(case_id)
    return "resolved"


async def take_in(request: Request) -> Response:
    """A citizen's demand opens a case."""
    demand = json.loads(await request.body())
    with SetWorkflowID(demand["case_id"]):
        await DBOS.start_workflow_async(case, demand.pop("case_id"), demand)
    return Response(status_code=202)


async def take_callback(request: Request) -> Response:
    """What a department or the desk says: stored, then sent to the case."""
    said = json.loads(await request.body())
    order_id, kind, callback_id = request.path_params["order_id"], request.path_params["kind"], said["callback_id"]
    await world.pool.execute(KEEP, callback_id, order_id, kind, said)
    await DBOS.send_async(order_id.removesuffix(".1"), said, topic=kind, idempotency_key=callback_id)
    return Response(status_code=200)


async def serve(port: int, database_url: str, department: str) -> None:
    """Until it is stopped."""
    world.ringing = await ringer(os.environ[VARIABLE])
    world.pool, world.department = await open_pool(database_url), department
    world.gateway = f"http://127.0.0.1:{port}/orders"
    await world.pool.execute(TABLES)
    DBOS(config={"name": "bench", "system_database_url": database_url, "log_level": "WARNING"})
    DBOS.launch()
    app = Starlette(
        routes=[
            Route("/cases", take_in, methods=["POST"]),
            Route("/orders/{order_id}/{kind}", take_callback, methods=["POST"]),
        ]
    )
    async with httpx.AsyncClient(timeout=30, trust_env=False) as world.http:
        with socket.create_server(("127.0.0.1", port), backlog=512) as listening:
            world.ringing.ring("ready", "dbos_app")
            config = Config(app, log_level="warning", lifespan="off", access_log=False, ws="none")
            await Server(config).serve([listening])


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
