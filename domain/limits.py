"""The time limits of a running case by name: what each is worth under a policy, and what a change of rules moves.

Pure. A limit that a person set for one order (a meeting's task, a rectification) belongs to no policy and
keeps its budget; a calendar moves it all the same.
"""

from collections.abc import Mapping
from datetime import timedelta

from domain.calendar import WorkCalendar
from domain.case import Case, CaseState
from domain.clock import Basis, Deadline, TimeLimit
from domain.policy import Limit, Policy
from domain.values import Token, Value

ASSIGNMENT, HANDLE, SUPERVISED, CONFIRM = "assignment", "handle", "supervised", "confirm_explanation"
CONVENE, CONCLUDE, DECIDE, VERIFY = "convene", "conclude", "decide", "verify"
OPINIONS = "opinions"
ANSWER, PAPERS = "answer", "papers"
RECTIFICATION, CALLBACK = "rectification", "callback"

_ACKNOWLEDGE = "acknowledge."


def acknowledge_limit(order_id: str) -> str:
    """The name of the limit within which this order is to be acknowledged."""
    return f"{_ACKNOWLEDGE}{order_id}"


class Move(Value):
    """One running limit before and after a change of rules."""

    limit: Token
    before: Deadline
    after: Deadline

    @property
    def is_moved(self) -> bool:
        return self.before != self.after


def policy_limit(name: str, policy: Policy, case: Case) -> Limit | None:
    """The policy's limit of that name; None where the policy has none, or works it out (``supervised``)."""
    if name.startswith(_ACKNOWLEDGE):
        return policy.acknowledge_limit(case.urgency)
    commission = policy.referral.commission
    return {
        ASSIGNMENT: policy.dispatch,
        HANDLE: policy.handle_limit(case.nature, case.urgency),
        CONFIRM: policy.explanation,
        CONVENE: policy.meeting.convene,
        CONCLUDE: policy.meeting.conclude,
        OPINIONS: policy.meeting.opinions,
        DECIDE: policy.referral.decide,
        ANSWER: commission.answer if commission else None,
        PAPERS: commission.papers if commission else None,
        VERIFY: policy.referral.verify,
        RECTIFICATION: policy.rectification.limit,
        CALLBACK: policy.callback.call,
    }.get(name)


def budget(name: str, policy: Policy, case: Case, calendar: WorkCalendar) -> tuple[Basis, timedelta] | None:
    """How the limit of that name is counted and what it is worth, extensions apart."""
    if name == SUPERVISED:
        return policy.supervised_budget(case.nature, case.urgency, calendar)
    limit = policy_limit(name, policy, case)
    return (limit.span.unit.basis, limit.span.amount(calendar)) if limit else None


def under(state: CaseState, case: Case, policy: Policy, calendar: WorkCalendar) -> dict[str, TimeLimit]:
    """The case's limits as this policy and calendar have them; what was used of each stays used."""
    return {name: _under(name, limit, state, case, policy, calendar) for name, limit in state.limits.items()}


def _under(
    name: str, limit: TimeLimit, state: CaseState, case: Case, policy: Policy, calendar: WorkCalendar
) -> TimeLimit:
    set_by_person = name == RECTIFICATION and state.rectification_days is not None
    worth = None if set_by_person else budget(name, policy, case, calendar)
    if worth is None:
        return limit
    basis, amount = worth
    extended = state.extended if name == HANDLE else timedelta(0)
    return limit.model_copy(update={"basis": basis, "budget": amount + extended})


def moves(state: CaseState, old: WorkCalendar, after: Mapping[str, TimeLimit], new: WorkCalendar) -> tuple[Move, ...]:
    """Every limit that runs, with its deadline before and after, whether or not it moves.

    One that rests while the case is on hold is shown as if the hold lasted to its end.
    """
    found: list[Move] = []
    for name, limit in state.limits.items():
        resumed = state.hold.until if state.hold and name in state.hold.limits else limit.running_since
        was = limit.started(resumed).deadline(old) if resumed else None
        will = after[name].started(resumed).deadline(new) if resumed else None
        if was is not None and will is not None:
            found.append(Move(limit=name, before=was, after=will))
    return tuple(found)
