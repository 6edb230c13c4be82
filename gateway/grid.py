"""The grid workers' door ``/v1/cases``: one report that names several departments at once, a lead and who assists.

A grid worker 网格员 sees what is wrong on the spot and knows whom it takes. Whoever carries the worker's token opens
cases and reads the ones that the worker has opened, no other.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BeforeValidator, Field

from desk.front import Placing, opened_case, place
from domain.case import CaseView
from domain.citizen import Citizen
from domain.demand import Channel, Nature, Urgency
from domain.intake import Description, MediaUrl, NewDemand, Place, Point
from domain.order import Role
from domain.tokens import Caller
from domain.values import Instant, Token, Value
from gateway.idempotency import unquoted
from gateway.service import AtDesk

router = APIRouter(prefix="/v1/cases", tags=["grid"])


class GridReport(Value):
    """What a grid worker reports. What is left out is taken from the matter; the lead, from matter and place."""

    description: Description
    lead: Token | None = None
    assisting: Annotated[tuple[Token, ...], Field(max_length=20)] = ()
    """Asked together with the lead."""
    matter: Token | None = None
    nature: Nature | None = None
    urgency: Urgency | None = None
    district: Token | None = None
    street: Token | None = None
    place: Place | None = None
    point: Point | None = None
    media_url: MediaUrl | None = None
    citizen: Citizen = Citizen()
    """Who is concerned, and is called back at the end."""


class Asked(Value):
    """A department that is asked, and its part."""

    department: str
    role: Role


class Reported(Value):
    """What became of a report."""

    case_id: str
    asked: tuple[Asked, ...]
    """Empty where an operator chooses the lead first: the others are asked together with it."""
    outcome: Placing


class ReportedCase(Value):
    """A case as the grid worker who opened it sees it."""

    case_id: str
    description: str
    place: str | None
    point: Point | None
    media_url: str | None
    reported_at: Instant
    view: CaseView | None
    """Where it stands; null while the case has not shown up in the record."""


_bearer = HTTPBearer(auto_error=False, description="A grid worker's token.")


def _worker_of(
    request: Request, _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> Caller:
    return request.state.caller  # the guard has found it; the parameter is there to be documented


def _key_of(request: Request) -> str:
    return request.app.state.key


Worker = Annotated[Caller, Depends(_worker_of)]


IdempotencyKey = Annotated[
    Token | None,
    BeforeValidator(unquoted),
    Header(description="The worker's own id of the report. Without one the same report is the same for ten minutes."),
]


@router.post("", status_code=HTTPStatus.CREATED, responses={200: {"model": Reported}, 202: {"model": Reported}})
async def open_case(
    desk: AtDesk,
    worker: Worker,
    key: Annotated[str, Depends(_key_of)],
    body: GridReport,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Reported:
    """Open a case and ask all departments that it names. 201 opened, 200 known already, 202 kept while Temporal is
    away."""
    content = body.model_dump(exclude={"lead"})
    demand = NewDemand.model_validate({**content, "department": body.lead, "channel": Channel.GRID})
    placed = await place(desk, key, worker, demand, idempotency_key, datetime.now(UTC))
    response.status_code = _STATUS[placed.placing]
    response.headers["Location"] = f"{router.prefix}/{placed.case_id}"
    return Reported(case_id=placed.case_id, asked=tuple(_asked(placed.lead, placed.assisting)), outcome=placed.placing)


_STATUS = {Placing.OPENED: HTTPStatus.CREATED, Placing.KNOWN: HTTPStatus.OK, Placing.KEPT: HTTPStatus.ACCEPTED}


def _asked(lead: str | None, assisting: Sequence[str]) -> list[Asked]:
    if lead is None:
        return []
    return [
        Asked(department=lead, role=Role.LEAD),
        *(Asked(department=code, role=Role.ASSISTING) for code in assisting),
    ]


@router.get("/{case_id}")
async def case(desk: AtDesk, worker: Worker, case_id: Token) -> ReportedCase:
    """One of the worker's own cases."""
    found = await opened_case(desk, worker, case_id)
    return ReportedCase.model_validate(found.model_dump(exclude={"opening", "changed_at"}))
