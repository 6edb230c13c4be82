"""``liandong dossier``: everything about a case in one file, and whether such a file is what it says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.console import CHECK_FAILED, Console, Output
from cli.verbs import CaseArgument, OutputOption, noun, verb

if TYPE_CHECKING:
    from dossiers.check import Checked

app = noun("dossier")

REDACTIONS: Final = "none|citizen|full"


@verb(app, "build")
async def build(
    console: Console,
    case: CaseArgument,
    out: Annotated[Path, typer.Option("--out", help="option-dossier-out", metavar="FILE")],
    redact: Annotated[str, typer.Option("--redact", help="option-redact", metavar=REDACTIONS)] = "citizen",
    paper: Annotated[list[Path] | None, typer.Option("--paper", help="option-paper", metavar="FILE")] = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="option-pdf")] = True,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.anchoring import anchoring_of
    from cli.entries import chosen
    from cli.papers import read_papers, write_new
    from cli.session import at_desk
    from desk import dossiers
    from domain.dossier import Redaction
    from dossiers.paged import font_file

    redaction = chosen(Redaction, redact, "redact") or Redaction.CITIZEN
    font = font_file(console.settings.font) if pdf else None
    enclosed = read_papers(paper or [])
    form = dossiers.Form(text=console.text, redaction=redaction, font=font)
    async with at_desk(console, engine=False) as desk:
        content = await dossiers.build(desk, case, anchoring_of(console.settings).seal, form, enclosed)
    write_new(out, content)
    if output is Output.JSON:
        console.json({"case_id": case, "file": str(out), "bytes": len(content), "redaction": redaction})
    else:
        console.say("dossier-built", case=case, file=str(out), bytes=len(content), redaction=redaction)


@verb(app, "verify")
async def verify(
    console: Console,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="argument-dossier")],
    anchor_key: Annotated[str | None, typer.Option("--anchor-key", help="option-anchor-key", metavar="HEX")] = None,
    anchors: Annotated[Path | None, typer.Option("--anchors", help="option-anchors", metavar="FOLDER")] = None,
    output: OutputOption = Output.TEXT,
) -> int:
    import re

    from domain.errors import DoesNotFit, Invalid
    from dossiers.check import check

    key = anchor_key.strip().lower() if anchor_key else None
    if key is not None and not re.fullmatch(r"[0-9a-f]{64}", key):
        raise Invalid("anchor-key-public")
    try:
        checked = check(file, key=key, anchors=anchors)
    except DoesNotFit as error:
        if output is Output.TEXT:
            raise
        console.json({"fits": False, "code": error.code, "params": error.params})
        return CHECK_FAILED
    if output is Output.JSON:
        console.json({"fits": True, **checked.model_dump()})
    else:
        _tell(console, checked)
    return 0


def _tell(console: Console, checked: "Checked") -> None:
    console.say("dossier-fits", case=checked.case_id, entries=checked.entries, files=checked.files)
    if checked.anchor is None:
        console.say("dossier-fits-unanchored")
    else:
        console.say("dossier-fits-anchor", number=checked.anchor, seq=checked.anchored)
    if checked.anchors:
        console.say("dossier-fits-kept", anchors=checked.anchors)
    if not checked.key_given:
        console.note("dossier-key-unknown", key=checked.key)
