"""``liandong callback``: the citizen was called back."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import CALLBACK_RESULTS, ByOption, CaseArgument, OutputOption, noun, verb

app = noun("callback")


@verb(app, "record")
async def record(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    result: Annotated[str, typer.Option("--result", help="option-callback-result", metavar=CALLBACK_RESULTS)],
    remark: Annotated[str | None, typer.Option("--remark", help="option-remark", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import chosen, made
    from domain.commands import CallbackResult, Command, RecordCallback

    said_by_citizen = chosen(CallbackResult, result, "result")
    command = made(RecordCallback, {"result": said_by_citizen, "by": by, "remark": remark})
    said = Said("callback-recorded", {"result": said_by_citizen})
    await ask_and_tell(console, case, Command.RECORD_CALLBACK, command, said, output)
