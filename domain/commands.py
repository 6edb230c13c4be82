"""What a person or a department's system can ask of a running case: one model a command.

``by`` is the name or staff number of who asks, never a citizen. Texts are written by officials; the desk
blots out the citizen's name, phone and address before a command is sent.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.calendar import WorkCalendar
from domain.ladder import Rung
from domain.meeting import MeetingWord
from domain.order import Reply, Role
from domain.policy import Policy
from domain.staff import Act, StaffRole, usual
from domain.values import Instant, PersonName, Text, Token, Value

Days = Annotated[int, Field(gt=0, le=365)]
"""Working days."""


class Command(StrEnum):
    """The commands by name: the names of the workflow's updates, and of what refusals call allowed."""

    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledge"
    RETURN = "return"
    EXPLAIN = "explain"
    ESCALATE = "escalate"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    ABSORB = "absorb"
    CONVENE = "convene"
    CONCLUDE = "conclude"
    SPEAK_IN_MEETING = "speak_in_meeting"
    DECIDE = "decide"
    ANSWER_REFERRAL = "answer_referral"
    SUPPLY_PAPERS = "supply_papers"
    VERIFY = "verify"
    RECORD_CALLBACK = "record_callback"
    PROGRESS = "progress"
    NOTE_LATE_REPLY = "note_late_reply"
    NOTE_UNDELIVERED = "note_undelivered"
    HOLD = "hold"
    RELEASE = "release"
    EXTEND = "extend"
    CHANGE_RULES = "change_rules"


class Asked(Value):
    """What somebody asks by name, and as what he does."""

    by: PersonName
    asked_as: StaffRole | None = None
    """By the staff directory; the desk puts it in. None in what was asked before there were roles."""


class Assign(Asked):
    """Name a department for the case: as lead in place of the one before, or to assist."""

    department: Token
    role: Role = Role.LEAD
    reason: Text | None = None


class Acknowledge(Value):
    """The department says that it has the order."""

    order_id: Token
    department: Token
    by: PersonName
    received_at: Instant | None = None
    """When it came in: what was said in time counts, though the engine hears of it later. Now, where it is None."""


class NoteProgress(Value):
    """A department's interim word: what has been done so far. It moves no limit."""

    order_id: Token
    department: Token
    by: PersonName
    statement: Text
    callback_id: Token | None = None
    """Of the callback that brought it; the same one twice is one fact."""


class ReturnOrder(Value):
    """ "Not ours": with a reason and the basis in rule or law, and perhaps whose it is (P9)."""

    order_id: Token
    department: Token
    by: PersonName
    reason: Text
    basis: Text
    suggests: Token | None = None
    received_at: Instant | None = None


class NoteLateReply(Value):
    """A reply that could no longer complete its order: kept as a fact."""

    order_id: Token
    reply: Reply


class NoteUndelivered(Value):
    """The department's system did not take the order within its set time: it lies in the inbox."""

    order_id: Token
    reason: Text


class ConfirmExplanation(Asked):
    """A supervisor accepts, or does not accept, that the case cannot be solved."""

    confirmed: bool
    reason: Text


class Escalate(Asked):
    """Lift the case to a higher rung by hand; without ``to``, to the next one."""

    to: Rung | None = None
    reason: Text


class Withdraw(Asked):
    """The citizen takes the case back."""

    reason: Text


class Merge(Asked):
    """The case is a duplicate and goes on as part of another one."""

    into: Token
    reason: Text


class Absorb(Asked):
    """The other half of a merge: ``duplicate`` goes on as part of this case."""

    duplicate: Token


class ConveneMeeting(Asked):
    """Call the joint meeting of these departments."""

    members: Annotated[tuple[Token, ...], Field(min_length=2)]
    meeting_id: Token | None = None
    """Of a meeting that is kept as a thing of its own; with ``held_at``, or neither."""
    held_at: Instant | None = None

    @model_validator(mode="after")
    def _members_differ(self) -> "ConveneMeeting":
        if len(set(self.members)) != len(self.members):
            raise PydanticCustomError("member-doubled", "a department is named twice")
        if (self.meeting_id is None) != (self.held_at is None):
            raise PydanticCustomError("meeting-without-date", "a meeting of its own has an id and a date")
        return self


class MeetingTask(Value):
    """What the meeting gave one department to do, and in how many working days."""

    department: Token
    task: Text
    days: Days | None = None


class ConcludeMeeting(Asked):
    """The meeting's result: a lead and tasks, or no conclusion (no lead, no tasks)."""

    lead: Token | None = None
    tasks: tuple[MeetingTask, ...] = ()
    minutes: Text

    @model_validator(mode="after")
    def _lead_has_a_task(self) -> "ConcludeMeeting":
        departments = [task.department for task in self.tasks]
        if len(set(departments)) != len(departments):
            raise PydanticCustomError("task-doubled", "a department is given two tasks")
        if self.lead is None and self.tasks:
            raise PydanticCustomError("tasks-without-lead", "tasks without a lead")
        if self.lead is not None and self.lead not in departments:
            raise PydanticCustomError("lead-without-task", "the lead has no task")
        return self


