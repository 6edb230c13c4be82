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
