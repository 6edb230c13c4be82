"""``liandong assess``: the figures of a period, the cases behind each, and which cases are left out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.console import Console, Output
from cli.verbs import ByOption, CaseArgument, OutputOption, itself, noun, verb

if TYPE_CHECKING:
    from datetime import date, datetime

    from desk.window import Desk
    from domain.assessment import Assessment, Period
    from pages.assessment import Words

app = noun("assess", no_args_is_help=False, invoke_without_command=True)

BYS: Final = "department|district|class"
REASONS: Final = "legal_way|duplicate|emergency|unlawful|harassment|force_majeure|wrong_department"
RATES: Final = "response|timely|solution|satisfaction|first_go|supervised|accepted|led|grid|referred"
"""The tokens of enums as the help shows them; written out, because loading the enums would make ``--help`` slow."""

ApproverOption = Annotated[str, typer.Option("--approved-by", help="option-approved-by-assess", metavar="NAME")]
RemarkOption = Annotated[str | None, typer.Option("--remark", help="option-exclusion-remark", metavar="TEXT")]


@itself(app)
async def assess(
    console: Console,
    period: Annotated[str | None, typer.Option("--period", help="option-period", metavar="PERIOD")] = None,
    first: Annotated[str | None, typer.Option("--from", help="option-assess-from", metavar="DAY")] = None,
    last: Annotated[str | None, typer.Option("--to", help="option-assess-to", metavar="DAY")] = None,
    against: Annotated[str | None, typer.Option("--against", help="option-assess-against", metavar="PERIOD")] = None,
    by: Annotated[str, typer.Option("--by", help="option-assess-by", metavar=BYS)] = "department",
    html: Annotated[Path | None, typer.Option("--html", help="option-html", metavar="FILE.html")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="option-xlsx", metavar="FILE.xlsx")] = None,
    explain: Annotated[str | None, typer.Option("--explain", help="option-explain", metavar=RATES)] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="option-explain-department", metavar="CODE")
    ] = None,
    district: Annotated[str | None, typer.Option("--district", help="option-explain-district", metavar="CODE")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="option-limit")] = 200,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import UTC, datetime

    from cli.assess_pages import as_data, assessment_page, behind_page
    from cli.entries import chosen
    from cli.session import at_desk
    from desk.assessment import assess as assessed
    from domain.assessment import By
    from domain.marks import Figure

    part, now = chosen(By, by, "by") or By.DEPARTMENT, datetime.now(UTC)
    figure = chosen(Figure, explain, "explain")
    async with at_desk(console, engine=False) as desk:
        zone = (await desk.rules()).calendar.zone
        asked = _period(period, first, last, zone, now)
        if figure is not None:
            await behind_page(console, desk, asked, figure, department, district, limit, output)
            return
        before = _period(against, None, None, zone, now) if against else asked.year_before()
        found = await assessed(desk.pool, asked, before, part, now)
        words = await _words(console, desk, found)
    written = _write(words, html, xlsx)
    if output is Output.JSON:
        console.json(as_data(found))
    else:
        assessment_page(console, words)
        for file in written:
            console.say("assess-written", file=str(file))


def _period(name: str | None, first: str | None, last: str | None, zone: str, now: "datetime") -> "Period":
    """The period that was asked for; this month where none was. Raises Invalid."""
    from zoneinfo import ZoneInfo

    from domain.assessment import period_between, period_named
    from domain.errors import Invalid

    if (first is None) != (last is None) or (first and name):
        raise Invalid("period-part")
    if first and last:
        return period_between(_day(first), _day(last), zone)
    return period_named(name or f"{now.astimezone(ZoneInfo(zone)):%Y-%m}", zone)


def _day(text: str) -> "date":
    from datetime import date

    from domain.errors import Invalid

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("period-unknown", period=text) from None


async def _words(console: Console, desk: "Desk", found: "Assessment") -> "Words":
    from cli.session import directory_of
    from cli.situation import Names
    from domain.assessment import By
    from domain.department import MatterClass
    from pages.assessment import Words

    names = Names(await directory_of(desk), console.text)
    nobody = console.text.say("assess-nobody")

    def department(code: str | None) -> str:
        return names.called(code) if code else nobody

    def name(code: str | None) -> str:
        if code is None or found.by is By.DEPARTMENT:
            return department(code)
        return console.text.label(MatterClass(code)) if found.by is By.CLASS else code

    return Words(found, console.text, name, department)


def _write(words: "Words", html: Path | None, xlsx: Path | None) -> list[Path]:
    """Write the files that were asked for."""
    if html:
        from pages.assessment import report

        html.write_text(report(words), encoding="utf-8")
    if xlsx:
        from pages.workbook import workbook

        xlsx.write_bytes(workbook(words))
    return [file for file in (html, xlsx) if file]


@verb(app, "exclude")
async def exclude(
    console: Console,
    case: CaseArgument,
    reason: Annotated[str, typer.Option("--reason", help="option-exclusion-reason", metavar=REASONS)],
    approved_by: ApproverOption,
    by: ByOption,
    remark: RemarkOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    await _enter(console, case, reason, approved_by, by, remark, output, excluded=True)


@verb(app, "include")
async def include(
    console: Console,
    case: CaseArgument,
    reason: Annotated[str, typer.Option("--reason", help="option-include-reason", metavar=REASONS)],
    approved_by: ApproverOption,
    by: ByOption,
    remark: RemarkOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    await _enter(console, case, reason, approved_by, by, remark, output, excluded=False)


async def _enter(
    console: Console,
    case: str,
    reason: str,
    approved_by: str,
    by: str,
    remark: str | None,
    output: Output,
    *,
    excluded: bool,
) -> None:
    from cli.entries import chosen, made
    from cli.session import at_desk
    from domain.assessment import ExclusionReason, NewExclusion
    from domain.staff import Act, Asking
    from storage import assessment
    from storage.database import reaching_database

    why = chosen(ExclusionReason, reason, "reason")
    given: dict[str, Any] = {"case_id": case, "excluded": excluded, "reason": why, "remark": remark}
    new = made(NewExclusion, {**given, "approved_by": approved_by, "by": by})
    async with at_desk(console, engine=False, asking=made(Asking, {"by": by, "act": Act.EXCLUDE_CASE})) as desk:
        with reaching_database():
            entered = await assessment.enter(desk.pool, new)
    if output is Output.JSON:
        console.json(entered)
    else:
        key = "assess-excluded-now" if excluded else "assess-included-now"
        console.say(key, case=case, reason=entered.reason, approved_by=entered.approved_by)


@verb(app, "rebuild")
async def rebuild(console: Console, output: OutputOption = Output.TEXT) -> None:
    from cli.session import at_desk
    from storage import cases, ledger
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            total = sum(count.cases for count in await cases.counts(desk.pool))
            with console.progress("progress-assess", total) as step:
                done = await ledger.assess_anew(desk.pool, step)
    if output is Output.JSON:
        console.json({"cases": done})
    else:
        console.say("assess-rebuilt", cases=done)
