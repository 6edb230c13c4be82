"""Records as a case would write them, made without a workflow."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.case import Awaited, Case, CaseView, Closing, Convened, Party, Record, Status, Waiting
from domain.demand import Channel, Nature, Urgency
from domain.ladder import End, Rung, Step
from domain.ledger import Fact, FactKind
from domain.order import Order, Role

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DEPARTMENT = "HK-460106003"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def fact(seq: int, **given: Any) -> Fact:
    """The fact at one place of the chain; every fourth one is an escalation."""
    caused = {"due_at": at(seq), "fired_at": at(seq + 1)} if seq % 4 == 3 else {}
    usual: dict[str, Any] = {
        "seq": seq,
        "kind": FactKind.CASE_OPENED if seq == 1 else FactKind.RUNG_ENTERED,
        "at": at(seq),
        "actor": "engine",
        "rung": Rung.DISPATCH,
        "payload": {"step": seq, "reason": "占道经营"},
    }
    return Fact.model_validate(usual | caused | given)


def facts(last: int, first: int = 1) -> tuple[Fact, ...]:
    return tuple(fact(seq) for seq in range(first, last + 1))


def order(case_id: str, number: int = 1, **given: Any) -> Order:
    usual: dict[str, Any] = {
        "order_id": f"{case_id}.{number}",
        "department": DEPARTMENT,
        "role": Role.LEAD,
        "rung": Rung.DISPATCH,
        "returnable": True,
        "sent_at": at(1),
        "acknowledge_by": at(31),
        "limit": "handle",
        "due_at": at(600),
    }
    return Order.model_validate(usual | given)


def sent(seq: int, order_id: str) -> Fact:
    """The fact that an order changed."""
    return fact(seq, kind=FactKind.ORDER_SENT, order_id=order_id)


def waiting(
    awaited: Awaited = Awaited.REPLY, until: datetime | None = None, party: Party = Party.DEPARTMENT
) -> Waiting:
    return Waiting(party=party, department=DEPARTMENT, awaited=awaited, since=START, until=until)


def record(
    case_id: str,
    written: Iterable[Fact],
    *,
    orders: Iterable[Order] = (),
    waits: Iterable[Waiting] = (),
    status: Status = Status.HANDLING,
    step: Step = Rung.DISPATCH,
    rung: Rung = Rung.DISPATCH,
    closing: Closing | None = None,
    opened_at: datetime = START,
    lead: str | None = DEPARTMENT,
    meeting: Convened | None = None,
) -> Record:
    chained = tuple(written)
    return Record(
        case=Case(
            case_id=case_id,
            channel=Channel.PHONE,
            nature=Nature.COMPLAINT,
            urgency=Urgency.NORMAL,
            matter="illegal-parking",
            district="460106",
            street="460106003",
        ),
        policy_id="haikou",
        policy_version=1,
        facts=chained,
        view=CaseView(
            case_id=case_id,
            seq=chained[-1].seq,
            status=status,
            step=End.CLOSED if status is Status.CLOSED else step,
            rung=rung,
            closing=closing,
            opened_at=opened_at,
            lead=lead,
            assisting=(),
            waiting=tuple(waits),
            orders=tuple(orders),
            allowed=(),
            meeting=meeting,
        ),
    )
