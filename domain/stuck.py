"""What holds a case up: the cause, worked out from signs that the record and the engine give, and who is to act.

Pure. A case has one cause at a time: the one that must be removed first. ``docs/stuck.md`` tells each.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.case import Awaited, Status
from domain.ladder import Rung
from domain.party import Party
from domain.values import Instant, Token, Value

SOON: Final = 8
"""Hours before the end of a limit or a hold in which it is worth looking at: what ends today."""

GRACE: Final = timedelta(seconds=30)
"""So long may a fact, an order or a reply be on its way before anything is called held up; the sweep comes every
minute."""


ATTENDANCE: Final = timedelta(hours=1)
"""So long after a meeting has begun may it take until everybody who came is noted."""


class StuckCause(StrEnum):
    """Why a case stands still. In the order in which they are looked for, and listed."""

    TASK_FAILS = "task_fails"
    """The case's own code fails: a bug. The case is parked, not lost; it goes on when the bug is mended."""
    ACTIVITY_FAILS = "activity_fails"
    """What the case touches outside fails again and again."""
    STANDING = "standing"
    """It waits for nobody, and does not go on."""
    NOT_ON_RECORD = "not_on_record"
    """A demand that was accepted, and of whose case the ledger has nothing."""
    NOT_HANDED_OVER = "not_handed_over"
    """What a department said is kept, and the case has not been told."""
    NOT_RECEIVED = "not_received"
    """An order that has not reached its department's system."""
    UNASSIGNED = "unassigned"
    OVER_LIMIT = "over_limit"
    """A department has let a limit of this case pass, and has not replied yet."""
    SILENT = "silent"
    """A department has not acknowledged, or not replied, and its limit is about to end."""
    NOT_CONFIRMED = "not_confirmed"
    NOT_CONVENED = "not_convened"
    NO_QUORUM = "no_quorum"
    """A meeting has begun, and too few departments have come: it can name no lead."""
    NOT_CONCLUDED = "not_concluded"
    UNDECIDED = "undecided"
    UNANSWERED = "unanswered"
    """The discipline commission has not answered a referral."""
    PAPERS_MISSING = "papers_missing"
    """The papers that it asked for have not been supplied."""
    NOT_VERIFIED = "not_verified"
    NOT_CALLED_BACK = "not_called_back"
    HOLD_ENDS = "hold_ends"
    PROVISIONAL = "provisional"
    """Its limit rests on working days that are not published yet."""


class Owner(StrEnum):
    """Who is to act."""

    OPERATOR = "operator"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    COMMISSION = "commission"
    ADMINISTRATOR = "administrator"


OWNERS: Final[Mapping[StuckCause, Owner]] = MappingProxyType(
    {
        StuckCause.TASK_FAILS: Owner.ADMINISTRATOR,
        StuckCause.ACTIVITY_FAILS: Owner.ADMINISTRATOR,
        StuckCause.STANDING: Owner.ADMINISTRATOR,
        StuckCause.NOT_ON_RECORD: Owner.ADMINISTRATOR,
        StuckCause.NOT_HANDED_OVER: Owner.ADMINISTRATOR,
        StuckCause.NOT_RECEIVED: Owner.ADMINISTRATOR,
        StuckCause.UNASSIGNED: Owner.OPERATOR,
        StuckCause.OVER_LIMIT: Owner.DEPARTMENT,
        StuckCause.SILENT: Owner.DEPARTMENT,
        StuckCause.NOT_CONFIRMED: Owner.SUPERVISOR,
        StuckCause.NOT_CONVENED: Owner.SUPERVISOR,
        StuckCause.NO_QUORUM: Owner.SUPERVISOR,
        StuckCause.NOT_CONCLUDED: Owner.SUPERVISOR,
        StuckCause.UNDECIDED: Owner.COMMISSION,
        StuckCause.UNANSWERED: Owner.COMMISSION,
        StuckCause.PAPERS_MISSING: Owner.SUPERVISOR,
        StuckCause.NOT_VERIFIED: Owner.SUPERVISOR,
        StuckCause.NOT_CALLED_BACK: Owner.DEPARTMENT,
        StuckCause.HOLD_ENDS: Owner.OPERATOR,
        StuckCause.PROVISIONAL: Owner.ADMINISTRATOR,
    }
)

OF_PEOPLE: Final[Mapping[Awaited, StuckCause]] = MappingProxyType(
    {
        Awaited.CONFIRMATION: StuckCause.NOT_CONFIRMED,
        Awaited.MEETING: StuckCause.NOT_CONVENED,
        Awaited.CONCLUSION: StuckCause.NOT_CONCLUDED,
        Awaited.DECISION: StuckCause.UNDECIDED,
        Awaited.ANSWER: StuckCause.UNANSWERED,
        Awaited.PAPERS: StuckCause.PAPERS_MISSING,
        Awaited.VERIFICATION: StuckCause.NOT_VERIFIED,
        Awaited.CALLBACK: StuckCause.NOT_CALLED_BACK,
    }
)
"""What a wait for a person is called once its limit has passed, or soon will."""


