"""``liandong referral``: two people decide whether a case is handed to the discipline commission."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import GROUNDS, ByOption, CaseArgument, OutputOption, ReasonOption, noun, verb

app = noun("referral")


@verb(app, "decide")
async def decide(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    reason: ReasonOption,
    accept: Annotated[bool, typer.Option("--accept", help="option-accept")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="option-decline")] = False,
    grounds: Annotated[str, typer.Option("--grounds", help="option-grounds", metavar=GROUNDS)] = "exhausted",
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import chosen, either, made
    from domain.commands import Command, DecideReferral, Grounds

    accepted = either(accept, decline, "--accept, --decline")
    entered = {"accepted": accepted, "grounds": chosen(Grounds, grounds, "grounds"), "by": by, "reason": reason}
    said = Said("referral-accepted" if accepted else "referral-declined", {"by": by})
    await ask_and_tell(console, case, Command.DECIDE, made(DecideReferral, entered), said, output)
