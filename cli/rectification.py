"""``liandong rectification``: the order as a document, and that a supervisor has looked whether it was carried out."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.printing import HtmlOption, PdfOption, print_letter
from cli.verbs import ByOption, CaseArgument, EvidenceOption, OutputOption, noun, verb

app = noun("rectification")


@verb(app, "verify")
async def verify(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    remark: Annotated[str, typer.Option("--remark", help="option-remark", metavar="TEXT")],
    passed: Annotated[bool, typer.Option("--passed", help="option-passed")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="option-failed")] = False,
    evidence: EvidenceOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.asking import Said, ask_and_tell
    from cli.entries import either, made
    from cli.papers import evidence_in
    from domain.commands import Command
    from domain.commission import VerifyRectification

    done = either(passed, failed, "--passed, --failed")
    shown = evidence_in(evidence or ())
    command = made(VerifyRectification, {"passed": done, "by": by, "remark": remark, "evidence": shown})
    said = Said("rectification-passed" if done else "rectification-failed")
    await ask_and_tell(console, case, Command.VERIFY, command, said, output)


@verb(app, "document")
async def document(console: Console, case: CaseArgument, html: HtmlOption = None, pdf: PdfOption = None) -> None:
    from desk.referral import rectification
    from dossiers.letters import sheet_of_rectification

    await print_letter(console, lambda desk: rectification(desk, case), sheet_of_rectification, html, pdf)
