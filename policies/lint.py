"""What cannot work in a policy, or is worth a look before people live under it. Pure; says where and why.

Limits that are counted alike are compared as they are. Others (working days against the clock) are
compared on the policy's calendar by the starts of a whole year: "can last as long as" means that there
is a start for which it does.

``worst_case`` is how long a case can be on its way from the first call to the referral, part by part,
when everybody takes all the time there is: resolved at the last moment, explained and confirmed, called
back and unsatisfied, on every rung. Holds are left out: they legally do not count, and each is approved
by name. A return runs within the handling limit; a case waits for assignment within one limit, however often.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import product
from math import ceil
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from domain.calendar import WorkCalendar
from domain.clock import LONGEST, Basis, Span
from domain.demand import Nature, Urgency
from domain.errors import Invalid
from domain.ladder import TRANSITIONS, Rung
from domain.party import Party
from domain.policy import Policy, Step
from domain.values import Value
from policies.files import PolicyFile, rules_of
from policies.findings import Finding, Severity

ACTS_ON: Final[Mapping[Rung, frozenset[Party]]] = MappingProxyType(
    {
        Rung.DISPATCH: frozenset({Party.OPERATOR, Party.DEPARTMENT, Party.SUPERVISOR}),
        Rung.SUPERVISED: frozenset({Party.OPERATOR, Party.SUPERVISOR}),
        Rung.JOINT_MEETING: frozenset({Party.SUPERVISOR}),
        Rung.REFERRAL: frozenset({Party.COMMISSION}),
        Rung.RECTIFICATION: frozenset({Party.SUPERVISOR, Party.COMMISSION}),
    }
)
"""Who can move a case on that is stuck on a rung, and is not the one under supervision there."""

APPROVERS: Final = frozenset({Party.SUPERVISOR, Party.COMMISSION})
"""Who may say that time does not count: never the party whose time it is."""

YEAR: Final = 2026
"""The year whose days limits are compared on: published, with all that a year has."""

BEYOND: Final = 100 * LONGEST
"""Longer than any limit, and than the years that calendars answer for."""


def lint(policy_file: PolicyFile) -> list[Finding]:
    """All findings, of the ladder first. A policy with a finding that refuses is not activated."""
    compare = Comparison(rules_of(policy_file, date(YEAR, 12, 31)).calendar)
    return [
        *_ladder(policy_file.ladder),
        *_terms(policy_file, compare),
        *_units(policy_file),
        *_red_warning(policy_file, compare),
        *_people(policy_file),
        *_bound(policy_file, compare),
    ]


def require_workable(policy_file: PolicyFile) -> None:
    """Raises Invalid ``policy-refused`` where lint finds what cannot work: the ``policy``, how many ``findings``, and
    of the first the ``key``, its code as ``reason`` and its own params."""
    refused = [finding for finding in lint(policy_file) if finding.refuses]
    if refused:
        first = refused[0]
        raise Invalid(
            "policy-refused",
            policy=policy_file.label,
            key=first.key,
            reason=first.code,
            findings=len(refused),
            **first.params,
        )


def _refuse(key: str, code: str, **params: str | int) -> Finding:
    return Finding(key=key, code=code, params=params)


def _remark(key: str, code: str, **params: str | int) -> Finding:
    return Finding(key=key, code=code, params=params, severity=Severity.REMARK)


# -- the ladder ----------------------------------------------------------------------------------------


def rung_above(rung: Rung) -> Rung | None:
    """Where the ladder's table leads from a rung that has not helped; None at the top."""
    led_to = (step for step in TRANSITIONS[rung].values() if isinstance(step, Rung) and step.is_above(rung))
    return min(led_to, key=lambda step: step.height, default=None)


def _ladder(steps: Sequence[Step]) -> Iterator[Finding]:
    if not steps:
        yield _refuse("ladder", "ladder-missing")
        return
    first_of: dict[Rung, int] = {}
    for index, step in enumerate(steps):
        if first_of.setdefault(step.rung, index) != index:
            yield _refuse(f"ladder.{index}.rung", "rung-twice", rung=step.rung, first=first_of[step.rung] + 1)
    ups = {step.rung: step.up for step in reversed(steps)}
    for rung in Rung:
        if rung not in ups:
            yield _refuse("ladder", "rung-missing", rung=rung)
    reached = set(_way_up(Rung.DISPATCH if Rung.DISPATCH in ups else steps[0].rung, ups))
    for index, step in enumerate(steps):
        if first_of[step.rung] == index:
            yield from _step(f"ladder.{index}", step, ups, reached)
        if index and steps[index - 1].rung.is_above(step.rung):
            yield _refuse(f"ladder.{index}.rung", "rung-out-of-order", rung=step.rung, after=steps[index - 1].rung)


