"""A department's reply reaches the case that waits for it."""

import asyncio
from datetime import timedelta

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.case import Status
from domain.commands import Command, NoteLateReply
from domain.errors import Unavailable
from outbox.failures import reaching_engine
from storage import callbacks, cases
from storage.callbacks import CallbackOutcome, StoredCallback
from storage.database import Pool

PATIENCE = timedelta(seconds=10)
"""How long the engine may take to take a reply, and then the case to put it on record."""

LOOK_AGAIN = timedelta(milliseconds=50)


async def hand_over(pool: Pool, client: Client, callback: StoredCallback) -> CallbackOutcome:
    """Complete the request that waits; where none does any more, tell the case. Gives what the case made of it.

    Can be repeated. Raises Unavailable where engine or case do not answer; the callback stays stored then.
    """
    try:
        with reaching_engine("kept-not-handed-over", order=callback.order_id):
            taken = await _complete(client, callback) or await _tell(client, callback)
    except RPCTimeoutOrCancelledError as error:
        raise _kept(callback) from error
    outcome = await _on_record(pool, callback, taken=taken)
    await callbacks.mark_handed_over(pool, callback.order_id, outcome)
    return outcome


async def _complete(client: Client, callback: StoredCallback) -> bool:
    request = client.get_async_activity_handle(workflow_id=callback.case_id, run_id=None, activity_id=callback.order_id)
    try:
        await request.complete(callback.reply, rpc_timeout=PATIENCE)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _tell(client: Client, callback: StoredCallback) -> bool:
    """Whether the case took the reply now; it does not where it has it already, or has ended."""
    case = client.get_workflow_handle(callback.case_id)
    note = NoteLateReply(order_id=callback.order_id, reply=callback.reply)
    try:
        await case.execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
            Command.NOTE_LATE_REPLY,
            note,
            id=f"late-{callback.order_id}",  # callback ids are unique within a department only
            rpc_timeout=PATIENCE,
        )
    except WorkflowUpdateFailedError:
        return False
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _on_record(pool: Pool, callback: StoredCallback, *, taken: bool) -> CallbackOutcome:
    """What the record says of the reply, as soon as it says it. The case itself is not asked: a query beside an
    update costs a second, and now and then ten."""
    for _ in range(PATIENCE // LOOK_AGAIN):
        view = await cases.view(pool, callback.case_id)
        order = next((o for o in view.orders if o.order_id == callback.order_id), None) if view else None
        if order and order.reply and order.reply.callback_id == callback.callback_id:
            return CallbackOutcome.IN_TIME
        if order and order.late_reply and order.late_reply.callback_id == callback.callback_id:
            return CallbackOutcome.LATE
        if view and view.status is Status.CLOSED and not taken:
            return CallbackOutcome.AFTER_CLOSING
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
    raise _kept(callback)


def _kept(callback: StoredCallback) -> Unavailable:
    return Unavailable("kept-not-handed-over", order=callback.order_id)
