"""What departments say over HTTP, all the way into the running case and its record."""

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from office import BUREAU, NEIGHBOUR, SOON, Office, Servers, envelope, office_of, reply_body, until
from temporalio.client import Client

from activities.sweep import SweepActivities, Swept
from desk import orders as window
from desk.orders import _callback  # pyright: ignore[reportPrivateUsage] - to store one as the desk would
from domain.callbacks import Callback, CallbackKind, CallbackOutcome, NewReply, Said
from domain.case import Awaited, Record, Status
from domain.commands import Acknowledge, Assign, Command, NoteProgress, Withdraw
from domain.ledger import Fact, FactKind
from domain.order import OrderStatus, Result, Role
from storage import callbacks, orders
from storage.database import open_pool
from worker import build_worker


def code_of(response: object) -> str:
    return json.loads(getattr(response, "content", b"{}")).get("type", "").removeprefix("urn:liandong:")


async def stored_of(office: Office, case_id: str, kind: CallbackKind = CallbackKind.REPLY) -> Callback:
    """The one callback of its kind that is stored for the case."""
    (stored,) = [callback for callback in (await office.folder(case_id)).callbacks if callback.kind is kind]
    return stored


# -- what departments say, and what the case makes of it ---------------------------------------------------


async def test_an_order_is_acknowledged_and_answered(office: Office) -> None:
    case_id = await office.open()
    order_id = f"{case_id}.1"

    acknowledged = await office.acknowledge(order_id)
    assert acknowledged.status_code == 200, acknowledged.text
    said = acknowledged.json()
    assert (said["order_id"], said["kind"], said["outcome"]) == (order_id, "acknowledge", "accepted")
    assert (await office.order(order_id)).status is OrderStatus.ACKNOWLEDGED

    replied = await office.reply(order_id)
    assert replied.status_code == 200, replied.text
    assert replied.json() == {
        "callback_id": f"r-{order_id}",
        "order_id": order_id,
        "case_id": case_id,
        "kind": "reply",
        "outcome": "accepted",
        "repeated": False,
        "seq": None,
    }

    view = await office.view(case_id)
    assert view.status is Status.CALLBACK
    assert view.orders[0].reply is not None
    assert view.orders[0].reply.statement == "棚已拆除"
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    for kind in (CallbackKind.ACKNOWLEDGE, CallbackKind.REPLY):
        assert (await stored_of(office, case_id, kind)).outcome is CallbackOutcome.ACCEPTED


async def test_an_interim_word_is_on_record_and_moves_nothing(office: Office) -> None:
    case_id = await office.open()
    before = await office.order(f"{case_id}.1")
    told = {"by": "经办人 12", "statement": "已到现场，符小妹不在家"}
    answer = await office.post(f"{case_id}.1", "progress", told, message_id="p-1")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted"), answer.text
    again = await office.post(f"{case_id}.1", "progress", told, message_id="p-1")
    assert again.json()["repeated"] is True
    (fact,) = await office.recorded(case_id, FactKind.ORDER_PROGRESS)
    assert "已到现场" in str(fact.payload["statement"])
    assert "符小妹" not in str(fact.payload["statement"])
    assert await office.order(f"{case_id}.1") == before


async def test_more_time_is_asked_for_and_given_once(office: Office) -> None:
    case_id = await office.open()
    before = await office.order(f"{case_id}.1")
    await office.acknowledge(f"{case_id}.1")
    asked = {"by": "经办人 12", "days": 5, "reason": "须走拆除程序", "told_citizen": "电话告知"}
    first = await office.post(f"{case_id}.1", "extension", asked)
    assert (first.status_code, first.json()["outcome"]) == (200, "accepted"), first.text
    assert (await office.order(f"{case_id}.1")).due_at > before.due_at
    second = await office.post(f"{case_id}.1", "extension", asked)
    assert second.status_code == 409, second.text
    stored = (await office.folder(case_id)).callbacks
    assert [(one.kind, one.outcome) for one in stored] == [
        (CallbackKind.ACKNOWLEDGE, CallbackOutcome.ACCEPTED),
        (CallbackKind.EXTENSION, CallbackOutcome.ACCEPTED),
        (CallbackKind.EXTENSION, CallbackOutcome.REFUSED),
    ]


