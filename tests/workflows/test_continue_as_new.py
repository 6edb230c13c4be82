"""A long life is cut into several histories between two stations; nothing of it is lost, and nothing waits twice."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from hotlines import LEAD, Engines, Hotline, brisk_rules, engine, hotline
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from told_lives import Teller, Told, tell, whole_climb

from desk.orders import NewReply, reply
from domain.case import Awaited, CaseStart
from domain.ladder import Rung
from domain.ledger import FactKind
from domain.order import OrderStatus, Result
from storage.callbacks import CallbackOutcome

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


async def test_a_late_reply_to_an_order_of_an_earlier_history_comes_by_update(forgetful: Hotline) -> None:
    case: Teller = await tell(forgetful, "late")
    await case.until(Rung.JOINT_MEETING, Awaited.MEETING)
    assert len(await histories(forgetful, case.case_id)) > 1
    first = (await case.settled()).orders[0]
    assert (first.rung, first.status) == (Rung.DISPATCH, OrderStatus.SUPERSEDED)
    given = NewReply(order_id=first.order_id, department=LEAD, result=Result.RESOLVED, statement="已处置", by="经办人")
    received = await reply(forgetful.desk, given, datetime.now(UTC))
    assert (received.outcome, received.repeated) == (CallbackOutcome.LATE, False)
    again = await reply(forgetful.desk, given, datetime.now(UTC))
    assert (again.outcome, again.repeated) == (CallbackOutcome.LATE, True)
    view = await case.settled()
    assert view.orders[0].late_reply is not None
    life = await forgetful.checked(case.case_id)
    assert life.one(FactKind.ORDER_REPLIED_LATE).order_id == first.order_id
