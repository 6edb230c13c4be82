"""The reckoning of one case: what should fire by itself, and when, worked out from its facts alone.

Pure. It follows the facts one by one and keeps the limits as the rules have them, with the domain's own clock
and calendar but without a line of the workflow: what the two agree on, two have worked out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.case import Awaited, Case
from domain.clock import Span, TimeLimit, Unit
from domain.commands import MeetingTask
from domain.commission import Answer
from domain.ladder import Ending, Outcome, Rung, Step, next_step
from domain.ledger import Fact, FactKind
from domain.limits import (
    ANSWER,
    ASSIGNMENT,
    CALLBACK,
    CONCLUDE,
    CONFIRM,
    CONVENE,
    DECIDE,
    HANDLE,
    OPINIONS,
    PAPERS,
    RECTIFICATION,
    SUPERVISED,
    VERIFY,
    acknowledge_limit,
    budget,
)
from domain.order import Result, Role
from domain.policy import Rules


class Firing(StrEnum):
    """What fires by itself when a limit passes."""

    CLIMB = "climb"
    """The case enters the next rung."""
    SILENCE = "silence"
    """A department did not acknowledge, or did not answer."""
    YELLOW = "yellow"
    RED = "red"
    WAIT = "wait"
    """A person lets a case wait beyond the limit."""
    INFORMED = "informed"
    """The commission is told that a verification or a rectification was not done."""
    HOLD_END = "hold_end"
    OPINION = "opinion"
    """A department that was invited to a meeting has given no opinion in time; the subject is its code."""


FIRED_BY: Mapping[FactKind, Firing] = {
    FactKind.RUNG_ENTERED: Firing.CLIMB,
    FactKind.ORDER_SILENT: Firing.SILENCE,
    FactKind.WARNING_YELLOW: Firing.YELLOW,
    FactKind.WARNING_RED: Firing.RED,
    FactKind.WAIT_OVERDUE: Firing.WAIT,
    FactKind.COMMISSION_INFORMED: Firing.INFORMED,
    FactKind.HOLD_ENDED: Firing.HOLD_END,
    FactKind.MEETING_OPINION_MISSING: Firing.OPINION,
}
"""The fact that says so; it carries ``due_at``, or else a person did it."""

BY_TIME = frozenset({Outcome.NOT_ACKNOWLEDGED, Outcome.OVERDUE})
"""Outcomes that only a limit can have; "no conclusion" can be a person's, too."""


class Shift(StrEnum):
    """What moves a limit that runs."""

    HOLD = "hold"
    EXTENSION = "extension"
    CALENDAR = "calendar"
    POLICY = "policy"


Key = tuple[Firing, str]
"""A firing and what it is about: an order's id, an awaited act, or a visit of a rung."""


@dataclass
class Duty:
    """Something that is to fire once its limit has passed, unless it is settled before."""

    firing: Firing
    subject: str
    order_id: str | None
    reckon: Callable[[], datetime | None]
    due: datetime | None = None
    """As things stand; None while the limit rests."""
    set_at: datetime | None = None
    """When it came to be due then."""
    set_by: Shift | None = None
    first_due: datetime | None = None
    shifts: set[Shift] = field(default_factory=set[Shift])
    required: bool = True
    """False for one that may fire, and need not."""

    @property
    def key(self) -> Key:
        return self.firing, self.subject


@dataclass
class ReckonedOrder:
    """An order, as far as its limits are concerned."""

    order_id: str
    rung: Rung
    role: Role
    limit: str
    sent_at: datetime
    return_by: datetime | None
    window_ends: datetime
    """Until when, by the rules, it could be returned."""
    yellow: Span | None
    acknowledged: bool = False
    is_open: bool = True
    silent_at: datetime | None = None
    heard_at: datetime | None = None
    """When its first reply was received."""
    superseded: bool = False
    returned_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass
