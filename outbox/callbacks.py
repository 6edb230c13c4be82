"""A department's callback reaches its case: a reply completes the request that waits, all others are commands."""

import asyncio
import logging
from datetime import timedelta
from time import monotonic
from typing import NamedTuple

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.callbacks import COMMANDS, Callback, CallbackKind, CallbackOutcome, Refusal
from domain.case import Record
from domain.commands import Command, NoteLateReply
from domain.errors import LiandongError, Refused, Unavailable
from domain.order import OrderStatus, Reply
from domain.values import Value
from outbox.failures import from_failure, reaching_engine
from storage import callbacks, ledger, orders
from storage.database import Pool

PATIENCE = timedelta(seconds=10)
"""How long the engine may take to take a callback, and then the case to put a reply on record."""

LOOK_AGAIN, LESS_OFTEN, SELDOM = 0.05, 1.5, 0.5
"""The record is looked at after so many seconds, then so many times less often, until after so many seconds."""


_log = logging.getLogger("liandong.outbox")


class HandedOver(NamedTuple):
    """What the case made of a callback."""

    outcome: CallbackOutcome
    refusal: Refusal | None = None
    seq: int | None = None
    """The last fact that shows it, where the case said so."""


async def hand_over(pool: Pool, client: Client, callback: Callback) -> HandedOver:
    """Give the callback to its case; what the case makes of it becomes part of the record.

    Can be repeated. Raises Unavailable ``kept-not-handed-over`` where engine or case do not answer; the callback stays
    stored then.
    """
    try:
        with reaching_engine("kept-not-handed-over", order=callback.order_id):
            if callback.kind is CallbackKind.REPLY:
                made = await _reply(pool, client, callback)
            else:
                made = await _command(pool, client, callback)
    except (RPCTimeoutOrCancelledError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise _kept(callback) from error
    await callbacks.settle(pool, callback, made.outcome, made.refusal)
    return made


async def _command(pool: Pool, client: Client, callback: Callback) -> HandedOver:
    try:
        record = await _update(client, callback, COMMANDS[callback.kind], callback.said())
    except WorkflowUpdateFailedError as error:
        return _refused(_reason(error))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        if (await orders.answered(pool, callback.case_id, callback.order_id)).closing is None:
            raise _kept(callback) from error  # it is not open yet, or its end is not on record yet
        return HandedOver(CallbackOutcome.AFTER_CLOSING)
    await _write(pool, callback, record)
    return HandedOver(CallbackOutcome.ACCEPTED, seq=record.view.seq)


def _refused(why: LiandongError) -> HandedOver:
    """What came too late is kept as late; only what was never allowed is refused."""
    left_behind = why.code == "order-ended" and why.params.get("status") == OrderStatus.SUPERSEDED.value
    if left_behind or why.code == "limit-passed":
        return HandedOver(CallbackOutcome.LATE)
    return HandedOver(CallbackOutcome.REFUSED, Refusal.of(why))


def _reason(error: WorkflowUpdateFailedError) -> LiandongError:
    cause = error.cause
    known = from_failure(cause) if isinstance(cause, ApplicationError) else None
    return known or Refused("refused-by-case", reason=getattr(cause, "type", None) or type(cause).__name__)


async def _reply(pool: Pool, client: Client, callback: Callback) -> HandedOver:
    reply = Reply.model_validate(callback.content)
    taken = await _complete(client, callback, reply) or await _tell(pool, client, callback, reply)
    return HandedOver(await _on_record(pool, callback, taken=taken))


async def _complete(client: Client, callback: Callback, reply: Reply) -> bool:
    request = client.get_async_activity_handle(workflow_id=callback.case_id, run_id=None, activity_id=callback.order_id)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await request.complete(reply, rpc_timeout=PATIENCE)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _tell(pool: Pool, client: Client, callback: Callback, reply: Reply) -> bool:
    """Whether the case took the reply now; it does not where it has it already, or has ended."""
    note = NoteLateReply(order_id=callback.order_id, reply=reply)
    try:
        record = await _update(client, callback, Command.NOTE_LATE_REPLY, note)
    except WorkflowUpdateFailedError:
        return False
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    await _write(pool, callback, record)
    return True


async def _write(pool: Pool, callback: Callback, record: Record) -> None:
    try:
        await ledger.write(pool, record)
    except ValueError as error:  # the record has been tampered with: nothing may look as if it were on it
        _log.error("case %s: %s", callback.case_id, error)
        raise _kept(callback) from error


async def _update(client: Client, callback: Callback, command: Command, content: Value) -> Record:
    """What came of it, to be written. The engine knows an update by its id: the same callback again changes nothing and
    is answered the same."""
    async with asyncio.timeout(PATIENCE.total_seconds()):  # the SDK's own limit is that of each of its tries
        return await client.get_workflow_handle(callback.case_id).execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
            command,
            content,
            id=f"{callback.department}/{callback.callback_id}",  # callback ids are unique within a department only
            result_type=Record,
            rpc_timeout=PATIENCE,
        )


async def _on_record(pool: Pool, callback: Callback, *, taken: bool) -> CallbackOutcome:
    """What the record says of the reply, as soon as it says it. The case itself is not asked: a query beside an
    update costs a second, and now and then ten."""
    pause, end = LOOK_AGAIN, monotonic() + PATIENCE.total_seconds()
    while monotonic() < end:
        answered = await orders.answered(pool, callback.case_id, callback.order_id)
        if answered.reply == callback.callback_id:
            return CallbackOutcome.ACCEPTED
        if answered.late == callback.callback_id:
            return CallbackOutcome.LATE
        if answered.closing is not None and not taken:
            return CallbackOutcome.AFTER_CLOSING
        await asyncio.sleep(pause)
        pause = min(pause * LESS_OFTEN, SELDOM)
    raise _kept(callback)


def _kept(callback: Callback) -> Unavailable:
    return Unavailable("kept-not-handed-over", order=callback.order_id)
