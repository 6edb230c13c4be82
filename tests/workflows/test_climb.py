"""Time moves a case up the ladder: each rung at its limit, whatever lies between, nothing twice."""

from datetime import timedelta

import pytest
from hotlines import CONDEMNED, LEAD, OTHER, WORKING_DAY, Hotline, Life, days_off, worked
from scripts import (
    HOUR,
    MINUTE,
    SILENT,
    Script,
    acknowledges,
    calls_back,
    concludes,
    convenes,
    resolves,
    verifies,
)

from domain.case import Awaited, Closing
from domain.demand import Nature, Urgency
from domain.ladder import Outcome, Rung
from domain.ledger import ENGINE, FactKind

SOLVED_AT_LAST = Script(people={Awaited.VERIFICATION: (verifies(),), Awaited.CALLBACK: (calls_back(),)})
MET_IN_VAIN = Script(
    people={
        # Not after a day: the red warning is due at that very moment, and in skipped time the second of two timers that
        # are milliseconds apart was seen to come only after the next limit.
        Awaited.MEETING: (convenes(LEAD, OTHER, after=2 * HOUR),),
        Awaited.CONCLUSION: (concludes((LEAD, 4), (OTHER, 2), after=2 * HOUR),),
    }
)


def days(number: float) -> timedelta:
    return number * WORKING_DAY


def stretches(life: Life) -> list[tuple[Rung, Outcome, timedelta]]:
    """For each rung that time left: by which outcome, and after how much working time on it."""
    entered = {fact.rung: fact.at for fact in life.of(FactKind.RUNG_ENTERED)}
    return [
        (left.rung, Outcome(str(left.payload["outcome"])), worked(entered[left.rung], caused.due_at))
        for left, caused in zip(life.of(FactKind.RUNG_LEFT), life.of(FactKind.RUNG_ENTERED)[1:], strict=False)
        if caused.due_at
    ]


WARNINGS = {FactKind.WARNING_YELLOW, FactKind.WARNING_RED}
"""Come on the way to a limit and after it; they decide nothing."""


async def test_nobody_does_anything_and_the_case_climbs_by_itself_as_far_as_the_referral(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("silence", CONDEMNED | SOLVED_AT_LAST))
    assert [rung for rung, _ in life.endings] == [*Rung, Rung.RECTIFICATION]
    assert life.view.closing is Closing.RESOLVED
    assert stretches(life) == [
        (Rung.DISPATCH, Outcome.NOT_ACKNOWLEDGED, days(1)),
        (Rung.SUPERVISED, Outcome.OVERDUE, days(7.5)),
        (Rung.JOINT_MEETING, Outcome.NO_CONCLUSION, days(3)),
    ]


async def test_limits_fire_within_a_second_of_their_time_at_the_median(virtual: Hotline) -> None:
    script = Script(lead={Rung.DISPATCH: (acknowledges(),)}) | MET_IN_VAIN | CONDEMNED | SOLVED_AT_LAST
    life = await virtual.life(await virtual.open("punctual", script))
    assert [fact.kind for fact in life.facts if fact.due_at and fact.kind not in WARNINGS] == [
        FactKind.ORDER_SILENT,  # dispatch
        FactKind.RUNG_ENTERED,
        FactKind.ORDER_SILENT,  # supervised
        FactKind.RUNG_ENTERED,
        FactKind.ORDER_SILENT,  # the assisting department's task, two days
        FactKind.ORDER_SILENT,  # the lead's, four days
        FactKind.RUNG_ENTERED,
    ]
    assert life.is_punctual, life.lateness
    assert all(fact.actor == ENGINE for fact in life.facts if fact.due_at)


async def test_no_rung_is_entered_twice_and_none_is_left_out(virtual: Hotline) -> None:
    scripts = {
        "one": CONDEMNED | SOLVED_AT_LAST,
        "two": MET_IN_VAIN | CONDEMNED | SOLVED_AT_LAST,
        "three": Script(lead={Rung.DISPATCH: (acknowledges(),)}) | CONDEMNED | SOLVED_AT_LAST,
    }
    opened = [await virtual.open(f"each-{name}", script) for name, script in scripts.items()]
    for life in await virtual.lives(opened):
        assert [fact.rung for fact in life.of(FactKind.RUNG_ENTERED)] == list(Rung)
        assert [fact.seq for fact in life.facts] == list(range(1, len(life.facts) + 1))


@pytest.mark.parametrize(("nature", "limit"), [(Nature.CONSULTATION, 2), (Nature.REQUEST, 5), (Nature.COMPLAINT, 15)])
async def test_a_limit_in_working_days_crosses_weekends_and_holidays(
    virtual: Hotline, nature: Nature, limit: int
) -> None:
    supervised = max(days(limit / 2), days(1))
    script = Script(lead={Rung.DISPATCH: (acknowledges(),), Rung.SUPERVISED: (SILENT,)}) | CONDEMNED | SOLVED_AT_LAST
    life = await virtual.life(await virtual.open(f"weekends-{nature.value}", script, nature=nature))
    first, second = life.view.orders[:2]
    assert worked(first.sent_at, first.due_at) == days(limit)
    assert worked(second.sent_at, second.due_at) == supervised
    if nature is Nature.COMPLAINT:  # no month has three weeks of working days on end
        assert days_off(first.sent_at, first.due_at)
    assert [(fact.rung, fact.due_at) for fact in life.of(FactKind.RUNG_ENTERED)[1:3]] == [
        (Rung.SUPERVISED, first.due_at),
        (Rung.JOINT_MEETING, second.due_at),
    ]


@pytest.mark.parametrize(("urgency", "minutes"), [(Urgency.DANGER, 15), (Urgency.UTILITY, 30)])
async def test_an_urgent_order_is_acknowledged_by_the_clock_at_any_hour(
    virtual: Hotline, urgency: Urgency, minutes: int
) -> None:
    script = Script(lead={Rung.SUPERVISED: (resolves(),)}) | SOLVED_AT_LAST
    life = await virtual.life(await virtual.open(f"urgent-{urgency.value}", script, urgency=urgency))
    assert life.endings[0] == (Rung.DISPATCH, Outcome.NOT_ACKNOWLEDGED)
    assert life.view.orders[0].acknowledge_by == life.view.opened_at + minutes * MINUTE
    assert life.of(FactKind.RUNG_ENTERED)[1].due_at == life.view.opened_at + minutes * MINUTE


async def test_an_acknowledgement_in_time_leaves_the_whole_limit_for_the_reply(virtual: Hotline) -> None:
    script = Script(lead={Rung.DISPATCH: (acknowledges(6 * HOUR),), Rung.SUPERVISED: (resolves(),)}) | SOLVED_AT_LAST
    life = await virtual.life(await virtual.open("acknowledged", script))
    order = life.view.orders[0]
    assert order.acknowledged_at is not None
    assert life.one(FactKind.ORDER_SILENT).payload == {"department": LEAD, "awaited": "reply"}
    assert life.of(FactKind.RUNG_ENTERED)[1].due_at == order.due_at


async def test_the_limit_is_printed_on_the_order(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("printed", CONDEMNED | SOLVED_AT_LAST))
    orders = {order.order_id: order for order in life.view.orders}
    for fact in life.of(FactKind.ORDER_SENT):
        assert fact.payload["due"] == orders[str(fact.order_id)].due_at.isoformat()
