"""The case: what it is about, what a running one knows, and what others may see of it.

Nothing here says who the citizen is or what he said word for word: that stays in one table of the
database, and is read there by the activity that sends an order or the person who calls back.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from domain.calendar import WorkCalendar
from domain.clock import TimeLimit
from domain.commands import (
    CallbackResult,
    ConcludeMeeting,
    ConfirmExplanation,
)
from domain.commission import AnswerReferral, DecideReferral, SupplyPapers, VerifyRectification
from domain.demand import Channel, Nature, Urgency
from domain.ladder import End, Ending, Outcome, Rung, Step
from domain.ledger import Fact
from domain.meeting import Opinion, Sitting
from domain.order import Order, Role
from domain.party import Party as Party
from domain.policy import Policy
from domain.values import Instant, State, Token, Value


class Case(Value):
    """What a case is about, in codes."""

    case_id: Token
    """Also the id of its workflow."""
    channel: Channel
    nature: Nature
    urgency: Urgency
    matter: Token | None
    district: Token | None
    street: Token | None


class Status(StrEnum):
    """Where a case is, in one word."""

    QUEUED = "queued"
    """No department is known yet: an operator must name one."""
    HANDLING = "handling"
    CALLBACK = "callback"
    CLOSED = "closed"


class Closing(StrEnum):
    """How a case ended."""

    RESOLVED = "resolved"
    EXPLAINED = "explained"
    UNREACHED = "unreached"
    """Answered, but the citizen could not be reached to confirm it."""
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Awaited(StrEnum):
    """What can be waited for."""

    ASSIGNMENT = "assignment"
    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    CONFIRMATION = "confirmation"
    MEETING = "meeting"
    CONCLUSION = "conclusion"
    DECISION = "decision"
    ANSWER = "answer"
    """The commission's, to a referral."""
    PAPERS = "papers"
    """That the commission asked for."""
    VERIFICATION = "verification"
    CALLBACK = "callback"


class Waiting(Value):
    """Who is waited for, for what, since when and until when (instants; no ``until`` means no limit)."""

    party: Party
    department: Token | None = None
    awaited: Awaited
    order_id: Token | None = None
    since: Instant
    until: Instant | None = None
    limit: Token | None = None
    """The name of the time limit that ``until`` comes from."""
    provisional: bool = False
    """The limit lies past the published calendar and may move when the list appears."""
    overdue: bool = False


class Hold(Value):
    """Time that legally does not count."""

    reason: Token
    """One of the policy's reasons."""
    approved_by: str
    until: Instant
    """When it ends by itself."""
    limits: tuple[Token, ...]
    """The limits that rest meanwhile."""


class Reminder(Value):
    """A red warning that is still to come: this order's limit has passed, and nothing was heard."""

    order_id: Token
    at: Instant