class Visit:
    """One stay at a station."""

    number: int
    step: Step
    begun: bool = False
    """The station's own limit has been started by what was done first there."""
    answered: bool = False
    convened: bool = False
    met: bool = False
    """A meeting has been convened, though it may have been called off."""
    lead: str | None = None
    concluded: bool = False
    lifted_to: Rung | None = None


class Reckoning:
    """One case, followed through its facts."""

    def __init__(self, case: Case, rules: Rules, opened_at: datetime) -> None:
        self.case = case
        self.rules = rules
        self.limits: dict[str, TimeLimit] = {}
        self.orders: dict[str, ReckonedOrder] = {}
        self.duties: dict[Key, Duty] = {}
        self.closed = False
        self.climbed: Duty | None = None
        """A limit ended the last station; that the next rung was entered is still to be told."""
        self._hold: tuple[datetime, list[str]] | None = None
        self._tasks: dict[str, int | None] = {}
        self._accepted = False
        self._decisions: list[bool] = []
        self._deciders = 0
        self._extended = timedelta(0)
        self._rectification_days: int | None = None
        self._waits = 0
        self._visit = Visit(0, Rung.DISPATCH)
        self._enter(Rung.DISPATCH, opened_at)
        self._reckon(opened_at, None)

    @property
    def calendar(self) -> WorkCalendar:
        return self.rules.calendar

    @property
    def step(self) -> Step:
        return self._visit.step

    @property
    def has_concluded(self) -> bool:
        """Whether the joint meeting that the case is at has come to a conclusion."""
        return self._visit.concluded

    def due_of(self, order_id: str) -> datetime | None:
        """When the limit of this order ends, whether or not it was acknowledged."""
        order = self.orders.get(order_id)
        return self._due(order.limit) if order else None

    @property
    def held_until(self) -> datetime | None:
        return self._hold[0] if self._hold else None

    @property
    def waits(self) -> bool:
        """Whether somebody is waited for whose limit has been told to have passed, or the case is at an end."""
        return self.closed or self._waiting is not None

    # -- following -------------------------------------------------------------------------------------

    def follow(self, fact: Fact, pinned: Callable[[str, str], Rules]) -> None:
        """Go on by one fact; ``pinned`` knows the rules by the names of a policy and a calendar."""
        shift = self._apply(fact, pinned)
        self._reckon(fact.at, shift)

    def discharge(self, fact: Fact) -> Duty | None:
        """The duty that this fact fires, which stands no longer; None where there is none. Comes before ``follow``."""
        return self.duties.pop((FIRED_BY[fact.kind], self.subject_of(fact)), None)

    def resume(self) -> None:
        """End a hold at its end though no fact says so."""
        if self._hold is not None:
            until = self._hold[0]
            self._release(until, until)
            self._reckon(until, Shift.HOLD)

    def _apply(self, fact: Fact, pinned: Callable[[str, str], Rules]) -> Shift | None:
        order = self.orders.get(fact.order_id or "")
        match fact.kind:
            case FactKind.HOLD_STARTED:
                self._start_hold(fact)
                return Shift.HOLD
            case FactKind.HOLD_ENDED:
                if self._hold is not None:
                    self._release(fact.at, self._hold[0])
                return Shift.HOLD
            case FactKind.EXTENSION_GRANTED:
                self._extend(fact)
                return Shift.EXTENSION
            case FactKind.LIMITS_MOVED:
                return self._change_rules(pinned(str(fact.payload["policy"]), str(fact.payload["calendar"])))
            case FactKind.ORDER_SENT:
                self._send(fact)
            case kind if kind in _OF_ORDERS and order is not None:
                self._order_fact(order, fact)
            case _:
                self._case_fact(fact)
        return None

    def _reckon(self, at: datetime, shift: Shift | None) -> None:
        """Every duty's due anew, and what moved it."""
        for duty in self.duties.values():
            due = duty.reckon()
            if due == duty.due:
                continue
            if duty.first_due is None:
                duty.first_due = due
            elif shift is not None:
                duty.shifts.add(shift)
            duty.due, duty.set_at, duty.set_by = due, at, shift

    # -- stations --------------------------------------------------------------------------------------

    def _enter(self, step: Step, at: datetime) -> None:
        self._visit = Visit(self._visit.number + 1, step)
        self._waiting: Key | None = None
        if not isinstance(step, Rung):
            return
        self._expect(Firing.CLIMB, str(self._visit.number), self._climb_due)
        if step in (Rung.REFERRAL, Rung.RECTIFICATION):
            self._expect(Firing.INFORMED, str(self._visit.number), self._climb_due)
        if step is Rung.JOINT_MEETING:
            self._restart(CONVENE, at)
        self._start_station(at)

    def _start_station(self, at: datetime) -> None:
        """The limit of a whole rung: from when it is entered, or rather from when it first does something."""
        match self._visit.step:
            case Rung.SUPERVISED:
                self._restart(SUPERVISED, at)
            case Rung.REFERRAL if self._accepted:
                self._restart(VERIFY, at)
            case Rung.RECTIFICATION:
                days = self._rectification_days
                self._restart(RECTIFICATION, at, Span(value=days, unit=Unit.WORKING_DAYS) if days else None)
            case _:
                pass

    def _begin(self, at: datetime) -> None:
        # A workflow that continues as new between two stations starts the second one's limit a moment later.
        if not self._visit.begun:
            self._visit.begun = True
            self._start_station(at)

    def _leave(self, fact: Fact) -> None:
        outcome = Outcome(str(fact.payload["outcome"]))
        visit, climb = self._visit, self.duties.get((Firing.CLIMB, str(self._visit.number)))
        self.climbed = climb if self.ends_by_time(outcome) else None
        for key in [key for key in self.duties if key[0] not in (Firing.RED, Firing.HOLD_END)]:
            del self.duties[key]
        for name, limit in self.limits.items():
            self.limits[name] = limit.paused(fact.at, self.calendar)
        if self._hold is not None:
            self._hold = self._hold[0], []
        for order in self.orders.values():
            if order.is_open:
                _end(order, fact.at)
        self._foresee_red(outcome, fact)
        ending = Ending(outcome=outcome, to=visit.lifted_to if outcome is Outcome.ESCALATED else None)
        self._enter(ending.to or next_step(fact.rung, outcome), fact.at)

    def _foresee_red(self, outcome: Outcome, fact: Fact) -> None:
        """A red warning follows where the lead's silence ended the station; where a person was faster, it may."""
        for order in self.orders.values():
            if order.silent_at == fact.at and outcome is not Outcome.OVERDUE:
                red = self.duties.get((Firing.RED, order.order_id))
                if red is not None:
                    red.required = False
            untold = order.superseded and order.ended_at == fact.at and order.silent_at is None
            if untold and outcome is Outcome.OVERDUE and self.climbed is not None:
                self._expect_red(order, self.climbed.due)

    def ends_by_time(self, outcome: Outcome) -> bool:
        """Whether such an ending of the present station is a limit's doing."""
        return outcome in BY_TIME or (outcome is Outcome.NO_CONCLUSION and not self._visit.concluded)

    def _climb_due(self) -> datetime | None:
        """When the present station ends by time."""
        visit = self._visit
        if visit.answered:
            return None
        match visit.step:
            case Rung.DISPATCH:
                lead = next(
                    (o for o in reversed(self.orders.values()) if o.role is Role.LEAD and (o.is_open or o.superseded)),
                    None,
                )
                return self._order_due(lead) if lead else self._due(HANDLE)
            case Rung.SUPERVISED:
                return self._due(SUPERVISED)
            case Rung.JOINT_MEETING if visit.concluded:
                return self._due(f"task.{visit.lead}") if visit.lead else None
            case Rung.JOINT_MEETING:
                running = [CONCLUDE] if visit.convened else [CONVENE, *([CONCLUDE] if visit.met else [])]
                return min(filter(None, map(self._due, running)), default=None)
            case Rung.REFERRAL:
                return self._due(VERIFY) if self._accepted else None
            case Rung.RECTIFICATION:
                return self._due(RECTIFICATION)
            case _:
                return None

    # -- orders ----------------------------------------------------------------------------------------

    def _send(self, fact: Fact) -> None:
        order_id, department = fact.order_id or "", str(fact.payload["department"])
        role, rung = Role(str(fact.payload["role"])), fact.rung
        self._begin(fact.at)
        if rung is Rung.JOINT_MEETING:
            days = self._tasks.get(department)
            span = Span(value=days, unit=Unit.WORKING_DAYS) if days else self.rules.policy.meeting.tasks.span
            self._restart(f"task.{department}", fact.at, span)
        if rung is Rung.DISPATCH and role is Role.LEAD:
            self._start(HANDLE, fact.at)
            self._start(acknowledge_limit(order_id), fact.at)
        return_by = fact.payload.get("return_by")
        window = self.rules.policy.return_window(self.case.nature).span
        order = ReckonedOrder(
            order_id=order_id,
            rung=rung,
            role=role,
            limit=_limit_of(rung, department),
            sent_at=fact.at,
            return_by=datetime.fromisoformat(str(return_by)) if return_by else None,
            window_ends=window.after(fact.at, self.calendar),
            yellow=self._yellow_span(rung, role),
        )
        self.orders[order_id] = order
        self._expect(Firing.SILENCE, order_id, lambda: self._silence_due(order), order_id)
        self._expect(Firing.YELLOW, order_id, lambda: self._yellow_due(order), order_id)

    def _yellow_span(self, rung: Rung, role: Role) -> Span | None:
        warnings = self.rules.policy.warnings
        is_warned = warnings is not None and role is Role.LEAD and rung is not Rung.RECTIFICATION
        return warnings.yellow.span if warnings is not None and is_warned else None

    def _order_fact(self, order: ReckonedOrder, fact: Fact) -> None:
        match fact.kind:
            case FactKind.ORDER_ACKNOWLEDGED:
                order.acknowledged = True
                order.yellow = self._yellow_span(order.rung, order.role)
                self._stop(acknowledge_limit(order.order_id), fact.at)
            case FactKind.ORDER_SILENT:
                self._fall_silent(order, fact)
            case FactKind.ORDER_REPLIED_LATE:
                self._hear_reply(order, fact)
            case FactKind.ORDER_REPLIED:
                self._replied(order, fact)
            case FactKind.ORDER_RETURNED:
                order.returned_at = fact.spoken_at
                self._settle(order, fact.at)
            case _:
                order.superseded = fact.kind is FactKind.ORDER_SUPERSEDED and order.is_open
                self._settle(order, fact.at)

    def _settle(self, order: ReckonedOrder, at: datetime) -> None:
        _end(order, at)
        if not order.superseded:
            self._stop(acknowledge_limit(order.order_id), at)
        for firing in (Firing.SILENCE, Firing.YELLOW):
            self.duties.pop((firing, order.order_id), None)

    def _replied(self, order: ReckonedOrder, fact: Fact) -> None:
        decides = order.is_open and order.role is Role.LEAD and order.rung is not Rung.RECTIFICATION
        self._settle(order, fact.at)
        self._hear_reply(order, fact)
        if decides:
            self._visit.answered = True
            if fact.payload.get("result") == Result.EXPLAINED:
                self._wait(Awaited.CONFIRMATION, CONFIRM, fact.at)

    def _fall_silent(self, order: ReckonedOrder, fact: Fact) -> None:
        order.silent_at = fact.at
        self.duties.pop((Firing.YELLOW, order.order_id), None)
        if fact.payload.get("awaited") == Awaited.REPLY:
            self._expect_red(order, fact.due_at)

    def _expect_red(self, order: ReckonedOrder, due: datetime | None) -> None:
        """So much after the lead's limit (P12); a rectification is looked after by a supervisor, without warnings."""
        warnings = self.rules.policy.warnings
        if (
            warnings is not None
            and due is not None
            and order.role is Role.LEAD
            and order.rung is not Rung.RECTIFICATION
        ):
            red = warnings.red.span.after(due, self.calendar)
            if order.heard_at is None or order.heard_at > red:  # a late reply may be told of before the silence is
                self._expect(Firing.RED, order.order_id, lambda: red, order.order_id)

    def _hear_reply(self, order: ReckonedOrder, fact: Fact) -> None:
        """No red warning follows a reply that came before it was due; one that came after it spares nobody."""
        order.heard_at = min(order.heard_at or fact.spoken_at, fact.spoken_at)
        red = self.duties.get((Firing.RED, order.order_id))
        due = red.reckon() if red else None
        if red is not None and due is not None and order.heard_at <= due:
            del self.duties[red.key]

    def _silence_due(self, order: ReckonedOrder) -> datetime | None:
        return self._order_due(order) if order.is_open else None

    def _order_due(self, order: ReckonedOrder) -> datetime | None:
        """The order's limit; before that, the one to acknowledge it, while both run."""
        due, name = self._due(order.limit), acknowledge_limit(order.order_id)
        if order.acknowledged or name not in self.limits:
            return due
        acknowledge = self._due(name)
        return min(due, acknowledge) if due and acknowledge else None

    def _yellow_due(self, order: ReckonedOrder) -> datetime | None:
        span, limit = order.yellow, self.limits.get(order.limit)
        if span is None or limit is None or not order.is_open:
            return None
        before = span.amount(self.calendar)
        if limit.basis is not span.unit.basis or before >= limit.budget:
            return None
        warned = limit.model_copy(update={"budget": limit.budget - before}).deadline(self.calendar)
        return max(warned.at, order.sent_at) if warned else None

    # -- what else happens -----------------------------------------------------------------------------

    def _case_fact(self, fact: Fact) -> None:
        visit, payload = self._visit, fact.payload
        match fact.kind:
            case FactKind.RUNG_LEFT:
                self._leave(fact)
            case FactKind.RUNG_ENTERED:
                self.climbed = None
            case FactKind.CASE_QUEUED:
                self._begin(fact.at)
                self._wait(Awaited.ASSIGNMENT, ASSIGNMENT, fact.at, again=False)
            case FactKind.ORDER_ASSIGNED if payload.get("role") == Role.LEAD:
                self._heard(Awaited.ASSIGNMENT)
                self._stop(ASSIGNMENT, fact.at)
            case FactKind.EXPLANATION_CONFIRMED | FactKind.EXPLANATION_REFUSED:
                self._heard(Awaited.CONFIRMATION)
            case FactKind.MEETING_CONVENED:
                if not visit.met:
                    self._restart(CONCLUDE, fact.at)
                visit.convened = visit.met = True
                if payload.get("meeting_id"):
                    self._await_opinions(fact)
            case FactKind.MEETING_OPINION:
                self.duties.pop((Firing.OPINION, str(payload["department"])), None)
            case FactKind.MEETING_CALLED_OFF:
                visit.convened = False
                self._forget_opinions(fact.at)
                self._start(CONVENE, fact.at)
            case FactKind.MEETING_CONCLUDED:
                visit.concluded, visit.lead = True, _text(payload.get("lead"))
                self._forget_opinions(fact.at)
                tasks = payload.get("tasks")
                told = [MeetingTask.model_validate(task) for task in tasks] if isinstance(tasks, list) else []
                self._tasks = {task.department: task.days for task in told}
            case FactKind.REFERRAL_ARMED:
                self._decisions, self._deciders = [], self.rules.policy.referral.deciders.value
                self._wait(Awaited.DECISION, DECIDE, fact.at)
            case FactKind.REFERRAL_DECIDED:
                self._decide(bool(payload["accepted"]), fact.at)
            case FactKind.REFERRAL_ANSWERED:
                self._answer(Answer(str(payload["answer"])), fact.at)
            case FactKind.PAPERS_SUPPLIED:
                self._heard(Awaited.PAPERS)
                self._await_answer(fact.at)
            case FactKind.FINDING_RECORDED:
                days = payload.get("limit_days")
                self._rectification_days = days if isinstance(days, int) else None
            case FactKind.CALLBACK_DUE:
                self._wait(Awaited.CALLBACK, CALLBACK, fact.at)
            case FactKind.CALLBACK_RECORDED:
                self._heard(Awaited.CALLBACK)
            case FactKind.CASE_ESCALATED:
                to = _text(payload.get("to"))
                visit.lifted_to = Rung(to) if to else None
            case FactKind.CASE_CLOSED:
                self.closed = True
                self.duties.clear()
            case _:
                pass

    def _await_opinions(self, fact: Fact) -> None:
        """A meeting that was convened for a day: the limit to convene rests, that of the opinions runs."""
        self._stop(CONVENE, fact.at)
        self._restart(OPINIONS, fact.at)
        members = fact.payload.get("members")
        for department in members if isinstance(members, list) else []:
            self._expect(Firing.OPINION, str(department), lambda: self._due(OPINIONS))

    def _forget_opinions(self, at: datetime) -> None:
        self._stop(OPINIONS, at)
        for key in [key for key in self.duties if key[0] is Firing.OPINION]:
            del self.duties[key]

    def _decide(self, accepted: bool, at: datetime) -> None:
        self._decisions.append(accepted)
        if not accepted or len(self._decisions) >= self._deciders:
            self._accepted = all(self._decisions)
            self._heard(Awaited.DECISION)
            if self._accepted:
                self._await_answer(at)

    def _await_answer(self, at: datetime) -> None:
        """The commission's answer to a referral, where the policy waits for one."""
        if self.rules.policy.referral.commission is not None:
            self._wait(Awaited.ANSWER, ANSWER, at)

    def _answer(self, answer: Answer, at: datetime) -> None:
        self._heard(Awaited.ANSWER)
        if answer is Answer.MORE:
            self._wait(Awaited.PAPERS, PAPERS, at)
        else:
            self._accepted = answer is Answer.ACCEPTED

    def _wait(self, awaited: Awaited, limit: str, at: datetime, *, again: bool = True) -> None:
        (self._restart if again else self._start)(limit, at)
        self._waits += 1
        self._waiting = Firing.WAIT, f"{awaited.value}.{self._waits}"
        self._expect(*self._waiting, lambda: self._due(limit))

    def _heard(self, awaited: Awaited) -> None:
        if self._waiting is not None and self._waiting[1].startswith(f"{awaited.value}."):
            self.duties.pop(self._waiting, None)
            self._waiting = None

    def subject_of(self, fact: Fact) -> str:
        """What a firing is about, as ``duties`` has it."""
        match FIRED_BY[fact.kind]:
            case Firing.WAIT:
                awaited = str(fact.payload.get("awaited"))
                own = self._waiting is not None and self._waiting[1].startswith(f"{awaited}.")
                return self._waiting[1] if self._waiting is not None and own else f"{awaited}.0"
            case Firing.INFORMED | Firing.CLIMB:
                return str(self._visit.number)
            case Firing.HOLD_END:
                return ""
            case Firing.OPINION:
                return str(fact.payload.get("department"))
            case _:
                return fact.order_id or ""

    # -- limits ----------------------------------------------------------------------------------------

    def _expect(
        self, firing: Firing, subject: str, reckon: Callable[[], datetime | None], order_id: str | None = None
    ) -> None:
        self.duties[firing, subject] = Duty(firing, subject, order_id, reckon)

    def _due(self, name: str) -> datetime | None:
        limit = self.limits.get(name)
        deadline = limit.deadline(self.calendar) if limit else None
        return deadline.at if deadline else None

    def _restart(self, name: str, at: datetime, span: Span | None = None) -> None:
        self.limits.pop(name, None)
        if span is None:
            self._start(name, at)
        else:
            self._run(name, TimeLimit(basis=span.unit.basis, budget=span.amount(self.calendar)), at)

    def _start(self, name: str, at: datetime) -> None:
        known, worth = self.limits.get(name), budget(name, self.rules.policy, self.case, self.calendar)
        if known is not None:
            self._run(name, known, at)
        elif worth is not None:
            self._run(name, TimeLimit(basis=worth[0], budget=worth[1]), at)

    def _run(self, name: str, limit: TimeLimit, at: datetime) -> None:
        if self._hold is None:
            self.limits[name] = limit.started(at)
        else:
            self.limits[name] = limit
            self._hold = self._hold[0], [*(n for n in self._hold[1] if n != name), name]

    def _stop(self, name: str, at: datetime) -> None:
        if self._hold is not None:
            self._hold = self._hold[0], [n for n in self._hold[1] if n != name]
        if name in self.limits:
            self.limits[name] = self.limits[name].paused(at, self.calendar)

    def _start_hold(self, fact: Fact) -> None:
        """What runs and has not passed rests."""
        until = datetime.fromisoformat(str(fact.payload["until"]))
        rests = [n for n, limit in self.limits.items() if limit.running_since and not self._expired(limit, fact.at)]
        for name in rests:
            self.limits[name] = self.limits[name].paused(fact.at, self.calendar)
        self._hold = until, rests
        self._expect(Firing.HOLD_END, "", lambda: until)

    def _expired(self, limit: TimeLimit, at: datetime) -> bool:
        return limit.expired(at, self.calendar)

    def _release(self, at: datetime, until: datetime) -> None:
        names, self._hold = (self._hold[1] if self._hold else []), None
        self.duties.pop((Firing.HOLD_END, ""), None)
        for name in names:
            if name in self.limits:
                self.limits[name] = self.limits[name].started(min(until, at))

    def _extend(self, fact: Fact) -> None:
        span = Span.model_validate({"value": fact.payload["days"], "unit": fact.payload["unit"]})
        more = span.amount(self.calendar)
        self._extended += more
        if HANDLE in self.limits:
            self.limits[HANDLE] = self.limits[HANDLE].extended(more)

    def _change_rules(self, rules: Rules) -> Shift:
        """The budgets as the new rules have them; what was used stays used."""
        before, self.rules = self.rules, rules
        for name, limit in self.limits.items():
            set_by_person = name == RECTIFICATION and self._rectification_days is not None
            worth = None if set_by_person else budget(name, rules.policy, self.case, rules.calendar)
            if worth is not None:
                more = self._extended if name == HANDLE else timedelta(0)
                self.limits[name] = limit.model_copy(update={"basis": worth[0], "budget": worth[1] + more})
        return Shift.CALENDAR if before.policy == rules.policy else Shift.POLICY


_OF_ORDERS = frozenset(
    {
        FactKind.ORDER_ACKNOWLEDGED,
        FactKind.ORDER_SILENT,
        FactKind.ORDER_REPLIED,
        FactKind.ORDER_REPLIED_LATE,
        FactKind.ORDER_RETURNED,
        FactKind.ORDER_WITHDRAWN,
        FactKind.ORDER_SUPERSEDED,
    }
)


def _end(order: ReckonedOrder, at: datetime) -> None:
    order.is_open = False
    order.ended_at = order.ended_at or at


def _limit_of(rung: Rung, department: str) -> str:
    """The name of the limit that an order runs under."""
    return {
        Rung.DISPATCH: HANDLE,
        Rung.SUPERVISED: SUPERVISED,
        Rung.JOINT_MEETING: f"task.{department}",
        Rung.REFERRAL: VERIFY,
        Rung.RECTIFICATION: RECTIFICATION,
    }[rung]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def opened(facts: Iterable[Fact]) -> Fact | None:
    """The fact that a case was opened."""
    return next((fact for fact in facts if fact.kind is FactKind.CASE_OPENED), None)