def _step(key: str, step: Step, ups: Mapping[Rung, Rung | None], reached: set[Rung]) -> Iterator[Finding]:
    if step.rung not in reached:
        yield _refuse(f"{key}.rung", "rung-unreachable", rung=step.rung)
    if step.owner not in ACTS_ON[step.rung]:
        allowed = ", ".join(sorted(ACTS_ON[step.rung]))
        yield _refuse(f"{key}.owner", "owner-cannot-act", rung=step.rung, owner=step.owner, allowed=allowed)
    if step.up is None:
        if step.rung is not Rung.RECTIFICATION:
            yield _refuse(key, "rung-leads-nowhere", rung=step.rung)
        return
    way = _way_up(step.rung, ups)
    if step.up is step.rung:
        yield _refuse(f"{key}.up", "rung-leads-to-itself", rung=step.rung)
    elif step.up not in ups:
        yield _refuse(f"{key}.up", "rung-leads-outside", rung=step.rung, up=step.up)
    elif step.rung.is_above(step.up):
        loops = ups[way[-1]] is step.rung
        yield _refuse(f"{key}.up", "ladder-loop" if loops else "rung-leads-down", rung=step.rung, up=step.up)
    elif step.up is not rung_above(step.rung):
        yield _refuse(f"{key}.up", "rung-leads-past", rung=step.rung, up=step.up, next=str(rung_above(step.rung)))


def _way_up(rung: Rung, ups: Mapping[Rung, Rung | None]) -> list[Rung]:
    """The rungs from here on, each once; where the last one leads back, it is a loop."""
    way = [rung]
    while (up := ups.get(way[-1])) is not None and up in ups and up not in way:
        way.append(up)
    return way


# -- lengths -------------------------------------------------------------------------------------------


