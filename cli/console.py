"""What a command says, in which language and in which form, and what its end means as an exit status.

Answers go to stdout; refusals, notes and progress bars go to stderr. Nothing here asks a server.
"""

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from domain.errors import LiandongError
from texts.catalogue import Catalogue, Param
from texts.moments import universal

if TYPE_CHECKING:
    from runtime.settings import Settings

Row = TypeVar("Row")

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "exit-0",
    1: "exit-1",
    2: "exit-2",
    3: "exit-3",
    4: "exit-4",
    5: "exit-5",
    6: "exit-6",
    7: "exit-7",
    8: "exit-8",
    130: "exit-130",
}
"""Every exit status, with the key of the sentence that says what it means."""

OK, UNEXPECTED, USAGE, PARTLY_DONE, CHECK_FAILED, INTERRUPTED = 0, 1, 2, 7, 8, 130

PIPE_WIDTH: Final = 4000
"""Columns where no terminal sets a width: nothing is folded that another program reads."""

FOLDED: Final = 26
"""Columns that a folded cell keeps: no point in time, code or name is torn apart in them."""

GAP: Final = 2
"""Columns between two of a table."""

CONTROLS: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], None) | {9: " ", 10: "\n"}
"""Characters that a terminal would obey: a citizen's text must not move the cursor."""


class Output(StrEnum):
    """In which form a command answers."""

    TEXT = "text"
    JSON = "json"


class Advance(Protocol):
    """Moves a progress bar on by so many steps, and sets how many there are where that was not known before."""

    def __call__(self, steps: int = 1, total: int | None = None) -> None: ...


class Console:
    """One command's voice."""

    def __init__(self, text: Catalogue) -> None:
        self.text = text
        self.state: Path | None = None
        """The state folder that was given as an option."""

    @cached_property
    def settings(self) -> "Settings":
        """The settings, from the options and the environment. Raises Invalid as ``load_settings`` does."""
        return self.given()

    def given(self, **options: object) -> "Settings":
        """The settings, with options of one command that go before the environment; None leaves one as it is."""
        from runtime.settings import load_settings

        given = {"state": self.state, **options}
        self.settings = load_settings(**{name: value for name, value in given.items() if value is not None})
        return self.settings

    def say(self, key: str, /, **params: Param) -> None:
        """A sentence as the answer."""
        self.write(_clean(self.text.say(key, **params)))

    def write(self, text: str) -> None:
        """A line of the answer as it is."""
        _write(sys.stdout, text)

    def note(self, key: str, /, **params: Param) -> None:
        """A sentence beside the answer."""
        _write(sys.stderr, _clean(self.text.say(key, **params)))

    def complain(self, text: str) -> None:
        """A text beside the answer as it is."""
        _write(sys.stderr, text)

    def json(self, value: object) -> None:
        """The answer for programs: JSON, instants in UTC."""
        plain_ascii = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        self.write(json.dumps(value, ensure_ascii=plain_ascii, indent=2, default=plain))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table whose headings are the sentences with these keys; the first column is never folded.

        Where a terminal is too narrow to fold it legibly, every row becomes a paragraph: a heading and a cell a line.
        """
        from rich.table import Table
        from rich.text import Text

        headings = [self.text.say(column) for column in columns]
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
        for number, heading in enumerate(headings):
            table.add_column(heading, no_wrap=not number, overflow="fold")
        for row in rows:
            table.add_row(*(Text(_clean(cell)) for cell in row))
        if sys.stdout.isatty() and _legible_width(headings, rows) > _terminal().width:
            self._paragraphs(headings, rows)
        else:
            self.write(self._rendered(table))

    def _paragraphs(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        for number, row in enumerate(rows):
            if number:
                self.write("")
            self.pairs(list(zip(headings, row, strict=True)))

    def first(self, rows: list[Row], limit: int) -> list[Row]:
        """So many of the rows; who asked is told where there are more. Ask for one more than the limit."""
        if len(rows) > limit:
            self.note("more-than-limit", limit=limit)
        return rows[:limit]

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and what stands behind them, one a line; those with nothing behind are left out."""
        from rich.table import Table
        from rich.text import Text

        grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            if value:
                grid.add_row(Text(name), Text(_clean(value)))
        self.write(self._rendered(grid))

    def _rendered(self, renderable: object) -> str:
        rich = _terminal()
        with rich.capture() as captured:
            rich.print(renderable)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    @contextmanager
    def progress(self, key: str, total: int | None) -> Generator[Advance]:
        """A bar on stderr for work that takes long, where that is a terminal; call what it gives for each step."""
        if not sys.stderr.isatty():
            yield lambda steps=1, total=None: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(self.text.say(key), total=total)
            yield lambda steps=1, total=None: bar.update(task, advance=steps, total=total)

    def fail(self, error: LiandongError) -> int:
        """Say why it cannot be done; the exit status that goes with the error."""
        _write(sys.stderr, _clean(self.text.error(error)))
        return error.exit_code


def _terminal() -> Any:
    """What lays text out: as wide as the terminal, or as wide as need be where there is none."""
    from rich.console import Console as RichConsole

    terminal = sys.stdout.isatty()
    width = None if terminal else PIPE_WIDTH
    return RichConsole(
        file=StringIO(), force_terminal=terminal, width=width, highlight=False, markup=False, emoji=False
    )


def _legible_width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """What a table needs at least: the first column whole, of every other one ``FOLDED`` columns at most."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)]
    return widths[0] + sum(GAP + min(width, FOLDED) for width in widths[1:])


def _write(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _clean(text: str) -> str:
    return text.translate(CONTROLS)


def plain(value: object) -> object:
    """What JSON has no word for: instants, days, lengths of time (in seconds), and models."""
    if isinstance(value, datetime):
        return universal(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(type(value).__name__)
    return dump()


def close_quietly() -> None:
    """Flush what was said; whoever has stopped to read it has had enough."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
