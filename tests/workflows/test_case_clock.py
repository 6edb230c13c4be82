"""The clock of a running case: holds, an extension, warnings, custody, and rules that change in mid-case."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from beginnings import BEGINS
from hotlines import LEAD, OTHER, WITHDRAWAL, Hotline, Life, at
from scripts import DAY, HOUR, SILENT, Duty, Script, acknowledges, calls_back
from support import rules
from told_lives import tell

from calendars.china import china_calendar
from calendars.override import Override
from desk.commands import foresee, update
from domain.case import Awaited, Closing
from domain.commands import Assign, ChangeRules, Command, ExtendOrder, HoldCase, ReleaseCase
from domain.custody import Hands, bookings
from domain.demand import Nature
from domain.errors import NotYours, Refused
from domain.ladder import Outcome, Rung
from domain.ledger import FactKind
from domain.limits import HANDLE, Move
from domain.policy import Policy
from policies.files import read
from storage import notices

SATISFIED = Script(people={Awaited.CALLBACK: (calls_back(),)})
CALENDAR = rules("haikou").calendar
WORKING_DAY = CALENDAR.working_day


def lead(*duties: Duty, rung: Rung = Rung.DISPATCH) -> Script:
    return Script(lead={rung: duties}) | SATISFIED


def held(days: float, reason: str = "appraisal", *, since: datetime | None = None, **given: Any) -> HoldCase:
    """A hold of so many days from now on, or since another instant."""
    until = (since or datetime.now(UTC)) + days * DAY
    return HoldCase.model_validate(
        {"reason": reason, "approved_by": "督办员02", "until": until, "by": "话务长", **given}
    )


def extension(order_id: str, *, days: int = 5, department: str = LEAD) -> ExtendOrder:
    return ExtendOrder(
        order_id=order_id,
        department=department,
        days=days,
        reason="需进一步检测",
        told_citizen="已电话告知",
        by="经办人",
    )


def due_fired(life: Life, kind: FactKind) -> tuple[datetime, datetime]:
    fact = life.one(kind)
    assert fact.due_at is not None
    assert fact.fired_at is not None
    return fact.due_at, fact.fired_at


# -- warnings ----------------------------------------------------------------------------------------


async def test_warnings_are_given_once_a_working_day_before_and_after_the_limit(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("warned", lead(acknowledges()) | silent_until_closed()))
    order = life.view.orders[0]
    yellow, _ = due_fired(life, FactKind.WARNING_YELLOW)
    red, _ = due_fired(life, FactKind.WARNING_RED)
    assert CALENDAR.working_time(yellow, order.due_at) == WORKING_DAY
    assert CALENDAR.working_time(order.due_at, red) == WORKING_DAY
    assert order.warned
    on_their_way = [
        notice for notice in await notices.pending(virtual.pool, 100, 100) if notice.order_id == order.order_id
    ]
    assert [(notice.kind, notice.due_at, notice.department) for notice in on_their_way] == [
        (FactKind.WARNING_YELLOW, yellow, LEAD),
        (FactKind.WARNING_RED, red, LEAD),
    ]


def silent_until_closed() -> Script:
    """Nobody does anything on the next rung, and the citizen takes the case back there."""
    return at(Rung.SUPERVISED, Command.WITHDRAW, WITHDRAWAL, after=6 * DAY)


async def test_who_is_asked_after_the_warnings_time_is_warned_at_once_and_not_before(virtual: Hotline) -> None:
    limit = rules("haikou").policy.handle.complaint.span.after(BEGINS, CALENDAR) - BEGINS
    other = at(Rung.DISPATCH, Command.ASSIGN, Assign(department=OTHER, by="话务长"), after=limit - 3 * HOUR)
    warned_before = Duty(acknowledges=HOUR, replies=100 * DAY)
    life = await virtual.life(
        await virtual.open("asked-late", lead(warned_before, SILENT) | other | silent_until_closed())
    )
    first, second = life.view.orders[:2]
    warnings = {fact.order_id: fact for fact in life.of(FactKind.WARNING_YELLOW)}
    assert warnings[second.order_id].due_at == second.sent_at
    assert warnings[first.order_id].at < second.sent_at
    assert warnings[second.order_id].at - second.sent_at < timedelta(minutes=1)  # not only when it is acknowledged


async def test_who_answers_in_time_is_not_warned(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("unwarned", lead(Duty(acknowledges=HOUR, replies=3 * DAY))))
    assert {FactKind.WARNING_YELLOW, FactKind.WARNING_RED}.isdisjoint(life.kinds)


async def test_a_late_answer_spares_the_red_warning(virtual: Hotline) -> None:
    limit = rules("haikou").policy.handle.complaint.span.after(BEGINS, CALENDAR) - BEGINS
    late = Duty(acknowledges=HOUR, replies=limit + 2 * HOUR)
    script = lead(late) | Script(lead={Rung.SUPERVISED: (SILENT,)}) | silent_until_closed()
    life = await virtual.life(await virtual.open("late-but-heard", script))
    assert life.of(FactKind.ORDER_SILENT)[0].at < life.one(FactKind.ORDER_REPLIED_LATE).at
    assert life.of(FactKind.WARNING_RED) == []


# -- holds -------------------------------------------------------------------------------------------


async def test_a_hold_moves_the_limit_by_exactly_the_working_time_it_lasted(virtual: Hotline) -> None:
    script = lead(acknowledges()) | at(Rung.DISPATCH, Command.HOLD, held(6, since=BEGINS)) | silent_until_closed()
    life = await virtual.life(await virtual.open("held", script, nature=Nature.REQUEST))
    started, ended = life.one(FactKind.HOLD_STARTED), life.one(FactKind.HOLD_ENDED)
    assert ended.actor == "engine"
    assert ended.due_at is not None
    silent = life.of(FactKind.ORDER_SILENT)[0]
    assert silent.due_at is not None
    assert silent.due_at > life.of(FactKind.HOLD_ENDED)[0].at
    worked = CALENDAR.working_time(life.view.opened_at, silent.due_at)
    rested = CALENDAR.working_time(started.at, ended.due_at)
    assert worked - rested == 5 * WORKING_DAY


async def test_a_hold_that_is_released_early_lets_the_clock_run_again(virtual: Hotline) -> None:
    release = ReleaseCase(by="话务长", remark="鉴定报告已收到")
    script = (
        lead(acknowledges())
        | at(Rung.DISPATCH, Command.HOLD, held(12, since=BEGINS))
        | at(Rung.DISPATCH, Command.RELEASE, release, after=3 * DAY)
        | silent_until_closed()
    )
    life = await virtual.life(await virtual.open("released", script, nature=Nature.REQUEST))
    assert life.one(FactKind.HOLD_ENDED).actor == "operator:话务长"
    started, ended = life.one(FactKind.HOLD_STARTED).at, life.one(FactKind.HOLD_ENDED).at
    due = life.of(FactKind.ORDER_SILENT)[0].due_at
    assert due is not None
    assert CALENDAR.working_time(life.view.opened_at, due) == 5 * WORKING_DAY + CALENDAR.working_time(started, ended)


async def test_an_order_that_is_sent_on_hold_is_due_as_if_the_hold_lasted_to_its_end(real: Hotline) -> None:
    case_id = await real.open("sent-on-hold")
    await real.until(case_id, FactKind.ORDER_SENT)
    view = await real.ask(case_id, Command.HOLD, held(10))
    assert view.hold is not None
    due = view.orders[0].due_at
    assert CALENDAR.working_time(view.hold.until, due) <= 15 * WORKING_DAY
    assert due > view.hold.until
    assert view.waiting[0].until is not None
    assert view.waiting[0].until > view.hold.until


@pytest.mark.parametrize(
    ("hold", "code"),
    [
        (held(3, "because"), "hold-reason-unknown"),
        (held(-1), "hold-ends-before-it-begins"),
        (held(90), "hold-too-long"),
    ],
    ids=["reason", "past", "long"],
)
async def test_a_hold_outside_the_list_is_refused(real: Hotline, hold: HoldCase, code: str) -> None:
    case_id = await real.open(f"hold-{code}")
    await real.until(case_id, FactKind.ORDER_SENT)
    before = await real.view(case_id)
    with pytest.raises(Refused) as refused:
        await real.ask(case_id, Command.HOLD, hold)
    assert refused.value.code == code
    assert await real.view(case_id) == before


async def test_a_second_hold_and_a_release_without_one_are_refused(real: Hotline) -> None:
    case_id = await real.open("hold-twice")
    await real.until(case_id, FactKind.ORDER_SENT)
    with pytest.raises(Refused, match="not-held"):
        await real.ask(case_id, Command.RELEASE, ReleaseCase(by="话务长"))
    await real.ask(case_id, Command.HOLD, held(3))
    with pytest.raises(Refused, match="already-held"):
        await real.ask(case_id, Command.HOLD, held(4))


async def test_a_hold_can_be_released_at_the_callback_too(real: Hotline) -> None:
    """Its department answered all the same: nobody may have to wait for the hold's end to be called."""
    case = await tell(real, "held-at-callback")
    await case.ask(Command.HOLD, held(3))
    await case.reply()
    assert Command.RELEASE in (await case.settled()).allowed
    await case.ask(Command.RELEASE, ReleaseCase(by="话务长"))
    await case.call_back()
    life = await case.life()
    assert life.one(FactKind.HOLD_ENDED).actor == "operator:话务长"


