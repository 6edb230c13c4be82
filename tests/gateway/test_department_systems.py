"""Departments with a system of their own: what arrives there, and what becomes of an order it does not take."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from department_system import (
    Answer,
    a_department,
    delivery_of,
    is_delivered,
    is_signed,
    refusing,
    taken,
    was_refused,
)
from office import BUREAU, CITIZEN, NEIGHBOUR, SOON, Office, Servers, office_of, serving, until
from starlette.responses import Response, StreamingResponse
from support import GATEWAY_URL
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollActivityTaskQueueRequest
from temporalio.worker import Worker

from activities.departments import DepartmentActivities
from activities.sweep import SweepActivities
from desk.engine import FAILING, trouble_of
from domain.commands import Assign, Command, Withdraw
from domain.ladder import Rung
from domain.ledger import FactKind
from domain.order import OrderRequest, OrderWithdrawal
from outbox.orders import send_order
from storage.orders import Way, undelivered
from worker import build_worker, plain
from workflows.calls import CALLS
from workflows.case import CaseWorkflow


async def test_an_order_arrives_signed_and_complete(office: Office) -> None:
    async with a_department(office) as system:
        picture, point = "https://media.example.net/a.jpg", {"lat": 20.06, "long": 110.33}
        case_id = await office.open(department=system.code, place="怡心路口", point=point, media_url=picture)
        (delivery,) = await system.got(1)
    order = await office.order(f"{case_id}.1")
    assert is_signed(delivery, system.code)
    assert not is_signed(delivery, "somebody-else")
    shown = order.model_dump(mode="json")
    assert delivery.headers["content-type"] == "application/cloudevents+json"
    assert delivery.message_id == f"{order.order_id}.sent"
    assert delivery.event == {
        "specversion": "1.0",
        "id": f"{order.order_id}.sent",
        "source": GATEWAY_URL,
        "type": "liandong.order.sent",
        "subject": order.order_id,
        "time": shown["sent_at"],
        "datacontenttype": "application/json",
        "data": {
            "case_id": case_id,
            "order_id": order.order_id,
            "department": system.code,
            "role": "lead",
            "rung": "dispatch",
            "task": None,
            "returnable": True,
            "acknowledge_by": shown["acknowledge_by"],
            "due_at": shown["due_at"],
            "return_by": shown["return_by"],
            "provisional": shown["provisional"],
            "description": "楼顶搭棚",
            "place": "怡心路口",
            "point": point,
            "media_url": picture,
            "citizen": CITIZEN.model_dump(include={"name", "phone", "address"}),
            "callback": f"{GATEWAY_URL}/v1/orders/{order.order_id}",
        },
    }


async def test_an_order_is_on_record_before_it_is_out(office: Office) -> None:
    seen: list[int] = []

    async def looking_first() -> Response:
        seen.append(await office.desk.pool.fetchval(SENT_TO, system.code))
        return taken()

    async with a_department(office, looking_first) as system:
        await office.open(department=system.code)
        await system.got(1)
    assert seen == [1]


async def test_an_order_that_is_not_taken_is_sent_again_until_it_is(office: Office) -> None:
    async with a_department(office, refusing(503), taken) as system:
        case_id = await office.open(department=system.code)
        await system.got(1)
        tried = await was_refused(office, f"{case_id}.1")
        assert (tried["delivered_at"], tried["way"], tried["last_error"]) == (None, None, "HTTP 503")
        row = await is_delivered(office, f"{case_id}.1")
        assert (row["attempts"], row["way"], row["last_error"]) == (2, "system", None)
        first, second = system.deliveries
    assert first.body == second.body
    assert first.message_id == second.message_id


async def test_no_step_is_broken_while_a_system_is_away_nor_when_it_has_taken_the_order(office: Office) -> None:
    async with a_department(office, *[refusing(503, retry_after="0")] * FAILING, taken) as system:
        case_id = await office.open(department=system.code)
        tries: list[int] = []

        async def tried() -> int:
            found = await office.desk.client.get_workflow_handle(case_id).describe()
            assert await trouble_of(office.desk.client, case_id) is None
            (request,) = [one for one in found.raw_description.pending_activities if one.activity_id == f"{case_id}.1"]
            tries.append(request.attempt)
            return request.attempt

        await until(tried, lambda attempt: attempt > FAILING + 1)
        assert await trouble_of(office.desk.client, case_id) is None
        assert len(system.deliveries) == FAILING + 1


async def test_an_order_whose_first_worker_died_with_it_is_on_record_and_sent_all_the_same(
    embedded: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = DepartmentActivities.request_department.__name__
    monkeypatch.setitem(CALLS, name, {**CALLS[name], "start_to_close_timeout": timedelta(seconds=2)})
    async with office_of(embedded, "haikou") as office, a_department(office) as system:
        engine = office.outside.engine
        opening = asyncio.create_task(office.open(department=system.code))
        deciding = Worker(
            engine.client, task_queue=engine.task_queue, workflows=[CaseWorkflow], workflow_runner=plain()
        )
        async with deciding:
            taken_away = await engine.client.workflow_service.poll_activity_task_queue(
                PollActivityTaskQueueRequest(
                    namespace=engine.client.namespace, task_queue=TaskQueue(name=engine.task_queue), identity="dies"
                )
            )
        assert taken_away.activity_type.name == name
        assert await office.desk.pool.fetchval("SELECT count(*) FROM ledger") == 0
        async with build_worker(office.outside):
            case_id = await opening
            (delivery,) = await system.got(1)
            assert delivery.event["subject"] == f"{case_id}.1"


async def test_an_order_that_was_taken_is_not_sent_again(office: Office) -> None:
    outside = office.outside
    async with a_department(office) as system:
        case_id = await office.open(department=system.code)
        await is_delivered(office, f"{case_id}.1")
        request = OrderRequest(case_id=case_id, order=await office.order(f"{case_id}.1"))
        way = await send_order(
            outside.pool, outside.engine.client, outside.post, request
        )  # as a worker would that died before it said so
        assert way is Way.SYSTEM
        await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0).hand_over_pending()
        assert len(system.deliveries) == 1


async def test_an_order_that_a_dying_worker_left_unsent_is_sent_by_the_sweep(office: Office) -> None:
    outside, pool = office.outside, office.desk.pool
    async with a_department(office) as system:
        case_id = await office.open(department=system.code)
        await is_delivered(office, f"{case_id}.1")
        system.deliveries.clear()
        await pool.execute("UPDATE delivery SET delivered_at = NULL, way = NULL WHERE order_id = $1", f"{case_id}.1")
        assert f"{case_id}.1" in await unsent(office)
        sweep = SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0)
        assert (await sweep.hand_over_pending()).orders >= 1
        assert [delivery.message_id for delivery in system.deliveries] == [f"{case_id}.1.sent"]
    assert f"{case_id}.1" not in await unsent(office)


async def test_a_department_that_is_away_keeps_no_other_waiting(office: Office) -> None:
    outside, pool = office.outside, office.desk.pool
    async with a_department(office) as away:
        orders = [f"{await office.open(department=away.code)}.1" for _ in range(3)]
        async with a_department(office) as there:
            orders.append(f"{await office.open(department=there.code)}.1")
            for order_id in orders:
                await is_delivered(office, order_id)
            away.answers[:] = [refusing(503)]
            for system in (away, there):
                system.deliveries.clear()
            await pool.execute("UPDATE delivery SET delivered_at = NULL, way = NULL WHERE order_id = ANY($1)", orders)
            sweep = SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0)
            swept = await sweep.hand_over_pending()
            assert swept.failed >= len(orders) - 1
            assert len(away.deliveries) == 1  # the others stand behind the one that was not taken
            assert [delivery.message_id for delivery in there.deliveries] == [f"{orders[-1]}.sent"]


async def test_no_department_fills_the_sweep(office: Office) -> None:
    pool = office.desk.pool
    async with a_department(office) as away, a_department(office) as there:
        orders = [f"{await office.open(department=system.code)}.1" for system in (away, away, away, there)]
        for order_id in orders:
            await is_delivered(office, order_id)
        await pool.execute("UPDATE delivery SET delivered_at = NULL, way = NULL WHERE order_id = ANY($1)", orders)
        mine = [request.order for request in await undelivered(pool, 0, 200, 2) if request.order.order_id in orders]
        assert sorted(order.order_id for order in mine) == sorted([*orders[:2], orders[-1]])
        await pool.execute("UPDATE delivery SET delivered_at = now(), way = 'system' WHERE order_id = ANY($1)", orders)


SENT_TO = "SELECT count(*) FROM ledger WHERE kind = 'order.sent' AND payload->>'department' = $1"

NOTE = (
    "INSERT INTO notice (order_id, kind, case_id, department, due_at) VALUES ($1, $2, $3, $4, now()) RETURNING due_at"
)
STATE = "SELECT delivered_at IS NOT NULL AS delivered, attempts, last_error FROM notice WHERE order_id = $1"


async def test_a_warning_reaches_the_departments_system_once(office: Office) -> None:
    outside, pool = office.outside, office.desk.pool
    sweep = SweepActivities(outside.pool, outside.engine, outside.post, outside.rules)
    async with a_department(office, taken, refusing(503, Retry_After="1"), taken) as system:
        case_id = await office.open(department=system.code)
        order_id = f"{case_id}.1"
        await is_delivered(office, order_id)
        due_at = await pool.fetchval(NOTE, order_id, "warning.yellow", case_id, system.code)
        assert (await sweep.hand_over_pending()).failed == 1
        assert tuple(*await pool.fetch(STATE, order_id)) == (False, 1, "HTTP 503")
        await asyncio.sleep(1.1)
        for _ in range(2):
            await sweep.hand_over_pending()
        assert tuple(*await pool.fetch(STATE, order_id)) == (True, 2, None)
        _, tried, warned = system.deliveries
    assert tried.message_id == warned.message_id == f"{order_id}.warning.yellow"
    assert is_signed(warned, system.code)
    assert (warned.event["type"], warned.event["subject"]) == ("liandong.order.warned", order_id)
    assert warned.event["data"] == {
        "case_id": case_id,
        "order_id": order_id,
        "department": system.code,
        "kind": "warning.yellow",
        "due_at": due_at.isoformat(),
        "reason": None,
    }


async def test_a_warning_to_a_department_without_a_system_is_in_its_inbox(office: Office) -> None:
    outside, pool = office.outside, office.desk.pool
    case_id = await office.open(department=NEIGHBOUR)
    await pool.fetchval(NOTE, f"{case_id}.1", "warning.red", case_id, NEIGHBOUR)
    await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules).hand_over_pending()
    assert tuple(*await pool.fetch(STATE, f"{case_id}.1")) == (True, 1, None)


async def unsent(office: Office) -> set[str]:
    return {request.order.order_id for request in await undelivered(office.desk.pool, 0, 100)}


async def test_a_redirect_is_not_followed(office: Office) -> None:
    async with a_department(office) as elsewhere, serving(elsewhere) as address:
        redirect: Answer = lambda: Response(status_code=307, headers={"Location": address})  # noqa: E731
        async with a_department(office, redirect, taken) as system:
            case_id = await office.open(department=system.code)
            assert (await was_refused(office, f"{case_id}.1"))["last_error"] == "HTTP 307"
            await is_delivered(office, f"{case_id}.1")
            assert len(system.deliveries) == 2
        assert elsewhere.deliveries == []


async def test_nobody_waits_for_an_answer_that_does_not_end(office: Office) -> None:
    async def drips() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 1024
            await asyncio.sleep(0.01)

    async with a_department(office, lambda: StreamingResponse(drips(), 202)) as system:
        case_id = await office.open(department=system.code)
        row = await is_delivered(office, f"{case_id}.1")
        assert row["attempts"] == 1


async def test_a_reassigned_order_is_withdrawn_at_the_department(office: Office) -> None:
    async with a_department(office) as system:
        case_id = await office.open(department=system.code)
        await system.got(1)
        await office.ask(case_id, Command.ASSIGN, Assign(department=NEIGHBOUR, by="值班长"))
        _, withdrawal = await system.got(2)
    assert is_signed(withdrawal, system.code)
    assert withdrawal.message_id == f"{case_id}.1.order.withdrawn"
    assert (withdrawal.event["type"], withdrawal.event["subject"]) == ("liandong.order.withdrawn", f"{case_id}.1")
    assert withdrawal.event["data"] == {
        "case_id": case_id,
        "order_id": f"{case_id}.1",
        "department": system.code,
        "kind": "order.withdrawn",
        "due_at": None,
        "reason": "reassigned",
    }


async def test_a_system_that_cannot_be_told_of_a_withdrawal_is_told_by_the_sweep(office: Office) -> None:
    outside = office.outside
    sweep = SweepActivities(outside.pool, outside.engine, outside.post, outside.rules)
    async with a_department(office, taken, refusing(503, Retry_After="1"), taken) as system:
        case_id = await office.open(department=system.code)
        await is_delivered(office, f"{case_id}.1")
        await office.ask(case_id, Command.ASSIGN, Assign(department=NEIGHBOUR, by="值班长"))
        await system.got(2)
        await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
        await asyncio.sleep(1.1)
        await sweep.hand_over_pending()
        await sweep.hand_over_pending()
        _, tried, told = system.deliveries
    assert tried.message_id == told.message_id == f"{case_id}.1.order.withdrawn"
    assert told.event["data"]["reason"] == "reassigned"


async def test_a_returned_order_and_a_withdrawn_case_are_withdrawn_too(office: Office) -> None:
    async with a_department(office) as first:
        case_id = await office.open(department=first.code)
        await is_delivered(office, f"{case_id}.1")
        async with a_department(office) as second:
            await office.give_back(f"{case_id}.1", of=first.code, suggests=second.code)
            await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
            await is_delivered(office, f"{case_id}.2")
            await office.ask(case_id, Command.WITHDRAW, Withdraw(by="值班长", reason="来电人撤回"))
            await office.outside.engine.client.get_workflow_handle(case_id).result()
            returned, withdrawn = await first.got(2), await second.got(2)
    assert [delivery.event["data"].get("reason") for delivery in returned] == [None, "returned"]
    assert [delivery.event["data"].get("reason") for delivery in withdrawn] == [None, "withdrawn"]


async def test_a_case_does_not_wait_for_a_department_that_cannot_be_reached(office: Office) -> None:
    async with a_department(office, refusing(500)) as system:
        case_id = await office.open(department=system.code, **SOON)
        await office.recorded(case_id, FactKind.ORDER_SUPERSEDED)
        assert (await office.view(case_id)).rung is Rung.SUPERVISED
        assert (await delivery_of(office, f"{case_id}.1"))["delivered_at"] is None
        # It may answer all the same: the order stands in its inbox.
        assert (await office.reply(f"{case_id}.2", of=system.code)).json()["outcome"] == "accepted"


async def test_withdrawing_an_order_that_is_gone_is_no_error(office: Office) -> None:
    case_id = await office.open()
    await office.reply(f"{case_id}.1")
    outside = office.outside
    activities = DepartmentActivities(outside.pool, outside.engine.client, outside.post)
    withdrawal = {"case_id": case_id, "order_id": f"{case_id}.1", "department": BUREAU, "reason": "merged"}
    await activities.withdraw_order(OrderWithdrawal.model_validate(withdrawal))