async def test_the_inbox_shows_the_departments_own_open_orders(office: Office) -> None:
    case_id = await office.open(place="怡心路口")
    response = await office.http.get("/v1/orders", headers=await clerk(office))
    assert response.headers["cache-control"] == "no-store"
    (item,) = [item for item in response.json()["orders"] if item["case_id"] == case_id]
    assert item["order"]["order_id"] == f"{case_id}.1"
    assert (item["description"], item["place"], item["citizen_name"]) == ("楼顶搭棚", "怡心路口", "符小妹")
    assert case_id not in await inbox_of(office, NEIGHBOUR)

    await office.reply(f"{case_id}.1")
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    assert case_id not in await inbox_of(office, BUREAU)


async def clerk(office: Office, department: str = BUREAU) -> dict[str, str]:
    return {"Authorization": f"Bearer {await office.token(of=department)}"}


async def inbox_of(office: Office, department: str) -> set[str]:
    response = await office.http.get("/v1/orders", headers=await clerk(office, department))
    return {item["case_id"] for item in response.json()["orders"]}


async def test_an_order_is_given_back_and_goes_to_whom_the_return_names(office: Office) -> None:
    case_id = await office.open()
    returned = await office.give_back(f"{case_id}.1", suggests=NEIGHBOUR)
    assert returned.status_code == 200, returned.text
    assert returned.json()["outcome"] == "accepted"
    assert (await office.order(f"{case_id}.1")).status is OrderStatus.RETURNED
    await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
    assert (await office.order(f"{case_id}.2")).department == NEIGHBOUR


async def test_a_limit_for_the_rectification_is_kept_with_the_reply(office: Office) -> None:
    case_id = await office.open()
    assert (await office.reply(f"{case_id}.1", limit_days=15)).status_code == 200
    assert (await stored_of(office, case_id)).content["limit_days"] == 15


async def test_the_citizen_is_blotted_out_of_a_statement(office: Office) -> None:
    case_id = await office.open()
    await office.reply(f"{case_id}.1", statement="已电话 0898-66778899 告知符小妹本人")
    (fact,) = await office.recorded(case_id, FactKind.ORDER_REPLIED)
    for word in ("符小妹", "66778899"):
        assert word not in str(fact.payload["statement"])
        assert word not in str((await stored_of(office, case_id)).content)


async def test_blotting_out_never_makes_a_statement_too_long(office: Office) -> None:
    case_id = await office.open(citizen={"name": "符妹"})
    assert (await office.reply(f"{case_id}.1", statement="符妹" * 1000)).status_code == 200


async def test_a_case_number_that_looks_like_a_telephone_number_is_left_alone(office: Office) -> None:
    # Such a reference is no id, so the case gets a number; the engine is shared with tests that count from one, too.
    await office.desk.pool.execute("SELECT setval('case_number', $1::bigint)", 10**6 + uuid.uuid4().int % 10**9)
    case_id = await office.open(reference="hotline:13812345678")
    assert "13812345678" not in case_id
    assert (await office.acknowledge(f"{case_id}.1")).status_code == 200


# -- what is refused before it counts ----------------------------------------------------------------------


async def test_an_order_is_acknowledged_once(office: Office) -> None:
    case_id = await office.open()
    assert (await office.acknowledge(f"{case_id}.1")).status_code == 200
    for _ in range(2):  # one that was refused is known as refused
        again = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="second")
        assert (again.status_code, code_of(again)) == (409, "already-acknowledged")
    _, refused = (await office.folder(case_id)).callbacks
    assert (refused.outcome, refused.refusal and refused.refusal.code) == (
        CallbackOutcome.REFUSED,
        "already-acknowledged",
    )
    assert len(await office.recorded(case_id, FactKind.ORDER_ACKNOWLEDGED)) == 1


