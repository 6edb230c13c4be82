"""What departments say over HTTP, all the way into the running case and its record."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from office import BUREAU, NEIGHBOUR, SOON, Office, Servers, credentials, office_of, reply_body, until
from temporalio.client import Client

from activities.sweep import SweepActivities, Swept
from desk import orders as window
from desk.orders import (
    NewReply,
    _callback,  # pyright: ignore[reportPrivateUsage] - to store one as the desk would
)
from domain.case import Awaited, Status
from domain.commands import Assign, Command, Withdraw
from domain.errors import Unavailable
from domain.ledger import Fact, FactKind
from domain.order import OrderStatus, Result, Role
from storage import callbacks
from storage.callbacks import CallbackOutcome, StoredCallback
from storage.database import open_pool
from worker import build_worker


def code_of(response: object) -> str:
    return json.loads(getattr(response, "content", b"{}")).get("type", "").removeprefix("urn:liandong:")


async def stored_of(office: Office, case_id: str) -> StoredCallback:
    (stored,) = (await office.folder(case_id)).callbacks
    return stored


# -- what departments say, and what the case makes of it ---------------------------------------------------


async def test_an_order_is_acknowledged_and_answered(office: Office) -> None:
    case_id = await office.open()
    order_id = f"{case_id}.1"

    acknowledged = await office.acknowledge(order_id)
    assert acknowledged.status_code == 200, acknowledged.text
    assert (acknowledged.json()["order_id"], acknowledged.json()["status"]) == (order_id, "acknowledged")

    replied = await office.reply(order_id)
    assert replied.status_code == 200, replied.text
    expected = {"callback_id": f"r-{order_id}", "order_id": order_id, "case_id": case_id, "outcome": "in_time"}
    assert replied.json() == expected | {"repeated": False}

    view = await office.view(case_id)
    assert view.status is Status.CALLBACK
    assert view.orders[0].reply is not None
    assert view.orders[0].reply.statement == "棚已拆除"
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME


async def test_the_inbox_shows_the_departments_own_open_orders(office: Office) -> None:
    case_id = await office.open(place="怡心路口")
    response = await office.http.get("/v1/orders", headers=credentials())
    assert response.headers["cache-control"] == "no-store"
    (item,) = [item for item in response.json()["orders"] if item["case_id"] == case_id]
    assert item["order"]["order_id"] == f"{case_id}.1"
    assert (item["description"], item["place"], item["citizen_name"]) == ("楼顶搭棚", "怡心路口", "符小妹")
    assert case_id not in await inbox_of(office, NEIGHBOUR)

    await office.reply(f"{case_id}.1")
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    assert case_id not in await inbox_of(office, BUREAU)


async def inbox_of(office: Office, department: str) -> set[str]:
    response = await office.http.get("/v1/orders", headers=credentials(department))
    return {item["case_id"] for item in response.json()["orders"]}


async def test_an_order_is_given_back_and_goes_to_whom_the_return_names(office: Office) -> None:
    case_id = await office.open()
    returned = await office.give_back(f"{case_id}.1", suggests=NEIGHBOUR)
    assert returned.status_code == 200, returned.text
    assert returned.json()["status"] == "returned"
    await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
    assert (await office.order(f"{case_id}.2")).department == NEIGHBOUR


async def test_a_limit_for_the_rectification_is_kept_with_the_reply(office: Office) -> None:
    case_id = await office.open()
    assert (await office.reply(f"{case_id}.1", limit_days=15)).status_code == 200
    assert (await stored_of(office, case_id)).reply.limit_days == 15


async def test_the_citizen_is_blotted_out_of_a_statement(office: Office) -> None:
    case_id = await office.open()
    await office.reply(f"{case_id}.1", statement="已电话 0898-66778899 告知符小妹本人")
    (fact,) = await office.recorded(case_id, FactKind.ORDER_REPLIED)
    for word in ("符小妹", "66778899"):
        assert word not in str(fact.payload["statement"])
        assert word not in (await stored_of(office, case_id)).reply.statement


async def test_blotting_out_never_makes_a_statement_too_long(office: Office) -> None:
    case_id = await office.open(citizen={"name": "符妹"})
    assert (await office.reply(f"{case_id}.1", statement="符妹" * 1000)).status_code == 200


async def test_a_case_number_that_looks_like_a_telephone_number_is_left_alone(office: Office) -> None:
    case_id = await office.open(reference="hotline:13812345678")
    assert (await office.acknowledge(f"{case_id}.1")).status_code == 200


# -- what is refused before it counts ----------------------------------------------------------------------


async def test_an_order_is_acknowledged_once(office: Office) -> None:
    case_id = await office.open()
    assert (await office.acknowledge(f"{case_id}.1")).status_code == 200
    again = await office.acknowledge(f"{case_id}.1")
    assert (again.status_code, code_of(again)) == (409, "already-acknowledged")
    assert len(await office.recorded(case_id, FactKind.ORDER_ACKNOWLEDGED)) == 1


async def test_a_return_after_its_window_is_refused(office: Office) -> None:
    case_id = await office.open()
    await office.acknowledge(f"{case_id}.1")
    await asyncio.sleep(2.1)  # two of the demo's working days
    late = await office.give_back(f"{case_id}.1")
    assert (late.status_code, code_of(late)) == (409, "return-window-over")
    assert (await office.order(f"{case_id}.1")).status is OrderStatus.ACKNOWLEDGED


async def test_a_return_names_a_department_that_there_is(office: Office) -> None:
    case_id = await office.open()
    wrong = await office.give_back(f"{case_id}.1", suggests="hk-housin")
    assert (wrong.status_code, code_of(wrong)) == (404, "department-unknown")
    assert wrong.json()["params"]["did_you_mean"] == NEIGHBOUR
    assert (await office.order(f"{case_id}.1")).is_open


async def test_somebody_elses_order_is_refused(office: Office) -> None:
    case_id = await office.open()
    for answer in (
        await office.acknowledge(f"{case_id}.1", of=NEIGHBOUR),
        await office.give_back(f"{case_id}.1", of=NEIGHBOUR),
        await office.reply(f"{case_id}.1", of=NEIGHBOUR),
    ):
        assert (answer.status_code, code_of(answer)) == (403, "order-not-yours"), answer.text
    assert (await office.folder(case_id)).callbacks == ()
    assert (await office.order(f"{case_id}.1")).status is OrderStatus.SENT


async def test_an_order_that_nobody_knows_is_refused(office: Office) -> None:
    for answer in (await office.acknowledge("nothing.1"), await office.give_back("nothing.1")):
        assert (answer.status_code, code_of(answer)) == (404, "order-unknown")
    answer = await office.reply("nothing.1")
    assert (answer.status_code, code_of(answer)) == (404, "order-unknown")
    assert await callbacks.of_case(office.desk.pool, "nothing") == []


async def test_a_reply_does_not_come_in_without_the_right_token(office: Office) -> None:
    case_id = await office.open()
    stolen = {**credentials(), "Liandong-Department": NEIGHBOUR}
    answer = await office.http.post(f"/v1/orders/{case_id}.1/reply", json=reply_body(f"{case_id}.1"), headers=stolen)
    assert (answer.status_code, code_of(answer)) == (401, "not-authenticated")
    assert (await office.folder(case_id)).callbacks == ()


# -- twice, and otherwise ----------------------------------------------------------------------------------


async def test_a_second_delivery_changes_nothing(office: Office) -> None:
    case_id = await office.open()
    first = await office.reply(f"{case_id}.1")
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    before = await office.folder(case_id)

    second = await office.reply(f"{case_id}.1")
    assert second.json() == first.json() | {"repeated": True}
    under_another_id = await office.reply(f"{case_id}.1", callback_id="another")
    assert under_another_id.json() == first.json() | {"repeated": True}
    assert await office.folder(case_id) == before


@pytest.mark.parametrize("overdue", [False, True], ids=["in_time", "late"])
async def test_deliveries_at_the_same_moment_are_one(office: Office, overdue: bool) -> None:
    case_id = await office.open(**SOON if overdue else {})
    if overdue:
        await office.recorded(case_id, FactKind.ORDER_SUPERSEDED)
    answers = await asyncio.gather(*(office.reply(f"{case_id}.1") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert {answer.json()["outcome"] for answer in answers} == {"late" if overdue else "in_time"}
    assert sum(not answer.json()["repeated"] for answer in answers) == 1
    assert await replies(office, case_id) == [FactKind.ORDER_REPLIED_LATE if overdue else FactKind.ORDER_REPLIED]


async def replies(office: Office, case_id: str) -> list[FactKind]:
    """Every reply that the case has noted."""
    handle = office.desk.client.get_workflow_handle(case_id)
    facts = await handle.query("trail", result_type=list[Fact])
    return [fact.kind for fact in facts if fact.kind in (FactKind.ORDER_REPLIED, FactKind.ORDER_REPLIED_LATE)]


async def test_another_content_is_refused(office: Office) -> None:
    case_id = await office.open()
    await office.reply(f"{case_id}.1")
    otherwise: tuple[dict[str, Any], ...] = (
        {"statement": "另一种说法"},
        {"result": "explained"},
        {"by": "别人"},
        {"limit_days": 3},
    )
    for changed in otherwise:
        other = await office.reply(f"{case_id}.1", **changed)
        assert (other.status_code, code_of(other)) == (409, "replied-otherwise"), changed
    assert (await stored_of(office, case_id)).reply.statement == "棚已拆除"


async def test_a_callbacks_id_counts_within_its_department(office: Office) -> None:
    one, two, theirs = await office.open(), await office.open(), await office.open(department=NEIGHBOUR)
    assert (await office.reply(f"{one}.1", callback_id="1")).status_code == 200
    other_order = await office.reply(f"{two}.1", callback_id="1")
    assert (other_order.status_code, code_of(other_order)) == (409, "callback-id-used")
    assert (await office.reply(f"{theirs}.1", callback_id="1", of=NEIGHBOUR)).json()["repeated"] is False


async def test_the_idempotency_key_is_the_callbacks_id(office: Office) -> None:
    case_id = await office.open()
    body = {name: value for name, value in reply_body("").items() if name != "callback_id"}
    first = await office.post(f"{case_id}.1", "reply", body, **{"Idempotency-Key": '"k-7"'})
    assert first.json()["callback_id"] == "k-7"
    second = await office.post(f"{case_id}.1", "reply", body, **{"Idempotency-Key": "k-7"})
    assert second.json()["repeated"] is True


# -- late --------------------------------------------------------------------------------------------------


async def test_a_reply_to_a_superseded_order_is_kept_as_late(office: Office) -> None:
    case_id = await office.open(**SOON)
    await office.recorded(case_id, FactKind.ORDER_SUPERSEDED)  # not acknowledged: the case has climbed
    late = await office.reply(f"{case_id}.1")
    assert late.json()["outcome"] == "late"

    (fact,) = await office.recorded(case_id, FactKind.ORDER_REPLIED_LATE)
    assert (fact.order_id, fact.payload["statement"]) == (f"{case_id}.1", "棚已拆除")
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.LATE
    order = await office.order(f"{case_id}.1")
    assert order.status is OrderStatus.SUPERSEDED
    assert order.late_reply is not None
    assert (await office.view(case_id)).status is Status.HANDLING  # it decides nothing

    again = await office.reply(f"{case_id}.1")
    assert (again.json()["outcome"], again.json()["repeated"]) == ("late", True)
    assert len(await office.recorded(case_id, FactKind.ORDER_REPLIED_LATE)) == 1


async def test_a_reply_to_a_returned_order_is_late(office: Office) -> None:
    case_id = await office.open()
    await office.give_back(f"{case_id}.1", suggests=NEIGHBOUR)
    late = await office.reply(f"{case_id}.1")
    assert late.json()["outcome"] == "late"
    order = await office.order(f"{case_id}.1")
    assert order.status is OrderStatus.RETURNED
    assert order.late_reply is not None
    await office.recorded(case_id, FactKind.ORDER_REPLIED_LATE)


async def test_a_reply_to_a_withdrawn_order_is_late(office: Office) -> None:
    case_id = await office.open()
    await office.ask(case_id, Command.ASSIGN, Assign(department=NEIGHBOUR, by="值班长"))
    late = await office.reply(f"{case_id}.1")
    assert late.json()["outcome"] == "late"
    assert (await office.order(f"{case_id}.1")).status is OrderStatus.WITHDRAWN


async def test_a_reply_after_the_case_was_closed_is_kept(office: Office) -> None:
    case_id = await office.open()
    await office.ask(case_id, Command.WITHDRAW, Withdraw(by="值班长", reason="来电人撤回"))
    await office.outside.engine.client.get_workflow_handle(case_id).result()
    before = await office.folder(case_id)
    late = await office.reply(f"{case_id}.1")
    assert late.json()["outcome"] == "after_closing"
    after = await office.folder(case_id)
    assert after.entries == before.entries
    assert after.callbacks[0].outcome is CallbackOutcome.AFTER_CLOSING
    assert (await office.reply(f"{case_id}.1")).json() == late.json() | {"repeated": True}


# -- after a crash -----------------------------------------------------------------------------------------


def kept(order_id: str, received_at: datetime | None = None) -> StoredCallback:
    """A reply as the desk stores it, before anything is done with it."""
    given = NewReply(
        order_id=order_id,
        department=BUREAU,
        result=Result.RESOLVED,
        statement="棚已拆除",
        by="经办人 12",
        callback_id=f"r-{order_id}",
    )
    return _callback(given, order_id.rpartition(".")[0], received_at or datetime.now(UTC))


async def swept(office: Office) -> Swept:
    outside = office.outside
    return await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0).hand_over_pending()


async def test_a_reply_that_was_only_stored_is_handed_over_by_the_sweep(office: Office) -> None:
    case_id = await office.open()
    await callbacks.keep(office.desk.pool, kept(f"{case_id}.1"))

    assert (await swept(office)).callbacks == 1
    assert (await office.view(case_id)).status is Status.CALLBACK
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME
    assert (await swept(office)).callbacks == 0, "once is enough"
    assert (await office.reply(f"{case_id}.1")).json()["repeated"] is True


async def test_the_department_that_tries_again_after_a_crash_hands_its_reply_over(office: Office) -> None:
    case_id = await office.open()
    await callbacks.keep(office.desk.pool, kept(f"{case_id}.1", datetime.now(UTC) - window.HAND_OVER))
    again = await office.reply(f"{case_id}.1")
    assert (again.json()["outcome"], again.json()["repeated"]) == ("in_time", True)


async def test_a_punctual_reply_stays_punctual_when_the_crash_came_after_the_hand_over(office: Office) -> None:
    case_id = await office.open()
    reply = kept(f"{case_id}.1")
    await callbacks.keep(office.desk.pool, reply)
    request = office.desk.client.get_async_activity_handle(workflow_id=case_id, run_id=None, activity_id=reply.order_id)
    await request.complete(reply.reply)  # and here the gateway died

    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME
    assert await replies(office, case_id) == [FactKind.ORDER_REPLIED]


async def test_a_late_reply_that_was_only_stored_is_late_after_the_sweep(office: Office) -> None:
    case_id = await office.open()
    await office.give_back(f"{case_id}.1", suggests=NEIGHBOUR)
    await callbacks.keep(office.desk.pool, kept(f"{case_id}.1"))
    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.LATE


async def test_deliveries_while_no_worker_runs_are_kept_and_count_once(
    embedded: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office_of(embedded) as office:
        async with build_worker(office.outside):
            case_id = await office.open()
        # The first completes the request, the second becomes an update: the case will find both at once.
        with monkeypatch.context() as impatient:
            impatient.setattr("outbox.callbacks.PATIENCE", timedelta(seconds=1))
            impatient.setattr("desk.orders.HAND_OVER", timedelta(0))
            for _ in range(2):
                answer = await office.reply(f"{case_id}.1")
                assert (answer.status_code, code_of(answer)) == (503, "kept-not-handed-over")
                assert answer.headers["retry-after"]
        async with build_worker(office.outside):
            assert (await swept(office)).callbacks == 1
            assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME
            assert (await office.reply(f"{case_id}.1")).json()["repeated"] is True
            assert await replies(office, case_id) == [FactKind.ORDER_REPLIED]


async def test_a_reply_is_kept_when_the_engine_cannot_be_reached(office: Office) -> None:
    case_id = await office.open()
    engine = office.outside.engine
    nowhere = await Client.connect("127.0.0.1:9", lazy=True, data_converter=engine.client.data_converter)
    desk = replace(office.desk, engine=replace(engine, client=nowhere))
    given = NewReply.model_validate(reply_body(f"{case_id}.1") | {"order_id": f"{case_id}.1", "department": BUREAU})
    with pytest.raises(Unavailable, match="kept-not-handed-over"):
        await window.reply(desk, given, datetime.now(UTC))
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.PENDING
    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME


async def test_a_reply_that_is_kept_is_said_to_be_kept_when_the_record_goes_away_afterwards(embedded: Servers) -> None:
    async with office_of(embedded) as office:
        async with build_worker(office.outside):
            case_id = await office.open()
        order_id = f"{case_id}.1"
        theirs = await open_pool(office.database_url)
        given = NewReply.model_validate(reply_body(order_id) | {"order_id": order_id, "department": BUREAU})
        replying = asyncio.create_task(window.reply(replace(office.desk, pool=theirs), given, datetime.now(UTC)))
        await until(lambda: callbacks.of_case(office.desk.pool, case_id), bool)  # no worker: it waits for the case
        theirs.terminate()
        with pytest.raises(Unavailable, match="kept-not-handed-over"):
            await replying
        async with build_worker(office.outside):
            assert (await swept(office)).callbacks == 1
            assert (await stored_of(office, case_id)).outcome is CallbackOutcome.IN_TIME


async def test_an_assisting_departments_reply_reaches_its_own_order(office: Office) -> None:
    case_id = await office.open()
    joining = Assign(department=NEIGHBOUR, role=Role.ASSISTING, by="值班长")
    await office.ask(case_id, Command.ASSIGN, joining)
    await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
    assert (await office.reply(f"{case_id}.2", of=NEIGHBOUR)).json()["outcome"] == "in_time"
    view = await office.view(case_id)
    assert view.status is Status.HANDLING
    assert view.waiting[0].awaited is Awaited.ACKNOWLEDGEMENT
