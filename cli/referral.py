"""``liandong referral``: two people decide whether a case is handed to the discipline commission, and it answers."""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import Console, Output
from cli.printing import HtmlOption, PdfOption, print_letter
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
    from domain.commands import Command
    from domain.commission import DecideReferral, Grounds

    accepted = either(accept, decline, "--accept, --decline")
    entered = {"accepted": accepted, "grounds": chosen(Grounds, grounds, "grounds"), "by": by, "reason": reason}
    said = Said("referral-accepted" if accepted else "referral-declined", {"by": by})
    await ask_and_tell(console, case, Command.DECIDE, made(DecideReferral, entered), said, output)


@verb(app, "answer")
async def answer(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    reason: ReasonOption,
    accept: Annotated[bool, typer.Option("--accept", help="option-takes-on")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="option-does-not-take-on")] = False,
    more: Annotated[bool, typer.Option("--more", help="option-wants-papers")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made, one_of
    from domain.commands import Command
    from domain.commission import Answer, AnswerReferral

    flag = one_of({"--accept": accept, "--decline": decline, "--more": more})
    said = {"--accept": Answer.ACCEPTED, "--decline": Answer.DECLINED, "--more": Answer.MORE}[flag]
    command = made(AnswerReferral, {"answer": said, "by": by, "reason": reason})
    await ask_and_tell(console, case, Command.ANSWER_REFERRAL, command, Said(f"referral-answer-{said}"), output)


@verb(app, "supply")
async def supply(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    paper: Annotated[list[Path], typer.Option("--paper", help="option-supplied", metavar="FILE")],
    remark: Annotated[str | None, typer.Option("--remark", help="option-remark", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import made
    from cli.papers import evidence_in
    from domain.commands import Command
    from domain.commission import SupplyPapers

    command = made(SupplyPapers, {"papers": evidence_in(paper), "by": by, "remark": remark})
    said = Said("referral-supplied", {"number": len(command.papers)})
    await ask_and_tell(console, case, Command.SUPPLY_PAPERS, command, said, output)


@verb(app, "show")
async def show(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.referral import gate
    from domain.ledger import FactKind
    from dossiers.letters import PRECONDITIONS, precondition_rows
    from texts.telling import told_actor

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
                "answers": found.answers,
            }
        )
        return
    unmet = sum(not one.met for one in found.findings)
    console.say("referral-gate", case=found.case.case_id, step=found.case.step, unmet=unmet)
    console.table(PRECONDITIONS, precondition_rows(found, console.text, names))
    for fact in found.decisions:
        accepted = "referral-said-yes" if fact.payload.get("accepted") else "referral-said-no"
        console.say(
            accepted,
            by=told_actor(fact.actor, console.text, names),
            at=fact.at,
            reason=str(fact.payload.get("reason") or ""),
        )
    console.say("referral-deciders", needed=found.needed)
    for fact in found.answers:
        supplied = fact.kind is FactKind.PAPERS_SUPPLIED
        said = "referral-papers" if supplied else f"referral-said-{fact.payload.get('answer')}"
        words = str(fact.payload.get("remark" if supplied else "reason") or "")
        papers = fact.payload.get("papers")
        number = len(papers) if isinstance(papers, list) else 0
        console.say(said, by=told_actor(fact.actor, console.text, names), at=fact.at, reason=words, number=number)


@verb(app, "document")
async def document(console: Console, case: CaseArgument, html: HtmlOption = None, pdf: PdfOption = None) -> None:
    from desk.referral import referred
    from dossiers.letters import sheet_of_referral

    await print_letter(console, lambda desk: referred(desk, case), sheet_of_referral, html, pdf)
