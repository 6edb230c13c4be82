"""What holds a case up, from its signs."""

import pytest

from domain.case import Awaited
from domain.stuck import OF_PEOPLE, OWNERS, Signs, StuckCause, cause_of

DEPARTMENTS = {Awaited.ACKNOWLEDGEMENT, Awaited.REPLY}


def test_every_cause_has_an_owner_and_every_wait_a_cause() -> None:
    assert set(OWNERS) == set(StuckCause)
    assert set(OF_PEOPLE) == set(Awaited) - DEPARTMENTS - {Awaited.ASSIGNMENT}
    for awaited in Awaited:
        assert cause_of(Signs(awaited=awaited, near=True)) is not None


@pytest.mark.parametrize("awaited", sorted(set(Awaited) - {Awaited.ASSIGNMENT}))
def test_whoever_has_time_left_holds_nothing_up(awaited: Awaited) -> None:
    assert cause_of(Signs(awaited=awaited)) is None


@pytest.mark.parametrize(
    ("signs", "cause"),
    [
        ({"awaited": Awaited.ASSIGNMENT}, StuckCause.UNASSIGNED),
        ({"awaited": Awaited.ACKNOWLEDGEMENT, "near": True}, StuckCause.SILENT),
        ({"awaited": Awaited.ACKNOWLEDGEMENT, "near": True, "overdue": True}, StuckCause.SILENT),
        ({"awaited": Awaited.REPLY, "near": True}, StuckCause.SILENT),
        ({"awaited": Awaited.REPLY, "near": True, "overdue": True}, StuckCause.OVER_LIMIT),
        ({"awaited": Awaited.REPLY, "lapsed": True}, StuckCause.OVER_LIMIT),
        ({"awaited": Awaited.MEETING, "lapsed": True}, None),
        ({"awaited": Awaited.CONCLUSION, "no_quorum": True}, StuckCause.NO_QUORUM),
        ({"awaited": Awaited.CONCLUSION, "no_quorum": True, "near": True, "overdue": True}, StuckCause.NO_QUORUM),
        ({"awaited": Awaited.REPLY, "hold_ends": True, "provisional": True}, StuckCause.HOLD_ENDS),
        ({"awaited": Awaited.REPLY, "provisional": True}, StuckCause.PROVISIONAL),
        ({"awaited": Awaited.REPLY, "near": True, "overdue": True, "not_received": True}, StuckCause.NOT_RECEIVED),
        ({"standing": True, "not_received": True}, StuckCause.STANDING),
        ({}, None),
    ],
)
def test_what_must_be_removed_first(signs: dict[str, object], cause: StuckCause | None) -> None:
    assert cause_of(Signs.model_validate(signs)) is cause
