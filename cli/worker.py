"""``liandong worker``: runs cases until it is told to stop."""

from typing import Annotated

import typer

from cli.console import Console
from cli.verbs import verb

app = typer.Typer()


@verb(app, "worker")
async def worker(
    console: Console,
    task_queue: Annotated[
        str | None,
        typer.Option(
            "--task-queue", help="option-task-queue", envvar="LIANDONG_TASK_QUEUE", show_envvar=True, metavar="NAME"
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="option-policy", envvar="LIANDONG_POLICY", show_envvar=True, metavar="NAME"),
    ] = None,
) -> None:
    import gc
    import logging

    from cli.anchoring import anchoring_of
    from cli.logs import to_stderr
    from cli.session import record
    from cli.signals import until_told_to_stop
    from desk.rules import rules_in_force
    from outbox.cases import Engine
    from outbox.orders import Post
    from policies.files import read
    from runtime.settings import locate
    from runtime.temporal import connect
    from runtime.watch import watching
    from worker import Outside, build_worker, department_http, plain

    settings = console.given(task_queue=task_queue, policy=policy)
    read(settings.policy)  # one that cannot be used would be noticed by the first case
    servers = locate(settings)
    key = servers.require_gateway_key().get_secret_value()
    to_stderr()
    log = logging.getLogger("liandong.worker")
    async with record(servers) as pool, department_http(settings.allowed_networks) as http:
        client = await connect(servers)
        engine = Engine(client, settings.task_queue)
        outside = Outside(
            pool=pool,
            engine=engine,
            post=Post(
                http=http,
                key=key,
                gateway_url=servers.gateway_url,
                alert_url=settings.alert_url,
                alert_secret=settings.alert_secret.get_secret_value() if settings.alert_secret else None,
            ),
            rules=lambda: rules_in_force(pool, settings.policy),
            anchoring=lambda: anchoring_of(settings),
            deadman=settings.deadman,
        )
        async with watching(pool, client, settings.task_queue), build_worker(outside, runner=plain()):
            log.info("at work on task queue %s of %s", settings.task_queue, servers.temporal_address)
            gc.freeze()  # what is loaded stays; to look at it again would make each of the collector's pauses longer
            await until_told_to_stop()
            log.info("stopping")
    log.info("stopped")
