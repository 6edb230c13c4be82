"""What a department can say about its orders. Everything is stored before anything is done with it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from desk.window import Desk
from domain.callbacks import (
    COMMANDS,
    KINDS,
    Callback,
    CallbackKind,
    CallbackOutcome,
    Said,
    content_of,
    fingerprint,
)
from domain.citizen import blot_out_all
from domain.commands import departments_named
from domain.errors import LiandongError, NotFound, NotYours, Refused, Unavailable
from domain.order import case_id_of
from domain.staff import Act, Asking
from domain.values import Value
from outbox.callbacks import HandedOver, hand_over
from storage import callbacks, orders
from storage.database import reaching_database
from storage.orders import Addressee, InboxItem

HAND_OVER = timedelta(seconds=10)
"""What handing over takes at most, as a rule; after that the delivery that began it has died or failed."""

LOOK_AGAIN = timedelta(milliseconds=100)


ACTS: Final[Mapping[CallbackKind, Act]] = MappingProxyType(
    {
        CallbackKind.ACKNOWLEDGE: Act.ACKNOWLEDGE,
        CallbackKind.PROGRESS: Act.PROGRESS,
        CallbackKind.REPLY: Act.REPLY,
        CallbackKind.RETURN: Act.RETURN,
        CallbackKind.EXTENSION: Act.EXTEND,
    }
)
"""What saying it is called in the table of rights."""


def asking_of(said: Said) -> Asking:
    """Who says it, in whose name."""
    return Asking(by=said.by, act=ACTS[KINDS[type(said)]], department=said.department)


class Received(Value):
    """What became of a callback."""

    callback_id: str
    order_id: str
    case_id: str
    kind: CallbackKind
    outcome: CallbackOutcome
    """``kept``: the engine is away; it reaches its case when the engine is back, in its turn, once."""
    repeated: bool
    """The same callback had come before: nothing was changed."""
    seq: int | None = None
    """The last fact that shows it, where the case said so."""


async def inbox(desk: Desk, department: str, limit: int) -> list[InboxItem]:
    """The department's open orders, the most pressing first."""
    with reaching_database():
        return await orders.inbox(desk.pool, department, limit)


async def receive(desk: Desk, said: Said, now: datetime, callback_id: str | None = None) -> Received:
    """Keep what a department says and hand it to its case; the same callback again changes nothing.

    Without ``callback_id`` the same words about the same order are the same callback.

    Raises:
        NotFound, NotYours: an order that nobody knows, or another department's; a suggested department that there is
            not. Nothing is stored.
        Refused: ``case-closed``, ``callback-id-used`` (for something else), ``replied-otherwise``; nothing is stored.
            And what the case itself refuses; that is stored with its reason.
        Unavailable: PostgreSQL does not answer, and nothing is known to be stored.
    """
    case_id = case_id_of(said.order_id)
    with reaching_database():
        addressee = await _addressee(desk, said)
        if suggested := departments_named(said):
            directory = await desk.directory()
            for code in suggested:
                directory.get(code)
        callback = _callback(said, addressee, case_id, callback_id, now)
        if addressee.closing is not None:
            return await _after_closing(desk, callback, addressee.closing)
        stored, new, others = await callbacks.keep(desk.pool, callback)
    if not new:
        _require_same(stored, callback)
        stored = await _after_the_first(desk, stored, now)
        if stored.outcome is not CallbackOutcome.KEPT:
            return _received(stored, repeated=True)
    try:
        if others or not new:
            await _hand_over_others(desk, stored, now)
        with reaching_database("kept-not-handed-over", order=stored.order_id):
            made = await hand_over(desk.pool, desk.client, stored)
    except Unavailable:
        return _received(stored, repeated=not new)
    return _received(_with(stored, made), repeated=not new, seq=made.seq)


async def _addressee(desk: Desk, said: Said) -> Addressee:
    found = await orders.addressee(desk.pool, said.order_id)
    if found is None:
        raise NotFound("order-unknown", order=said.order_id)
    if found.department != said.department:
        raise await _stranger(desk, said.order_id, said.department)
    return found


async def _stranger(desk: Desk, order_id: str, department: str) -> LiandongError:
    (await desk.directory()).get(department)
    return NotYours("order-not-yours", order=order_id, department=department)


def _callback(said: Said, addressee: Addressee, case_id: str, callback_id: str | None, now: datetime) -> Callback:
    clean = type(said).model_validate(blot_out_all(said.model_dump(mode="json"), addressee.citizen.words))
    kind, digest = KINDS[type(said)], fingerprint(clean)
    callback_id = callback_id or f"{kind.value}-{digest[:32]}"
    return Callback(
        callback_id=callback_id,
        kind=kind,
        order_id=said.order_id,
        case_id=case_id,
        department=said.department,
        content=content_of(clean, callback_id, now).model_dump(mode="json"),
        fingerprint=digest,
        received_at=now,
    )


async def _after_closing(desk: Desk, callback: Callback, closing: str) -> Received:
    """A closed case takes nothing more; but what it took before is still known. Raises Refused."""
    known = await callbacks.known(desk.pool, callback.department, callback.callback_id)
    if known is None:
        asked = COMMANDS.get(callback.kind, callback.kind).value
        raise Refused("case-closed", case=callback.case_id, asked=asked, closing=closing)
    _require_same(known, callback)
    return _received(known, repeated=True)


def _require_same(stored: Callback, callback: Callback) -> None:
    if (stored.order_id, stored.fingerprint) == (callback.order_id, callback.fingerprint):
        return
    if stored.callback_id == callback.callback_id:
        raise Refused("callback-id-used", callback=callback.callback_id, order=stored.order_id)
    raise Refused("replied-otherwise", order=callback.order_id, callback=stored.callback_id)


async def _hand_over_others(desk: Desk, stored: Callback, now: datetime) -> None:
    """What came in before about the same order goes first. Raises Unavailable where it does not get there."""
    with reaching_database("kept-not-handed-over", order=stored.order_id):
        for earlier in await callbacks.before(desk.pool, stored):
            if (await _after_the_first(desk, earlier, now)).outcome is CallbackOutcome.KEPT:
                await hand_over(desk.pool, desk.client, earlier)


async def _after_the_first(desk: Desk, stored: Callback, now: datetime) -> Callback:
    """The callback once the delivery that brought it first has had its time: refusing the others costs the case more
    than taking the one."""
    looks = (stored.received_at + HAND_OVER - now) // LOOK_AGAIN
    while stored.outcome is CallbackOutcome.KEPT and looks > 0:
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        looks -= 1
        with reaching_database():
            stored = await callbacks.known(desk.pool, stored.department, stored.callback_id) or stored
    return stored


def _with(stored: Callback, made: HandedOver) -> Callback:
    return stored.model_copy(update={"outcome": made.outcome, "refusal": made.refusal})


def _received(stored: Callback, *, repeated: bool, seq: int | None = None) -> Received:
    """What became of it. Raises the case's own refusal again, where it refused."""
    if stored.refusal is not None:
        raise stored.refusal.error()
    return Received(
        callback_id=stored.callback_id,
        order_id=stored.order_id,
        case_id=stored.case_id,
        kind=stored.kind,
        outcome=stored.outcome,
        repeated=repeated,
        seq=seq,
    )
