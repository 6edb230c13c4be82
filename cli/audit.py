"""``liandong audit``: no rung missed, none doubled; worked out from the record alone."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import CHECK_FAILED, OK, Console, Output
from cli.verbs import OutputOption, verb

if TYPE_CHECKING:
    from domain.audit import Finding
    from domain.audit_tally import Summary

app = typer.Typer()


@verb(app, "audit")
async def audit(
    console: Console,
    everything: Annotated[bool, typer.Option("--all", help="option-audit-all")] = False,
    case: Annotated[str | None, typer.Option("--case", help="option-audit-case", metavar="CASE")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="option-as-of", metavar="TIME")] = None,
    output: OutputOption = Output.TEXT,
) -> int:
    from datetime import UTC, datetime

    from cli.entries import moment
    from cli.session import at_desk
    from desk import audit as desk_audit

    now = datetime.now(UTC)
    moment_of = desk_audit.instant_of(moment(as_of, "until"), now)
    async with at_desk(console, engine=False) as desk:
        with console.progress("progress-audit", None) as step:
            found = await desk_audit.audit(desk.pool, moment_of, whole=everything, case_id=case, on_cases=step)
    if output is Output.JSON:
        console.json({**found.model_dump(), "missing": found.missing, "doubled": found.doubled, "wrong": found.wrong})
    else:
        _page(console, found, case)
    return CHECK_FAILED if found.wrong else OK


def _page(console: Console, found: "Summary", case: str | None) -> None:
    """Counts, what is wrong, and how late everything fired and why."""
    text = console.text
    scope = case or text.say("audit-whole" if found.whole else "audit-open")
    console.say("audit-as-of", at=found.as_of, scope=scope)
    console.say("audit-counts", cases=found.cases, facts=found.facts, fired=found.fired, pending=found.pending)
    console.say("audit-deemed", deemed=found.deemed)
    console.write("")
    console.say("audit-verdict" if found.wrong else "audit-clean", missing=found.missing, doubled=found.doubled)
    _findings(console, found)
    if found.lateness:
        console.write("")
        _lateness(console, found)


def _findings(console: Console, found: "Summary") -> None:
    from domain.audit import Flaw

    for flaw in Flaw:
        listed = [finding for finding in found.findings if finding.flaw is flaw]
        if not listed:
            continue
        number = found.flaws[flaw]
        console.write("")
        console.say("audit-flaw", flaw=flaw, number=number)
        last = "column-cause" if flaw is Flaw.MISSING else "column-lateness"
        console.table(("column-case", "column-what", "column-due", last), [_row(console, one) for one in listed])
        if number > len(listed):
            console.say("audit-more", number=number - len(listed))


def _row(console: Console, finding: "Finding") -> tuple[str, ...]:
    """One finding; of what is missing the cause, as far as it is known, of anything else how late it fired."""
    from domain.audit import Flaw
    from texts.moments import length, local

    late = length(finding.fired - finding.due) if finding.fired and finding.due else ""
    return (
        finding.order_id or finding.case_id,
        console.text.label(finding.firing) if finding.firing else "",
        local(finding.due) if finding.due else "",
        console.text.label(finding.cause) if finding.flaw is Flaw.MISSING else late,
    )


def _lateness(console: Console, found: "Summary") -> None:
    from datetime import timedelta

    from texts.moments import length

    text = console.text
    rows = [
        (
            text.label(late.firing),
            str(late.number),
            *(length(timedelta(seconds=seconds)) for seconds in (late.median, late.p99, late.worst)),
        )
        for late in found.lateness
    ]
    console.table(("column-what", "column-number", "column-median", "column-p99", "column-worst"), rows)
    console.write("")
    causes = sorted(found.causes.items(), key=lambda item: -item[1])
    console.table(("column-cause", "column-number"), [(text.label(cause), str(number)) for cause, number in causes])
    if found.shifted:
        shifted = [text.say("audit-shifted-by", shift=shift, number=number) for shift, number in found.shifted.items()]
        console.say("audit-shifted", shifts=text.parts(shifted))
    if found.worst:
        console.write("")
        console.say("audit-worst")
        worst = [
            (late.order_id or late.case_id, text.label(late.firing), length(late.late), text.label(late.cause))
            for late in found.worst
        ]
        console.table(("column-case", "column-what", "column-lateness", "column-cause"), worst)
