"""``liandong policy``: the ladder and its limits as cited data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import OK, Console, Output
from cli.verbs import ByOption, OutputOption, ReasonOption, noun, verb
from texts.catalogue import key_of

if TYPE_CHECKING:
    from policies.findings import Finding
    from policies.ladder_drawing import Row, Station

app = noun("policy")

PolicyArgument = Annotated[str, typer.Argument(metavar="POLICY", help="argument-policy")]
CasesOption = Annotated[Path, typer.Option("--cases", help="option-cases-file", metavar="FILE.csv")]
MappingOption = Annotated[str, typer.Option("--mapping", help="option-mapping", metavar="NAME|FILE.toml")]


@verb(app, "lint")
async def lint(console: Console, policy: PolicyArgument, output: OutputOption = Output.TEXT) -> int:
    from domain.errors import Invalid
    from policies.files import examine
    from policies.lint import lint as found_in

    draft = examine(policy)
    findings = list(draft.problems)
    if draft.policy_file is not None:
        findings += draft.located(found_in(draft.policy_file))
    if output is Output.JSON:
        console.json({"file": draft.file, "findings": [finding.model_dump() for finding in findings]})
    else:
        for finding in findings:
            _tell(console, draft.file, finding)
        console.say("policy-linted" if findings else "policy-clean", file=draft.file, findings=len(findings))
    return Invalid.exit_code if any(finding.refuses for finding in findings) else OK


def _tell(console: Console, file: str, finding: "Finding") -> None:
    where = f"{file}:{finding.line}" if finding.line else file
    severity = console.text.label(finding.severity)
    reason = console.text.say(f"finding-{finding.code}", **finding.params)
    console.write(f"{where}: {severity}: {finding.key}: {reason}")


@verb(app, "show")
async def show(console: Console, policy: PolicyArgument, output: OutputOption = Output.TEXT) -> None:
    from policies.files import read
    from policies.ladder_drawing import drawing

    policy_file = read(policy)
    stations = drawing(policy_file)
    if output is Output.JSON:
        console.json({"policy": policy_file.label, "ladder": [station.model_dump() for station in stations]})
        return
    title = policy_file.title if console.text.language == "zh" else policy_file.title_en
    console.write(f"{policy_file.label}  {title}")
    for station in stations:
        _show_station(console, station)


def _show_station(console: Console, station: "Station") -> None:
    text = console.text
    name = text.label(station.station) if station.station else text.say("policy-everywhere")
    owner = text.say("policy-owner", owner=station.owner) if station.owner else ""
    up = text.say("policy-up", rung=station.up) if station.up else ""
    console.write("")
    console.write(" · ".join(part for part in (name.upper(), owner, up) if part))
    columns = ("column-limit", "column-worth", "column-rule", "column-confidence", "column-source")
    console.table(columns, [_row(console, row) for row in station.rows])


def _row(console: Console, row: "Row") -> tuple[str, ...]:
    return row.what, _worth(console, row), row.rule, row.confidence.value, row.source


def _worth(console: Console, row: "Row") -> str:
    if isinstance(row.value, tuple):
        return ", ".join(console.text.label(rung) for rung in row.value)
    return console.text.say(key_of(row.unit), value=row.value) if row.unit else f"× {row.value}"


@verb(app, "diff")
async def diff(
    console: Console,
    policy: PolicyArgument,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="argument-other-policy")],
    output: OutputOption = Output.TEXT,
) -> None:
    from policies.difference import difference
    from policies.files import read

    changes = difference(read(policy), read(other))
    if output is Output.JSON:
        console.json([change.model_dump() for change in changes])
    elif not changes:
        console.say("policy-same")
    else:
        rows = [(change.key, _leaf(change.before), _leaf(change.after)) for change in changes]
        console.table(("column-key", "column-before", "column-after"), rows)


def _leaf(value: Any) -> str:
    return "—" if value is None else str(value)


@verb(app, "activate")
async def activate(
    console: Console, policy: PolicyArgument, by: ByOption, reason: ReasonOption, output: OutputOption = Output.TEXT
) -> None:
    from cli.entries import made
    from cli.session import at_desk
    from desk.rules import activate as make_active
    from desk.rules import activation_in_force, policy_named
    from domain.commands import Decision
    from domain.staff import Act, Asking

    decision = made(Decision, {"by": by, "reason": reason})
    async with at_desk(console, engine=False, asking=made(Asking, {"by": by, "act": Act.PUBLISH_RULES})) as desk:
        done = await make_active(desk.pool, await policy_named(desk.pool, policy), decision)
        activation = await activation_in_force(desk.pool)
    if output is Output.JSON:
        console.json({**activation.model_dump(), "new": done is not None})
    else:
        label = f"{activation.policy_id}@{activation.version}"
        key = "policy-activated" if done else "policy-active-already"
        console.say(key, policy=label, by=activation.activated_by, at=activation.activated_at)


@verb(app, "migrate")
async def migrate(
    console: Console,
    policy: PolicyArgument,
    by: ByOption,
    reason: ReasonOption,
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]...", help="argument-cases")] = None,
    everything: Annotated[bool, typer.Option("--all", help="option-all-open")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="option-dry-run-deadlines")] = False,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.changes import tell_changed
    from cli.entries import either, made
    from cli.session import at_desk
    from desk.changes import adopt, open_cases
    from desk.rules import rules_of_version
    from domain.commands import Decision
    from domain.staff import Act, Asking

    either(bool(cases), everything, "CASE..., --all")
    decision = made(Decision, {"by": by, "reason": reason})
    async with at_desk(console, asking=made(Asking, {"by": by, "act": Act.PUBLISH_RULES})) as desk:
        found = await open_cases(desk, None if everything else cases)
        rules = await rules_of_version(desk.pool, policy, decision.by, dry_run=dry_run)
        with console.progress("progress-cases", len(found)) as advance:
            changed = await adopt(desk, found, rules, decision, dry_run=dry_run, advance=advance)
    return tell_changed(console, changed, output, "change-foreseen" if dry_run else "change-done")


@verb(app, "fit")
async def fit(
    console: Console,
    cases: CasesOption,
    policy: Annotated[str, typer.Option("--policy", help="option-fit-policy", metavar="POLICY")] = "haikou",
    mapping: MappingOption = "pingshan",
    late: Annotated[str, typer.Option("--late", help="option-late-column", metavar="COLUMN")] = "closed_overtime",
    in_time: Annotated[
        str, typer.Option("--in-time", help="option-in-time-column", metavar="COLUMN")
    ] = "closed_in_time",
    yes: Annotated[str, typer.Option("--yes", help="option-verdict-yes", metavar="VALUE")] = "1",
) -> None:
    from policies.files import read
    from rehearsal.conduct import written
    from rehearsal.crowd import shipped_directory
    from rehearsal.fitting import Verdicts
    from rehearsal.fitting import fit as fitted

    verdicts = Verdicts(in_time=in_time, late=late, yes=yes)
    profile = fitted(cases, mapping, read(policy), shipped_directory(), verdicts=verdicts)
    console.write(written(profile).rstrip("\n"))


@verb(app, "rehearse")
async def rehearse(
    console: Console,
    policy: Annotated[str, typer.Option("--policy", help="argument-policy", metavar="POLICY")],
    cases: CasesOption,
    against: Annotated[str | None, typer.Option("--against", help="option-against", metavar="POLICY")] = None,
    mapping: MappingOption = "pingshan",
    departments: Annotated[
        Path | None, typer.Option("--departments", help="option-departments-file", metavar="FILE.toml")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="option-seed")] = 12345,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="option-rehearse-limit")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="option-report", metavar="FILE.html")] = None,
    output: OutputOption = Output.TEXT,
) -> int:
    from cli.rehearsal import show_rehearsal

    return await show_rehearsal(
        console,
        policies=(policy, against),
        cases=cases,
        mapping=mapping,
        departments=departments,
        seed=seed,
        limit=limit,
        report=report,
        output=output,
    )