class Signs(Value):
    """What the record shows of an open case, at one moment."""

    awaited: Awaited | None = None
    """The most pressing thing that it waits for."""
    overdue: bool = False
    """The limit of that has passed."""
    near: bool = False
    """It has passed, or passes soon."""
    standing: bool = False
    """Nothing is waited for, and nothing has happened for longer than ``GRACE``."""
    not_received: bool = False
    """One of its open orders has not reached its department's system."""
    lapsed: bool = False
    """The department that is waited for has let a limit of this case pass before."""
    hold_ends: bool = False
    """It is on hold, and soon will not be."""
    provisional: bool = False
    no_quorum: bool = False
    """The meeting that it is brought before began more than ``ATTENDANCE`` ago, and too few have come."""


def cause_of(signs: Signs) -> StuckCause | None:
    """What holds a case with these signs up; None where it waits as the policy foresees."""
    if signs.standing:
        return StuckCause.STANDING
    if signs.not_received:
        return StuckCause.NOT_RECEIVED
    if signs.awaited is Awaited.ASSIGNMENT:
        return StuckCause.UNASSIGNED
    return _of_wait(signs) or _of_clock(signs)


def _of_wait(signs: Signs) -> StuckCause | None:
    awaited = signs.awaited
    if awaited is Awaited.CONCLUSION and signs.no_quorum:
        return StuckCause.NO_QUORUM
    if awaited in (Awaited.ACKNOWLEDGEMENT, Awaited.REPLY):
        passed = signs.overdue and awaited is Awaited.REPLY
        if signs.lapsed or passed:
            return StuckCause.OVER_LIMIT
        return StuckCause.SILENT if signs.near else None
    return OF_PEOPLE.get(awaited) if awaited and signs.near else None


def _of_clock(signs: Signs) -> StuckCause | None:
    if signs.hold_ends:
        return StuckCause.HOLD_ENDS
    return StuckCause.PROVISIONAL if signs.provisional else None


class StuckCase(Value):
    """One line of the stuck list."""

    case_id: Token
    status: Status
    rung: Rung
    matter: Token | None
    district: Token | None
    lead: Token | None
    waiting_party: Party | None
    waiting_department: Token | None
    waiting_for: Awaited | None
    waiting_order: Token | None
    waiting_since: Instant | None
    waiting_until: Instant | None
    waiting_provisional: bool
    meeting_id: Token | None = None
    """Of the meeting of its own that it is brought before."""
    hold_until: Instant | None
    hold_approved_by: str | None
    opened_at: Instant
    order_id: Token | None = None
    """The order that was not received."""
    order_department: Token | None = None
    attempts: int | None = None
    """How often its department's system was tried."""
    error: str | None = None
    """Why that failed the last time; a kind of error, never what was sent."""

    def owner(self, cause: StuckCause) -> tuple[Owner, str | None]:
        """Who is to act on this case, and the department it is about."""
        department = self.order_department if cause is StuckCause.NOT_RECEIVED else self.waiting_department
        return OWNERS[cause], department


class Search(Value):
    """Which cases are looked at; None means any."""

    district: Token | None = None
    department: Token | None = None
    """One that is waited for, that leads, or that an order has not reached."""
    matters: tuple[Token, ...] | None = None
    rung: Rung | None = None
    opened_before: Instant | None = None


class Trouble(Value):
    """What the engine says of a case that it cannot move."""

    case_id: Token
    cause: StuckCause
    """``task_fails`` or ``activity_fails``."""
    attempts: int
    activity: str | None = None
    """The activity's name; None for the workflow's own task."""
    activity_id: str | None = None
    error: str | None = None
    """The kind of the last failure; never its words, which may hold what somebody wrote."""


class Held(Value):
    """A case with what holds it up."""

    case: StuckCase
    trouble: Trouble | None = None


class Loose(Value):
    """Something on its way between the parts of the system, and stuck there."""

    case_id: Token
    order_id: Token | None = None
    department: Token | None = None
    since: Instant


class Group(Value):
    """All that one cause holds up."""

    cause: StuckCause
    number: int
    """How many there are; the first of them follow."""
    cases: tuple[Held, ...] = ()
    loose: tuple[Loose, ...] = ()
    """For ``not_on_record`` and ``not_handed_over``; ``number`` does not count beyond these."""

    @property
    def owner(self) -> Owner:
        return OWNERS[self.cause]
