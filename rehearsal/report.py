"""The report of a rehearsal: one HTML file with its charts and all that draws them; it loads nothing from anywhere."""

from collections.abc import Iterator
from html import escape
from typing import Final

from domain.department import Directory
from pages.sheet import page
from rehearsal.charts import CLIMBED, COLOURS, Drawing, charts
from rehearsal.crowd import shipped_directory
from rehearsal.result import Deadlines, Figures, Rehearsal, Spread
from rehearsal.wording import Lang, Wording


def report(rehearsal: Rehearsal, lang: Lang, directory: Directory | None = None) -> str:
    """The whole page. ``directory`` knows the departments' names; Haikou's where none is given.

    Raises Unavailable ``extra-missing`` where the charts' library is not installed.
    """
    drawing = Drawing(rehearsal, directory or shipped_directory(), Wording(lang))
    head = [*_head(drawing), *_key_figures(drawing)]
    return page(lang, _title(drawing), head, charts(drawing), [*_departments(drawing), *_notes(drawing)])


def _title(drawing: Drawing) -> str:
    policies = " / ".join(name for name, _, _ in drawing.sides)
    return drawing.say("page-title", title=drawing.say("title"), policies=policies)


def _head(drawing: Drawing) -> Iterator[str]:
    rehearsal, source = drawing.rehearsal, drawing.rehearsal.source
    done = rehearsal.sides[0].figures.cases
    yield f"<h1>{drawing.say('title')}</h1>"
    yield f'<p class="lead">{drawing.say("subtitle", cases=_whole(done))}</p><div class="policies">'
    cards = [
        f'<div class="policy" style="border-color:{colour}">{name}'
        f"<small>{escape(side.policy.policy_id)}@{side.policy.version}</small></div>"
        for (name, colour, _), side in zip(drawing.sides, rehearsal.sides, strict=True)
    ]
    yield f"<span>{drawing.say('against')}</span>".join(cards)
    yield "</div>"
    if rehearsal.partial:
        told = drawing.say("partial", done=_whole(done), asked=_whole(source.picked))
        yield f'<section class="warning" id="partial">{told}</section>'
    if rehearsal.fallen:
        told = drawing.say("fallen", count=len(rehearsal.fallen))
        items = "".join(f"<li>{escape(fallen)}</li>" for fallen in rehearsal.fallen[:20])
        yield f'<section class="warning" id="fallen">{told}<ul>{items}</ul></section>'


def _key_figures(drawing: Drawing) -> Iterator[str]:
    sides = drawing.sides
    yield f'<section><h2>{drawing.say("key-figures")}</h2><div class="scroll"><table>'
    yield f"<tr><th>{drawing.say('figure')}</th>"
    yield from (f'<th style="color:{colour}">{name}</th>' for name, colour, _ in sides)
    if len(sides) > 1:
        yield f"<th>{drawing.say('difference')}</th>"
    yield "</tr>"
    columns = [list(_figures(drawing, figures)) for _, _, figures in sides]
    for number, first in enumerate(columns[0]):
        row = [column[number] for column in columns]
        cells = "".join(f"<td>{cell.shown}</td>" for cell in row)
        difference = f"<td>{_signed(row[-1].value - first.value, first.digits)}</td>" if len(row) > 1 else ""
        yield f"<tr><td>{first.label}</td>{cells}{difference}</tr>"
    yield "</table></div></section>"


class _Cell:
    """One figure of one policy."""

    def __init__(self, label: str, value: float, of: int = 0, *, shown: str = "", digits: int = 0) -> None:
        self.label, self.value, self.digits = label, value, digits
        share = f"<small>{value / of:.1%}</small>" if of else ""
        self.shown = shown or f"{value:,.{digits}f}{share}"


def _figures(drawing: Drawing, figures: Figures) -> Iterator[_Cell]:
    say, calls = drawing.say, figures.callbacks
    yield _Cell(say("cases"), figures.cases)
    yield _Cell(say("first-go"), figures.first_go, figures.cases)
    for found in figures.rungs:
        if found.rung in CLIMBED:
            yield _Cell(say("reached", rung=drawing.label(found.rung)), found.cases, figures.cases)
    yield _Cell(say("still-open", days=drawing.rehearsal.horizon_days), figures.cases - figures.ended, figures.cases)
    days = figures.days_to_end or Spread(median=0, p90=0)
    yield _Cell(say("days-to-end"), days.median, shown=f"{days.median:,.1f} / {days.p90:,.1f}", digits=1)
    yield _Cell(say("silent"), figures.silent, figures.orders)
    yield _Cell(say("returns"), figures.returns, figures.orders)
    results = {str(result): count for result, count in calls.results.items()}
    satisfied, unsatisfied = results.get("satisfied", 0), results.get("unsatisfied", 0)
    yield _Cell(say("satisfied"), satisfied, satisfied + unsatisfied)
    yield _Cell(say("calls"), calls.calls)
    yield _Cell(say("busiest"), calls.busiest)
    yield _Cell(say("days-over", limit=calls.limit), calls.days_over)
    yield _odd(say("odd-orders"), figures.order_deadlines)
    yield _odd(say("odd-calls"), figures.callback_deadlines)
    yield _Cell(say("provisional"), figures.order_deadlines.provisional, figures.order_deadlines.total)