async def test_a_case_that_is_closed_on_hold_rests_no_more(real: Hotline) -> None:
    case = await tell(real, "closed-on-hold")
    await case.ask(Command.HOLD, held(3))
    await case.ask(Command.WITHDRAW, WITHDRAWAL)
    life = await case.life()
    assert life.kinds[-3:] == [FactKind.RUNG_LEFT, FactKind.HOLD_ENDED, FactKind.CASE_CLOSED]
    assert life.view.hold is None


async def test_limits_that_have_served_are_not_moved(real: Hotline) -> None:
    case = await tell(real, "served")
    change = ChangeRules(calendar=CALENDAR, by="督办员", reason="复核")
    running = [move.limit for move in await foresee(real.desk, case.case_id, change)]
    await case.acknowledge()
    await case.settled()
    assert len(running) == 2
    assert [move.limit for move in await foresee(real.desk, case.case_id, change)] == [HANDLE]
    await case.reply()
    await case.settled()
    assert HANDLE not in [move.limit for move in await foresee(real.desk, case.case_id, change)]


# -- the extension -----------------------------------------------------------------------------------


async def test_an_extension_adds_to_the_budget_once(real: Hotline) -> None:
    case_id = await real.open("extended", nature=Nature.REQUEST)
    await real.until(case_id, FactKind.ORDER_SENT)
    before = (await real.view(case_id)).orders[0]
    view = await real.ask(case_id, Command.EXTEND, extension(before.order_id))
    assert CALENDAR.working_time(before.due_at, view.orders[0].due_at) == 5 * WORKING_DAY
    life = await real.until(case_id, FactKind.EXTENSION_GRANTED)
    assert life.one(FactKind.EXTENSION_GRANTED).payload["told_citizen"] == "已电话告知"
    with pytest.raises(Refused, match="extension-used"):
        await real.ask(case_id, Command.EXTEND, extension(before.order_id))