class Comparison:
    """Lengths of time on one calendar."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.calendar = calendar
        self.shortest = lru_cache(maxsize=None)(self._shortest)
        self.longest = lru_cache(maxsize=None)(self._longest)
        self.most_working = lru_cache(maxsize=None)(self._most_working)

    def can_last_as_long_as(self, one: Span, other: Span) -> bool:
        """Whether there is a start from which ``one`` does not end before ``other``."""
        if one.unit.basis is other.unit.basis:
            return one.amount(self.calendar) >= other.amount(self.calendar)
        return self.longest(*self._worth(one)) >= self.shortest(*self._worth(other))

    def can_outlast(self, one: Span, basis: Basis, amount: timedelta) -> bool:
        """Whether there is a start from which ``one`` ends after that much time."""
        if one.unit.basis is basis:
            return one.amount(self.calendar) > amount
        return self.longest(*self._worth(one)) > self.shortest(basis, amount)

    def brevity(self, span: Span) -> timedelta:
        """What lengths of different ways of counting are put in order by."""
        return self.shortest(*self._worth(span))

    def counted_as(self, basis: Basis, parts: Sequence["Part"]) -> timedelta:
        """What the parts come to at most, one after the other, when all are counted in this way."""
        alike = sum((part.amount for part in parts if part.basis is basis), timedelta(0))
        others = [part for part in parts if part.basis is not basis]
        if basis is Basis.WORKING:
            return alike + sum((self.most_working(part.amount) for part in others), timedelta(0))
        return alike + self.longest(Basis.WORKING, sum((part.amount for part in others), timedelta(0)))

    def _worth(self, span: Span) -> tuple[Basis, timedelta]:
        return span.unit.basis, span.amount(self.calendar)

    def _shortest(self, basis: Basis, amount: timedelta) -> timedelta:
        """The least time on the clock that it takes: from some beginning of work."""
        return amount if basis is Basis.CLOCK else min(self._lasting(0, amount))

    def _longest(self, basis: Basis, amount: timedelta) -> timedelta:
        """The most time on the clock that it takes: from some end of work."""
        return amount if basis is Basis.CLOCK else max(self._lasting(1, amount))

    def _most_working(self, amount: timedelta) -> timedelta:
        """The most working time that this much time on the clock holds: after some beginning or before some end."""
        if amount > LONGEST:
            return BEYOND
        worked = self.calendar.working_time
        return max(max(worked(begin, begin + amount), worked(end - amount, end)) for begin, end in self._work)

    def _lasting(self, edge: int, amount: timedelta) -> Iterator[timedelta]:
        try:
            for stretch in self._work:
                yield self.calendar.after(stretch[edge], amount) - stretch[edge]
        except Invalid:  # beyond the years a calendar answers for
            yield BEYOND

    @cached_property
    def _work(self) -> list[tuple[datetime, datetime]]:
        """Every shift of every day of a year, begin and end: only there a length has its extremes."""
        zone = ZoneInfo(self.calendar.zone)
        days = (date(YEAR, 1, 1) + timedelta(days=number) for number in range(365))
        return [
            (begin, begin + shift.length)
            for day in days
            for shift in self.calendar.shifts
            for begin in [datetime.combine(day, shift.start, zone).astimezone(UTC)]
        ]


# -- limits --------------------------------------------------------------------------------------------


def _handling(policy: Policy) -> dict[str, Span]:
    """Every handling limit by its key."""
    limits = {nature.value: policy.handle_limit(nature, Urgency.NORMAL) for nature in Nature}
    urgent = {"danger": policy.handle.danger, "utility": policy.handle.utility}
    named = limits | {name: limit for name, limit in urgent.items() if limit is not None}
    return {f"handle.{name}": limit.span for name, limit in named.items()}


def _handling_key(policy: Policy, nature: Nature, urgency: Urgency) -> str:
    urgent = urgency is not Urgency.NORMAL and getattr(policy.handle, urgency.value) is not None
    return f"handle.{urgency.value if urgent else nature.value}"


def _terms(policy: Policy, compare: Comparison) -> Iterator[Finding]:
    """Acknowledging and returning must be over, and a warning must come, while the handling limit runs."""
    handling = _handling(policy)

    def reached(span: Span, keys: Iterable[str]) -> str | None:
        """The shortest of these handling limits that the span can last as long as."""
        offended = [key for key in keys if compare.can_last_as_long_as(span, handling[key])]
        return min(offended, key=lambda key: compare.brevity(handling[key]), default=None)

    for urgency in Urgency:
        keys = [_handling_key(policy, nature, urgency) for nature in Nature]
        if key := reached(policy.acknowledge_limit(urgency).span, keys):
            yield _refuse(f"acknowledge.{urgency}", "acknowledge-too-long", limit=key)
    # An urgent case's limit may be shorter than the window, which knows no urgency: it ends the window.
    if key := reached(policy.returns.window.span, ["handle.consultation", "handle.request"]):
        yield _refuse("returns.window", "window-too-long", limit=key)
    if key := reached(policy.returns.window_complaint.span, ["handle.complaint"]):
        yield _refuse("returns.window_complaint", "window-too-long", limit=key)
    if policy.warnings and (key := reached(policy.warnings.yellow.span, handling)):
        yield _refuse("warnings.yellow", "warning-before-term", limit=key)


def _units(policy: Policy) -> Iterator[Finding]:
    """What is halved or added to must be counted alike; urgent limits excepted, see ``supervised_budget``."""
    others = {"supervised.at_least": policy.supervised.at_least}
    if policy.extension:
        others["extension.longest"] = policy.extension.longest
    for key, limit in others.items():
        for nature in Nature:
            handling = policy.handle_limit(nature, Urgency.NORMAL)
            if handling.unit.basis is not limit.unit.basis:
                yield _refuse(key, "units-mixed", limit=f"handle.{nature}", unit=limit.unit, other=handling.unit)


def _red_warning(policy: Policy, compare: Comparison) -> Iterator[Finding]:
    """The red warning is about a limit that has passed: after the supervised order it comes too late to help."""
    if policy.warnings is None:
        return
    red = policy.warnings.red.span
    budgets = [policy.supervised_budget(nature, urgency, compare.calendar) for nature, urgency in _kinds()]
    if any(compare.can_outlast(red, basis, budget) for basis, budget in budgets):
        yield _remark("warnings.red", "warning-after-supervised", limit="supervised.at_least")


def _people(policy: Policy) -> Iterator[Finding]:
    """Who decides, after what, how often, and on which reasons."""
    for index, rung in enumerate(policy.referral.exhausted.rungs):
        if not Rung.REFERRAL.is_above(rung):
            yield _refuse(f"referral.exhausted.rungs.{index}", "precondition-unreachable", rung=rung)
    if policy.referral.deciders.value < 2:
        yield _refuse("referral.deciders.value", "deciders-too-few", value=policy.referral.deciders.value, least=2)
    if policy.extension and policy.extension.times.value != 1:
        yield _remark("extension.times.value", "extension-repeated", value=policy.extension.times.value)
    reasons: dict[str, int] = {}
    for index, hold in enumerate(policy.holds):
        if reasons.setdefault(hold.reason, index) != index:
            first = reasons[hold.reason] + 1
            yield _refuse(f"holds.{index}.reason", "hold-twice", hold=hold.reason, first=first)
        if hold.approver not in APPROVERS:
            allowed = ", ".join(sorted(APPROVERS))
            yield _refuse(f"holds.{index}.approver", "approver-cannot-act", hold=hold.reason, allowed=allowed)


# -- from intake to referral ---------------------------------------------------------------------------


class Part(Value):
    """One stretch of the longest way, with the limit that it runs under."""

    rung: Rung
    key: str
    times: int
    basis: Basis
    amount: timedelta
    """All times together."""


def worst_case(policy_file: PolicyFile) -> tuple[Part, ...]:
    """The longest way from intake to referral, of all natures and urgencies, in the order it is gone."""
    return _worst_case(policy_file, Comparison(rules_of(policy_file, date(YEAR, 12, 31)).calendar))


def _worst_case(policy: Policy, compare: Comparison) -> tuple[Part, ...]:
    within = policy.referral_within
    basis = within.unit.basis if within else Basis.WORKING
    ways = [_way(policy, nature, urgency, compare.calendar) for nature, urgency in _kinds()]
    return max(ways, key=lambda parts: compare.counted_as(basis, parts))


def _kinds() -> Iterator[tuple[Nature, Urgency]]:
    yield from product(Nature, Urgency)


def _way(policy: Policy, nature: Nature, urgency: Urgency, calendar: WorkCalendar) -> tuple[Part, ...]:
    def part(rung: Rung, key: str, span: Span, times: int = 1) -> Part:
        amount = span.amount(calendar) * times
        return Part(rung=rung, key=key, times=times, basis=span.unit.basis, amount=amount)

    def answered(rung: Rung) -> tuple[Part, Part]:
        attempts = policy.callback.attempts.value
        return (
            part(rung, "explanation", policy.explanation.span),
            part(rung, "callback.call", policy.callback.call.span, attempts),
        )

    extension = policy.extension
    basis, budget = policy.supervised_budget(nature, urgency, calendar)
    handling = policy.handle_limit(nature, urgency).span
    meeting = policy.meeting
    return (
        part(Rung.DISPATCH, "dispatch", policy.dispatch.span),
        part(Rung.DISPATCH, _handling_key(policy, nature, urgency), handling),
        *(
            [part(Rung.DISPATCH, "extension.longest", extension.longest.span, extension.times.value)]
            if extension
            else []
        ),
        *answered(Rung.DISPATCH),
        Part(rung=Rung.SUPERVISED, key="supervised", times=1, basis=basis, amount=budget),
        *answered(Rung.SUPERVISED),
        part(Rung.JOINT_MEETING, "meeting.convene", meeting.convene.span),
        part(Rung.JOINT_MEETING, "meeting.conclude", meeting.conclude.span),
        part(Rung.JOINT_MEETING, "meeting.tasks", meeting.tasks.span),
        *answered(Rung.JOINT_MEETING),
    )


def _bound(policy: Policy, compare: Comparison) -> Iterator[Finding]:
    within = policy.referral_within
    if within is None:
        yield _remark("referral_within", "bound-missing")
        return
    bound = within.span.amount(compare.calendar)
    total = compare.counted_as(within.unit.basis, _worst_case(policy, compare))
    if total > bound:
        needed = f"{ceil(100 * (total / (bound / within.value))) / 100:g}"
        yield _refuse("referral_within", "referral-too-late", total=needed, bound=within.value, unit=within.unit)
