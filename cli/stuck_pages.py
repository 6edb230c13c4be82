"""How the stuck view is shown: cause by cause on a terminal, line by line for programs and spreadsheets."""

import csv
import io
import json
import shlex
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cli.console import Console, plain
from cli.situation import Names, next_command, show_command, until, wait_of_row, who
from desk.stuck import StuckView
from domain.stuck import Group, Held, Loose, StuckCase, StuckCause
from texts.catalogue import Catalogue
from texts.moments import length, local, universal

CLEAR: Final = "\x1b[2J\x1b[H"
"""An empty screen, and the cursor at its beginning."""

MENDING: Final = "liandong doctor --repair"
"""What to type about what is stuck between the parts of the system."""

COLUMNS: Final[tuple[str, ...]] = (
    "cause", "owner", "department", "case_id", "rung", "status", "district", "matter", "lead", "awaited", "order_id",
    "since", "until", "overdue_seconds", "provisional", "opened_at", "attempts", "activity", "error", "next",
)  # fmt: skip
"""The names of what a line holds, for programs in every language; a spreadsheet has headings for people."""


class Shown:
    """A view about to be shown."""

    def __init__(self, console: Console, view: StuckView, names: Names, *, watched: bool) -> None:
        self._console, self._text = console, console.text
        self._view, self._names, self._watched = view, names, watched

    # -- for people --------------------------------------------------------------------------------------

    def page(self) -> None:
        """Each cause with its owner, its cases and what to type about each."""
        console, view = self._console, self._view
        if self._watched and sys.stdout.isatty():
            console.write(CLEAR)
        if self._watched:
            console.say("stuck-at", at=view.at)
        if not view.number:
            console.say("nobody-stuck")
        for number, group in enumerate(view.groups):
            if number:
                console.write("")
            self._group(group)
        if view.within:
            console.write(("\n" if view.number else "") + self._text.say("stuck-within"))
            for case in view.within:
                self._lines(case, self._wait_told(case), _wait_command(case, self._text))
        self._notes()

    def _group(self, group: Group) -> None:
        text = self._text
        self._console.say("stuck-group", cause=group.cause, number=group.number, owner=group.owner)
        for held in group.cases:
            self._lines(held.case, self._told(held, group.cause), command_of(held.case, group.cause, text))
        for loose in group.loose:
            told = [loose.order_id or "", self._names.of(loose.department), text.say("since", since=loose.since)]
            self._console.write(f"  {loose.case_id}  {text.parts(part for part in told if part)}")
        if group.loose:
            self._console.write(f"    {MENDING}")

    def _lines(self, case: StuckCase, told: list[str], command: str) -> None:
        """The case in a line, and what to type; a line of its own, so that it can be copied."""
        self._console.write(f"  {case.case_id}  {self._text.label(case.rung)}  {self._text.parts(told)}")
        self._console.write(f"    {command}")

    def _told(self, held: Held, cause: StuckCause) -> list[str]:
        text, case, trouble = self._text, held.case, held.trouble
        if trouble is not None:
            what = trouble.activity or text.say("stuck-task")
            told = [text.say("stuck-failing", what=what, attempts=trouble.attempts)]
            return [*told, *([trouble.error] if trouble.error else []), *self._wait_told(case)]
        if cause is StuckCause.NOT_RECEIVED:
            tried = text.say("stuck-tried", attempts=case.attempts or 0)
            told = [case.order_id or "", self._names.of(case.order_department), tried, case.error or ""]
            return [part for part in told if part]
        if cause is StuckCause.HOLD_ENDS:
            return [text.say("stuck-hold", until=case.hold_until, by=case.hold_approved_by), *self._wait_told(case)]
        return self._wait_told(case)

    def _wait_told(self, case: StuckCase) -> list[str]:
        text, wait = self._text, wait_of_row(case)
        if wait is None:
            return [text.say("stuck-waits-for-nobody")]
        told = [text.label(wait.awaited), who(wait, text, self._names)]
        if wait.since:
            told.append(text.say("since", since=wait.since))
        told += until(wait, text)
        if wait.until and wait.until < self._view.at:
            told.append(text.say("overdue-by", length=length(self._view.at - wait.until)))
        return told

    def _notes(self) -> None:
        view = self._view
        if not view.engine_asked:
            self._console.note("stuck-engine-away")
        if any(group.number > len(group.cases) + len(group.loose) for group in view.groups):
            self._console.note("stuck-more")

    # -- for programs ------------------------------------------------------------------------------------

    def json(self, file: Path | None) -> None:
        """Groups with their lines."""
        view = self._view
        groups = [
            {"cause": group.cause, "owner": group.owner, "number": group.number, "cases": list(self._data_of(group))}
            for group in view.groups
        ]
        within = [self._case_data(Held(case=case), None) for case in view.within]
        data = {"at": view.at, "engine_asked": view.engine_asked, "number": view.number, "groups": groups}
        found = {**data, "within": within}
        if file:
            file.write_text(json.dumps(found, ensure_ascii=False, indent=2, default=plain), encoding="utf-8")
            self._console.say("stuck-written", file=str(file))
        else:
            self._console.json(found)

    def csv(self, file: Path | None) -> None:
        """A line a case; with the names of the fields as they are in JSON."""
        content = io.StringIO()
        writer = csv.DictWriter(content, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in self._rows())
        if file:
            file.write_text(content.getvalue(), encoding="utf-8-sig")  # a spreadsheet knows UTF-8 by its mark
            self._console.say("stuck-written", file=str(file))
        else:
            self._console.write(content.getvalue().rstrip("\n"))
        self._notes()

    def workbook(self, file: Path) -> None:
        """A sheet of the causes, and one of the cases."""
        from pages.stuck import workbook

        text = self._text
        causes = [
            [text.say("column-cause"), text.say("column-to-act"), text.say("column-number")],
            *([text.label(one.cause), text.label(one.owner), one.number] for one in self._view.groups),
        ]
        headings = [text.say(f"stuck-column-{name.replace('_', '-')}") for name in COLUMNS]
        lines = [[self._for_people(name, row.get(name)) for name in COLUMNS] for row in self._rows()]
        title = text.say("stuck-title", at=self._view.at)
        sheets = {text.say("stuck-sheet-causes"): causes, text.say("stuck-sheet-cases"): [headings, *lines]}
        file.write_bytes(workbook(title, sheets))
        self._console.say("stuck-written", file=str(file))
        self._notes()

    def _rows(self) -> Iterator[dict[str, Any]]:
        for group in self._view.groups:
            yield from self._data_of(group)
        for case in self._view.within:
            yield self._case_data(Held(case=case), None)

    def _data_of(self, group: Group) -> Iterator[dict[str, Any]]:
        for held in group.cases:
            yield self._case_data(held, group.cause)
        for loose in group.loose:
            yield self._loose_data(loose, group)

    def _case_data(self, held: Held, cause: StuckCause | None) -> dict[str, Any]:
        case, trouble, text, now = held.case, held.trouble, self._text, self._view.at
        owner, department = case.owner(cause) if cause else (None, case.waiting_department)
        passed = now - case.waiting_until if case.waiting_until and case.waiting_until < now else None
        return {
            "cause": cause,
            "owner": owner,
            "department": department,
            **case.model_dump(include={"case_id", "rung", "status", "district", "matter", "lead", "opened_at"}),
            "awaited": case.waiting_for,
            "order_id": case.order_id or case.waiting_order,
            "since": case.waiting_since,
            "until": case.hold_until if cause is StuckCause.HOLD_ENDS else case.waiting_until,
            "overdue_seconds": passed,
            "provisional": case.waiting_provisional,
            "attempts": trouble.attempts if trouble else case.attempts,
            "activity": trouble.activity if trouble else None,
            "error": trouble.error if trouble else case.error,
            "next": command_of(case, cause, text) if cause else _wait_command(case, text),
        }

    def _loose_data(self, loose: Loose, group: Group) -> dict[str, Any]:
        return {"cause": group.cause, "owner": group.owner, **loose.model_dump(), "next": MENDING}

    def _for_people(self, name: str, value: Any) -> str | int | float | None:
        text = self._text
        if value is None or name in ("case_id", "order_id", "next", "activity", "error", "attempts"):
            return value
        if isinstance(value, timedelta):
            return round(value.total_seconds())
        if name in ("department", "lead"):
            return self._names.of(value)
        if name in ("since", "until", "opened_at"):
            return local(value)
        if isinstance(value, bool):
            return text.say("yes" if value else "no")
        return text.label(value) if name in ("cause", "owner", "rung", "status", "awaited") else str(value)