async def test_an_extension_is_refused_to_others_and_beyond_the_longest(real: Hotline) -> None:
    case_id = await real.open("not-extended", assisting=(OTHER,))
    await real.until(case_id, FactKind.ORDER_SENT)
    lead_order, assisting = (await real.view(case_id)).orders
    with pytest.raises(NotYours, match="order-not-yours"):
        await real.ask(case_id, Command.EXTEND, extension(lead_order.order_id, department=OTHER))
    with pytest.raises(Refused, match="extension-only-for-lead"):
        await real.ask(case_id, Command.EXTEND, extension(assisting.order_id, department=OTHER))
    with pytest.raises(Refused, match="extension-too-long"):
        await real.ask(case_id, Command.EXTEND, extension(lead_order.order_id, days=11))


async def test_an_extension_after_expiry_is_refused(virtual: Hotline) -> None:
    """Once the limit has passed the order is superseded, and there is nothing to extend."""
    case_id = f"{virtual.prefix}-too-late"
    ask_late = at(Rung.SUPERVISED, Command.EXTEND, extension(f"{case_id}.1"), after=HOUR)
    life = await virtual.life(await virtual.open("too-late", lead(acknowledges()) | ask_late | silent_until_closed()))
    assert life.of(FactKind.EXTENSION_GRANTED) == []
    (refusal,) = [refusal for refusal in virtual.refusals[case_id] if refusal.command is Command.EXTEND]
    assert refusal.reason.code == "order-ended"


