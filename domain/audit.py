"""The audit: what should have fired by itself, what did, what is missing, what fired twice, and how late each was.

Pure: facts, the rules that were pinned, and what is known of outages come in as values. ``docs/audit.md`` tells the
algorithm; ``domain/reckoning.py`` works out what should fire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.case import Case
from domain.errors import LiandongError
from domain.ladder import Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.policy import Rules
from domain.reckoning import FIRED_BY, Duty, Firing, Key, Reckoning, Shift
from domain.values import Instant, Token, Value

ON_TIME = timedelta(seconds=1)
"""So late is on time: the promise of the ladder."""

GRACE = timedelta(seconds=60)
"""So long after its due time, or after an outage, something may still be on its way to the ledger."""

TOLERANCE = timedelta(seconds=1)
"""So far may a due time in the ledger lie from the reckoned one: a limit can start a moment after its fact."""


class Down(StrEnum):
    """What was away."""

    ENGINE = "engine_down"
    WORKER = "worker_down"
    RECORD = "record_down"
    """PostgreSQL: what fired meanwhile was written later; nothing fired late for it."""


class Gap(Value):
    """An outage, as a worker has witnessed it: nothing was seen of it between two instants."""

    what: Down
    since: Instant
    until: Instant


class Cause(StrEnum):
    """Why something fired when it did."""

    ON_TIME = "on_time"
    ENGINE = "engine_down"
    WORKER = "worker_down"
    CALENDAR = "calendar_revised"
    POLICY = "policy_changed"
    HOLD = "hold"
    """The limit rested in a hold whose end was seen late."""
    UNKNOWN = "unknown"
    """The record does not tell."""


class Fired(Value):
    """Something that fired, as it should."""

    firing: Firing
    case_id: Token
    order_id: Token | None
    due: Instant
    fired: Instant
    cause: Cause
    shifts: tuple[Shift, ...] = ()
    """What had moved the limit before it passed."""

    @property
    def late(self) -> timedelta:
        return max(self.fired - self.due, timedelta(0))


class Flaw(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    DOUBLED = "doubled"
    UNFOUNDED = "unfounded"
    """It fired, and by the rules nothing was to fire."""
    EARLY = "early"
    MISDATED = "misdated"
    """It fired with another due time than the rules give."""
    LATE_RETURN = "late_return"
    """An order was returned after its window: it counted as accepted (P9)."""
    ADRIFT = "adrift"
    """The case is open, nobody is waited for and no limit runs."""
    OVERTAKEN = "overtaken"
    """Not wrong: before it could fire, somebody did what it was about, or a later limit passed."""
    UNREADABLE = "unreadable"
    """The case cannot be reckoned: its rules are not kept, or its facts make no sense."""


WRONG = frozenset(Flaw) - {Flaw.OVERTAKEN}


class Finding(Value):
    """One thing that is not as it should be."""

    flaw: Flaw
    case_id: Token
    firing: Firing | None = None
    order_id: Token | None = None
    due: Instant | None = None
    fired: Instant | None = None
    expected: Instant | None = None
    """For ``misdated``: when it was due by the rules."""
    cause: Cause = Cause.UNKNOWN


@dataclass
class CaseAudit:
    """What the audit of one case came to."""

    case_id: str
    facts: int = 0
    fired: list[Fired] = field(default_factory=list[Fired])
    findings: list[Finding] = field(default_factory=list[Finding])
    deemed: int = 0
    """Orders that count as accepted, for their return window passed."""
    pending: int = 0
    """Limits that run and have not passed."""

    def of(self, flaw: Flaw) -> list[Finding]:
        return [finding for finding in self.findings if finding.flaw is flaw]


Pinned = Callable[[str, str], Rules]
"""The rules by the names of a policy (``haikou@1``) and a calendar (``china@3``)."""


def audited(case_id: str, facts: Sequence[Fact], pinned: Pinned, gaps: Sequence[Gap], as_of: datetime) -> CaseAudit:
    """Audit one case; a case that cannot be reckoned is a finding, too."""
    known = [fact for fact in facts if fact.at <= as_of]
    audit = CaseAudit(case_id, len(known))
    try:
        if known:
            _Auditor(audit, known, pinned, gaps, as_of).run()
    except (LiandongError, LookupError, ValueError, TypeError):
        audit.findings = [Finding(flaw=Flaw.UNREADABLE, case_id=case_id)]
    return audit


class _Auditor:
    """Goes through the facts of one case beside its reckoning."""

    def __init__(
        self, audit: CaseAudit, facts: Sequence[Fact], pinned: Pinned, gaps: Sequence[Gap], as_of: datetime
    ) -> None:
        first = facts[0]
        if first.kind is not FactKind.CASE_OPENED:
            raise ValueError("a case begins with its opening")
        codes = {name: first.payload.get(name) for name in Case.model_fields if name != "case_id"}
        case = Case.model_validate({"case_id": audit.case_id, **codes})
        rules = pinned(str(first.payload["policy"]), str(first.payload["calendar"]))
        self._audit, self._facts, self._pinned, self._gaps, self._as_of = audit, facts, pinned, gaps, as_of
        self._model = Reckoning(case, rules, first.at)
        self._seen: set[tuple[object, ...]] = set()
        self._settled: dict[Key, tuple[Duty, datetime]] = {}
        self._to_enter: tuple[Duty | None, datetime] | None = None
        """The rung that is to be entered next: the limit that leads there, if one does, and since when."""

    def run(self) -> None:
        for number, fact in enumerate(self._facts):
            self._end_forgotten_hold(number)
            if self._is_doubled(fact):
                self._find(Flaw.DOUBLED, fact)
                continue
            self._was_entered(fact)
            before = {key: (duty, duty.due, duty.set_at) for key, duty in self._model.duties.items()}
            if fact.due_at is not None and fact.kind in FIRED_BY:
                self._fire(fact, fact.due_at)
            by_time = self._ends_by_time(number)
            self._model.follow(fact, self._pinned)
            self._lapses(fact, before, by_time=by_time)
            if fact.kind is FactKind.CASE_OPENED:
                self._to_enter = None, fact.at
            elif fact.kind is FactKind.RUNG_ENTERED:
                self._to_enter = None
            elif fact.kind is FactKind.RUNG_LEFT and isinstance(self._model.step, Rung):
                self._to_enter = self._model.climbed, fact.at
        self._end_forgotten_hold(len(self._facts))
        self._still_due()
        self._windows()

    # -- what fired ------------------------------------------------------------------------------------

    def _is_doubled(self, fact: Fact) -> bool:
        """Whether the same has fired before; a rung that nothing leads to is one that was entered before."""
        if fact.due_at is not None and fact.kind in FIRED_BY:
            about = fact.payload.get("awaited") or fact.payload.get("department")
            told = (fact.kind, fact.order_id, about, fact.rung, fact.due_at)
            if told in self._seen:
                return True
            self._seen.add(told)
        return fact.kind is FactKind.RUNG_ENTERED and self._to_enter is None

    def _was_entered(self, fact: Fact) -> None:
        """The fact after a station was left for a rung is that it was entered; where a limit did it, it says so."""
        if self._to_enter is None:
            return
        duty, since = self._to_enter
        if fact.kind is FactKind.RUNG_ENTERED and (duty is None or fact.due_at is not None):
            return
        self._to_enter = None
        self._miss(Firing.CLIMB, None, (duty.due if duty else None) or since)

    def _fire(self, fact: Fact, stated: datetime) -> None:
        firing, fired = FIRED_BY[fact.kind], fact.fired_at or fact.at
        duty = self._duty_of(fact, firing)
        if duty is None:
            self._find(Flaw.UNFOUNDED, fact)
            return
        if not self._agrees(duty, fact, stated):
            self._find(Flaw.MISDATED, fact, expected=duty.due)
        if fired < stated:
            self._find(Flaw.EARLY, fact)
        shifts = tuple(sorted(duty.shifts))
        self._audit.fired.append(
            Fired(
                firing=firing,
                case_id=self._audit.case_id,
                order_id=fact.order_id,
                due=stated,
                fired=fired,
                cause=self._cause(duty, stated, fired),
                shifts=shifts,
            )
        )

    def _duty_of(self, fact: Fact, firing: Firing) -> Duty | None:
        """The duty that this discharges: one that stands, or that was settled at this very moment."""
        if firing is Firing.CLIMB:
            return self._to_enter[0] if self._to_enter else None
        key = firing, self._model.subject_of(fact)
        if (duty := self._model.discharge(fact)) is not None:
            return duty
        settled, at = self._settled.get(key, (None, fact.at))
        # A red warning is still on its way when the case closes, until the record is complete.
        return settled if at == fact.at or firing is Firing.RED else None

    def _agrees(self, duty: Duty, fact: Fact, stated: datetime) -> bool:
        dues = [duty.due]
        if duty.firing is Firing.SILENCE:  # both limits had passed, and the case told of the one for the answer
            dues.append(self._model.due_of(fact.order_id or ""))
        return any(due is not None and abs(due - stated) <= TOLERANCE for due in dues)

    def _cause(self, duty: Duty, due: datetime, fired: datetime) -> Cause:
        if fired - due <= ON_TIME:
            return Cause.ON_TIME
        since = _effective(duty.due or due, duty.set_at)
        moved = _BY_SHIFT.get(duty.set_by) if duty.set_by else None
        if moved is not None and since > due and fired - since <= ON_TIME:
            return moved
        gap = self._gap(since, fired)
        return Cause(gap.what.value) if gap else Cause.UNKNOWN

    def _gap(self, since: datetime, until: datetime) -> Gap | None:
        """The outage that lay between, and after whose end it did not take longer than it may: the last one."""
        lying = [
            gap
            for gap in self._gaps
            if gap.what is not Down.RECORD and gap.since < until and gap.until > since and until <= gap.until + GRACE
        ]
        return max(lying, key=lambda gap: gap.until, default=None)

    # -- what did not ----------------------------------------------------------------------------------

    def _ends_by_time(self, number: int) -> bool:
        """Whether the station's end, which this fact is or goes before at the same moment, is a limit's doing."""
        fact = self._facts[number]
        if fact.kind not in (FactKind.ORDER_SUPERSEDED, FactKind.RUNG_LEFT):
            return False
        for left in self._facts[number:]:
            if left.kind is FactKind.RUNG_LEFT:
                return self._model.ends_by_time(Outcome(str(left.payload["outcome"])))
        return False

    def _lapses(
        self, fact: Fact, before: dict[Key, tuple[Duty, datetime | None, datetime | None]], *, by_time: bool
    ) -> None:
        """Duties that this fact has settled although their time had passed before."""
        at = fact.spoken_at
        for key, (duty, due, set_at) in before.items():
            if self._model.duties.get(key) is duty:
                unpassed = fact.kind not in _SHIFTING and due is not None and (duty.due is None or duty.due > due)
                if not unpassed:
                    continue
            else:
                self._settled[key] = duty, fact.at
            is_told = duty is self._model.climbed or key == self._fired_key(fact)
            if due is None or due >= at or is_told or not duty.required:
                continue
            certain = (by_time and duty.firing is not Firing.YELLOW) or self._passed_and_superseded(duty, fact)
            if certain or not self._is_excused(_effective(due, set_at), at):
                self._miss(duty.firing, duty.order_id, due)
            else:
                self._add(
                    Finding(
                        flaw=Flaw.OVERTAKEN,
                        case_id=self._audit.case_id,
                        firing=duty.firing,
                        order_id=duty.order_id,
                        due=due,
                    )
                )

    def _fired_key(self, fact: Fact) -> Key | None:
        fires = fact.due_at is not None and fact.kind in FIRED_BY and fact.kind is not FactKind.RUNG_ENTERED
        return (FIRED_BY[fact.kind], self._model.subject_of(fact)) if fires else None

    def _passed_and_superseded(self, duty: Duty, fact: Fact) -> bool:
        """A case that goes on tells of every order whose limit has passed."""
        if duty.firing is not Firing.SILENCE or fact.kind is not FactKind.ORDER_SUPERSEDED:
            return False
        due = self._model.due_of(duty.order_id or "")
        return due is not None and due < fact.at

    def _is_excused(self, since: datetime, until: datetime) -> bool:
        """Whether nothing could have fired in this time: it was too short, or an outage."""
        if until - since <= GRACE:
            return True
        gap = self._gap(since, until)
        return gap is not None and gap.since <= since + GRACE

    def _end_forgotten_hold(self, number: int) -> None:
        """A hold that no fact ends ends at its end all the same."""
        until = self._model.held_until
        now = self._facts[number].at if number < len(self._facts) else self._as_of - GRACE
        if until is None or until >= now or self._hold_ends_later(number):
            return
        self._miss(Firing.HOLD_END, None, until)
        self._model.resume()

    def _hold_ends_later(self, number: int) -> bool:
        for fact in self._facts[number:]:
            if fact.kind in (FactKind.HOLD_STARTED, FactKind.HOLD_ENDED):
                return fact.kind is FactKind.HOLD_ENDED
        return False

    def _still_due(self) -> None:
        """What stands now: it has not passed, or is on its way, or is missing."""
        for duty in self._model.duties.values():
            if duty.due is None or not duty.required:
                continue
            if self._allowed(_effective(duty.due, duty.set_at)) < self._as_of:
                self._miss(duty.firing, duty.order_id, duty.due)
            else:
                self._audit.pending += 1
        last = self._facts[-1].at
        if self._to_enter is not None and self._allowed(last) < self._as_of:
            duty, since = self._to_enter
            self._miss(Firing.CLIMB, None, (duty.due if duty else None) or since)
        due = any(duty.due for duty in self._model.duties.values())
        if not (due or self._model.waits or self._to_enter) and self._allowed(last) < self._as_of:
            self._add(Finding(flaw=Flaw.ADRIFT, case_id=self._audit.case_id, due=last))

    def _allowed(self, due: datetime) -> datetime:
        """Until when what is due then may take to be on record: a grace, after an outage that it lay in."""
        ends = [gap.until for gap in self._gaps if gap.since - GRACE <= due <= gap.until]
        return max(ends, default=due) + GRACE

    def _windows(self) -> None:
        """Return windows (P9): who has not returned an order in time has accepted it."""
        for order in self._model.orders.values():
            if order.return_by is None:
                continue
            if order.returned_at is not None and order.returned_at > order.return_by:
                self._add(
                    Finding(
                        flaw=Flaw.LATE_RETURN,
                        case_id=self._audit.case_id,
                        order_id=order.order_id,
                        due=order.return_by,
                        fired=order.returned_at,
                    )
                )
            elif order.return_by < (order.ended_at or self._as_of):
                self._audit.deemed += 1
            if abs(order.return_by - order.window_ends) > TOLERANCE:
                self._add(
                    Finding(
                        flaw=Flaw.MISDATED,
                        case_id=self._audit.case_id,
                        order_id=order.order_id,
                        due=order.return_by,
                        expected=order.window_ends,
                    )
                )

    # -- findings --------------------------------------------------------------------------------------

    def _miss(self, firing: Firing, order_id: str | None, due: datetime) -> None:
        gap = next((gap for gap in self._gaps if gap.since <= due <= gap.until and gap.what is not Down.RECORD), None)
        cause = Cause(gap.what.value) if gap else Cause.UNKNOWN
        case_id = self._audit.case_id
        self._add(Finding(flaw=Flaw.MISSING, case_id=case_id, firing=firing, order_id=order_id, due=due, cause=cause))

    def _find(self, flaw: Flaw, fact: Fact, expected: datetime | None = None) -> None:
        self._add(
            Finding(
                flaw=flaw,
                case_id=self._audit.case_id,
                firing=FIRED_BY[fact.kind],
                order_id=fact.order_id,
                due=fact.due_at,
                fired=fact.fired_at or fact.at,
                expected=expected,
            )
        )

    def _add(self, finding: Finding) -> None:
        self._audit.findings.append(finding)


_BY_SHIFT = {Shift.CALENDAR: Cause.CALENDAR, Shift.POLICY: Cause.POLICY, Shift.HOLD: Cause.HOLD}

_SHIFTING = frozenset({FactKind.HOLD_STARTED, FactKind.HOLD_ENDED, FactKind.EXTENSION_GRANTED, FactKind.LIMITS_MOVED})


def _effective(due: datetime, set_at: datetime | None) -> datetime:
    """When it could fire first: at its due time, or when it came to be due then, if that had passed by then."""
    return max(due, set_at) if set_at else due