def command_of(case: StuckCase, cause: StuckCause, text: Catalogue) -> str:
    """The one next command of whoever is to act."""
    match cause:
        case StuckCause.TASK_FAILS | StuckCause.ACTIVITY_FAILS | StuckCause.STANDING:
            return f"liandong case why {shlex.quote(case.case_id)}"
        case StuckCause.NOT_RECEIVED:
            return f"liandong department endpoint {case.order_department or text.say('slot-department')}"
        case StuckCause.NO_QUORUM:
            words = f"--by {text.say('slot-name')} --reason {text.say('slot-text')}"
            return f"liandong meeting call-off {case.meeting_id} {words}"
        case StuckCause.HOLD_ENDS:
            return f"liandong case release {case.case_id} --by {text.say('slot-name')}"
        case StuckCause.PROVISIONAL:
            words = f"--by {text.say('slot-name')} --reason {text.say('slot-text')}"
            return f"liandong calendar publish {text.say('slot-calendar')} {words}"
        case _:
            return _wait_command(case, text)


def _wait_command(case: StuckCase, text: Catalogue) -> str:
    wait = wait_of_row(case)
    return next_command(wait, text) if wait else show_command(case.case_id)


def _cell(value: Any) -> Any:
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    if isinstance(value, bool):
        return str(value).lower()
    return universal(value) if hasattr(value, "astimezone") else value
