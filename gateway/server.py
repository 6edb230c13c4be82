"""How the gateway is served: uvicorn, without its own access log, which would write down whole paths and queries."""

from fastapi import FastAPI
from uvicorn import Config, Server


def server(app: FastAPI, host: str, port: int, *, log_level: str = "warning") -> Server:
    """A server for ``app``; ``await server(…).serve()`` runs it until it is told to stop."""
    return Server(
        Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            log_level=log_level,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )
