"""What those who run the gateway ask of it: whether it lives, whether it can do its work, and its figures."""

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from temporalio.service import RPCError

from desk.window import Desk
from domain.values import Value
from gateway.metrics import MEDIA_TYPE, Metrics
from storage.database import ping, reaching_database

LIMIT = 3.0
"""Seconds that PostgreSQL and Temporal have to answer."""

router = APIRouter(tags=["service"])


def desk_of(request: Request) -> Desk:
    return request.app.state.desk


def metrics_of(request: Request) -> Metrics:
    return request.app.state.metrics


AtDesk = Annotated[Desk, Depends(desk_of)]
OfMetrics = Annotated[Metrics, Depends(metrics_of)]


class Presence(StrEnum):
    """Whether a server is there."""

    THERE = "there"
    AWAY = "away"


class Readiness(Value):
    """What the gateway can do now."""

    database: Presence
    """Without it nothing can be kept, and nothing is taken."""
    engine: Presence
    """While it is away callbacks are kept, and delivered afterwards."""


@router.get("/health", response_class=Response)
async def health() -> Response:
    """Whether the process lives. Says nothing of what it needs: a restart would not bring that back."""
    return Response()


@router.get("/ready")
async def ready(desk: AtDesk) -> Readiness:
    """Whether callbacks can be taken. 503 where PostgreSQL is away."""
    with reaching_database():
        async with asyncio.timeout(LIMIT):
            await ping(desk.pool)
    return Readiness(database=Presence.THERE, engine=await _engine(desk))


@router.get("/metrics", response_class=Response)
async def metrics(figures: OfMetrics) -> Response:
    """Counters in Prometheus' text format."""
    return Response(figures.exposition(), media_type=MEDIA_TYPE)


async def _engine(desk: Desk) -> Presence:
    try:
        async with asyncio.timeout(LIMIT):
            there = await desk.client.service_client.check_health()
    except (RPCError, RuntimeError, TimeoutError):
        there = False
    return Presence.THERE if there else Presence.AWAY
