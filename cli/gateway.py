"""``liandong gateway``: departments' systems answer here, until it is told to stop."""

from typing import Annotated

import typer

from cli.console import Console
from cli.verbs import verb

app = typer.Typer()

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", help="option-gateway-host", envvar="LIANDONG_GATEWAY_HOST", show_envvar=True, metavar="ADDRESS"
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port", help="option-gateway-port", envvar="LIANDONG_GATEWAY_PORT", show_envvar=True, metavar="PORT"
    ),
]


@verb(app, "gateway")
async def gateway(console: Console, host: HostOption = None, port: PortOption = None) -> None:
    import asyncio

    from cli.logs import to_stderr
    from cli.session import at_desk
    from cli.signals import stop_signals
    from gateway.app import create_app
    from gateway.server import server
    from runtime.embedded import claim_ports, gateway_port
    from runtime.settings import locate

    settings = console.given(gateway_host=host, gateway_port=port)
    servers = locate(settings)
    key = servers.require_gateway_key().get_secret_value()
    (free,) = claim_ports(gateway_port(settings))
    to_stderr()
    async with at_desk(console) as desk:
        serving = server(create_app(desk, key, servers.gateway_url), settings.gateway_host, free)
        with stop_signals() as told:
            work = asyncio.create_task(serving.serve())
            stop = asyncio.create_task(told.wait())
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            serving.should_exit = True
            stop.cancel()
            await work
