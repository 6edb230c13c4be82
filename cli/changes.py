"""What a change of rules moves, shown case by case: every deadline before and after."""

from collections.abc import Sequence
from datetime import timedelta

from cli.console import OK, PARTLY_DONE, Console, Output
from desk.changes import Changed
from texts.telling import told_deadline, told_limit


def tell_changed(console: Console, changed: Sequence[Changed], output: Output, key: str) -> int:
    """Deadlines before and after, the cases that refused, and the sum as the sentence ``key``; the exit status."""
    refused = [(one, one.refused) for one in changed if one.refused]
    if output is Output.JSON:
        console.json([one.model_dump() for one in changed])
        return PARTLY_DONE if refused else OK
    rows = [
        (
            one.case_id,
            told_limit(console.text, move),
            told_deadline(console.text, move.before),
            told_deadline(console.text, move.after),
            _shift(move.after.at - move.before.at),
        )
        for one in changed
        for move in one.moves
    ]
    if rows:
        console.table(("column-case", "column-limit", "column-before", "column-after", "column-shift"), rows)
    for one, code in refused:
        console.say("change-refused", case=one.case_id, reason=console.text.problem(code, one.params))
    console.say(key, cases=len(changed) - len(refused), moved=sum(1 for one in changed if one.moved))
    return PARTLY_DONE if refused else OK


def _shift(by: timedelta) -> str:
    if not by:
        return "="
    days, rest = divmod(abs(by), timedelta(days=1))
    return f"{'+' if by > timedelta(0) else '-'}{days} d {rest // timedelta(hours=1)} h"