# -- rules that change -------------------------------------------------------------------------------


def beijing() -> Policy:
    return Policy.model_validate(read("beijing-style").model_dump(exclude={"calendar"}))


async def test_a_case_goes_on_under_another_policy_by_a_recorded_decision(real: Hotline) -> None:
    case_id = await real.open("migrated")
    await real.until(case_id, FactKind.ORDER_SENT)
    real.changes[case_id] = change = ChangeRules(policy=beijing(), by="规则管理员", reason="试行新规则")
    before = await real.view(case_id)
    foreseen = await foresee(real.desk, case_id, change)
    assert await real.view(case_id) == before
    moved = await update(real.desk, case_id, Command.CHANGE_RULES, change, list[Move])
    assert moved == foreseen
    handle = next(move for move in moved if move.limit == HANDLE)
    assert handle.before.at == before.orders[0].due_at
    assert handle.after.at == before.opened_at + timedelta(days=15)
    after = await real.view(case_id)
    assert after.orders[0].due_at == handle.after.at
    fact = (await real.until(case_id, FactKind.LIMITS_MOVED)).one(FactKind.LIMITS_MOVED)
    assert fact.payload["policy"] == "beijing-style@1"


async def test_a_newer_calendar_moves_only_what_it_touches(real: Hotline) -> None:
    case_id = await real.open("recalendared")
    await real.until(case_id, FactKind.ORDER_SENT)
    before = await real.view(case_id)
    due = before.orders[0].due_at.astimezone(ZoneInfo(CALENDAR.zone)).date()
    closed = Override(source="made up for this test", days_off=(due,))
    today = datetime.now(UTC).date()
    calendar = china_calendar(today - timedelta(days=370), date(today.year + 2, 12, 31), override=closed, revision=1)
    real.changes[case_id] = change = ChangeRules(calendar=calendar, by="日历管理员", reason="放假安排公布")
    moved = await update(real.desk, case_id, Command.CHANGE_RULES, change, list[Move])
    by_name = {move.limit: move for move in moved}
    assert by_name[HANDLE].is_moved
    assert not by_name[f"acknowledge.{case_id}.1"].is_moved
    assert (await real.view(case_id)).orders[0].due_at == by_name[HANDLE].after.at


async def test_the_same_rules_again_are_no_news_for_a_case(real: Hotline) -> None:
    """A publication that was interrupted is made again: the cases that have heard of it note nothing."""
    case_id = await real.open("published-twice")
    await real.until(case_id, FactKind.ORDER_SENT)
    calendar = CALENDAR.model_copy(update={"revision": CALENDAR.revision + 1})
    real.changes[case_id] = change = ChangeRules(calendar=calendar, by="日历管理员", reason="放假安排公布")
    first = await update(real.desk, case_id, Command.CHANGE_RULES, change, list[Move])
    before = await real.view(case_id)
    assert await update(real.desk, case_id, Command.CHANGE_RULES, change, list[Move]) == first
    assert await real.view(case_id) == before
    assert len((await real.until(case_id, FactKind.LIMITS_MOVED)).of(FactKind.LIMITS_MOVED)) == 1


# -- custody -----------------------------------------------------------------------------------------


async def test_custody_adds_up_exactly_to_the_cases_life(virtual: Hotline) -> None:
    script = lead(acknowledges()) | at(Rung.DISPATCH, Command.HOLD, held(4, since=BEGINS)) | silent_until_closed()
    life = await virtual.life(await virtual.open("custody", script))
    closed_at = life.facts[-1].at
    booked = bookings(life.facts, CALENDAR, closed_at)
    assert sum((b.clock for b in booked), timedelta(0)) == closed_at - life.facts[0].at
    assert sum((b.working for b in booked), timedelta(0)) == CALENDAR.working_time(life.facts[0].at, closed_at)
    hands = {b.custodian.hands: b for b in booked}
    assert {Hands.DEPARTMENT, Hands.HOLD} <= set(hands)
    assert life.view.closing is Closing.WITHDRAWN
    assert (Rung.DISPATCH, Outcome.OVERDUE) in life.endings
    assert hands[Hands.HOLD].clock > 3 * DAY
