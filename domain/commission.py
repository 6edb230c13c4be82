"""The commands of the two highest rungs: who refers a case, what the commission answers, whether it was put right."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.commands import Asked
from domain.evidence import MOST, Attached, Evidence
from domain.values import Text


class Grounds(StrEnum):
    """On what ground a case may be referred (P17)."""

    EXHAUSTED = "exhausted"
    """The rungs that the policy names for it have ended without a result."""
    BREACH = "breach"
    """A breach of duty is suspected."""


class DecideReferral(Asked):
    """One of the two people decides on the referral to the discipline commission."""

    accepted: bool
    grounds: Grounds = Grounds.EXHAUSTED
    reason: Text


class Answer(StrEnum):
    """What the commission can say to a referral."""

    ACCEPTED = "accepted"
    """It takes the case on: the departments verify again."""
    DECLINED = "declined"
    """It does not: the case goes back to the joint meeting, and the second time it ends."""
    MORE = "more"
    """It wants papers before it decides."""


class AnswerReferral(Asked):
    """The commission's answer to a referral."""

    answer: Answer
    reason: Text
    """Why; with ``more``, which papers are wanted."""


class SupplyPapers(Asked):
    """The papers that the commission asked for, by reference and hash."""

    papers: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=MOST)]
    remark: Text | None = None


class VerifyRectification(Asked):
    """A supervisor has looked whether the rectification was really carried out."""

    passed: bool
    remark: Text
    evidence: Attached = ()
