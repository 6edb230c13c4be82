"""The case in hand: what a running case knows, and the few things every station does with it.

Note a fact, keep the record written, wait for somebody until a limit. No rule of a rung lives here.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import JsonValue
from temporalio import workflow

from activities.ledger import LedgerActivities
from domain.calendar import WorkCalendar
from domain.case import Awaited, CaseStart, CaseState, CaseView, Convened, Party, Record, Waiting
from domain.clock import Deadline, Span, TimeLimit
from domain.evidence import Evidence
from domain.ladder import IN_VAIN, End, Ending, Rung, Step, next_step
from domain.ledger import ENGINE, Fact, FactKind
from domain.limits import acknowledge_limit, budget
from domain.meeting import needed
from domain.permissions import allowed_commands
from outbox.search_attributes import DEPARTMENT, RUNG, STATUS
from workflows.calls import CALLS
from workflows.tasks import Beside

UNHEARD = 16
"""So many facts may be written by somebody who does not tell the case so, before an activity writes them all."""


class CaseFile:
    """One running case. Stations change ``state``; everything else reads it."""

    def __init__(self, start: CaseStart) -> None:
        self.case = start.case
        self.policy = start.policy
        self.calendar = start.calendar
        self._start = start
        self._deadlines: dict[str, tuple[TimeLimit, WorkCalendar, Deadline | None]] = {}
        self.state = start.state or CaseState(
            opened_at=workflow.now(), lead=start.lead, assisting=list(start.assisting)
        )
        self._given = self._sure = self.state.written
        """How many of the facts are written or were given to somebody to write; and how many to one who tells us."""
        self._keeping = False
        """Whether the record is kept: not yet, when something is said before the first step of a new history."""
        self._settling = False
        self._carriers: list[Carrier] = []

    def handed_on(self) -> CaseStart:
        """The input of the next run, when the workflow continues as new."""
        return self._start.model_copy(update={"policy": self.policy, "calendar": self.calendar, "state": self.state})

    # -- facts ---------------------------------------------------------------------------------------

    def note(
        self,
        kind: FactKind,
        *,
        actor: str = ENGINE,
        order_id: str | None = None,
        due_at: datetime | None = None,
        **payload: JsonValue,
    ) -> None:
        """Add a fact. With ``due_at`` it is one that a limit caused, and fired now."""
        now = workflow.now()
        self.state.facts.append(
            Fact(
                seq=len(self.state.facts) + 1,
                kind=kind,
                at=now,
                actor=actor,
                rung=self.state.rung,
                order_id=order_id,
                due_at=due_at,
                fired_at=now if due_at else None,
                payload={k: v for k, v in payload.items() if v is not None},
            )
        )

    async def keep_record(self) -> None:
        """Have facts written as they come; runs beside the path of the case.

        Whatever goes out with them carries them: an order is never out before it is on record. Where nothing goes out,
        an activity of their own does; and where too many are on their way to be written by somebody who does not tell
        us, for each batch carries them all once more.

        A batch never waits for the one before: how many there are must follow from the facts alone. When a record's end
        is heard of is not the same at every replay (temporalio/sdk-rust#1146). So each carries all that is not known to
        be written, and the ledger takes what it lacks.
        """
        self._keeping = True
        with Beside() as beside:
            while True:
                await workflow.wait_condition(lambda: len(self.state.facts) > self._given)
                await self._until_quiet()
                self._given = len(self.state.facts)
                record, carriers, self._carriers = self._record(), self._carriers, []
                carried = [carrier for carrier in carriers if carrier(record)]
                if self._settling or self._too_many or not carried:
                    self._sure = self._given
                    beside.start(self._write(record))

    def send_along(self, carrier: "Carrier") -> None:
        """Let this carry the facts that were noted last, and what else this event causes."""
        self._carriers.append(carrier)

    async def told(self, act: Callable[[], None]) -> Record:
        """Do what a department says; whoever handed it over writes what comes of it, which is in the answer.

        What a department says is kept until it was handed over, and again where nobody heard that it was.
        So no fact is lost, and no activity is needed.
        """
        nothing_else = self._given == len(self.state.facts)
        act()
        if nothing_else and not self._settling and not self._too_many:
            self._given = len(self.state.facts)
        # The station hears of it first: the view shows what it made of it.
        await workflow.wait_condition(lambda: self._keeping)
        await self._until_quiet()
        return self._record()

    @property
    def _too_many(self) -> bool:
        return len(self.state.facts) - self._sure >= UNHEARD

    def _record(self) -> Record:
        return Record(
            case=self.case,
            policy_id=self.policy.policy_id,
            policy_version=self.policy.version,
            facts=tuple(self.state.facts[self.state.written :]),
            view=self.view(),
        )

    async def _write(self, record: Record) -> None:
        # Not a local activity: that one has its effect before its workflow task is durable, and a task that is lost is
        # lived anew with other facts under the same numbers.
        await workflow.execute_activity_method(
            LedgerActivities.record, record, **CALLS[LedgerActivities.record.__name__]
        )
        self.state.written = max(self.state.written, record.view.seq)

    async def _until_quiet(self) -> None:
        # A condition is looked at only when nothing else can run: so one batch holds all that one event caused.
        seen = -1
        while seen != len(self.state.facts):
            seen = len(self.state.facts)
            await workflow.wait_condition(lambda: True)

    @property
    def on_record(self) -> bool:
        return self.state.written == len(self.state.facts)

    async def settled(self) -> None:
        """The gate that needs the record: wait until the ledger holds every fact.

        Whoever hands a department's word over does not say that it is written, and an order only with its reply. So
        what they carry is written by an activity as well here.
        """
        self._given, self._settling = self._sure, True
        try:
            await workflow.wait_condition(lambda: self.on_record)
        finally:
            self._settling = False

    def view(self) -> CaseView:
        state = self.state
        return CaseView(
            case_id=self.case.case_id,
            seq=len(state.facts),
            status=state.status,
            step=state.step,
            rung=state.rung,
            closing=state.closing,
            opened_at=state.opened_at,
            lead=state.lead,
            assisting=tuple(state.assisting),
            waiting=tuple(sorted(state.waiting.values(), key=_urgency)),
            hold=state.hold,
            meeting=self._convened(),
            orders=tuple(state.orders.values()),
            allowed=tuple(allowed_commands(state)),
            merged_into=state.merged_into,
            absorbed=tuple(state.absorbed),
        )

    def _convened(self) -> Convened | None:
        state, sitting = self.state, self.state.meeting
        if sitting is None or state.conclusion is not None:
            return None
        quorum = needed(len(state.members), self.policy.meeting.quorum.value)
        return Convened(
            meeting_id=sitting.meeting_id, held_at=sitting.held_at, present=len(sitting.attended), needed=quorum
        )

    # -- time ----------------------------------------------------------------------------------------

    def start_limit(self, name: str) -> str:
        """Start the policy's limit of that name, or let it run on: nothing resets a clock. Gives the name back."""
        worth = budget(name, self.policy, self.case, self.calendar)
        if worth is None:
            raise LookupError(f"no policy has a limit named {name}")
        basis, amount = worth
        return self._run(name, self.state.limits.get(name) or TimeLimit(basis=basis, budget=amount))

    def restart_limit(self, name: str, span: Span | None = None) -> str:
        """A new limit of that name, for a step that is taken anew; worth ``span`` where a person set it."""
        self.state.limits.pop(name, None)
        if span is None:
            return self.start_limit(name)
        return self._run(name, TimeLimit(basis=span.unit.basis, budget=span.amount(self.calendar)))

    def _run(self, name: str, limit: TimeLimit) -> str:
        """Let a limit run from now on; while the case is on hold it rests with the others."""
        hold = self.state.hold
        if hold is None:
            self.state.limits[name] = limit.started(workflow.now())
        else:
            self.state.limits[name] = limit
            self.state.hold = hold.model_copy(update={"limits": tuple(dict.fromkeys((*hold.limits, name)))})
        return name

    def stop_limit(self, name: str) -> None:
        """Stop the named limit; what was used of it stays used."""
        hold = self.state.hold
        if hold is not None:
            rest = tuple(resting for resting in hold.limits if resting != name)
            self.state.hold = hold.model_copy(update={"limits": rest})
        self.state.limits[name] = self.state.limits[name].paused(workflow.now(), self.calendar)

    def due(self, name: str) -> datetime | None:
        """When the named limit is used up, as things stand now; None while it rests."""
        limit, known = self.state.limits[name], self._deadlines.get(name)
        if known is None or known[0] is not limit or known[1] is not self.calendar:  # asked at every event of the case
            known = self._deadlines[name] = limit, self.calendar, limit.deadline(self.calendar)
        return known[2].at if known[2] else None

    def foreseen(self, name: str) -> Deadline:
        """The same for people: while the case is on hold, as if the hold lasted to its end."""
        limit, hold = self.state.limits[name], self.state.hold
        since = hold.until if hold else workflow.now()
        deadline = limit.started(since).deadline(self.calendar)
        assert deadline is not None  # noqa: S101 - it was just started
        return deadline

    def has_passed(self, name: str) -> bool:
        """Whether the named limit runs and is used up."""
        due = self.due(name) if name in self.state.limits else None
        return due is not None and due <= workflow.now()

    async def wait_until(
        self, done: Callable[[], bool], due: Callable[[], datetime | None], bell: "Bell | None" = None
    ) -> bool:
        """Wait until ``done()``; False when the limit passed first. A limit that moves is followed.

        The bell rings on the way, without a timer of its own: the wait is armed for whichever comes first.
        """

        def nearest() -> datetime | None:
            return min(filter(None, (due(), bell.at() if bell else None)), default=None)

        while not done():
            end, armed = due(), nearest()
            if end is not None and end <= workflow.now():
                return False
            if bell is not None and armed is not None and armed <= workflow.now():
                bell.ring()
                continue

            def moved(armed: datetime | None = armed) -> bool:
                return nearest() != armed

            await _wait(lambda moved=moved: done() or moved(), armed - workflow.now() if armed else None)
        return True

    # -- waiting for somebody ------------------------------------------------------------------------

    @contextmanager
    def waiting(
        self,
        party: Party,
        awaited: Awaited,
        limit: str,
        *,
        department: str | None = None,
        order_id: str | None = None,
    ) -> Generator[str]:
        """While inside, the case shows that it waits for this under the named limit; gives the key of the wait."""
        key = f"{party}.{awaited}.{order_id or department or ''}"
        self.state.waiting[key] = Waiting(
            party=party,
            department=department,
            awaited=awaited,
            order_id=order_id,
            since=workflow.now(),
            limit=limit,
        )
        self.show_limits()
        self.show_to_engine()
        try:
            yield key
        finally:
            self.state.waiting.pop(key, None)

    def show_limits(self) -> None:
        """Bring what people are shown up to date with the limits: waits, and the orders' own."""
        state = self.state
        for key, waiting in state.waiting.items():
            if waiting.limit in state.limits:
                deadline = self.foreseen(waiting.limit)
                shown = {"until": deadline.at, "provisional": deadline.provisional}
                state.waiting[key] = waiting.model_copy(update=shown)
        for order in [order for order in state.orders.values() if order.is_open and order.limit in state.limits]:
            deadline = self.foreseen(order.limit)
            shown = {"due_at": deadline.at, "provisional": deadline.provisional}
            if (acknowledge := acknowledge_limit(order.order_id)) in state.limits and not order.acknowledged_at:
                shown["acknowledge_by"] = min(deadline.at, self.foreseen(acknowledge).at)
            state.orders[order.order_id] = order.model_copy(update=shown)

    async def wait_in_time(
        self, party: Party, awaited: Awaited, done: Callable[[], bool], limit: str
    ) -> datetime | None:
        """Wait for a person until the named limit; the limit where it passed first, else None."""
        with self.waiting(party, awaited, limit):
            return None if await self.wait_until(done, lambda: self.due(limit)) else self.due(limit)

    async def wait_for_person(
        self,
        party: Party,
        awaited: Awaited,
        done: Callable[[], bool],
        limit: str,
        *,
        department: str | None = None,
        within: str | None = None,
    ) -> bool:
        """Wait for what no timer can replace. When the limit passes that becomes a fact, and the wait goes on.

        It goes on until another limit, ``within``, has passed, where that one runs: False then.
        """

        def ends() -> datetime | None:
            return self.due(within) if within in self.state.limits else None

        with self.waiting(party, awaited, limit, department=department) as key:
            if await self.wait_until(done, lambda: min(filter(None, (self.due(limit), ends())), default=None)):
                return True
            if self.has_passed(limit):
                self.state.waiting[key] = self.state.waiting[key].model_copy(update={"overdue": True})
                self.note(
                    FactKind.WAIT_OVERDUE,
                    due_at=self.due(limit),
                    party=party.value,
                    awaited=awaited.value,
                    department=department,
                )
            return await self.wait_until(done, ends)

    # -- from station to station ---------------------------------------------------------------------

    def name_lead(self, department: str | None) -> None:
        """The department that leads from now on, or nobody; it no longer assists."""
        self.state.lead = department
        self.state.assisting = [assisting for assisting in self.state.assisting if assisting != department]

    def leave(self, ending: Ending) -> None:
        """Leave the station and go where the table leads; both become facts."""
        state = self.state
        came_from, step = state.step, ending.to or next_step(state.rung, ending.outcome)
        self.note(FactKind.RUNG_LEFT, station=came_from.value, outcome=ending.outcome.value)
        if ending.outcome in IN_VAIN and state.rung.value not in state.exhausted:
            state.exhausted.append(state.rung.value)
        for name in state.limits:
            self.stop_limit(name)  # what is left of it is left for the next time
        state.waiting.clear()  # whoever is still waited for here learns of the end only after this
        self.forget_what_was_said()
        state.step = step
        if isinstance(step, Rung):
            state.rung = step
            self.enter(came_from, ending)
        if step is not End.CLOSED:
            self.show_to_engine()

    def show_to_engine(self) -> None:
        """Bring what Temporal's own lists filter by up to date; an event only where something has changed."""
        state, known = self.state, workflow.info().typed_search_attributes
        lead = DEPARTMENT.value_unset() if state.lead is None else DEPARTMENT.value_set(state.lead)
        shown = [STATUS.value_set(state.status.value), RUNG.value_set(state.rung.value), lead]
        changed = [update for update in shown if known.get(update.key) != update.value]
        if changed:
            workflow.upsert_search_attributes(changed)  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads

    def forget_what_was_said(self) -> None:
        """The next station begins with nothing said. Here, for a command can come to it before it runs: when the case
        continues as new."""
        state = self.state
        members = state.members
        state.members, state.conclusion, state.decisions = [], None, []
        if state.meeting is not None:  # lifted out of it by hand, for instance: what was written down goes along
            state.positions = state.meeting.positions(members)
        state.meeting = None
        state.commission_answer, state.papers = None, None
        state.explanation, state.verification, state.callback_result = None, None, None

    def enter(self, came_from: Step | None, ending: Ending | None) -> None:
        """The fact that a rung was entered, for which reason, and where a limit caused it, how punctually."""
        self.note(
            FactKind.RUNG_ENTERED,
            due_at=ending.due_at if ending else None,
            came_from=came_from.value if came_from else None,
            reason=ending.outcome.value if ending else "opened",
        )


def attached(evidence: Sequence[Evidence]) -> list[JsonValue] | None:
    """Evidence as a fact carries it; nothing where there is none."""
    return [one.model_dump(mode="json") for one in evidence] or None


Carrier = Callable[[Record], bool]
"""Takes a batch of facts along to the ledger; False where it does not go out after all."""


class Bell(NamedTuple):
    """What rings on the way to a limit, once."""

    at: Callable[[], datetime | None]
    """When; None when it has rung, or never will."""
    ring: Callable[[], None]


def _urgency(waiting: Waiting) -> tuple[bool, float, datetime]:
    until = waiting.until.timestamp() if waiting.until else float("inf")
    return (not waiting.overdue, until, waiting.since)


async def _wait(condition: Callable[[], bool], longest: timedelta | None) -> None:
    """Until the condition holds, at longest so long.

    By the loop's own timer. ``wait_condition`` with a timeout goes through ``asyncio.wait_for``, which wakes a turn of
    the loop later under Python 3.11 than under 3.12: a history that one wrote would not replay under the other.
    """
    if longest is None:
        await workflow.wait_condition(condition)
        return
    passed = asyncio.Event()
    timer = asyncio.get_running_loop().call_later(longest.total_seconds(), passed.set)
    try:
        await workflow.wait_condition(lambda: passed.is_set() or condition())
        await asyncio.sleep(0)  # who else was woken by the same event goes first: what all of them note is one batch
    finally:
        timer.cancel()
