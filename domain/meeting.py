"""A joint meeting 联席会议 as a thing of its own: when, where, about what, who is invited, who came, who holds what.

Pure. A case knows of it only what it was told (``Sitting``); the meeting's own record is kept beside the cases.
"""

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.clock import UtcInstant
from domain.errors import NotYours, Refused
from domain.ledger import Fact, FactKind, canonical
from domain.values import PRINTABLE, Instant, PersonName, Text, Token, Value

MinutesText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000, pattern=PRINTABLE)
]
"""The minutes as somebody wrote them."""


class MeetingWord(StrEnum):
    """What can be said about a meeting that was convened for a day."""

    ATTENDED = "attended"
    ABSENT = "absent"
    OPINION = "opinion"
    """A department's written position."""
    CALLED_OFF = "called_off"


class Opinion(Value):
    """A department's position; None where it gave none."""

    department: Token
    position: Text | None = None


class Sitting(Value):
    """What a case knows of the meeting that it is brought before."""

    meeting_id: Token
    held_at: Instant
    attended: tuple[Token, ...] = ()
    absent: tuple[Token, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    opinions_closed: bool = False
    """The limit of the opinions has passed: who had given none by then is on record."""

    def position_of(self, department: str) -> str | None:
        return next((one.position for one in self.opinions if one.department == department), None)

    def marked(self, department: str, *, present: bool) -> "Sitting":
        """With what was last said of this department's coming."""
        attended = tuple(code for code in self.attended if code != department)
        absent = tuple(code for code in self.absent if code != department)
        if present:
            attended = (*attended, department)
        else:
            absent = (*absent, department)
        return self.model_copy(update={"attended": attended, "absent": absent})

    def positions(self, members: Iterable[str]) -> list[Opinion]:
        """Of every department invited, in their order."""
        return [Opinion(department=code, position=self.position_of(code)) for code in members]


def needed(invited: int, more_than: int) -> int:
    """How many departments must come, where it must be more than so many per cent of those invited."""
    return min(invited, invited * more_than // 100 + 1)


class NewMeeting(Value):
    """A meeting that is to be convened: one day, one place, the cases that come before it, the departments invited."""

    held_at: UtcInstant
    place: Text
    cases: Annotated[tuple[Token, ...], Field(min_length=1, max_length=50)]
    members: Annotated[tuple[Token, ...], Field(min_length=2)]
    by: PersonName

    @model_validator(mode="after")
    def _differ(self) -> "NewMeeting":
        if len(set(self.members)) != len(self.members):
            raise PydanticCustomError("member-doubled", "a department is named twice")
        if len(set(self.cases)) != len(self.cases):
            raise PydanticCustomError("case-doubled", "a case is named twice")
        return self

    @property
    def meeting_id(self) -> str:
        """Follows from what the meeting is: asking for the same one again names the same one."""
        known = self.model_dump(mode="json", exclude={"by"}) | {"cases": sorted(self.cases)}
        digest = hashlib.sha256(canonical(known).encode()).hexdigest()
        return f"M-{self.held_at:%Y%m%d}-{digest[:8]}"


class Meeting(Value):
    """A meeting on record."""

    meeting_id: Token
    held_at: UtcInstant
    place: Text
    cases: tuple[Token, ...]
    members: tuple[Token, ...]
    quorum: int
    """How many departments must come."""
    by: PersonName
    at: UtcInstant


class Said(Value):
    """One thing said about a meeting, as it is on record. The last word on a department's coming counts."""

    number: int
    word: MeetingWord
    department: Token | None = None
    text: Text | None = None
    """The position, or the reason for calling it off."""
    by: PersonName
    at: UtcInstant


class CaseOutcome(StrEnum):
    """What came of a meeting for one case."""

    OPEN = "open"
    """Still before the meeting."""
    CONCLUSION = "conclusion"
    NO_CONCLUSION = "no_conclusion"
    CALLED_OFF = "called_off"
    LEFT = "left"
    """The case left the rung without the meeting's word: a limit passed, or it was withdrawn, merged or lifted."""


class Result(Value):
    """What came of it for one case, by that case's own record."""

    case_id: Token
    outcome: CaseOutcome
    lead: Token | None = None
    tasks: tuple[dict[str, Any], ...] = ()
    opinions: tuple[Opinion, ...] = ()
    summary: str | None = None
    by: str | None = None


def result_of(case_id: str, meeting_id: str, facts: Iterable[Fact]) -> Result:
    """Read from a case's facts: what followed on its being brought before this meeting."""
    here = False
    for fact in facts:
        if fact.kind is FactKind.MEETING_CONVENED:
            here = fact.payload.get("meeting_id") == meeting_id
        elif here and fact.kind is FactKind.MEETING_CALLED_OFF:
            return Result(case_id=case_id, outcome=CaseOutcome.CALLED_OFF, by=fact.actor)
        elif here and fact.kind is FactKind.MEETING_CONCLUDED:
            return _concluded(case_id, fact)
        elif here and fact.kind is FactKind.RUNG_LEFT:
            return Result(case_id=case_id, outcome=CaseOutcome.LEFT, summary=str(fact.payload["outcome"]))
    return Result(case_id=case_id, outcome=CaseOutcome.OPEN)


def _concluded(case_id: str, fact: Fact) -> Result:
    known: dict[str, Any] = dict(fact.payload)
    lead = known.get("lead")
    given = tuple(Opinion.model_validate(one) for one in known.get("positions", ()))
    silent = tuple(Opinion(department=code) for code in known.get("not_given", ()))
    return Result(
        case_id=case_id,
        outcome=CaseOutcome.CONCLUSION if lead else CaseOutcome.NO_CONCLUSION,
        lead=lead,
        tasks=tuple(known.get("tasks", ())),
        opinions=(*given, *silent),
        summary=known.get("minutes"),
        by=fact.actor,
    )


class Record(Value):
    """All that the minutes vouch for: the meeting, what was said, what came of it, and the text. Hashed as a whole."""

    meeting: Meeting
    said: tuple[Said, ...]
    results: tuple[Result, ...]
    text: MinutesText

    def encoded(self) -> str:
        return canonical(self.model_dump(mode="json"))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.encoded().encode()).hexdigest()


class NewMinutes(Value):
    """Minutes as they are handed in."""

    meeting_id: Token
    minutes: MinutesText
    by: PersonName


class NewSignature(Value):
    """A department is to sign."""

    meeting_id: Token
    department: Token
    by: PersonName


class Signature(Value):
    """A department's name under the minutes as they were then."""

    department: Token
    sha256: str
    by: PersonName
    at: UtcInstant


class Minutes(Value):
    """The minutes as last written, and who has signed them."""

    record: Record
    sha256: str
    by: PersonName
    at: UtcInstant
    signatures: tuple[Signature, ...] = ()


class MeetingFile(Value):
    """Everything kept of one meeting, beside what its cases say."""

    meeting: Meeting
    said: tuple[Said, ...] = ()
    minutes: Minutes | None = None

    @property
    def called_off(self) -> Said | None:
        return next((one for one in self.said if one.word is MeetingWord.CALLED_OFF), None)

    @property
    def present(self) -> list[str]:
        """The departments that came."""
        return [code for code in self.meeting.members if self.coming(code) is MeetingWord.ATTENDED]

    def coming(self, department: str) -> MeetingWord | None:
        """The last word on whether a department came; None where nothing was said."""
        coming = (MeetingWord.ATTENDED, MeetingWord.ABSENT)
        words = [one.word for one in self.said if one.department == department and one.word in coming]
        return words[-1] if words else None

    def opinion_of(self, department: str) -> Said | None:
        opinion = MeetingWord.OPINION
        return next((one for one in self.said if one.department == department and one.word is opinion), None)

    def check_open(self) -> None:
        """Nothing more is said about a meeting that was called off, or whose minutes are signed. Raises Refused."""
        meeting_id, off = self.meeting.meeting_id, self.called_off
        if off is not None:
            raise Refused("meeting-called-off", meeting=meeting_id, at=off.at.isoformat(timespec="seconds"))
        if self.minutes is not None and self.minutes.signatures:
            raise Refused("meeting-signed", meeting=meeting_id, signed=self.minutes.sha256)

    def check_invited(self, department: str) -> None:
        """Raises NotYours for a department that was not invited."""
        if department not in self.meeting.members:
            members = ", ".join(self.meeting.members)
            raise NotYours("not-invited", department=department, members=members)

    def check_minutes(self, record: Record) -> None:
        """Minutes may be written anew until somebody has signed them. Raises Refused with both hashes."""
        if self.minutes is not None and self.minutes.signatures and self.minutes.sha256 != record.sha256:
            who = ", ".join(one.department for one in self.minutes.signatures)
            meeting_id = self.meeting.meeting_id
            signed, given = self.minutes.sha256, record.sha256
            raise Refused("minutes-signed", meeting=meeting_id, signed=signed, given=given, department=who)

    def check_sign(self, department: str, now: Sequence[Result]) -> Minutes:
        """The minutes, where this department may sign them: written, complete, and still what is on record."""
        self.check_invited(department)
        meeting_id = self.meeting.meeting_id
        if self.minutes is None:
            raise Refused("minutes-missing", meeting=meeting_id)
        if any(one.department == department for one in self.minutes.signatures):
            raise Refused("minutes-signed-already", meeting=meeting_id, department=department)
        undecided = [one.case_id for one in now if one.outcome is CaseOutcome.OPEN]
        if undecided:
            raise Refused("minutes-undecided", meeting=meeting_id, cases=", ".join(undecided))
        current = self.minutes.record.model_copy(update={"said": self.said, "results": tuple(now)})
        if current.sha256 != self.minutes.sha256:
            raise Refused("minutes-outdated", meeting=meeting_id, written=self.minutes.sha256, given=current.sha256)
        return self.minutes
