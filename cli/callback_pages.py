"""How callbacks are shown on a terminal: a head's queue, a sample, and how far the first ratings flatter."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.console import Console, Output
from desk.calls import Drawn, Queue
from desk.window import Desk
from domain.calls import Flattery
from pages.assessment import percent
from storage import diary
from storage.calls import DueCall
from storage.database import reaching_database
from texts.moments import length, local

if TYPE_CHECKING:
    from cli.situation import Names


async def queue_page(
    console: Console,
    desk: Desk,
    found: Queue,
    head: str | None,
    limit: int,
    now: datetime,
    names: "Names",
    output: Output,
) -> None:
    """Whom to call, what is due first; what today's allowance leaves; and what lies unconfirmed in the diary."""
    calls = console.first(list(found.calls), limit)
    if output is Output.JSON:
        allowance = {"called": found.called, "a_day": found.a_day, "next_day": found.next_day}
        console.json({"calls": calls, "departments": found.departments, **allowance})
        return
    for department in found.departments:
        with reaching_database():
            points = (await diary.of_department(desk.pool, department)).to_confirm()
        if points:
            console.say("diary-unconfirmed", number=len(points), department=names.of(department))
    if calls:
        columns = ("column-case", "column-department", "column-due", "column-lateness", "column-attempts")
        console.table(columns, [_call_row(one, now, names) for one in calls])
    else:
        console.say("callback-queue-empty")
    if head:
        console.say("callback-allowance", by=head, called=found.called, number=found.a_day)


def _call_row(one: DueCall, now: datetime, names: "Names") -> tuple[str, ...]:
    due = local(one.due) if one.due else ""
    late = length(now - one.due) if one.due and one.due < now else ""
    return one.case_id, names.of(one.department), due, late, str(one.attempts)


def sample_page(console: Console, found: Drawn, names: "Names", output: Output) -> None:
    """The cases to be called again, by whom they were called first, and what became of it."""
    if output is Output.JSON:
        second = list(found.second.values())
        console.json({"sample": found.sample, "reached": found.reached, "first": found.first, "second": second})
        return
    _tell_sample(console, found)
    rows: list[tuple[str, ...]] = []
    for first in found.first:
        second = found.second.get((first.case_id, first.seq))
        told = second and console.text.label(second.rating) if second and second.rating else ""
        rows.append((first.case_id, names.of(first.department), first.by, local(first.at), told or ""))
    if rows:
        columns = ("column-case", "column-department", "column-first-caller", "column-at", "column-second-rating")
        console.table(columns, rows)


def _tell_sample(console: Console, found: Drawn) -> None:
    sample = found.sample
    drawn = {"percent": sample.percent, "seed": sample.seed, "by": sample.by, "at": sample.at}
    console.say("sample-is", month=f"{sample.month:%Y-%m}", cases=len(found.first), of=found.reached.total, **drawn)


def flattery_page(console: Console, found: Drawn, names: "Names", output: Output) -> None:
    """The difference with its interval, for all and by department; nobody is ranked (P20)."""
    whole = found.flattery()
    if output is Output.JSON:
        by = {department: flattery_data(found.flattery(department)) for department in found.departments}
        console.json(
            {"sample": found.sample, "reached": found.reached, "whole": flattery_data(whole), "departments": by}
        )
        return
    _tell_sample(console, found)
    in_vain = sum(not one.reached for one in found.second.values())
    waiting = len(found.first) - whole.pairs - in_vain
    console.say("flattery-asked", asked=whole.pairs, unreached=in_vain, waiting=waiting)
    console.say("flattery-first", rate=percent(found.reached.rate), number=found.reached.total)
    if whole.interval is None or whole.difference is None:
        console.say("flattery-unknown")
        return
    low, high = whole.interval
    rates = {"first": percent(whole.first.rate), "second": percent(whole.second.rate)}
    console.say("flattery-is", **rates, points=points(whole.difference), low=points(low), high=points(high))
    console.say("flattery-chance" if low <= 0 <= high else "flattery-real")
    parts = [(department, found.flattery(department)) for department in found.departments]
    columns = (
        *("column-department", "column-asked-twice", "column-first-rate"),
        *("column-second-rate", "column-flattery", "column-interval"),
    )
    console.table(columns, [_flattery_row(names.of(code), part) for code, part in parts if part.pairs])


def _flattery_row(name: str, part: Flattery) -> tuple[str, ...]:
    between = " – ".join(points(end) for end in part.interval or ())
    rates = percent(part.first.rate), percent(part.second.rate)
    return name, str(part.pairs), *rates, points(part.difference or 0.0), between


def points(share: float) -> str:
    """A difference of two rates in percentage points."""
    return f"{share * 100:+.1f}"


def flattery_data(part: Flattery) -> dict[str, Any]:
    """For programs."""
    interval = list(part.interval) if part.interval else None
    rates = {"first": part.first.rate, "second": part.second.rate}
    return {**part.model_dump(), **rates, "difference": part.difference, "interval": interval}