async def test_a_return_after_its_window_is_refused(office: Office) -> None:
    case_id = await office.open()
    await office.acknowledge(f"{case_id}.1")
    await asyncio.sleep(2.1)  # two of the demo's working days
    late = await office.give_back(f"{case_id}.1")
    assert (late.status_code, code_of(late)) == (409, "return-window-over")
    assert (await stored_of(office, case_id, CallbackKind.RETURN)).outcome is CallbackOutcome.REFUSED
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


async def test_a_reply_does_not_come_in_with_anothers_signature(office: Office) -> None:
    case_id = await office.open()
    content = json.dumps(reply_body(f"{case_id}.1")).encode()
    stolen = {**envelope(content, NEIGHBOUR), "Liandong-Department": BUREAU}
    answer = await office.http.post(f"/v1/orders/{case_id}.1/reply", content=content, headers=stolen)
    assert (answer.status_code, code_of(answer)) == (401, "signature-wrong")
    assert (await office.folder(case_id)).callbacks == ()


# -- twice, and otherwise ----------------------------------------------------------------------------------


async def test_a_second_delivery_changes_nothing(office: Office) -> None:
    case_id = await office.open()
    first = await office.reply(f"{case_id}.1")
    await office.recorded(case_id, FactKind.ORDER_REPLIED)
    before = await office.folder(case_id)

    second = await office.reply(f"{case_id}.1")
    assert second.json() == first.json() | {"repeated": True}
    under_another_id = await office.reply(f"{case_id}.1", message_id="another")
    assert under_another_id.json() == first.json() | {"repeated": True}
    assert await office.folder(case_id) == before