def _odd(label: str, deadlines: Deadlines) -> _Cell:
    return _Cell(label, deadlines.odd, deadlines.total)


def _departments(drawing: Drawing) -> Iterator[str]:
    """Every department: its orders, how many of its cases reached each rung, its head's calls; A beside B."""
    say, sides = drawing.say, drawing.sides
    limit = sides[0][2].callbacks.limit
    what = [
        *(say("led"), say("late")),
        *(say("reached", rung=drawing.label(rung)) for rung in CLIMBED),
        *(say("busiest-day"), say("over-limit", limit=limit)),
    ]
    letters = "AB" if len(sides) > 1 else " "
    beside = "".join(
        f'<th style="color:{colour}">{letter}</th>' for letter, colour in zip(letters, COLOURS, strict=False)
    )
    yield f'<section><details><summary>{say("table-departments")}</summary><div class="scroll"><table><tr>'
    yield f'<th rowspan="2">{say("department")}</th>'
    yield from (f'<th colspan="{len(sides)}">{word}</th>' for word in what)
    yield f"</tr><tr>{beside * len(what)}</tr>"
    tables = [_by_department(figures) for _, _, figures in sides]
    known = {code for table in tables for code in table}
    for code in sorted(known, key=lambda code: (-tables[0].get(code, _NONE)[0], code or "")):
        pairs = zip(*(table.get(code, _NONE) for table in tables), strict=True)
        cells = "".join(f"<td>{number:,}</td>" for pair in pairs for number in pair)
        yield f"<tr><td>{drawing.department(code)}</td>{cells}</tr>"
    yield "</table></div></details></section>"


_NONE: Final = (0,) * (4 + len(CLIMBED))


def _by_department(figures: Figures) -> dict[str | None, tuple[int, ...]]:
    """Of each department, and of the cases that had none, the columns of the table."""
    led = {found.department: found for found in figures.departments}
    loads = {load.department: load for load in figures.callbacks.departments}
    climbed = [
        {tally.department: tally.cases for tally in found.departments}
        for found in figures.rungs
        if found.rung in CLIMBED
    ]
    return {
        code: (
            *((led[code].orders, led[code].silent) if code in led else (0, 0)),
            *(tallies.get(code, 0) for tallies in climbed),
            *((loads[code].busiest, loads[code].days_over) if code in loads else (0, 0)),
        )
        for code in {*led, *loads, *(code for tallies in climbed for code in tallies)}
    }


def _notes(drawing: Drawing) -> Iterator[str]:
    rehearsal, source, say = drawing.rehearsal, drawing.rehearsal.source, drawing.say
    about = say(
        "sample-text",
        file=escape(source.file),
        in_file=_whole(source.in_file),
        unreadable=_whole(source.unreadable),
        picked=_whole(source.picked),
        first=f"{source.first_at:%Y-%m-%d}",
        last=f"{source.last_at:%Y-%m-%d}",
        weeks=source.weeks_moved,
        begins=f"{source.first_begins:%Y-%m-%d}",
        ends=f"{source.last_begins:%Y-%m-%d}",
        seed=rehearsal.seed,
    )
    yield f"<section><h2>{say('sample')}</h2><p>{about}</p><h2>{say('notes')}</h2><ol>"
    notes = ["people", "effort", "moved", "scale", "nobody", "office", "provisional", "first"]
    if len(rehearsal.sides) > 1:
        notes.insert(2, "same")
    told: dict[str, str] = {
        "departments": escape(rehearsal.departments),
        "picked": _whole(source.picked),
        "office": escape(rehearsal.office),
    }
    yield from (f"<li>{say(f'note-{note}', **told)}</li>" for note in notes)
    timing = rehearsal.timing
    yield f"</ol><footer>{say('made', seconds=f'{timing.seconds:.0f}', rate=f'{timing.cases_per_second:.1f}')}</footer>"
    yield "</section>"


def _signed(number: float, digits: int) -> str:
    told = f"{number:+,.{digits}f}"
    return told.replace("-", "−") if number else "0"


def _whole(number: int) -> str:
    return f"{number:,}"