class SpeakInMeeting(Asked):
    """What is said about the meeting that the case is brought before: who came, what a department holds, no meeting."""

    meeting_id: Token
    word: MeetingWord
    department: Token | None = None
    position: Text | None = None
    """The department's written opinion."""
    reason: Text | None = None
    """Why the meeting was called off."""

    @model_validator(mode="after")
    def _complete(self) -> "SpeakInMeeting":
        called_off, opinion = self.word is MeetingWord.CALLED_OFF, self.word is MeetingWord.OPINION
        if called_off != (self.department is None) or called_off != (self.reason is not None):
            raise PydanticCustomError("meeting-word-incomplete", "a department speaks, or a meeting is called off")
        if opinion != (self.position is not None):
            raise PydanticCustomError("meeting-word-incomplete", "an opinion has a text, and nothing else has")
        return self


class CallbackResult(StrEnum):
    """What the citizen said, or that nobody could be reached."""

    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    UNREACHED = "unreached"
    WRONG_NUMBER = "wrong_number"
    """Somebody else answered: the number has to be looked for before the next call."""

    @property
    def reached_nobody(self) -> bool:
        """Whether the citizen was not asked: the case waits for the next call, as often as the policy lets it (P19)."""
        return self in (CallbackResult.UNREACHED, CallbackResult.WRONG_NUMBER)


class Rating(StrEnum):
    """What the citizen says on the hotline's scale of five (the "good or bad" rating 好差评), best first."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    FAIRLY_SATISFIED = "fairly_satisfied"
    UNSATISFIED = "unsatisfied"
    VERY_UNSATISFIED = "very_unsatisfied"

    @property
    def result(self) -> CallbackResult:
        """The upper three are satisfied, the lower two are not."""
        low = (Rating.UNSATISFIED, Rating.VERY_UNSATISFIED)
        return CallbackResult.UNSATISFIED if self in low else CallbackResult.SATISFIED


class RecordCallback(Asked):
    """The citizen was called back, or it was tried."""

    result: CallbackResult
    remark: Text | None = None
    rating: Rating | None = None
    """None where nobody was reached, or where nobody asked for one."""
    comment: Text | None = None
    """What the citizen said about it, in his words."""

    @model_validator(mode="after")
    def _rating_fits(self) -> "RecordCallback":
        if self.rating is not None and self.rating.result is not self.result:
            raise PydanticCustomError("rating-contradicts", "the rating says something else than the result")
        return self


class HoldCase(Asked):
    """Stop the clock for a reason that the policy lists, approved by name, until an instant at the latest."""

    reason: Token
    approved_by: PersonName
    until: Instant
    remark: Text | None = None


class ReleaseCase(Asked):
    """Let the clock run again before the hold ends by itself."""

    remark: Text | None = None


class ExtendOrder(Value):
    """More time for the lead, once, asked before expiry; ``told_citizen`` says how the citizen was told (P8)."""

    order_id: Token
    department: Token
    days: Days
    """In the unit of the policy's longest extension: working or calendar days."""
    reason: Text
    told_citizen: Text
    by: PersonName
    received_at: Instant | None = None


class Decision(Asked):
    """Who decided that rules change, and why; what cannot be written down so is not carried out."""

    reason: Text


class ChangeRules(Decision):
    """A recorded decision that this open case goes on under another policy, or under a newer calendar."""

    policy: Policy | None = None
    calendar: WorkCalendar | None = None


def act_of(asked: Command, content: Value) -> Act:
    """What a command is called in the table of rights.

    An opinion is a department's; the rest that is said about a meeting is whose it is to call it.
    """
    if isinstance(content, SpeakInMeeting) and content.word is not MeetingWord.OPINION:
        return Act.CONVENE
    return Act(asked.value)


def asked_as_usual(asked: Command, content: Value) -> Value:
    """The command of somebody who has the role that it usually takes; one that says a role, or takes none, as it is."""
    if isinstance(content, Asked) and content.asked_as is None:
        return content.model_copy(update={"asked_as": usual(act_of(asked, content))})
    return content


def departments_named(content: Value) -> tuple[str, ...]:
    """The codes of the departments that a command brings into the case; each must be in the directory."""
    match content:
        case Assign(department=code) | ReturnOrder(suggests=str(code)):
            return (code,)
        case ConveneMeeting(members=members):
            return members
        case ConcludeMeeting(tasks=tasks):
            return tuple(task.department for task in tasks)
        case _:
            return ()