@pytest.mark.parametrize("overdue", [False, True], ids=["accepted", "late"])
async def test_deliveries_at_the_same_moment_are_one(office: Office, overdue: bool) -> None:
    case_id = await office.open(**SOON if overdue else {})
    if overdue:
        await office.recorded(case_id, FactKind.ORDER_SUPERSEDED)
    answers = await asyncio.gather(*(office.reply(f"{case_id}.1") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert {answer.json()["outcome"] for answer in answers} == {"late" if overdue else "accepted"}
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
        assert (other.status_code, code_of(other)) == (409, "callback-id-used"), changed
        other = await office.reply(f"{case_id}.1", message_id="another", **changed)
        assert (other.status_code, code_of(other)) == (409, "replied-otherwise"), changed
    assert (await stored_of(office, case_id)).content["statement"] == "棚已拆除"


async def test_an_id_that_said_something_else_is_refused(office: Office) -> None:
    case_id = await office.open()
    first = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="same")
    assert first.status_code == 200
    for what, body in (
        ("acknowledge", {"by": "别人"}),
        ("progress", {"by": "值班员 07", "statement": "已到现场"}),
        ("reply", {"by": "值班员 07", "statement": "棚已拆除", "result": "resolved"}),
    ):
        other = await office.post(f"{case_id}.1", what, body, message_id="same")
        assert (other.status_code, code_of(other)) == (409, "callback-id-used"), what
    (only,) = (await office.folder(case_id)).callbacks
    assert only.kind is CallbackKind.ACKNOWLEDGE


async def test_a_callbacks_id_counts_within_its_department(office: Office) -> None:
    one, two, theirs = await office.open(), await office.open(), await office.open(department=NEIGHBOUR)
    assert (await office.reply(f"{one}.1", message_id="1")).status_code == 200
    other_order = await office.reply(f"{two}.1", message_id="1")
    assert (other_order.status_code, code_of(other_order)) == (409, "callback-id-used")
    assert (await office.reply(f"{theirs}.1", message_id="1", of=NEIGHBOUR)).json()["repeated"] is False


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


SAID: dict[str, dict[str, object]] = {
    "acknowledge": {},
    "progress": {"statement": "已到现场"},
    "return": {"reason": "不属于本单位职责", "basis": "三定方案第四条"},
    "extension": {"days": 5, "reason": "须走拆除程序", "told_citizen": "电话告知"},
}


async def test_whatever_is_said_about_a_superseded_order_is_late_and_kept(office: Office) -> None:
    case_id = await office.open(**SOON)
    await office.recorded(case_id, FactKind.ORDER_SUPERSEDED)
    before = await office.view(case_id)
    for what, body in SAID.items():
        for repeated in (False, True):
            answer = await office.post(f"{case_id}.1", what, {"by": "值班员 07", **body}, message_id=what)
            assert answer.status_code == 200, answer.text
            assert (answer.json()["outcome"], answer.json()["repeated"]) == ("late", repeated), what
    stored = (await office.folder(case_id)).callbacks
    assert [(one.kind.value, one.outcome.value) for one in stored] == [(what, "late") for what in SAID]
    assert (await office.view(case_id)).orders == before.orders


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


async def closed(office: Office, case_id: str) -> None:
    await office.ask(case_id, Command.WITHDRAW, Withdraw(by="值班长", reason="来电人撤回"))
    await office.outside.engine.client.get_workflow_handle(case_id).result()
    await office.recorded(case_id, FactKind.CASE_CLOSED)


async def test_what_comes_after_the_case_was_closed_is_refused_and_not_stored(office: Office) -> None:
    case_id = await office.open()
    await closed(office, case_id)
    before = await office.folder(case_id)
    for what, body in (SAID | {"reply": {"result": "resolved", "statement": "棚已拆除"}}).items():
        answer = await office.post(f"{case_id}.1", what, {"by": "值班员 07", **body})
        assert (answer.status_code, code_of(answer)) == (409, "case-closed"), what
    assert await office.folder(case_id) == before
    assert before.callbacks == ()


async def test_what_came_before_the_case_was_closed_is_known_afterwards(office: Office) -> None:
    case_id = await office.open()
    first = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="a-1")
    refused = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="a-2")
    await closed(office, case_id)
    again = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="a-1")
    assert (again.status_code, again.json()["outcome"], again.json()["repeated"]) == (200, "accepted", True), first
    again = await office.post(f"{case_id}.1", "acknowledge", {"by": "值班员 07"}, message_id="a-2")
    assert (again.status_code, code_of(again)) == (409, code_of(refused))
    otherwise = await office.post(f"{case_id}.1", "acknowledge", {"by": "别人"}, message_id="a-1")
    assert (otherwise.status_code, code_of(otherwise)) == (409, "callback-id-used")


async def test_a_reply_that_the_closing_overtook_is_kept(office: Office) -> None:
    """It was stored while the case was open, and the case ended before it got there."""
    case_id = await office.open()
    await keep(office, kept(f"{case_id}.1"))
    await closed(office, case_id)
    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.AFTER_CLOSING
    again = await office.reply(f"{case_id}.1")
    assert (again.json()["outcome"], again.json()["repeated"]) == ("after_closing", True)


# -- after a crash -----------------------------------------------------------------------------------------


def kept(order_id: str, by: str = "经办人 12") -> NewReply:
    """A reply as the gateway gives it to the desk."""
    return NewReply(order_id=order_id, department=BUREAU, result=Result.RESOLVED, statement="棚已拆除", by=by)


async def keep(
    office: Office, said: Said, received_at: datetime | None = None, callback_id: str | None = None
) -> Callback:
    """Store what a department says as the desk does before anything is done with it; and here the gateway died."""
    addressee = await orders.addressee(office.desk.pool, said.order_id)
    assert addressee is not None
    case_id = said.order_id.rpartition(".")[0]
    callback_id = callback_id or f"r-{said.order_id}"
    callback = _callback(said, addressee, case_id, callback_id, received_at or datetime.now(UTC))
    return (await callbacks.keep(office.desk.pool, callback)).callback


async def swept(office: Office) -> Swept:
    outside = office.outside
    return await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules, grace=0).hand_over_pending()


