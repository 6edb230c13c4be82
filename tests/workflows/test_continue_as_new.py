"""A long life is cut into several histories between two stations; nothing of it is lost, and nothing waits twice."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from hotlines import LEAD, OTHER, PATIENCE, Engines, Hotline, brisk_rules, engine, hotline
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from told_lives import Teller, Told, tell, whole_climb

from desk.orders import receive
from domain.callbacks import CallbackOutcome, NewReply
from domain.case import Awaited, CaseStart, CaseState, CaseView, Record
from domain.clock import Basis, TimeLimit
from domain.commands import CallbackResult, Command, ConveneMeeting, NoteLateReply, RecordCallback, asked_as_usual
from domain.commission import VerifyRectification
from domain.ladder import End, Rung, Step
from domain.ledger import FactKind
from domain.order import Order, OrderStatus, Reply, Result, Role
from domain.values import Value

EARLY = "limit.historyCount.suggestContinueAsNew=25"
"""The engine suggests a new history after so many events, instead of thousands."""


@pytest.fixture(scope="module")
async def forgetful(engines: Engines) -> AsyncGenerator[Hotline]:
    """A hotline on an engine that wants short histories."""
    async with (
        engine(EARLY) as client,
        hotline(Engines(engines.postgres_url, client), skip_time=False, rules=brisk_rules()) as town,
    ):
        yield town


async def histories(town: Hotline, case_id: str) -> list[WorkflowHistory]:
    """All histories of a case, the first one first."""
    found: list[WorkflowHistory] = []
    run_id: str | None = None
    while run_id != "":
        handle = town.desk.client.get_workflow_handle(case_id, run_id=run_id)
        found.insert(0, await handle.fetch_history())
        run_id = found[0].events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def start_of(history: WorkflowHistory) -> CaseStart:
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    (start,) = await pydantic_data_converter.decode(payloads, [CaseStart])
    return start


async def test_the_whole_climb_in_several_histories_is_the_same_climb(
    forgetful: Hotline, told_lives: dict[str, Told]
) -> None:
    life = await whole_climb(forgetful)
    assert life.kinds == told_lives["whole_climb"].life.kinds
    starts = [await start_of(history) for history in await histories(forgetful, life.view.case_id)]
    assert len(starts) > 2
    assert starts[0].state is None
    for start in starts[1:]:
        assert start.state is not None
        assert start.state.facts == list(life.facts[: len(start.state.facts)])
        assert start.state.waiting == {}
        assert {order.order_id for order in start.state.orders.values() if order.is_open} == set()
        assert (start.policy, start.calendar, start.case) == (starts[0].policy, starts[0].calendar, starts[0].case)
    budgets = [start.state.limits["handle"] for start in starts[1:] if start.state]
    assert all(limit == budgets[0] for limit in budgets)  # nothing resets a clock


SAID_FIRST: dict[Step, tuple[Command, Value, Awaited]] = {
    Rung.JOINT_MEETING: (Command.CONVENE, ConveneMeeting(members=(LEAD, OTHER), by="督办员"), Awaited.CONCLUSION),
    Rung.RECTIFICATION: (
        Command.VERIFY,
        VerifyRectification(passed=True, by="督办员", remark="现场复核"),
        Awaited.CALLBACK,
    ),
    End.CALLBACK: (
        Command.RECORD_CALLBACK,
        RecordCallback(result=CallbackResult.UNSATISFIED, by="话务员"),
        Awaited.REPLY,
    ),
}


@pytest.mark.parametrize("step", SAID_FIRST)
async def test_what_is_said_to_a_new_history_before_it_runs_counts(engines: Engines, step: Step) -> None:
    """A case that continues as new at a station: its first task brings the command before the station begins."""
    command, said, awaited = SAID_FIRST[step]
    content = asked_as_usual(command, said)
    rung = step if isinstance(step, Rung) else Rung.DISPATCH
    async with hotline(engines, skip_time=False, works=False) as town:
        before = await town.open(f"before-{step.value}")
        given = await start_of(await town.handle(before).fetch_history())
        state = CaseState(opened_at=datetime.now(UTC), step=step, rung=rung, lead=LEAD, answered_by=LEAD)
        case_id = f"{before}-goes-on"
        start = given.model_copy(update={"case": given.case.model_copy(update={"case_id": case_id}), "state": state})
        queue = (await town.handle(before).describe()).task_queue
        await town.desk.client.start_workflow("Case", start, id=case_id, task_queue=queue)
        question = asyncio.create_task(town.handle(case_id).execute_update(command, content, result_type=CaseView))  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
        await asyncio.sleep(0.3)
        async with town.working():
            await question
            async with asyncio.timeout(PATIENCE):
                while awaited not in [waiting.awaited for waiting in (await town.view(case_id)).waiting]:
                    await asyncio.sleep(0.05)


async def test_what_a_new_history_answers_before_it_runs_shows_the_station_it_is_at(engines: Engines) -> None:
    """Nothing is noted when a joint meeting goes on: no later record would put the view right."""
    async with hotline(engines, skip_time=False, works=False) as town:
        before, now = await town.open("before-late"), datetime.now(UTC)
        given = await start_of(await town.handle(before).fetch_history())
        case_id = f"{before}-goes-on"
        order = Order(
            order_id=f"{case_id}.1",
            department=LEAD,
            role=Role.LEAD,
            rung=Rung.DISPATCH,
            returnable=True,
            sent_at=now,
            acknowledge_by=None,
            limit="handle",
            due_at=now,
            status=OrderStatus.SUPERSEDED,
        )
        state = CaseState(
            opened_at=now,
            step=Rung.JOINT_MEETING,
            rung=Rung.JOINT_MEETING,
            lead=LEAD,
            orders={order.order_id: order},
            limits={order.limit: TimeLimit(basis=Basis.CLOCK, budget=timedelta(days=1))},
        )
        start = given.model_copy(update={"case": given.case.model_copy(update={"case_id": case_id}), "state": state})
        queue = (await town.handle(before).describe()).task_queue
        await town.desk.client.start_workflow("Case", start, id=case_id, task_queue=queue)
        reply = Reply(callback_id="late", result=Result.RESOLVED, statement="已处置", by="经办人", received_at=now)
        note = NoteLateReply(order_id=order.order_id, reply=reply)
        saying = town.handle(case_id).execute_update(Command.NOTE_LATE_REPLY, note, result_type=Record)  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
        question = asyncio.create_task(saying)
        await asyncio.sleep(0.3)
        async with town.working():
            record = await question
            assert [fact.kind for fact in record.facts] == [FactKind.ORDER_REPLIED_LATE]
            assert record.view == await town.view(case_id)
            assert [waiting.awaited for waiting in record.view.waiting] == [Awaited.MEETING]


async def test_a_late_reply_to_an_order_of_an_earlier_history_comes_by_update(forgetful: Hotline) -> None:
    case: Teller = await tell(forgetful, "late")
    await case.until(Rung.JOINT_MEETING, Awaited.MEETING)
    assert len(await histories(forgetful, case.case_id)) > 1
    first = (await case.settled()).orders[0]
    assert (first.rung, first.status) == (Rung.DISPATCH, OrderStatus.SUPERSEDED)
    given = NewReply(order_id=first.order_id, department=LEAD, result=Result.RESOLVED, statement="已处置", by="经办人")
    received = await receive(forgetful.desk, given, datetime.now(UTC))
    assert (received.outcome, received.repeated) == (CallbackOutcome.LATE, False)
    again = await receive(forgetful.desk, given, datetime.now(UTC))
    assert (again.outcome, again.repeated) == (CallbackOutcome.LATE, True)
    view = await case.settled()
    assert view.orders[0].late_reply is not None
    life = await forgetful.checked(case.case_id)
    assert life.one(FactKind.ORDER_REPLIED_LATE).order_id == first.order_id
