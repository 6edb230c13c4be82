"""Lives of cases drawn at random along the ladder's table: facts and orders as a workflow would make them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from records import START

from domain.case import Case, Closing
from domain.demand import Channel, Nature, Urgency
from domain.ladder import TRANSITIONS, End, Outcome, Rung
from domain.ledger import Fact, FactKind
from domain.order import Order, OrderStatus, Role

OFFICES = ("dep-a", "dep-b", "dep-c")

BY_ORDER = frozenset({Outcome.RESOLVED, Outcome.EXPLAINED, Outcome.EXPLANATION_REFUSED, Outcome.VIOLATION_FOUND})
"""What a reply leads to."""

SILENT = {Outcome.NOT_ACKNOWLEDGED: "acknowledgement", Outcome.OVERDUE: "reply"}

AT_CALLBACK = frozenset({Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.UNREACHED})
TAKEN_BACK = frozenset({Outcome.WITHDRAWN, Outcome.MERGED})


@dataclass
class Drawn:
    """A life so far."""

    case: Case
    draw: Any
    now: datetime = START
    rung: Rung = Rung.DISPATCH
    facts: list[Fact] = field(default_factory=list[Fact])
    orders: list[Order] = field(default_factory=list[Order])
    explained: bool = False

    def pause(self) -> None:
        self.now += timedelta(minutes=self.draw(st.integers(1, 3000)))

    def note(self, kind: FactKind, order_id: str | None = None, **payload: Any) -> None:
        seq = len(self.facts) + 1
        self.facts.append(
            Fact(seq=seq, kind=kind, at=self.now, actor="engine", rung=self.rung, order_id=order_id, payload=payload)
        )

    def send(self, role: Role = Role.LEAD) -> Order:
        asked = role is Role.LEAD and self.rung is Rung.DISPATCH
        order = Order(
            order_id=f"{self.case.case_id}.{len(self.orders) + 1}",
            department=self.draw(st.sampled_from(OFFICES)),
            role=role,
            rung=self.rung,
            returnable=asked,
            sent_at=self.now,
            acknowledge_by=self.now + timedelta(hours=1) if asked else None,
            limit="handle",
            due_at=self.now + timedelta(days=9),
        )
        self.orders.append(order)
        self.note(FactKind.ORDER_SENT, order.order_id, department=order.department, role=role.value)
        return order

    def end(self, kind: FactKind, status: OrderStatus, **payload: Any) -> None:
        """The last lead order ends by this fact."""
        number = max(n for n, order in enumerate(self.orders) if order.role is Role.LEAD)
        order = self.orders[number]
        self.orders[number] = order.model_copy(update={"status": status, "silent": kind is FactKind.ORDER_SILENT})
        self.note(kind, order.order_id, department=order.department, **payload)

    def acknowledge(self) -> None:
        order = self.orders[-1]
        self.orders[-1] = order.model_copy(update={"acknowledged_at": self.now, "status": OrderStatus.ACKNOWLEDGED})
        self.note(FactKind.ORDER_ACKNOWLEDGED, order.order_id)

    def leave(self, station: str, outcome: Outcome) -> Rung | End:
        step = TRANSITIONS[self.rung][outcome]
        self.note(FactKind.RUNG_LEFT, station=station, outcome=outcome.value)
        if isinstance(step, Rung):
            self.rung = step
            self.note(FactKind.RUNG_ENTERED, came_from=station, reason=outcome.value)
        return step


@st.composite
def lives(draw: st.DrawFn) -> Drawn:
    """A case from its opening to its end, or to where the drawing stopped."""
    channel = draw(st.sampled_from([Channel.PHONE, Channel.GRID]))
    case = Case(
        case_id=f"case-{draw(st.integers(0, 10**6))}",
        channel=channel,
        nature=Nature.REQUEST,
        urgency=Urgency.NORMAL,
        matter=draw(st.sampled_from(["street-lamp", None])),
        district=draw(st.sampled_from(["d1", "d2", None])),
        street=None,
    )
    life = Drawn(case=case, draw=draw)
    life.note(FactKind.CASE_OPENED)
    life.note(FactKind.RUNG_ENTERED, reason="opened")
    for _ in range(draw(st.integers(0, 8))):
        if _on_rung(life) is End.CLOSED:
            break
    return life


def _on_rung(life: Drawn) -> Rung | End:
    """One rung, and where its answer leads: the callback too."""
    draw = life.draw
    outcome = draw(st.sampled_from([o for o in TRANSITIONS[life.rung] if o not in AT_CALLBACK]))
    if draw(st.booleans()):
        life.send(Role.ASSISTING)
    asked = draw(st.booleans()) or outcome in BY_ORDER or outcome is Outcome.VERIFIED
    if asked:
        _ask(life, outcome)
    life.pause()
    if asked and outcome in BY_ORDER:
        result = "resolved" if outcome in (Outcome.RESOLVED, Outcome.VIOLATION_FOUND) else "explained"
        life.end(FactKind.ORDER_REPLIED, OrderStatus.REPLIED, result=result)
    elif asked and outcome in SILENT:
        life.end(FactKind.ORDER_SILENT, OrderStatus.SUPERSEDED, awaited=SILENT[outcome])
    life.explained = outcome is Outcome.EXPLAINED
    step = life.leave(life.rung.value, outcome)
    if step is End.CALLBACK:
        step, outcome = _call(life)
    if step is End.CLOSED:
        closing = Closing.EXPLAINED if life.explained else Closing.RESOLVED
        named = {"unreached": Closing.UNREACHED, "withdrawn": Closing.WITHDRAWN, "merged": Closing.MERGED}
        named |= {"declined_again": Closing.EXPLAINED, "unsatisfied": Closing.EXPLAINED}
        life.note(FactKind.CASE_CLOSED, closing=named.get(outcome.value, closing).value)
    return step


def _ask(life: Drawn, outcome: Outcome) -> None:
    while life.rung is Rung.DISPATCH and life.draw(st.booleans()):
        life.send()
        life.pause()
        if life.draw(st.booleans()):
            life.acknowledge()
            life.pause()
        life.end(FactKind.ORDER_RETURNED, OrderStatus.RETURNED)
    life.send()
    may_acknowledge = life.rung is Rung.DISPATCH and outcome is not Outcome.NOT_ACKNOWLEDGED
    if may_acknowledge and (outcome is Outcome.OVERDUE or life.draw(st.booleans())):
        life.pause()
        life.acknowledge()


def _call(life: Drawn) -> tuple[Rung | End, Outcome]:
    life.pause()
    outcome = life.draw(st.sampled_from(sorted(AT_CALLBACK)))
    life.note(FactKind.CALLBACK_RECORDED, result=outcome.value)
    return life.leave("callback", outcome), outcome
