"""The ladder: its rungs, what may come of each, and where that leads.

``TRANSITIONS`` is the one table of it. The workflow walks by it, the tests walk through all of it, and
``docs/ladder.md`` is drawn from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.errors import NotFound
from domain.values import Instant, Value


class Rung(StrEnum):
    """One stage of escalation, lowest first. A case never goes down, but for a declined referral."""

    DISPATCH = "dispatch"
    SUPERVISED = "supervised"
    JOINT_MEETING = "joint_meeting"
    REFERRAL = "referral"
    RECTIFICATION = "rectification"

    @property
    def height(self) -> int:
        """0 for dispatch to 4 for rectification."""
        return list(Rung).index(self)

    def is_above(self, other: "Rung") -> bool:
        return self.height > other.height

    @classmethod
    def named(cls, name: str) -> "Rung":
        """The rung of that name. Raises NotFound, naming the ones there are."""
        try:
            return cls(name)
        except ValueError:
            raise NotFound("rung-unknown", rung=name, rungs=", ".join(cls)) from None


class End(StrEnum):
    """Where a case can be when it is on no rung."""

    CALLBACK = "callback"
    CLOSED = "closed"


Step = Rung | End
"""A station on the path of a case."""


class Outcome(StrEnum):
    """How a station was left."""

    RESOLVED = "resolved"
    EXPLAINED = "explained"
    EXPLANATION_REFUSED = "explanation_refused"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    OVERDUE = "overdue"
    RETURNED_TOO_OFTEN = "returned_too_often"
    DISPUTED = "disputed"
    NO_CONCLUSION = "no_conclusion"
    VIOLATION_FOUND = "violation_found"
    DECLINED = "declined"
    DECLINED_AGAIN = "declined_again"
    VERIFIED = "verified"
    ESCALATED = "escalated"
    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    UNREACHED = "unreached"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


IN_VAIN = frozenset(
    {
        Outcome.OVERDUE,
        Outcome.DISPUTED,
        Outcome.NO_CONCLUSION,
        Outcome.UNSATISFIED,
        Outcome.EXPLANATION_REFUSED,
    }
)
"""Outcomes that exhaust a rung: it was gone through to its end and has not helped (P17)."""


class Ending(Value):
    """How a station was left: by what outcome, and where time decided, at which limit."""

    outcome: Outcome
    due_at: Instant | None = None
    """The limit that passed; None where a person or a department decided."""
    to: Rung | None = None
    """Where a person lifted the case to by hand; None means where the table leads."""


_EVERYWHERE: dict[Outcome, Step] = {
    Outcome.SATISFIED: End.CLOSED,
    Outcome.UNREACHED: End.CLOSED,
    Outcome.WITHDRAWN: End.CLOSED,
    Outcome.MERGED: End.CLOSED,
}

TRANSITIONS: Mapping[Rung, Mapping[Outcome, Step]] = MappingProxyType(
    {
        Rung.DISPATCH: {
            **_EVERYWHERE,
            Outcome.RESOLVED: End.CALLBACK,
            Outcome.EXPLAINED: End.CALLBACK,
            Outcome.NOT_ACKNOWLEDGED: Rung.SUPERVISED,
            Outcome.OVERDUE: Rung.SUPERVISED,
            Outcome.RETURNED_TOO_OFTEN: Rung.SUPERVISED,
            Outcome.EXPLANATION_REFUSED: Rung.SUPERVISED,
            Outcome.UNSATISFIED: Rung.SUPERVISED,
            Outcome.ESCALATED: Rung.SUPERVISED,
        },
        Rung.SUPERVISED: {
            **_EVERYWHERE,
            Outcome.RESOLVED: End.CALLBACK,
            Outcome.EXPLAINED: End.CALLBACK,
            Outcome.OVERDUE: Rung.JOINT_MEETING,
            Outcome.DISPUTED: Rung.JOINT_MEETING,
            Outcome.EXPLANATION_REFUSED: Rung.JOINT_MEETING,
            Outcome.UNSATISFIED: Rung.JOINT_MEETING,
            Outcome.ESCALATED: Rung.JOINT_MEETING,
        },
        Rung.JOINT_MEETING: {
            **_EVERYWHERE,
            Outcome.RESOLVED: End.CALLBACK,
            Outcome.EXPLAINED: End.CALLBACK,
            Outcome.NO_CONCLUSION: Rung.REFERRAL,
            Outcome.OVERDUE: Rung.REFERRAL,
            Outcome.EXPLANATION_REFUSED: Rung.REFERRAL,
            Outcome.UNSATISFIED: Rung.REFERRAL,
            Outcome.ESCALATED: Rung.REFERRAL,
        },
        Rung.REFERRAL: {
            **_EVERYWHERE,
            Outcome.VIOLATION_FOUND: Rung.RECTIFICATION,
            Outcome.EXPLAINED: End.CALLBACK,
            Outcome.EXPLANATION_REFUSED: Rung.REFERRAL,
            Outcome.OVERDUE: Rung.REFERRAL,
            Outcome.DECLINED: Rung.JOINT_MEETING,
            Outcome.DECLINED_AGAIN: End.CLOSED,
            Outcome.UNSATISFIED: End.CLOSED,
        },
        Rung.RECTIFICATION: {
            **_EVERYWHERE,
            Outcome.VERIFIED: End.CALLBACK,
            Outcome.OVERDUE: Rung.RECTIFICATION,
            Outcome.UNSATISFIED: Rung.RECTIFICATION,
        },
    }
)
"""On which rung which outcome leads where.

* ``unsatisfied`` comes from the callback and leads one rung up from where the case was resolved. At the
  top there is no rung left: a rectification is ordered anew. A case that two people referred, that the
  departments verified again, and whose explanation a supervisor confirmed, ends there as explained.
* An overdue verification (referral) or rectification goes back to the commission and round again with
  a new limit; both loops are left only by a finding, a verification or a person's decision.
* ``disputed`` is a "not ours" on a supervised order: it is no longer passed on, a meeting settles it (P15).
* ``escalated`` by hand leads one rung up unless the person names a higher one, at most referral.
"""


def next_step(rung: Rung, outcome: Outcome) -> Step:
    """The station after ``rung`` was left with ``outcome``. Raises KeyError for a pair the table lacks."""
    return TRANSITIONS[rung][outcome]


def rungs_to_escalate_to(rung: Rung) -> tuple[Rung, ...]:
    """The rungs a person may lift a case to by hand: any higher one up to referral (P13, P15, P17)."""
    return tuple(r for r in Rung if r.is_above(rung) and r is not Rung.RECTIFICATION)
