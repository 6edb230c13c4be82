"""Opening cases, and reading what is known of one."""

import re
from datetime import UTC, datetime, timedelta

from desk.directory_rows import shipped_matters
from desk.window import Desk
from domain.callbacks import Callback
from domain.case import CaseView, Status
from domain.citizen import Citizen, blot_out
from domain.demand import Nature, Urgency
from domain.errors import Invalid, LiandongError, NotFound
from domain.intake import NewDemand, Opening, Point
from domain.ledger import Entry
from domain.values import Value
from outbox.cases import start_case
from storage import callbacks, cases, demands, ledger
from storage.database import reaching_database
from storage.demands import Source, StoredDemand

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)
"""How far another machine's clock may be ahead."""


class Opened(Value):
    """What became of a demand."""

    case_id: str
    lead: str | None
    """The department that is asked; None: the case is in the operator's queue."""
    new: bool
    """False where the same reference has opened the case before."""


async def open_case(desk: Desk, demand: NewDemand, now: datetime, source: Source | None = None) -> Opened:
    """Store a demand and open its case; the same reference opens nothing twice. ``source``: who sent it from outside.

    Raises NotFound for an unknown department, matter, district or street, Invalid for a street of another
    district and for a time that cannot be, Unavailable where Temporal does not answer (the demand is kept
    then, and opened when it does).
    """
    opening = await _opening(desk, demand)
    reported_at = _possible(demand.reported_at or now, now)
    with reaching_database():
        if known := await _known(desk, demand.reference):
            return known
        case_id = await _case_id(desk, demand, now)
        stored = StoredDemand(case_id=case_id, opening=opening)
        description = blot_out(demand.description, demand.citizen.words)
        kept = await demands.keep(
            desk.pool,
            stored,
            reference=demand.reference,
            description=description,
            place=blot_out(demand.place, demand.citizen.words) if demand.place else None,
            citizen=demand.citizen,
            reported_at=reported_at,
            point=demand.point,
            media_url=demand.media_url,
            source=source,
        )
        if not kept:
            return await _known(desk, demand.reference) or Opened(case_id=case_id, lead=opening.lead, new=False)
        await start_case(desk.pool, desk.engine, await desk.rules(), stored)
    return Opened(case_id=case_id, lead=opening.lead, new=True)


async def _known(desk: Desk, reference: str | None) -> Opened | None:
    demand = await demands.of_reference(desk.pool, reference) if reference else None
    if demand is None:
        return None
    view = await cases.view(desk.pool, demand.case_id)
    return Opened(case_id=demand.case_id, lead=view.lead if view else demand.opening.lead, new=False)


async def _opening(desk: Desk, demand: NewDemand) -> Opening:
    matter = shipped_matters().get(demand.matter) if demand.matter else None
    with reaching_database():
        directory = await desk.directory()
    district = directory.locate(demand.district, demand.street)
    for code in demand.assisting:
        directory.get(code)
    if demand.department:
        lead = directory.get(demand.department).code
    else:
        found = directory.choose(demand.matter, district, demand.street)
        lead = found.code if found else None
    return Opening(
        channel=demand.channel,
        nature=demand.nature or (matter.nature if matter else Nature.REQUEST),
        urgency=demand.urgency or (matter.urgency if matter else Urgency.NORMAL),
        matter=demand.matter,
        district=district,
        street=demand.street,
        lead=lead,
        assisting=tuple(dict.fromkeys(code for code in demand.assisting if code != lead)),
    )


def _possible(reported_at: datetime, now: datetime) -> datetime:
    if not EARLIEST <= reported_at <= now + TOLERANCE:
        raise Invalid("time-impossible", field="reported_at", value=reported_at.isoformat(timespec="seconds"))
    return reported_at


async def _case_id(desk: Desk, demand: NewDemand, now: datetime) -> str:
    """The reference as it is, where it can be an id and does not give the citizen away; else day and number."""
    reference = blot_out(demand.reference or "", demand.citizen.words)
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*:[A-Za-z0-9_-]{1,60}", reference):
        return reference.replace(":", "-")
    return f"{now:%Y%m%d}-{await demands.next_number(desk.pool):06d}"


CODES = ("matter", "nature", "urgency", "channel", "district", "street")


class CaseFolder(Value):
    """Everything the record has of one case."""

    view: CaseView
    description: str
    place: str | None
    entries: tuple[Entry, ...]
    callbacks: tuple[Callback, ...]
    citizen: Citizen | None = None
    """Who is to be called; only while a callback is due."""
    point: Point | None = None
    media_url: str | None = None
    """A picture of it."""

    @property
    def codes(self) -> dict[str, str | None]:
        """What the case is about, as it was opened: matter, nature, urgency, channel, district and street."""
        opened = self.entries[0].fact.payload if self.entries else {}
        return {name: str(opened[name]) if name in opened else None for name in CODES}


async def folder(desk: Desk, case_id: str) -> CaseFolder:
    """The case with its trail and every reply that came for it. Raises NotFound where the record has none."""
    with reaching_database():
        found = await cases.view(desk.pool, case_id)
        words = await demands.words(desk.pool, case_id)
        if found is None or words is None:
            raise _unknown(case_id, kept=words is not None)
        return CaseFolder(
            view=found,
            description=words.description,
            place=words.place,
            point=words.point,
            media_url=words.media_url,
            citizen=words.citizen if found.status is Status.CALLBACK else None,
            entries=tuple(await ledger.entries_of(desk.pool, case_id)),
            callbacks=tuple(await callbacks.of_case(desk.pool, case_id)),
        )


def _unknown(case_id: str, *, kept: bool) -> LiandongError:
    return NotFound("case-not-on-record-yet" if kept else "case-unknown", case=case_id)
