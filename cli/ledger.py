"""``liandong ledger``: the record is checked, entry by entry."""

from cli.console import CHECK_FAILED, OK, Console, Output
from cli.verbs import OutputOption, noun, verb

app = noun("ledger")


@verb(app, "verify")
async def verify(console: Console, output: OutputOption = Output.TEXT) -> int:
    from cli.session import at_desk
    from storage import cases, ledger
    from storage.database import reaching_database

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            total = sum(count.cases for count in await cases.counts(desk.pool))
            with console.progress("progress-verify", total) as step:
                verdict = await ledger.verify(desk.pool, on_case=step)
    misfit = verdict.misfit
    if output is Output.JSON:
        console.json({"cases": verdict.cases, "entries": verdict.entries, "misfit": misfit})
    elif misfit is None:
        console.say("ledger-fits", cases=verdict.cases, entries=verdict.entries)
    else:
        reason = console.text.say(f"misfit-{misfit.reason.replace('_', '-')}")
        console.say("ledger-misfit", case=misfit.case_id, seq=misfit.seq, reason=reason)
    return CHECK_FAILED if misfit else OK


@verb(app, "anchor")
async def anchor(console: Console, output: OutputOption = Output.TEXT) -> None:
    from datetime import UTC, datetime

    from cli.anchoring import anchoring_of
    from cli.session import at_desk
    from outbox.anchors import make_anchor, publish_anchors

    anchoring = anchoring_of(console.settings)
    async with at_desk(console, engine=False) as desk:
        made = await make_anchor(desk.pool, anchoring, datetime.now(UTC))
        await publish_anchors(desk.pool, anchoring)
    if output is Output.JSON:
        console.json(made)
    else:
        said = made.anchor
        console.say("anchored", number=said.number, cases=said.cases, root=said.root, folder=str(anchoring.folder))


@verb(app, "key")
async def key(console: Console) -> None:
    from cli.anchoring import anchoring_of

    console.write(anchoring_of(console.settings).seal.public)
