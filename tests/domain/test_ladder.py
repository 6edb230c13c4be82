"""The ladder: the whole table of transitions, and what may be lifted where by hand."""

from itertools import product

import pytest

from domain.errors import NotFound
from domain.ladder import TRANSITIONS, End, Outcome, Rung, Step, next_step, rungs_to_escalate_to

PAIRS = [(rung, outcome, step) for rung, row in TRANSITIONS.items() for outcome, step in row.items()]
ABSENT = [(rung, outcome) for rung, outcome in product(Rung, Outcome) if outcome not in TRANSITIONS[rung]]

ANSWERED = {Outcome.RESOLVED, Outcome.EXPLAINED, Outcome.VERIFIED}
ENDED_BY_CITIZEN_OR_OPERATOR = {Outcome.SATISFIED, Outcome.UNREACHED, Outcome.WITHDRAWN, Outcome.MERGED}

ARROWS = [
    (Rung.DISPATCH, "resolved explained", End.CALLBACK),
    (
        Rung.DISPATCH,
        "not_acknowledged overdue returned_too_often explanation_refused unsatisfied escalated",
        Rung.SUPERVISED,
    ),
    (Rung.SUPERVISED, "resolved explained", End.CALLBACK),
    (Rung.SUPERVISED, "overdue disputed explanation_refused unsatisfied escalated", Rung.JOINT_MEETING),
    (Rung.JOINT_MEETING, "resolved explained", End.CALLBACK),
    (Rung.JOINT_MEETING, "no_conclusion overdue explanation_refused unsatisfied escalated", Rung.REFERRAL),
    (Rung.REFERRAL, "explained", End.CALLBACK),
    (Rung.REFERRAL, "violation_found", Rung.RECTIFICATION),
    (Rung.REFERRAL, "explanation_refused overdue", Rung.REFERRAL),
    (Rung.REFERRAL, "declined", Rung.JOINT_MEETING),
    (Rung.REFERRAL, "declined_again unsatisfied", End.CLOSED),
    (Rung.RECTIFICATION, "verified", End.CALLBACK),
    (Rung.RECTIFICATION, "overdue unsatisfied", Rung.RECTIFICATION),
    *((rung, "satisfied unreached withdrawn merged", End.CLOSED) for rung in Rung),
]
"""The picture of the ladder in the design, arrow by arrow."""


def test_the_table_is_the_picture() -> None:
    drawn = {(rung, Outcome(word)): step for rung, words, step in ARROWS for word in words.split()}
    assert {(rung, outcome): step for rung, outcome, step in PAIRS} == drawn


@pytest.mark.parametrize(("rung", "outcome", "step"), PAIRS)
def test_every_pair_leads_to_a_station(rung: Rung, outcome: Outcome, step: Step) -> None:
    assert next_step(rung, outcome) is step


@pytest.mark.parametrize(("rung", "outcome"), ABSENT)
def test_a_pair_that_the_table_lacks_leads_nowhere(rung: Rung, outcome: Outcome) -> None:
    with pytest.raises(KeyError):
        next_step(rung, outcome)


@pytest.mark.parametrize(("rung", "outcome", "step"), PAIRS)
def test_a_case_climbs_one_rung_at_a_time_and_comes_down_only_when_a_referral_is_declined(
    rung: Rung, outcome: Outcome, step: Step
) -> None:
    if not isinstance(step, Rung):
        return
    if outcome is Outcome.DECLINED:
        assert (rung, step) == (Rung.REFERRAL, Rung.JOINT_MEETING)
    else:
        assert step.height - rung.height in (0, 1)


@pytest.mark.parametrize(("rung", "outcome", "step"), PAIRS)
def test_only_an_answer_leads_to_the_callback_and_every_answer_does(rung: Rung, outcome: Outcome, step: Step) -> None:
    del rung
    assert (step is End.CALLBACK) == (outcome in ANSWERED)


@pytest.mark.parametrize(("rung", "outcome", "step"), PAIRS)
def test_a_case_is_closed_only_by_the_citizen_an_operator_or_at_the_end_of_a_referral(
    rung: Rung, outcome: Outcome, step: Step
) -> None:
    at_the_end = rung is Rung.REFERRAL and outcome in (Outcome.DECLINED_AGAIN, Outcome.UNSATISFIED)
    assert (step is End.CLOSED) == (outcome in ENDED_BY_CITIZEN_OR_OPERATOR or at_the_end)


@pytest.mark.parametrize("rung", Rung)
def test_time_or_a_person_leads_out_of_every_rung(rung: Rung) -> None:
    assert {Outcome.WITHDRAWN, Outcome.MERGED, Outcome.UNSATISFIED, Outcome.OVERDUE} <= set(TRANSITIONS[rung])


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_in_the_table(outcome: Outcome) -> None:
    assert any(outcome in row for row in TRANSITIONS.values())


@pytest.mark.parametrize("start", Rung)
def test_from_every_rung_a_callback_and_the_end_can_be_reached(start: Rung) -> None:
    reached: set[Step] = set()
    to_visit: list[Step] = [start]
    while to_visit:
        station = to_visit.pop()
        if station not in reached:
            reached.add(station)
            to_visit += TRANSITIONS[station].values() if isinstance(station, Rung) else ()
    assert {End.CALLBACK, End.CLOSED} <= reached


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[Rung.DISPATCH] = {}  # pyright: ignore[reportIndexIssue] - that is the point


def test_the_rungs_from_the_lowest_to_the_highest() -> None:
    assert [rung.height for rung in Rung] == [0, 1, 2, 3, 4]
    assert [rung.value for rung in Rung] == ["dispatch", "supervised", "joint_meeting", "referral", "rectification"]


@pytest.mark.parametrize(("lower", "higher"), [(a, b) for a, b in product(Rung, Rung) if a.height < b.height])
def test_above_means_higher(lower: Rung, higher: Rung) -> None:
    assert higher.is_above(lower)
    assert not lower.is_above(higher)
    assert not lower.is_above(lower)


@pytest.mark.parametrize(
    ("rung", "reachable"),
    [
        (Rung.DISPATCH, (Rung.SUPERVISED, Rung.JOINT_MEETING, Rung.REFERRAL)),
        (Rung.SUPERVISED, (Rung.JOINT_MEETING, Rung.REFERRAL)),
        (Rung.JOINT_MEETING, (Rung.REFERRAL,)),
        (Rung.REFERRAL, ()),
        (Rung.RECTIFICATION, ()),
    ],
)
def test_by_hand_a_case_is_lifted_to_any_higher_rung_but_never_to_a_rectification(
    rung: Rung, reachable: tuple[Rung, ...]
) -> None:
    assert rungs_to_escalate_to(rung) == reachable
    assert (Outcome.ESCALATED in TRANSITIONS[rung]) == bool(reachable)


@pytest.mark.parametrize("rung", Rung)
def test_a_rung_is_found_by_its_name(rung: Rung) -> None:
    assert Rung.named(rung.value) is rung


@pytest.mark.parametrize("name", ["", "Dispatch", "督办", "callback", "closed"])
def test_an_unknown_rung_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(NotFound) as refused:
        Rung.named(name)
    assert refused.value.code == "rung-unknown"
    assert refused.value.params == {
        "rung": name,
        "rungs": "dispatch, supervised, joint_meeting, referral, rectification",
    }
