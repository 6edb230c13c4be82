"""What the demo shows: a live table while it runs, and the reckoning at its end."""

import shlex
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console as RichConsole
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.run import Reckoning, Show, median
from desk.cases import CaseFolder
from domain.case import Status
from domain.ladder import Rung
from runtime.stack import Addresses
from texts.catalogue import Catalogue

PLAIN_EVERY = 10.0
"""Seconds between two lines where no terminal can show a live table."""


class Screen:
    """The demo's screen in one language, on a terminal or into a file."""

    def __init__(self, text: Catalogue) -> None:
        self._text = text
        self._rich = RichConsole(highlight=False, markup=False, emoji=False)
        self._live: Live | None = None
        self._last_line: datetime | None = None

    @contextmanager
    def showing(self) -> Generator[Show]:
        """While inside, the live table is on the screen."""
        with Live(console=self._rich, auto_refresh=False, transient=True) as live:
            self._live = live if self._rich.is_terminal else None
            yield Show(on_step=self._step, on_ready=self._ready, on_look=self._look)
        self._live = None

    def _say(self, key: str, **params: str | int) -> None:
        self._rich.print(self._text.say(key, **params), soft_wrap=True)

    def _step(self, step: str) -> None:
        self._say(f"up-{step}")

    def _ready(self, addresses: Addresses) -> None:
        self._say("demo-ready", ui=addresses.temporal_ui or "-", gateway=addresses.gateway)

    def _look(self, reckoning: Reckoning) -> None:
        if self._live is not None:
            self._live.update(Group(self._headline(reckoning), self._rungs(reckoning)), refresh=True)
            return
        now = datetime.now(UTC)
        if self._last_line is None or (now - self._last_line).total_seconds() >= PLAIN_EVERY:
            self._last_line = now
            self._rich.print(self._headline(reckoning), soft_wrap=True)

    def _headline(self, reckoning: Reckoning) -> Text:
        return Text(
            self._text.say(
                "demo-headline",
                opened=len(reckoning.opened),
                expected=reckoning.expected,
                closed=reckoning.closed,
                escalations=len(reckoning.lateness),
            )
        )

    def _rungs(self, reckoning: Reckoning) -> Table:
        """Cases by the highest rung they reached, and where they stand."""
        columns = (Status.QUEUED, Status.HANDLING, Status.CALLBACK, Status.CLOSED)
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column(self._text.say("demo-column-rung"), no_wrap=True)
        for status in columns:
            table.add_column(self._text.label(status), justify="right", vertical="bottom")
        for rung in Rung:
            here = Counter({c.status: 0 for c in reckoning.counts})
            for count in reckoning.counts:
                if count.rung is rung:
                    here[count.status] += count.cases
            table.add_row(self._text.label(rung), *(str(here[status] or "·") for status in columns))
        return table

    # -- the end -------------------------------------------------------------------------------------

    def reckon(self, reckoning: Reckoning, state: str, trail: Callable[[CaseFolder], None]) -> None:
        """Counts, the stories, lateness, the climbing case's trail, the ledger, and what to type next."""
        self._say("demo-done", cases=len(reckoning.opened), seconds=round(reckoning.seconds), source=reckoning.source)
        self._rich.print(self._rungs(reckoning))
        self._rich.print(self._outcomes(reckoning))
        for name, folder in reckoning.told.items():
            self._story(name, folder)
        self._lateness(reckoning)
        for folder in list(reckoning.told.values())[-1:]:
            self._say("demo-trail", case=folder.view.case_id)
            trail(folder)
        self._say("demo-ledger", entries=reckoning.entries, cases=len(reckoning.opened))
        for case_id in reckoning.unaccounted:
            self._say("demo-unaccounted", case=case_id)
        for problem in reckoning.problems:
            self._say("demo-problem", problem=problem)
        self._say("demo-sound" if reckoning.is_sound else "demo-unsound")
        self._say("demo-next", state=shlex.quote(state), program=shlex.quote(sys.argv[0]))

    def _story(self, name: str, folder: CaseFolder) -> None:
        view = folder.view
        closing = self._text.label(view.closing) if view.closing else self._text.say("demo-open")
        title, rung = self._text.say(name), self._text.label(view.rung)
        self._say("demo-story", title=title, case=view.case_id, closing=closing, rung=rung)

    def _outcomes(self, reckoning: Reckoning) -> Table:
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column(self._text.say("demo-column-closing"))
        table.add_column(self._text.say("demo-column-cases"), justify="right")
        totals: Counter[str] = Counter()
        for count in reckoning.counts:
            totals[self._text.label(count.closing) if count.closing else self._text.say("demo-open")] += count.cases
        for name, cases in totals.most_common():
            table.add_row(name, str(cases))
        return table

    def _lateness(self, reckoning: Reckoning) -> None:
        lateness = reckoning.lateness
        self._say(
            "demo-lateness",
            number=len(lateness),
            median=_milliseconds(median(lateness)),
            worst=_milliseconds(max(lateness, default=0.0)),
        )
        self._say(
            "demo-delivery",
            number=len(reckoning.delivery),
            median=_milliseconds(median(reckoning.delivery)),
            worst=_milliseconds(max(reckoning.delivery, default=0.0)),
        )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
