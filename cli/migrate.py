"""``liandong migrate``: brings the servers to what this version needs."""

import typer

from cli.console import Console, Output
from cli.verbs import OutputOption, verb

app = typer.Typer()


@verb(app, "migrate")
async def migrate(console: Console, output: OutputOption = Output.TEXT) -> None:
    from migrations.run import schema_state
    from runtime.settings import locate
    from runtime.stack import prepare

    servers = locate(console.settings)
    before = await schema_state(servers.database_url)
    await prepare(servers, console.settings.task_queue)
    if output is Output.JSON:
        console.json({"before": before.current, "now": before.wanted})
    elif before.is_current:
        console.say("migrate-current", revision=before.wanted)
    else:
        console.say("migrate-done", before=before.current, revision=before.wanted)