async def test_a_reply_that_was_only_stored_is_handed_over_by_the_sweep(office: Office) -> None:
    case_id = await office.open()
    await keep(office, kept(f"{case_id}.1"))

    assert (await swept(office)).callbacks == 1
    assert (await office.view(case_id)).status is Status.CALLBACK
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.ACCEPTED
    assert (await swept(office)).callbacks == 0, "once is enough"
    assert (await office.reply(f"{case_id}.1")).json()["repeated"] is True


async def test_what_the_case_has_taken_is_put_on_record_by_the_sweep_when_the_crash_came_before_the_record(
    office: Office,
) -> None:
    case_id = await office.open()
    command = await keep(office, Acknowledge(order_id=f"{case_id}.1", department=BUREAU, by="值班员 07"))
    running = office.desk.client.get_workflow_handle(case_id)
    told = await running.execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
        Command.ACKNOWLEDGE, command.said(), id=f"{BUREAU}/{command.callback_id}", result_type=Record
    )  # and here the gateway died
    assert [fact.kind for fact in told.facts][-1] is FactKind.ORDER_ACKNOWLEDGED
    assert FactKind.ORDER_ACKNOWLEDGED not in await kinds_on_record(office, case_id)

    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id, CallbackKind.ACKNOWLEDGE)).outcome is CallbackOutcome.ACCEPTED
    assert (await kinds_on_record(office, case_id)).count(FactKind.ORDER_ACKNOWLEDGED) == 1


async def test_what_the_case_has_taken_is_on_record_with_whatever_comes_next(office: Office) -> None:
    case_id = await office.open()
    said = Acknowledge(order_id=f"{case_id}.1", department=BUREAU, by="值班员 07")
    running = office.desk.client.get_workflow_handle(case_id)
    await running.execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
        Command.ACKNOWLEDGE, said, result_type=Record
    )  # nobody writes what came of it
    assert (await office.reply(f"{case_id}.1")).json()["outcome"] == "accepted"
    found = await kinds_on_record(office, case_id)
    assert found.index(FactKind.ORDER_ACKNOWLEDGED) < found.index(FactKind.ORDER_REPLIED)


async def test_nothing_counts_as_heard_that_cannot_be_put_on_record(office: Office) -> None:
    case_id = await office.open()
    await office.desk.pool.execute(FORGE, case_id)  # another fact under the next number
    answer = await office.acknowledge(f"{case_id}.1")
    assert (answer.status_code, answer.json()["outcome"]) == (202, "kept"), answer.text
    assert (await stored_of(office, case_id, CallbackKind.ACKNOWLEDGE)).outcome is CallbackOutcome.KEPT


FORGE = """
INSERT INTO ledger (case_id, seq, kind, at, actor, rung, payload, prev_hash, hash)
SELECT case_id, seq + 1, 'order.progress', at, actor, rung, '{}', hash, repeat('0', 64)
FROM ledger WHERE case_id = $1 ORDER BY seq DESC LIMIT 1
"""


async def kinds_on_record(office: Office, case_id: str) -> list[FactKind]:
    return [entry.fact.kind for entry in (await office.folder(case_id)).entries]


async def test_the_department_that_tries_again_after_a_crash_hands_its_reply_over(office: Office) -> None:
    case_id = await office.open()
    await keep(office, kept(f"{case_id}.1"), datetime.now(UTC) - window.HAND_OVER)
    again = await office.reply(f"{case_id}.1")
    assert (again.json()["outcome"], again.json()["repeated"]) == ("accepted", True)


async def test_the_department_that_tries_again_after_a_crash_does_not_overtake_its_own_earlier_word(
    office: Office,
) -> None:
    case_id = await office.open()
    long_ago = datetime.now(UTC) - window.HAND_OVER
    await keep(
        office, Acknowledge(order_id=f"{case_id}.1", department=BUREAU, by="值班员 07"), long_ago, f"{case_id}-m0"
    )
    told = {"by": "经办人 12", "statement": "已到现场"}
    await keep(office, NoteProgress(order_id=f"{case_id}.1", department=BUREAU, **told), long_ago, f"{case_id}-m1")
    again = await office.post(f"{case_id}.1", "progress", told, message_id=f"{case_id}-m1")
    assert (again.json()["outcome"], again.json()["repeated"]) == ("accepted", True)
    found = await kinds_on_record(office, case_id)
    assert found[-2:] == [FactKind.ORDER_ACKNOWLEDGED, FactKind.ORDER_PROGRESS]


