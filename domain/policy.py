"""The ladder's limits as cited data: one policy is pinned to a case when it opens."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.calendar import WorkCalendar
from domain.clock import Basis, Span, Unit
from domain.demand import Nature, Urgency
from domain.ladder import Rung
from domain.party import Party
from domain.values import Text, Token, Value


class Confidence(StrEnum):
    """How well a rule is supported."""

    A = "A"
    """An official text or the hotline's own account."""
    B = "B"
    """Press or a secondary text."""
    C = "C"
    """No source found: our default."""


class Cited(Value):
    """A rule with where it comes from."""

    rule: Token
    """The rule's id in the collection of rules, ``P1`` …"""
    source: Text
    confidence: Confidence


Number = Annotated[int, Field(gt=0, strict=True)]
"""How much or how often: a whole number above nothing, never a text or a yes that looks like one."""


class Limit(Cited):
    """A time limit: so many units of clock or of working time."""

    value: Number
    unit: Unit

    @model_validator(mode="after")
    def _reasonable(self) -> Self:
        try:
            _ = self.span
        except ValidationError:
            raise PydanticCustomError("limit-too-long", "no limit is longer than ten years") from None
        return self

    @property
    def span(self) -> Span:
        return Span(value=self.value, unit=self.unit)


class Count(Cited):
    """How often something may happen."""

    value: Annotated[Number, Field(le=100)]


class Handling(Value):
    """The lead department's limit, by nature; a shorter one where the matter is urgent (P2, P4, P5, P6)."""

    consultation: Limit
    request: Limit
    complaint: Limit
    danger: Limit | None = None
    utility: Limit | None = None


class Acknowledgement(Value):
    """How soon a department says that it has the order, by urgency (P3)."""

    danger: Limit
    utility: Limit
    normal: Limit


class Returns(Value):
    """When "not ours" is still a return (P9)."""

    window: Limit
    window_complaint: Limit
    dispatches: Count
    """How many times a case is dispatched; at the last the hotline names the department and no return is possible."""


class Supervision(Value):
    """The supervised order's limit: half of the original, at least so much (P14)."""

    at_least: Limit


_ASSUMED = "none found: our default"
OPINIONS = Limit(rule="P16", value=2, unit=Unit.WORKING_DAYS, source=_ASSUMED, confidence=Confidence.C)
QUORUM = Count(rule="P16", value=50, source=_ASSUMED, confidence=Confidence.C)


class Meeting(Value):
    """A joint meeting's timing (P16) and the limit of the tasks it gives where it names none."""

    convene: Limit
    conclude: Limit
    tasks: Limit
    opinions: Limit = OPINIONS
    """Within what a department gives its written opinion, once a meeting was convened for a day."""
    quorum: Count = QUORUM
    """More than so many per cent of the departments invited must come."""


class Exhausted(Cited):
    """What a case must have gone through in vain before it is referred for that reason (P13, P15, P17)."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]


class Commission(Value):
    """How long the discipline commission may take to answer a referral, and the hotline to supply papers (P17)."""

    answer: Limit
    papers: Limit


class Referral(Value):
    """When two people may refer a case, how long they may take (P17), and the departments to verify again."""

    exhausted: Exhausted
    decide: Limit
    commission: Commission | None = None
    """Without it nobody is waited for: that two people referred the case is enough for it to be verified again."""
    verify: Limit
    deciders: Count


class Rectification(Value):
    """The rectification order's limit where the issuing body sets none (P18)."""

    limit: Limit


A_DAY = Count(
    rule="P19", value=30, source="Haikou: a bureau's head calls back up to 30 citizens a day", confidence=Confidence.B
)


class Callback(Value):
    """When the citizen is asked, how often it is tried, and how many one person asks on a day (P19)."""

    call: Limit
    attempts: Count
    a_day: Count = A_DAY
    """How many citizens one person calls back on one local day at most; calls that reach nobody do not count."""


class Step(Value):
    """One rung as a policy uses it."""

    rung: Rung
    owner: Party
    """Who answers for a case that is stuck here."""
    up: Rung | None = None
    """Where a case goes that was not solved here; None on the last rung."""


class Warnings(Value):
    """When the department is warned: so much before its limit ends, and so much after (P12)."""

    yellow: Limit
    red: Limit


class Extension(Value):
    """More time: how often, how much at most; asked before expiry, with a reason, the citizen told (P8)."""

    longest: Limit
    times: Count


class HoldRule(Limit):
    """A reason for which time legally does not count, who approves it, and for how long at most."""

    reason: Token
    title: Text
    title_en: Text
    approver: Party


class Policy(Value):
    """All limits of a ladder. Frozen into a case when it opens."""

    policy_id: Token
    version: Annotated[Number, Field(le=1_000_000)] = 1
    title: Text
    title_en: Text
    dispatch: Limit
    acknowledge: Acknowledgement
    handle: Handling
    returns: Returns
    supervised: Supervision
    explanation: Limit
    """How long a supervisor may take to confirm that a case cannot be solved."""
    meeting: Meeting
    referral: Referral
    rectification: Rectification
    callback: Callback
    ladder: tuple[Step, ...] = ()
    """The rungs in use, lowest first; all five where none are named."""
    warnings: Warnings | None = None
    extension: Extension | None = None
    """Without it no extension is granted."""
    holds: tuple[HoldRule, ...] = ()
    """The reasons for a hold; without any there is none."""
    referral_within: Limit | None = None
    """The longest that a case may take, in the worst case, from intake to the referral."""

    def acknowledge_limit(self, urgency: Urgency) -> Limit:
        limits = self.acknowledge
        return {Urgency.DANGER: limits.danger, Urgency.UTILITY: limits.utility}.get(urgency, limits.normal)

    def handle_limit(self, nature: Nature, urgency: Urgency) -> Limit:
        """The lead's limit: the urgent one where the policy has one for this urgency, else by nature."""
        limits = self.handle
        urgent = {Urgency.DANGER: limits.danger, Urgency.UTILITY: limits.utility}.get(urgency)
        by_nature = {Nature.CONSULTATION: limits.consultation, Nature.REQUEST: limits.request}
        return urgent or by_nature.get(nature, limits.complaint)

    def supervised_budget(self, nature: Nature, urgency: Urgency, calendar: WorkCalendar) -> tuple[Basis, timedelta]:
        """Half of the original limit, at least so much (P14).

        Where the two are counted in different ways (an urgent case's clock, working days) the least counts.
        """
        original, at_least = self.handle_limit(nature, urgency).span, self.supervised.at_least.span
        comparable = original.unit.basis is at_least.unit.basis
        budget = original.halved(calendar, at_least) if comparable else at_least.amount(calendar)
        return at_least.unit.basis, budget

    def return_window(self, nature: Nature) -> Limit:
        return self.returns.window_complaint if nature is Nature.COMPLAINT else self.returns.window


class Rules(Value):
    """What a case is pinned to when it opens."""

    policy: Policy
    calendar: WorkCalendar
