"""The course that one rehearsed case has taken, read from its facts and from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from domain.case import Closing
from domain.commands import CallbackResult
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.order import Role


@dataclass(frozen=True)
class Climb:
    """A rung was entered."""

    rung: Rung
    at: datetime
    reason: str
    department: str | None
    """The lead at that moment; None where no department had been asked."""


@dataclass
class Sent:
    """An order, and what became of it."""

    rung: Rung
    department: str
    role: Role
    at: datetime
    due: datetime
    provisional: bool
    silent: bool = False
    """A limit passed without the acknowledgement or the reply that was due."""
    replied: bool = False
    """In time."""


@dataclass
class Call:
    """A callback that was due, and whether it was made."""

    department: str | None
    until: datetime | None
    at: datetime | None = None
    result: CallbackResult | None = None


@dataclass
class Course:
    """What became of one case."""

    opened_at: datetime
    ended_at: datetime | None = None
    """None: still open when the rehearsal had no more time for it."""
    closing: Closing | None = None
    climbs: list[Climb] = field(default_factory=list[Climb])
    orders: dict[str, Sent] = field(default_factory=dict[str, Sent])
    calls: list[Call] = field(default_factory=list[Call])
    meetings: list[datetime] = field(default_factory=list[datetime])
    """When each meeting was convened."""
    referrals: list[datetime] = field(default_factory=list[datetime])
    """When each referral was decided, all of the people agreeing."""
    returns: int = 0

    @property
    def highest(self) -> Rung:
        return max((climb.rung for climb in self.climbs), key=lambda rung: rung.height, default=Rung.DISPATCH)

    def first_on(self, rung: Rung) -> Climb | None:
        """When the case came to this rung for the first time."""
        return next((climb for climb in self.climbs if climb.rung is rung), None)


def course_of(facts: Sequence[Fact]) -> Course:
    """The course of a case from its facts, from the first one on."""
    course = Course(opened_at=facts[0].at)
    lead: str | None = None
    decided: list[bool] = []
    for fact in facts:
        told = fact.payload
        match fact.kind:
            case FactKind.RUNG_ENTERED:
                course.climbs.append(Climb(fact.rung, fact.at, _text(told, "reason") or "", lead))
            case FactKind.ORDER_SENT:
                sent = _sent(fact)
                course.orders[fact.order_id or ""] = sent
                lead = sent.department if sent.role is Role.LEAD else lead
            case FactKind.ORDER_SILENT:
                course.orders[fact.order_id or ""].silent = True
            case FactKind.ORDER_REPLIED:
                course.orders[fact.order_id or ""].replied = True
            case FactKind.ORDER_RETURNED:
                course.returns += 1
            case FactKind.CALLBACK_DUE:
                course.calls.append(Call(_text(told, "department"), _instant(told, "until")))
            case FactKind.CALLBACK_RECORDED:
                course.calls[-1].at = fact.at
                course.calls[-1].result = CallbackResult(_text(told, "result") or "")
            case FactKind.MEETING_CONVENED:
                course.meetings.append(fact.at)
            case FactKind.REFERRAL_ARMED:
                decided = []
            case FactKind.REFERRAL_DECIDED:
                decided.append(told.get("accepted") is True)
            case FactKind.RUNG_LEFT:
                if decided and all(decided):
                    course.referrals.append(fact.at)
                decided = []
            case FactKind.CASE_CLOSED:
                course.ended_at, course.closing = fact.at, Closing(_text(told, "closing") or "")
            case _:
                pass
    return course


def _sent(fact: Fact) -> Sent:
    told = fact.payload
    return Sent(
        rung=fact.rung,
        department=_text(told, "department") or "",
        role=Role(_text(told, "role") or ""),
        at=fact.at,
        due=_instant(told, "due") or fact.at,
        provisional=told.get("provisional") is True,
    )


def _text(told: Mapping[str, JsonValue], key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) else None


def _instant(told: Mapping[str, JsonValue], key: str) -> datetime | None:
    text = _text(told, key)
    return datetime.fromisoformat(text) if text and text != "None" else None
