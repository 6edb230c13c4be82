"""The audit of many cases added up: how many of what, how late, the first findings of each kind. Pure."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from statistics import median

from domain.audit import ON_TIME, WRONG, CaseAudit, Cause, Finding, Fired, Flaw
from domain.reckoning import Firing, Shift
from domain.values import Instant, Value

LISTED = 200
"""How many findings of a kind are listed; all are counted."""
WORST = 10
"""How many of the latest firings are listed."""


class Lateness(Value):
    """How late one kind of firing was; seconds."""

    firing: Firing
    number: int
    median: float
    p99: float
    worst: float


class Summary(Value):
    """What an audit came to."""

    as_of: Instant
    whole: bool
    """Every case, and not only those that were open or have changed."""
    cases: int
    facts: int
    fired: int
    pending: int
    deemed: int
    flaws: dict[Flaw, int]
    findings: tuple[Finding, ...]
    """The first of each kind."""
    lateness: tuple[Lateness, ...]
    causes: dict[Cause, int]
    worst: tuple[Fired, ...]
    """What fired latest."""
    shifted: dict[Shift, int]
    """How many limits had been moved before they passed, by what."""

    @property
    def missing(self) -> int:
        return self.flaws.get(Flaw.MISSING, 0)

    @property
    def doubled(self) -> int:
        return self.flaws.get(Flaw.DOUBLED, 0)

    @property
    def wrong(self) -> int:
        """How many findings must not be."""
        return sum(number for flaw, number in self.flaws.items() if flaw in WRONG)


class Tally:
    """Adds case after case; keeps of each what a summary needs: eight bytes a firing and the first findings."""

    def __init__(self) -> None:
        self.cases = self.facts = self.pending = self.deemed = 0
        self._late: dict[Firing, array[float]] = {firing: array("d") for firing in Firing}
        self._causes: Counter[Cause] = Counter()
        self._shifts: Counter[Shift] = Counter()
        self._flaws: Counter[Flaw] = Counter()
        self._findings: dict[Flaw, list[Finding]] = {flaw: [] for flaw in Flaw}
        self._worst: list[Fired] = []

    def add(self, audit: CaseAudit) -> None:
        self.cases += 1
        self.facts += audit.facts
        self.pending += audit.pending
        self.deemed += audit.deemed
        for fired in audit.fired:
            self._late[fired.firing].append(fired.late.total_seconds())
            self._causes[fired.cause] += 1
            self._shifts.update(fired.shifts)
        late = [*self._worst, *(fired for fired in audit.fired if fired.late > ON_TIME)]
        self._worst = sorted(late, key=lambda fired: fired.late, reverse=True)[:WORST]
        for finding in audit.findings:
            self._flaws[finding.flaw] += 1
            if len(self._findings[finding.flaw]) < LISTED:
                self._findings[finding.flaw].append(finding)

    def summary(self, as_of: datetime, *, whole: bool) -> Summary:
        return Summary(
            as_of=as_of,
            whole=whole,
            cases=self.cases,
            facts=self.facts,
            fired=sum(len(late) for late in self._late.values()),
            pending=self.pending,
            deemed=self.deemed,
            flaws=dict(self._flaws),
            findings=tuple(finding for listed in self._findings.values() for finding in listed),
            lateness=tuple(self._lateness()),
            causes=dict(self._causes),
            worst=tuple(self._worst),
            shifted=dict(self._shifts),
        )

    def _lateness(self) -> Iterator[Lateness]:
        for firing, late in self._late.items():
            if late:
                ordered = sorted(late)
                yield Lateness(
                    firing=firing,
                    number=len(ordered),
                    median=median(ordered),
                    p99=ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)],
                    worst=ordered[-1],
                )


def tally(audits: Iterable[CaseAudit]) -> Tally:
    """All of them added up."""
    found = Tally()
    for audit in audits:
        found.add(audit)
    return found
