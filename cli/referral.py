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


@verb(app, "show")
async def show(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.referral import gate

    async with at_desk(console, engine=False) as desk:
        found = await gate(desk, case)
        names = Names(await directory_of(desk), console.text)
    if output is Output.JSON:
        told = [{**one.model_dump(mode="json"), "met": one.met} for one in found.findings]
        console.json(
            {
                "case_id": found.case.case_id,
                "step": found.case.step,
                "armed": found.armed,
                "needed": found.needed,
                "findings": told,
                "decisions": found.decisions,
            }
        )
        return
    unmet = sum(not one.met for one in found.findings)
    console.say("referral-gate", case=found.case.case_id, step=found.case.step, unmet=unmet)
    text = console.text
    console.table(
        ("column-met", "column-precondition", "column-rung", "column-order", "column-department", "column-proof"),
        [
            (
                text.say("met" if one.met else "unmet"),
                text.label(one.what),
                text.label(one.rung),
                one.order_id or "",
                names.of(one.department) or "",
                text.label(one.proof),
            )
            for one in found.findings
        ],
    )
    for fact in found.decisions:
        accepted = "referral-said-yes" if fact.payload.get("accepted") else "referral-said-no"
        console.say(accepted, by=fact.actor, at=fact.at, reason=str(fact.payload.get("reason") or ""))
    console.say("referral-deciders", needed=found.needed)
