"""What a department can say about its orders. The reply is stored before anything is done with it."""

import asyncio
import hashlib
import json
from datetime import datetime, timedelta

from desk.commands import ask
from desk.window import Desk
from domain.case import CaseView
from domain.citizen import blot_out
from domain.commands import Acknowledge, Command, Days, ExtendOrder, ReturnOrder
from domain.errors import LiandongError, NotFound, NotYours, Refused
from domain.order import Reply, Result, case_id_of
from domain.values import PersonName, Text, Token, Value
from outbox.callbacks import hand_over
from storage import callbacks, demands, departments, orders
from storage.callbacks import CallbackOutcome, StoredCallback
from storage.database import reaching_database
from storage.orders import InboxItem

HAND_OVER = timedelta(seconds=10)
"""What handing over takes at most, as a rule; after that the delivery that began it has died or failed."""

LOOK_AGAIN = timedelta(milliseconds=100)


class NewReply(Value):
    """A department's final word, as it comes in."""

    order_id: Token
    department: Token
    result: Result
    statement: Text
    by: PersonName
    limit_days: Days | None = None
    callback_id: Token | None = None
    """Unique id that the department's system gave it; without one the order's id serves."""


class Received(Value):
    """What became of a reply."""

    callback_id: str
    order_id: str
    case_id: str
    outcome: CallbackOutcome
    repeated: bool
    """The same reply had come before: nothing was changed."""


async def inbox(desk: Desk, department: str, limit: int) -> list[InboxItem]:
    """The department's open orders, the most pressing first."""
    with reaching_database():
        return await orders.inbox(desk.pool, department, limit)


async def acknowledge(desk: Desk, command: Acknowledge) -> CaseView:
    """The department says that it has the order. Raises as ``check_acknowledge`` does."""
    await _require_owner(desk, command.order_id, command.department)
    return await ask(desk, case_id_of(command.order_id), Command.ACKNOWLEDGE, command)


async def return_order(desk: Desk, command: ReturnOrder) -> CaseView:
    """ "Not ours". Raises as ``check_return`` does, and NotFound for a suggested department that there is not."""
    await _require_owner(desk, command.order_id, command.department)
    return await ask(desk, case_id_of(command.order_id), Command.RETURN, command)


async def extend(desk: Desk, command: ExtendOrder) -> CaseView:
    """More time for the lead. Raises as ``check_extend`` does."""
    await _require_owner(desk, command.order_id, command.department)
    return await ask(desk, case_id_of(command.order_id), Command.EXTEND, command)


async def reply(desk: Desk, given: NewReply, now: datetime) -> Received:
    """Keep a reply and hand it to its case; the same one again changes nothing.

    Raises NotFound and NotYours before anything is stored, Refused where the order has another reply
    already or the callback's id belongs to another order's, Unavailable where the engine does not answer
    (the reply is kept then, and handed over later).
    """
    await _require_owner(desk, given.order_id, given.department)
    case_id = case_id_of(given.order_id)
    with reaching_database():
        words = await demands.words(desk.pool, case_id)
        statement = blot_out(given.statement, words.citizen.words if words else ())
        callback = _callback(given.model_copy(update={"statement": statement}), case_id, now)
        stored = await callbacks.keep(desk.pool, callback)
    if stored is not callback:
        if stored.order_id != callback.order_id:
            raise Refused("callback-id-used", callback=callback.callback_id, order=stored.order_id)
        if stored.fingerprint != callback.fingerprint:
            raise Refused("replied-otherwise", order=given.order_id, callback=stored.callback_id)
        stored = await _after_the_first(desk, stored, now)
        if stored.outcome is not CallbackOutcome.PENDING:
            return _received(stored, stored.outcome, repeated=True)
    with reaching_database("kept-not-handed-over", order=stored.order_id):
        outcome = await hand_over(desk.pool, desk.client, stored)
    return _received(stored, outcome, repeated=stored is not callback)


async def _after_the_first(desk: Desk, stored: StoredCallback, now: datetime) -> StoredCallback:
    """The reply once the delivery that brought it first has had its time: refusing the others costs the case more
    than taking the one."""
    looks = (stored.reply.received_at + HAND_OVER - now) // LOOK_AGAIN
    while stored.outcome is CallbackOutcome.PENDING and looks > 0:
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        looks -= 1
        with reaching_database():
            stored = await callbacks.of_order(desk.pool, stored.order_id)
    return stored


def _callback(given: NewReply, case_id: str, now: datetime) -> StoredCallback:
    callback_id = given.callback_id or f"reply-{given.order_id}"
    content = given.model_dump(mode="json", exclude={"callback_id"})
    return StoredCallback(
        callback_id=callback_id,
        order_id=given.order_id,
        case_id=case_id,
        department=given.department,
        fingerprint=hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
        reply=Reply(
            callback_id=callback_id,
            result=given.result,
            statement=given.statement,
            by=given.by,
            limit_days=given.limit_days,
            received_at=now,
        ),
    )


def _received(stored: StoredCallback, outcome: CallbackOutcome, *, repeated: bool) -> Received:
    return Received(
        callback_id=stored.callback_id,
        order_id=stored.order_id,
        case_id=stored.case_id,
        outcome=outcome,
        repeated=repeated,
    )


async def _require_owner(desk: Desk, order_id: str, department: str) -> None:
    with reaching_database():
        owner = await orders.owner(desk.pool, order_id)
        if owner is None:
            raise NotFound("order-unknown", order=order_id)
        if owner != department:
            raise await _stranger(desk, order_id, department)


async def _stranger(desk: Desk, order_id: str, department: str) -> LiandongError:
    (await departments.directory(desk.pool)).get(department)
    return NotYours("order-not-yours", order=order_id, department=department)
