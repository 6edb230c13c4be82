"""Real lives assessed: what counts for and against whom when a workflow wrote the facts."""

from collections.abc import Sequence
from datetime import timedelta

from hotlines import LEAD, OTHER, Hotline
from scripts import DAY, SILENT, Script, calls_back, concludes, confirms, convenes, explains, resolves, returns

from domain.case import Awaited
from domain.commands import CallbackResult
from domain.demand import Channel
from domain.ladder import Rung
from domain.marks import Figure
from storage import ledger

SATISFIED = Script(people={Awaited.CALLBACK: (calls_back(),)})
UNSATISFIED = calls_back(CallbackResult.UNSATISFIED)

Row = tuple[str, str | None, bool]


async def marked(town: Hotline, case_id: str) -> list[Row]:
    rows = await town.pool.fetch("SELECT figure, department, good FROM mark WHERE case_id = $1 ORDER BY seq", case_id)
    return [(row["figure"], row["department"], row["good"]) for row in rows]


def of(figure: Figure, rows: Sequence[Row]) -> list[tuple[str | None, bool]]:
    return [(department, good) for one, department, good in rows if one == figure]


async def test_solved_at_the_first_go(virtual: Hotline) -> None:
    script = Script(lead={Rung.DISPATCH: (resolves(DAY),)}) | SATISFIED
    case_id = await virtual.open("first-go", script, channel=Channel.GRID)
    await virtual.life(case_id)
    rows = await marked(virtual, case_id)
    assert [figure for figure, _, _ in rows[:3]] == [Figure.ACCEPTED, Figure.GRID, Figure.LED]
    for figure in (Figure.RESPONSE, Figure.TIMELY, Figure.SATISFACTION, Figure.SOLUTION, Figure.FIRST_GO):
        assert of(figure, rows) == [(LEAD, True)], figure
    assert of(Figure.SUPERVISED, rows) == []


async def test_solved_by_the_second_department_is_not_the_first_go(virtual: Hotline) -> None:
    script = Script(lead={Rung.DISPATCH: (returns(suggests=OTHER), resolves())}) | SATISFIED
    case_id = await virtual.open("second-go", script)
    await virtual.life(case_id)
    rows = await marked(virtual, case_id)
    assert of(Figure.LED, rows) == [(LEAD, True), (OTHER, True)]
    assert of(Figure.RESPONSE, rows) == [(LEAD, True), (OTHER, True)], "who returns in time has responded"
    assert of(Figure.TIMELY, rows) == [(OTHER, True)], "an accepted return is no answer"
    assert of(Figure.SOLUTION, rows) == [(OTHER, True)]
    assert of(Figure.FIRST_GO, rows) == [(OTHER, False)]


async def test_silence_counts_against_who_was_silent(virtual: Hotline) -> None:
    meeting = {
        Awaited.MEETING: (convenes(LEAD, OTHER),),
        Awaited.CONCLUSION: (concludes((OTHER, 3), (LEAD, 2)),),
    }
    script = Script(lead={Rung.DISPATCH: (SILENT,), Rung.JOINT_MEETING: (resolves(),)}, people=meeting) | SATISFIED
    case_id = await virtual.open("silent", script)
    await virtual.life(case_id)
    rows = await marked(virtual, case_id)
    assert of(Figure.RESPONSE, rows) == [(LEAD, False)]
    assert of(Figure.TIMELY, rows) == [(LEAD, False), (LEAD, False), (OTHER, True)]
    assert of(Figure.SUPERVISED, rows) == [(LEAD, False)]
    assert of(Figure.FIRST_GO, rows) == [(LEAD, False)]
    assert of(Figure.SOLUTION, rows) == [(OTHER, True)]


async def test_a_citizen_who_is_not_satisfied_and_then_is(virtual: Hotline) -> None:
    script = Script(
        lead={Rung.DISPATCH: (resolves(),), Rung.SUPERVISED: (resolves(),)},
        people={Awaited.CALLBACK: (UNSATISFIED, calls_back())},
    )
    case_id = await virtual.open("at-second-call", script)
    await virtual.life(case_id)
    rows = await marked(virtual, case_id)
    for figure in (Figure.SATISFACTION, Figure.SOLUTION):
        assert of(figure, rows) == [(LEAD, False), (LEAD, True)], figure
    assert (of(Figure.FIRST_GO, rows), of(Figure.SUPERVISED, rows)) == ([(LEAD, False)], [(LEAD, True)])


async def test_an_honest_explanation_satisfies_but_solves_nothing(virtual: Hotline) -> None:
    people = {Awaited.CONFIRMATION: (confirms(),), Awaited.CALLBACK: (calls_back(),)}
    script = Script(lead={Rung.DISPATCH: (explains(),)}, people=people)
    case_id = await virtual.open("explained", script)
    await virtual.life(case_id)
    rows = await marked(virtual, case_id)
    assert (of(Figure.SATISFACTION, rows), of(Figure.SOLUTION, rows)) == ([(LEAD, True)], [(LEAD, False)])
    assert of(Figure.FIRST_GO, rows) == [(LEAD, False)]


async def test_nobody_reached_counts_nowhere(virtual: Hotline) -> None:
    script = Script(
        lead={Rung.DISPATCH: (resolves(),)}, people={Awaited.CALLBACK: (calls_back(CallbackResult.UNREACHED),) * 9}
    )
    case_id = await virtual.open("unreached", script)
    await virtual.life(case_id)
    figures = {figure for figure, _, _ in await marked(virtual, case_id)}
    assert figures == {Figure.ACCEPTED, Figure.LED, Figure.RESPONSE, Figure.TIMELY}


async def test_what_was_written_event_by_event_is_what_the_whole_ledger_says(virtual: Hotline) -> None:
    """And custody is booked without a rest."""
    before = [
        await virtual.pool.fetch("SELECT * FROM mark ORDER BY case_id, seq, figure"),
        await virtual.pool.fetch("SELECT * FROM custody ORDER BY case_id, hands, department"),
    ]
    assert len(before[0]) > 30, "the cases of the tests above"
    await ledger.assess_anew(virtual.pool)
    assert before == [
        await virtual.pool.fetch("SELECT * FROM mark ORDER BY case_id, seq, figure"),
        await virtual.pool.fetch("SELECT * FROM custody ORDER BY case_id, hands, department"),
    ]
    for row in await virtual.pool.fetch("SELECT case_id, sum(clock) AS clock FROM custody GROUP BY case_id"):
        entries = await ledger.entries_of(virtual.pool, row["case_id"])
        assert row["clock"] == entries[-1].fact.at - entries[0].fact.at > timedelta(0)
