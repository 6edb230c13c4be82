"""The audit over lives that were really lived finds nothing; of what is taken out, put in or delayed, just that."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from beginnings import BEGINS
from hotlines import LEAD, OTHER, THIRD, Engines, at, hotline, pins
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripts import (
    DAY,
    HOUR,
    SILENT,
    Script,
    acknowledges,
    answers,
    assigns,
    calls_back,
    concludes,
    confirms,
    convenes,
    decides,
    explains,
    finds_violation,
    refers,
    resolves,
    returns,
    supplies,
    verifies,
)
from support import rules

from domain.audit import WRONG, CaseAudit, Cause, Down, Flaw, Gap, audited
from domain.case import Awaited
from domain.commands import Command, Escalate, ExtendOrder, HoldCase
from domain.commission import Answer, Grounds
from domain.foresight import foreseen
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.reckoning import FIRED_BY, Firing
from domain.referral import Precondition, findings

CASE_ID = "case"
Lives = dict[str, tuple[Fact, ...]]

PINNED = pins(rules("haikou"))

CALLED = {Awaited.CALLBACK: (calls_back(after=8 * DAY),)}
"""Somebody takes his time."""


def held(days: int) -> HoldCase:
    until = BEGINS + days * DAY
    return HoldCase(reason="appraisal", approved_by="督办员02", until=until, by="话务长")


def extended(case_id: str) -> ExtendOrder:
    return ExtendOrder(
        order_id=f"{case_id}.1", department=LEAD, days=5, reason="需进一步检测", told_citizen="已告知", by="经办人"
    )


WHOLE = Script(
    lead={
        Rung.DISPATCH: (acknowledges(),),
        Rung.REFERRAL: (SILENT, finds_violation(days=10)),
    },
    people={
        Awaited.MEETING: (convenes(LEAD, OTHER),),
        Awaited.CONCLUSION: (concludes((LEAD, 3), (OTHER, 2)),),
        Awaited.DECISION: (refers(after=6 * DAY),),
        Awaited.ANSWER: (answers(Answer.MORE, after=30 * DAY), answers(after=DAY)),
        Awaited.PAPERS: (supplies(after=10 * DAY),),
        Awaited.VERIFICATION: ((), verifies(after=3 * DAY)),
        **CALLED,
    },
)
"""Up all five rungs by time, with every wait overdue, and a verification and a rectification that are not done."""

LONG = Script(
    lead={Rung.DISPATCH: (acknowledges(),), Rung.SUPERVISED: (explains(3 * HOUR),)},
    people={Awaited.CONFIRMATION: (confirms(after=5 * DAY),), **CALLED},
)

RETURNED = Script(
    lead={Rung.DISPATCH: (returns(),), Rung.SUPERVISED: (resolves(),)},
    people={Awaited.ASSIGNMENT: (assigns(LEAD, after=DAY), ()), **CALLED},
)
"""Queued for a day, returned, and in the queue until the limit has passed: where no other department matches."""

TWO = (("甲", True), ("乙", True))

ESCALATED = (
    Script(lead={Rung.DISPATCH: (acknowledges(),), Rung.JOINT_MEETING: ()}, people=CALLED)
    | at(Rung.SUPERVISED, Command.ESCALATE, Escalate(to=Rung.REFERRAL, by="督办员", reason="群体投诉"), after=30 * HOUR)
    | Script(
        lead={Rung.REFERRAL: (explains(),)},
        people={
            Awaited.DECISION: (decides(*TWO, grounds=Grounds.BREACH),),
            Awaited.CONFIRMATION: (confirms(),),
            **CALLED,
        },
    )
)


@pytest.fixture(scope="module")
async def lives(engines: Engines) -> Lives:
    async with hotline(engines, skip_time=True) as town:
        hold = at(Rung.DISPATCH, Command.HOLD, held(9), after=2 * DAY)
        more = at(Rung.DISPATCH, Command.EXTEND, extended(f"{town.prefix}-extended"), after=DAY)
        ids = [
            await town.open("whole", WHOLE, assisting=(THIRD,)),
            await town.open("held", LONG | hold),
            await town.open("extended", LONG | more, assisting=(OTHER, THIRD)),
            await town.open("queued", RETURNED, lead=None, matter=None),
            await town.open("escalated", ESCALATED),
        ]
        return {case_id.partition("-")[2]: (await town.life(case_id)).facts for case_id in ids}


def audit(facts: tuple[Fact, ...], *gaps: Gap, as_of: datetime | None = None) -> CaseAudit:
    return audited("case", facts, PINNED, gaps, as_of or facts[-1].at)


def wrong(found: CaseAudit) -> Counter[tuple[Flaw, Firing | None, datetime | None]]:
    return Counter((f.flaw, f.firing, f.due) for f in found.findings if f.flaw in WRONG)


def fires(fact: Fact) -> bool:
    return fact.due_at is not None and fact.kind in FIRED_BY


def told(facts: tuple[Fact, ...]) -> list[int]:
    """The places of the facts by which a limit has fired."""
    return [number for number, fact in enumerate(facts) if fires(fact)]


def test_these_lives_hold_every_kind_of_firing(lives: Lives) -> None:
    found = Counter(FIRED_BY[fact.kind] for facts in lives.values() for fact in facts if fires(fact))
    assert set(found) == set(Firing) - {Firing.OPINION}  # of a meeting with a date: lived in test_meetings


def test_a_life_as_it_was_lived_has_no_flaw_and_every_firing_is_accounted_for(lives: Lives) -> None:
    for facts in lives.values():
        found = audit(facts)
        assert found.findings == []
        assert [(one.due, one.fired) for one in found.fired] == [
            (fact.due_at, fact.fired_at) for fact in facts if fires(fact)
        ]
        assert found.pending == 0


def test_at_every_moment_of_a_life_nothing_is_missing(lives: Lives) -> None:
    """What is about to fire is still to come; whatever is there so far is right."""
    for facts in lives.values():
        for moment in sorted({fact.at for fact in facts}):
            found = audit(facts, as_of=moment)
            assert wrong(found) == Counter()
            assert found.pending or facts[-1].at == moment or moment == facts[0].at or _is_waiting(facts, moment)


def test_what_has_fired_is_not_foretold(lives: Lives) -> None:
    for facts in lives.values():
        for number in told(facts):
            fact = facts[number]
            before, after = (
                {(one.firing, one.at) for one in foreseen(CASE_ID, facts[:n], PINNED, (), fact.at) if not one.order_id}
                for n in (number, number + 1)
            )
            due = FIRED_BY[fact.kind], fact.due_at
            if fact.kind is FactKind.WAIT_OVERDUE:
                assert due in before, fact
            if fact.kind is not FactKind.RUNG_ENTERED:  # the next rung may have a limit that ends at the same moment
                assert due not in after or due[0] is Firing.CLIMB, fact


def test_the_gate_reads_from_the_facts_what_the_case_knew(lives: Lives) -> None:
    policy = rules("haikou").policy
    armed = 0
    for facts in lives.values():
        for number, fact in enumerate(facts):
            if fact.kind is FactKind.REFERRAL_ARMED:
                found = findings(facts[:number], (), policy)
                unmet = [one.rung for one in found if one.what is Precondition.RUNG and not one.met]
                assert unmet == fact.payload["unmet"]
                armed += 1
    assert armed > 1


def _is_waiting(facts: tuple[Fact, ...], moment: datetime) -> bool:
    """Somebody is waited for beyond his limit, so nothing else is due."""
    last = [fact for fact in facts if fact.at <= moment][-1]
    return last.kind in (FactKind.WAIT_OVERDUE, FactKind.WARNING_RED, FactKind.REFERRAL_DECIDED, FactKind.RUNG_ENTERED)


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), timedelta(days=30)])
def test_a_life_that_stands_still_from_some_moment_on_is_found(lives: Lives, ahead: timedelta) -> None:
    """As if the engine had lost the case: whatever would have been due meanwhile is missing."""
    for facts in lives.values():
        for number in told(facts):
            due = facts[number].due_at
            assert due is not None
            before = tuple(fact for fact in facts if fact.at < due or (fact.at == due and not fires(fact)))
            if before[-1].kind is FactKind.HOLD_ENDED:
                continue
            found = wrong(audit(before, as_of=due + ahead))
            assert found[Flaw.MISSING, FIRED_BY[facts[number].kind], due] > 0


def without(facts: tuple[Fact, ...], dropped: set[int]) -> tuple[Fact, ...]:
    return tuple(fact for number, fact in enumerate(facts) if number not in dropped)


def test_one_that_is_taken_out_is_missing_and_nothing_else(lives: Lives) -> None:
    for facts in lives.values():
        for number in told(facts):
            found = audit(without(facts, {number}))
            fact = facts[number]
            assert wrong(found) == Counter({(Flaw.MISSING, FIRED_BY[fact.kind], fact.due_at): 1}), fact


def test_one_that_is_put_in_again_is_doubled_and_nothing_else(lives: Lives) -> None:
    for facts in lives.values():
        for number in told(facts):
            fact = facts[number]
            for place in (number + 1, (number + len(facts)) // 2 + 1, len(facts)):
                found = audit((*facts[:place], fact, *facts[place:]))
                assert wrong(found) == Counter({(Flaw.DOUBLED, FIRED_BY[fact.kind], fact.due_at): 1}), fact


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_exactly_what_was_done_to_a_life_is_found(lives: Lives, data: st.DataObject) -> None:
    facts = lives[data.draw(st.sampled_from(sorted(lives)))]
    places = st.sets(st.sampled_from(told(facts)), max_size=4)
    dropped, late = data.draw(places), data.draw(places)
    doubled = data.draw(places) - dropped
    delay = data.draw(st.timedeltas(timedelta(seconds=40), timedelta(days=9)))
    changed: list[Fact] = []
    for number, fact in enumerate(facts):
        if number in dropped:
            continue
        assert fact.fired_at is None or number in told(facts)
        is_late = number in late and fact.fired_at is not None
        told_fact = fact.model_copy(update={"fired_at": fact.fired_at + delay}) if is_late and fact.fired_at else fact
        changed += [told_fact] * (2 if number in doubled else 1)
    found = audit(tuple(changed))
    expected = Counter((Flaw.MISSING, FIRED_BY[facts[n].kind], facts[n].due_at) for n in dropped)
    expected += Counter((Flaw.DOUBLED, FIRED_BY[facts[n].kind], facts[n].due_at) for n in doubled)
    assert wrong(found) == expected
    delayed = [one for one in found.fired if one.late >= delay]
    assert sorted((one.due, one.firing) for one in delayed) == sorted(
        (facts[n].due_at, FIRED_BY[facts[n].kind]) for n in late - dropped
    )
    assert all(one.cause is Cause.UNKNOWN for one in delayed)


@pytest.mark.parametrize(("what", "cause"), [(Down.ENGINE, Cause.ENGINE), (Down.WORKER, Cause.WORKER)])
def test_what_fired_late_after_an_outage_is_laid_to_it(lives: Lives, what: Down, cause: Cause) -> None:
    facts = lives["whole"]
    for number in told(facts):
        fact = facts[number]
        assert fact.due_at is not None
        delayed = fact.model_copy(update={"fired_at": fact.due_at + 2 * HOUR})
        changed = (*facts[:number], delayed, *facts[number + 1 :])
        gap = Gap(what=what, since=fact.due_at - HOUR, until=fact.due_at + 2 * HOUR - timedelta(seconds=5))
        (found,) = [one for one in audit(changed, gap).fired if one.due == fact.due_at and one.late > HOUR]
        assert found.cause is cause
        for other in (
            Gap(what=what, since=fact.due_at - 2 * HOUR, until=fact.due_at - HOUR),
            Gap(what=what, since=fact.due_at - HOUR, until=fact.due_at + HOUR),
            Gap(what=Down.RECORD, since=fact.due_at - HOUR, until=fact.due_at + 2 * HOUR),
        ):
            (found,) = [one for one in audit(changed, other).fired if one.due == fact.due_at and one.late > HOUR]
            assert found.cause is Cause.UNKNOWN