async def test_a_punctual_reply_stays_punctual_when_the_crash_came_after_the_hand_over(office: Office) -> None:
    case_id = await office.open()
    reply = await keep(office, kept(f"{case_id}.1"))
    request = office.desk.client.get_async_activity_handle(workflow_id=case_id, run_id=None, activity_id=reply.order_id)
    await request.complete(reply.said())  # and here the gateway died

    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.ACCEPTED
    assert await replies(office, case_id) == [FactKind.ORDER_REPLIED]


async def test_a_late_reply_that_was_only_stored_is_late_after_the_sweep(office: Office) -> None:
    case_id = await office.open()
    await office.give_back(f"{case_id}.1", suggests=NEIGHBOUR)
    await keep(office, kept(f"{case_id}.1"))
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
            for repeated in (False, True):
                answer = await office.reply(f"{case_id}.1")
                assert (answer.status_code, answer.json()["outcome"]) == (202, "kept"), answer.text
                assert answer.json()["repeated"] is repeated
        async with build_worker(office.outside):
            assert (await swept(office)).callbacks == 1
            assert (await stored_of(office, case_id)).outcome is CallbackOutcome.ACCEPTED
            assert (await office.reply(f"{case_id}.1")).json()["repeated"] is True
            assert await replies(office, case_id) == [FactKind.ORDER_REPLIED]


async def test_a_reply_is_kept_when_the_engine_cannot_be_reached(office: Office) -> None:
    case_id = await office.open()
    engine = office.outside.engine
    nowhere = await Client.connect("127.0.0.1:9", lazy=True, data_converter=engine.client.data_converter)
    desk = replace(office.desk, engine=replace(engine, client=nowhere))
    received = await window.receive(desk, kept(f"{case_id}.1"), datetime.now(UTC))
    assert (received.outcome, received.repeated) == (CallbackOutcome.KEPT, False)
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.KEPT
    assert (await swept(office)).callbacks == 1
    assert (await stored_of(office, case_id)).outcome is CallbackOutcome.ACCEPTED


async def test_a_reply_that_is_kept_is_said_to_be_kept_when_the_record_goes_away_afterwards(embedded: Servers) -> None:
    async with office_of(embedded) as office:
        async with build_worker(office.outside):
            case_id = await office.open()
        order_id = f"{case_id}.1"
        theirs = await open_pool(office.database_url)
        lost = replace(office.desk, pool=theirs)
        replying = asyncio.create_task(window.receive(lost, kept(order_id), datetime.now(UTC)))
        await until(lambda: callbacks.of_case(office.desk.pool, case_id), bool)  # no worker: it waits for the case
        theirs.terminate()
        assert (await replying).outcome is CallbackOutcome.KEPT
        async with build_worker(office.outside):
            assert (await swept(office)).callbacks == 1
            assert (await stored_of(office, case_id)).outcome is CallbackOutcome.ACCEPTED


async def test_an_assisting_departments_reply_reaches_its_own_order(office: Office) -> None:
    case_id = await office.open()
    joining = Assign(department=NEIGHBOUR, role=Role.ASSISTING, by="值班长")
    await office.ask(case_id, Command.ASSIGN, joining)
    await office.recorded(case_id, FactKind.ORDER_SENT, times=2)
    assert (await office.reply(f"{case_id}.2", of=NEIGHBOUR)).json()["outcome"] == "accepted"
    view = await office.view(case_id)
    assert view.status is Status.HANDLING
    assert view.waiting[0].awaited is Awaited.ACKNOWLEDGEMENT
