"""``liandong up``: everything on one machine, until Ctrl-C."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Console
from cli.verbs import verb

if TYPE_CHECKING:
    from policies.files import PolicyFile
    from runtime.stack import Addresses

app = typer.Typer()


def _port(name: str, variable: str) -> object:
    return typer.Option(
        f"--{name}", help=f"option-{name}", envvar=f"LIANDONG_{variable}", show_envvar=True, metavar="PORT"
    )


@verb(app, "up")
async def up(
    console: Console,
    gateway_port: Annotated[int | None, _port("gateway-port", "GATEWAY_PORT")] = None,
    temporal_port: Annotated[int | None, _port("temporal-port", "TEMPORAL_PORT")] = None,
    temporal_ui_port: Annotated[int | None, _port("temporal-ui-port", "TEMPORAL_UI_PORT")] = None,
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="option-policy", envvar="LIANDONG_POLICY", show_envvar=True, metavar="NAME"),
    ] = None,
) -> None:
    from policies.files import read
    from runtime.stack import run_stack

    settings = console.given(
        gateway_port=gateway_port,
        temporal_port=temporal_port,
        temporal_ui_port=temporal_ui_port,
        policy=policy,
    )

    read(settings.policy)  # one that cannot be used would be noticed by the first caller

    def on_step(step: str) -> None:
        console.note(f"up-{step}")

    async def on_ready(addresses: "Addresses") -> None:
        _page(console, addresses, await _in_force(addresses, settings.policy), settings.policy)

    await run_stack(settings, on_ready=on_ready, on_step=on_step)
    console.note("up-stopped")


async def _in_force(addresses: "Addresses", policy: str) -> "PolicyFile":
    """The policy of new cases: the one that was activated last, at the very first start the one named here."""
    from desk.rules import policy_in_force
    from storage.database import open_pool

    async with await open_pool(addresses.servers.database_url) as pool:
        return await policy_in_force(pool, policy)


def _page(console: Console, addresses: "Addresses", in_force: "PolicyFile", asked: str) -> None:
    """Where each part is, which policy counts, and what to do next."""
    text = console.text
    console.say("up-ready")
    console.pairs(
        [
            (text.say("up-where-gateway"), addresses.gateway),
            (text.say("up-where-temporal"), addresses.temporal),
            (text.say("up-where-ui"), addresses.temporal_ui or ""),
            (text.say("up-where-state"), str(addresses.state)),
            (text.say("up-where-logs"), str(addresses.logs)),
            (text.say("up-policy"), f"{in_force.policy_id}@{in_force.version}"),
        ]
    )
    from policies.files import read

    if read(asked).policy_id != in_force.policy_id:
        console.note("up-other-policy", asked=asked, policy=in_force.policy_id)
    console.say("up-next")
