"""``liandong doctor``: is everything there that is needed? One check after the other, each with what to do."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import CHECK_FAILED, OK, Console, Output
from cli.verbs import LimitOption, OutputOption, verb

if TYPE_CHECKING:
    from cli.examination import Finding

app = typer.Typer()


@verb(app, "doctor")
async def doctor(
    console: Console,
    mend: Annotated[bool, typer.Option("--repair", help="option-repair")] = False,
    limit: LimitOption = 1000,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.examination import examine

    findings = [finding async for finding in examine(console, limit=limit, mend=mend)]
    if output is Output.JSON:
        console.json([_as_data(finding, console) for finding in findings])
    else:
        _page(console, findings)
    return OK if all(finding.is_ok for finding in findings) else CHECK_FAILED


def _as_data(finding: "Finding", console: Console) -> dict[str, Any]:
    return {
        "check": finding.check,
        "result": finding.result,
        "code": finding.error.code if finding.error else None,
        "text": console.text.error(finding.error) if finding.error else None,
        **({"differences": finding.differences} if finding.differences else {}),
    }


def _page(console: Console, findings: "list[Finding]") -> None:
    text = console.text
    rows = [
        (
            text.say(f"check-{finding.check}"),
            text.say(f"check-{finding.result}"),
            text.error(finding.error) if finding.error else "",
        )
        for finding in findings
    ]
    console.table(("column-check", "column-result", "column-remedy"), rows)
    for finding in findings:
        if finding.differences:
            _differences(console, finding)
    failed = sum(finding.result == "failed" for finding in findings)
    console.say("doctor-failed" if failed else "doctor-ok", failed=failed)


def _differences(console: Console, finding: "Finding") -> None:
    text = console.text
    rows = [
        (
            one.case_id,
            text.label(one.kind),
            "/".join("-" if seq is None else str(seq) for seq in (one.ledger, one.engine, one.projection)),
            text.label(one.mended) if one.mended else "",
        )
        for one in finding.differences
    ]
    console.write("")
    console.table(("column-case", "column-difference", "column-last-facts", "column-result"), rows)
    console.write("")