class CaseState(State):
    """Everything a running case knows; handed on as it is when the workflow continues as new."""

    step: Step = Rung.DISPATCH
    rung: Rung = Rung.DISPATCH
    """The rung the case is on, or came from when it is in callback or closed."""
    closing: Closing | None = None
    opened_at: Instant
    lead: Token | None = None
    assisting: list[Token] = Field(default_factory=list[Token])
    orders: dict[str, Order] = Field(default_factory=dict[str, Order])
    limits: dict[str, TimeLimit] = Field(default_factory=dict[str, TimeLimit])
    """Time limits by name (``handle``, ``supervised`` …). Used time stays used."""
    returned_by: list[Token] = Field(default_factory=list[Token])
    suggested: Token | None = None
    """Whose the matter is, in the words of the last return."""
    named: bool = False
    """The hotline has named the department after too many returns: its orders cannot be returned (P9)."""
    hold: Hold | None = None
    extensions: int = 0
    extended: timedelta = timedelta(0)
    """What the extensions have added to the handling limit."""
    reminders: list[Reminder] = Field(default_factory=list[Reminder])
    waiting: dict[str, Waiting] = Field(default_factory=dict[str, Waiting])
    interruption: Ending | None = None
    """A person's command that ends the station the case is at."""
    merging_into: Token | None = None
    """The other case has been asked to absorb this one and has not answered yet."""
    answer: Outcome | None = None
    """``resolved`` or ``explained``: what the citizen is told at the callback."""
    answered_by: Token | None = None
    explanation_pending: bool = False
    explanation: ConfirmExplanation | None = None
    members: list[Token] = Field(default_factory=list[Token])
    conclusion: ConcludeMeeting | None = None
    meeting: Sitting | None = None
    """The meeting of its own that the case is brought before; None where it was convened by a word alone."""
    positions: list[Opinion] = Field(default_factory=list[Opinion])
    """What each department held at the last such meeting; they go with the case to the referral."""
    decisions: list[DecideReferral] = Field(default_factory=list[DecideReferral])
    exhausted: list[str] = Field(default_factory=list[str])
    """The rungs that ended without a result: the preconditions of a referral (P17)."""
    declined: int = 0
    referral_accepted: bool = False
    """Two people have referred it, and nobody has declined it since."""
    commission_answer: AnswerReferral | None = None
    """What the commission said last at this station."""
    papers: SupplyPapers | None = None
    taken_on: bool = False
    """The commission has taken the case on; it is not asked again when a verification runs out."""
    rectification_days: int | None = None
    verification: VerifyRectification | None = None
    callback_result: CallbackResult | None = None
    callback_attempts: int = 0
    absorbed: list[Token] = Field(default_factory=list[Token])
    merged_into: Token | None = None
    facts: list[Fact] = Field(default_factory=list[Fact])
    written: int = 0
    """How many of the facts the ledger is known to hold."""

    @property
    def status(self) -> Status:
        if self.step is End.CLOSED:
            return Status.CLOSED
        if self.step is End.CALLBACK:
            return Status.CALLBACK
        if self.awaits(Awaited.ASSIGNMENT):
            return Status.QUEUED
        return Status.HANDLING

    def awaits(self, awaited: Awaited) -> bool:
        """Whether it waits for this now."""
        return any(waiting.awaited is awaited for waiting in self.waiting.values())

    def lead_order(self) -> Order | None:
        """The newest order to the lead that is still open."""
        return next((o for o in reversed(self.orders.values()) if o.role is Role.LEAD and o.is_open), None)


class CaseStart(Value):
    """The workflow's input: the case, the rules and the calendar pinned to it, and who is asked first."""

    case: Case
    policy: Policy
    calendar: WorkCalendar
    lead: Token | None
    assisting: tuple[Token, ...] = ()
    state: CaseState | None = None
    """Set only when the workflow continues as new."""


class Convened(Value):
    """The meeting of its own that a case is brought before, and has come to no end of yet."""

    meeting_id: Token
    held_at: Instant
    present: int
    """So many departments have come, as far as is noted."""
    needed: int
    """So many must, before a lead can be named."""


class CaseView(Value):
    """What anybody may see of a case at one moment: the answer to every command, and what lists show."""

    case_id: Token
    seq: int
    """The last fact this view includes."""
    status: Status
    step: Step
    rung: Rung
    closing: Closing | None
    opened_at: Instant
    lead: Token | None
    assisting: tuple[Token, ...]
    waiting: tuple[Waiting, ...]
    """The most pressing first."""
    orders: tuple[Order, ...]
    allowed: tuple[str, ...]
    """The commands that the rules allow now."""
    hold: Hold | None = None
    meeting: Convened | None = None
    merged_into: Token | None = None
    absorbed: tuple[Token, ...] = ()


class Record(Value):
    """What is written in one transaction: the facts not known to be on record, and the view after the last of them."""

    case: Case
    policy_id: Token
    policy_version: int
    facts: tuple[Fact, ...]
    view: CaseView


class CaseResult(Value):
    """What the workflow ends with."""

    case_id: Token
    closing: Closing
    rung: Rung
    facts: int
