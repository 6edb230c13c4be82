"""The front door: demands that citizens' channels and grid workers send, each opened once, and read by its sender.

A sender gives each demand an id of its own, and may then send it as often as it likes. Where it gives none, the same
content counts as the same demand for ``WINDOW``; after that it is a new one. What a sender may read is what the
holder of its token opened, whichever of the holder's tokens it was: so a token can be followed by another.
"""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from enum import StrEnum

from desk.cases import open_case
from desk.window import Desk
from domain.errors import NotFound, Refused, Unavailable
from domain.intake import NewDemand
from domain.tokens import Caller
from domain.values import Value
from storage import demands
from storage.database import reaching_database
from storage.demands import OutsideCase, Search, Source

WINDOW = timedelta(minutes=10)
"""How long the same content without an id counts as sent again: a client gives up and tries again within minutes."""


class Placing(StrEnum):
    """What became of a demand that was sent."""

    OPENED = "opened"
    KNOWN = "known"
    """It had come before; nothing was changed."""
    KEPT = "kept"
    """It is stored, and becomes a case as soon as the engine answers."""


class Placed(Value):
    """A demand that is stored, and who is asked."""

    case_id: str
    lead: str | None
    """None: an operator chooses."""
    assisting: tuple[str, ...]
    placing: Placing


async def place(desk: Desk, key: str, caller: Caller, demand: NewDemand, own_id: str | None, now: datetime) -> Placed:
    """Store a demand and open its case; ``own_id`` is the sender's own id for it, ``key`` the gateway's key.

    Raises what ``open_case`` does but ``kept-not-opened``, and Refused ``id-used-otherwise`` where that id has
    come with another content. Refuses before anything is stored.
    """
    sender = _sender(caller)
    fingerprint = _fingerprint(key, sender, demand)
    with reaching_database():
        if own_id is None:
            reference = await _reference_of_content(desk, sender, fingerprint)
        else:
            reference = _reference(sender, f"id:{own_id}")
            if await demands.fingerprint_of(desk.pool, reference) not in (None, fingerprint):
                raise Refused("id-used-otherwise")
    named = demand.model_copy(update={"reference": reference})
    try:
        opened = await open_case(desk, named, now, Source(opened_by=sender, fingerprint=fingerprint))
        placing = Placing.OPENED if opened.new else Placing.KNOWN
    except Unavailable as error:
        if error.code != "kept-not-opened":
            raise
        placing = Placing.KEPT
    with reaching_database():
        return await _placed(desk, reference, fingerprint, placing)


async def _reference_of_content(desk: Desk, sender: str, fingerprint: str) -> str:
    """The reference of the last such demand while it is recent; else the next one's, which names the last."""
    last = await demands.latest(desk.pool, fingerprint, WINDOW)
    if last and last.recent:
        return last.reference
    return _reference(sender, f"content:{fingerprint}:{last.case_id if last else ''}")


async def _placed(desk: Desk, reference: str, fingerprint: str, placing: Placing) -> Placed:
    stored = await demands.of_reference(desk.pool, reference)
    if stored is None:
        raise LookupError("the demand that was just stored is gone")
    if await demands.fingerprint_of(desk.pool, reference) != fingerprint:  # two at once with one id
        raise Refused("id-used-otherwise")
    opening = stored.opening
    return Placed(case_id=stored.case_id, lead=opening.lead, assisting=opening.assisting, placing=placing)


async def case_of_id(desk: Desk, caller: Caller, own_id: str) -> str:
    """The case of the demand that the sender gave this id. Raises NotFound."""
    with reaching_database():
        stored = await demands.of_reference(desk.pool, _reference(_sender(caller), f"id:{own_id}"))
    if stored is None:
        raise NotFound("request-unknown")
    return stored.case_id


async def opened_cases(desk: Desk, caller: Caller, search: Search) -> list[OutsideCase]:
    """The sender's own cases that match, the newest first."""
    with reaching_database():
        return await demands.from_outside(desk.pool, _sender(caller), search)


async def opened_case(desk: Desk, caller: Caller, case_id: str) -> OutsideCase:
    """One of the sender's own cases. Raises NotFound for any other one, as for one that does not exist."""
    found = await opened_cases(desk, caller, Search(case_ids=(case_id,), limit=1))
    if not found:
        raise NotFound("request-unknown")
    return found[0]


def _sender(caller: Caller) -> str:
    if caller.kind is None:
        raise LookupError("a department's system opens no case")
    return f"{caller.kind}:{caller.name}"


def _reference(sender: str, what: str) -> str:
    """Short, and the same for the same; with a slash, so that it never becomes the case's id."""
    return f"outside/{hashlib.sha256(json.dumps([sender, what]).encode()).hexdigest()[:48]}"


def _fingerprint(key: str, sender: str, demand: NewDemand) -> str:
    content = json.dumps([sender, demand.model_dump(mode="json", exclude={"reference", "reported_at"})], sort_keys=True)
    return hmac.new(key.encode(), f"demand:{content}".encode(), hashlib.sha256).hexdigest()
