"""The gateway as a whole: its entrances, each with a guard, and the routes behind them."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline  # pyright: ignore[reportUnknownVariableType]

from desk.window import Desk
from domain.tokens import TokenKind
from gateway import grid, open311, orders, service
from gateway.door import Door, Entrance
from gateway.guards import bearer_guard, department_guard
from gateway.metrics import Metrics
from gateway.problems import MEDIA_TYPE, Problem, install

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused, with the reason.",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}

OPEN = ("/health", "/ready", "/metrics", "/openapi.json", "/docs", "/static-offline-docs")
"""What anybody may ask for: nothing of it is about a case."""


def create_app(desk: Desk, key: str, address: str | None = None) -> FastAPI:
    """The gateway before ``desk``; ``key`` is the secret that departments' secrets are derived from.

    ``address`` is the URL at which others reach it; where it is not given, what each asker has called it.
    """
    app = FastAPIOffline(
        "/docs",
        None,
        title="Liandong",
        version=_version(),
        description="Departments answer their orders here.",
        redirect_slashes=False,
        responses=_PROBLEM,
        generate_unique_id_function=_name,
    )
    app.state.desk, app.state.key, app.state.address, app.state.metrics = desk, key, address, Metrics()
    app.include_router(service.router)
    app.include_router(orders.router)
    app.include_router(grid.router)
    app.include_router(open311.router)
    install(app)
    app.add_middleware(Door, entrances=entrances(desk, key), metrics=app.state.metrics)
    return app


def entrances(desk: Desk, key: str) -> list[Entrance]:
    """Every part of the house, and who may come in."""
    return [
        *(Entrance(prefix, None) for prefix in OPEN),
        Entrance("/v1/orders", department_guard(desk.pool, key)),
        Entrance("/v1/cases", bearer_guard(desk.pool, TokenKind.GRID)),
        Entrance(open311.PREFIX, open311.open311_guard(desk.pool), (open311.FORM,), open311.refused),
    ]


def _name(route: APIRoute) -> str:
    return route.name


def _version() -> str:
    try:
        return version("liandong")
    except PackageNotFoundError:
        return "0"
