"""``liandong demo``: a town in a minute."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli.console import CHECK_FAILED, OK, Console
from cli.verbs import verb
from domain.errors import Invalid

app = typer.Typer()

MARK = "demo"
"""The file that says that a state folder is the demo's own, and may be thrown away."""


@verb(app, "demo")
async def demo(
    console: Console,
    cases: Annotated[int, typer.Option("--cases", min=0, max=5000, help="option-cases")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="option-seed")] = 12345,
) -> int:
    from cli.case_trail import trail_page
    from cli.situation import Names
    from demo.run import run_demo
    from demo.screen import Screen

    state = _own_state(console.settings.state)
    settings = console.given(state=state, policy="demo", gateway_port=0, temporal_port=0, temporal_ui_port=0)
    screen = Screen(console.text)
    with screen.showing() as show:
        reckoning = await run_demo(settings, seed=seed, number=cases, show=show)
    names = Names(reckoning.directory, console.text)
    screen.reckon(reckoning, str(state), lambda folder: trail_page(console, folder, names))
    return OK if reckoning.is_sound else CHECK_FAILED


def _own_state(state: Path) -> Path:
    """A fresh state folder beside the usual one; what an earlier demo left there is thrown away."""
    own = state.with_name(f"{state.name}-demo")
    if own.exists():
        if not (own / MARK).is_file():
            raise Invalid("demo-state-taken", path=str(own))
        shutil.rmtree(own)
    own.mkdir(parents=True, mode=0o755)
    (own / MARK).touch()
    return own
