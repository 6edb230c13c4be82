"""The preconditions of a referral, each by what shows it."""

from typing import Any

import pytest
from records import DEPARTMENT, at, fact, order, record
from support import rules

from domain.errors import Refused
from domain.ladder import Outcome, Rung
from domain.ledger import GENESIS, Fact, FactKind, chain
from domain.order import Order, OrderStatus, Reply, Result, Role
from domain.referral import Finding, Precondition, Proof, check_referred, findings, gate_of

NOTHING: tuple[FactKind, dict[str, Any]] = (FactKind.RUNG_ENTERED, {})
POLICY = rules("haikou").policy
RUNGS = POLICY.referral.exhausted.rungs
REPLY = Reply(callback_id="r", result=Result.RESOLVED, statement="已办", by="经办人", received_at=at(3))


def left(seq: int, rung: Rung, outcome: Outcome) -> Fact:
    payload = {"station": rung.value, "outcome": outcome.value}
    return fact(seq, kind=FactKind.RUNG_LEFT, payload=payload).model_copy(update={"rung": rung})


def found(what: Precondition, facts: list[Fact], *orders: Order) -> list[Finding]:
    return [one for one in findings(facts, orders, POLICY) if one.what is what]


@pytest.mark.parametrize(
    ("outcome", "proof"),
    [
        (Outcome.OVERDUE, Proof.EXHAUSTED),
        (Outcome.NO_CONCLUSION, Proof.EXHAUSTED),
        (Outcome.ESCALATED, Proof.NOT_EXHAUSTED),
        (Outcome.RESOLVED, Proof.NOT_EXHAUSTED),
    ],
)
def test_a_rung_is_gone_through_in_vain_or_not(outcome: Outcome, proof: Proof) -> None:
    facts = [left(seq, rung, outcome) for seq, rung in enumerate(RUNGS, start=1)]
    assert [(one.rung, one.proof, one.met) for one in found(Precondition.RUNG, facts)] == [
        (rung, proof, proof is Proof.EXHAUSTED) for rung in RUNGS
    ]
    assert {one.proof for one in found(Precondition.RUNG, [])} == {Proof.NOT_EXHAUSTED}


@pytest.mark.parametrize(
    ("given", "proof"),
    [
        ({"late_reply": REPLY, "acknowledged_at": at(1)}, Proof.REPLIED),
        ({"acknowledged_at": at(1), "silent": True}, Proof.ACKNOWLEDGED),
        ({"undelivered": True, "silent": True}, Proof.UNDELIVERED),
        ({"silent": True, "status": OrderStatus.SUPERSEDED}, Proof.SILENT),
        ({"status": OrderStatus.RETURNED}, Proof.RETURNED),
        ({}, Proof.UNHEARD),
    ],
)
def test_an_order_was_received_or_provably_not(given: dict[str, object], proof: Proof) -> None:
    one = order("c").model_copy(update={"rung": RUNGS[0], **given})
    (finding,) = found(Precondition.SERVED, [], one)
    assert (finding.order_id, finding.department, finding.proof) == ("c.1", DEPARTMENT, proof)
    assert finding.met is (proof is not Proof.UNHEARD)
    assisting = one.model_copy(update={"role": Role.ASSISTING})
    assert found(Precondition.SERVED, [], assisting, one.model_copy(update={"rung": Rung.REFERRAL})) == []


def test_a_meeting_that_was_called_has_minutes_and_an_extension_was_told() -> None:
    called, concluded = fact(1, kind=FactKind.MEETING_CONVENED), fact(2, kind=FactKind.MEETING_CONCLUDED)
    assert found(Precondition.MINUTES, []) == []
    assert [one.proof for one in found(Precondition.MINUTES, [called])] == [Proof.MISSING]
    assert [one.proof for one in found(Precondition.MINUTES, [called, concluded])] == [Proof.KEPT]
    told = fact(3, kind=FactKind.EXTENSION_GRANTED, payload={"told_citizen": "已电话告知"})
    assert [one.met for one in found(Precondition.EXTENSION, [told])] == [True]


@pytest.mark.parametrize(
    ("times", "referred"),
    [
        ([[True]], False),
        ([[True, True]], True),
        ([[True, False]], False),
        ([[True], [True]], False),
        ([[True, True], [False]], True),
        ([], False),
    ],
)
def test_a_case_is_referred_once_enough_people_have_agreed_at_the_same_time(
    times: list[list[bool]], referred: bool
) -> None:
    """A yes of an earlier time does not count; that it was referred once is not undone by a later no."""
    said: list[tuple[FactKind, dict[str, Any]]] = []
    for decided in times:
        said += [(FactKind.REFERRAL_ARMED, {}), *((FactKind.REFERRAL_DECIDED, {"accepted": yes}) for yes in decided)]
    facts = [fact(seq, kind=kind, payload=payload) for seq, (kind, payload) in enumerate(said or [NOTHING], start=1)]
    written = record("c", facts)
    gate = gate_of(written.view, chain("c", facts, GENESIS), POLICY)
    assert gate.referred is referred
    if referred:
        check_referred(gate)
    else:
        with pytest.raises(Refused, match="not-referred"):
            check_referred(gate)
