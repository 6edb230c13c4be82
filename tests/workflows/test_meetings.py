"""A joint meeting as one case lives it: the day, who comes, who holds what, and what follows where they do not."""

from datetime import datetime, timedelta

from beginnings import BEGINS
from hotlines import LEAD, OTHER, THIRD, Hotline, Life
from scripts import DAY, HOUR, MINUTE, Intervention, Move, Script, Turn, concludes, convenes

from domain.case import Awaited
from domain.commands import Command, ConveneMeeting, Escalate, SpeakInMeeting, Withdraw
from domain.ladder import Outcome, Rung
from domain.ledger import ENGINE, FactKind
from domain.meeting import CaseOutcome, MeetingWord, result_of

MEMBERS = (LEAD, OTHER, THIRD)
LIFTED = Escalate(to=Rung.JOINT_MEETING, by="话务长", reason="多部门职责不清")
TO_THE_MEETING = Script(
    interventions=(
        Intervention(lambda _: True, Move(MINUTE, Command.ESCALATE, LIFTED)),
        Intervention(
            lambda case: case.view.rung is Rung.REFERRAL,
            Move(MINUTE, Command.WITHDRAW, Withdraw(by="话务长", reason="来电人撤回")),
        ),
    )
)
"""Up to the meeting at once; a case that comes as far as the referral ends there."""


def meets(meeting_id: str, held_at: datetime = BEGINS + DAY, *, after: timedelta = HOUR) -> Turn:
    command = ConveneMeeting(members=MEMBERS, by="督办员甲", meeting_id=meeting_id, held_at=held_at)
    return (Move(after, Command.CONVENE, command),)


def says(meeting_id: str, word: MeetingWord, department: str | None, after: timedelta, text: str | None = None) -> Turn:
    told = {"position" if word is MeetingWord.OPINION else "reason": text} if text else {}
    values = {"meeting_id": meeting_id, "word": word, "department": department, "by": "督办员甲", **told}
    return (Move(after, Command.SPEAK_IN_MEETING, SpeakInMeeting.model_validate(values)),)


def comes(meeting_id: str, department: str, after: timedelta = DAY + HOUR) -> Turn:
    return says(meeting_id, MeetingWord.ATTENDED, department, after)


def opines(meeting_id: str, department: str, text: str, after: timedelta = HOUR) -> Turn:
    return says(meeting_id, MeetingWord.OPINION, department, after, text)


def calls_off(meeting_id: str, after: timedelta) -> Turn:
    return says(meeting_id, MeetingWord.CALLED_OFF, None, after, "主持人另有安排")


def people(meeting: tuple[Turn, ...], conclusion: tuple[Turn, ...]) -> Script:
    return TO_THE_MEETING | Script(people={Awaited.MEETING: meeting, Awaited.CONCLUSION: conclusion})


def departments(life: Life, kind: FactKind) -> list[object]:
    return [fact.payload["department"] for fact in life.of(kind)]


def refused(town: Hotline, life: Life) -> list[str]:
    return [refusal.reason.code for refusal in town.refusals.get(life.view.case_id, [])]


NO_AGREEMENT = concludes(after=3 * DAY)


async def test_who_gives_no_opinion_and_does_not_come_is_named_and_goes_to_the_referral(virtual: Hotline) -> None:
    turn = (*opines("M-1", OTHER, "应由城管牵头"), *comes("M-1", LEAD), *comes("M-1", OTHER), *NO_AGREEMENT)
    life = await virtual.life(await virtual.open("positions", people((meets("M-1"),), (turn,))))
    convened, missing = life.one(FactKind.MEETING_CONVENED), life.of(FactKind.MEETING_OPINION_MISSING)
    assert convened.payload["meeting_id"] == "M-1"
    assert departments(life, FactKind.MEETING_OPINION_MISSING) == [LEAD, THIRD]
    assert {fact.due_at for fact in missing} == {convened.at + 2 * DAY}
    absent = life.one(FactKind.MEETING_ABSENT)
    assert (absent.actor, absent.payload) == (ENGINE, {"department": THIRD})
    assert life.of(FactKind.MEETING_NO_QUORUM) == []
    held = {"positions": [{"department": OTHER, "position": "应由城管牵头"}], "not_given": [LEAD, THIRD]}
    assert held.items() <= life.one(FactKind.MEETING_CONCLUDED).payload.items()
    assert held.items() <= life.one(FactKind.REFERRAL_ARMED).payload.items()
    result = result_of("c", "M-1", life.facts)
    assert (result.outcome, [one.position for one in result.opinions]) == (
        CaseOutcome.NO_CONCLUSION,
        ["应由城管牵头", None, None],
    )
    assert refused(virtual, life) == []


async def test_who_has_all_opinions_waits_for_none(virtual: Hotline) -> None:
    given = tuple(move for code in MEMBERS for move in opines("M-1", code, "同意"))
    life = await virtual.life(await virtual.open("all-given", people((meets("M-1"),), ((*given, *NO_AGREEMENT),))))
    assert life.of(FactKind.MEETING_OPINION_MISSING) == []
    assert [fact.actor for fact in life.of(FactKind.MEETING_OPINION)] == [f"department:{code}" for code in MEMBERS]


async def test_without_a_quorum_no_lead_is_named(virtual: Hotline) -> None:
    turn = (
        *comes("M-1", LEAD),
        *says("M-1", MeetingWord.ABSENT, OTHER, HOUR),
        *concludes((LEAD, 3), after=2 * DAY),
        *NO_AGREEMENT,
    )
    life = await virtual.life(await virtual.open("no-quorum", people((meets("M-1"),), (turn,))))
    assert refused(virtual, life) == ["no-quorum"]
    assert life.one(FactKind.MEETING_NO_QUORUM).payload == {"present": 1, "needed": 2, "invited": 3}
    assert departments(life, FactKind.MEETING_ABSENT) == [OTHER, THIRD]
    assert (Rung.JOINT_MEETING, Outcome.NO_CONCLUSION) in life.endings


async def test_a_meeting_called_off_is_followed_by_another_within_the_same_limits(virtual: Hotline) -> None:
    second = (*comes("M-2", LEAD, DAY + HOUR), *comes("M-2", THIRD, DAY + HOUR), *concludes(after=DAY + 2 * HOUR))
    script = people((meets("M-1"), meets("M-2", BEGINS + DAY + 4 * HOUR)), (calls_off("M-1", 3 * HOUR), second))
    life = await virtual.life(await virtual.open("called-off", script))
    assert refused(virtual, life) == []
    assert [fact.payload["meeting_id"] for fact in life.of(FactKind.MEETING_CONVENED)] == ["M-1", "M-2"]
    assert life.one(FactKind.MEETING_CALLED_OFF).payload == {"meeting_id": "M-1", "reason": "主持人另有安排"}
    assert life.one(FactKind.MEETING_CONCLUDED).payload["meeting_id"] == "M-2"
    outcomes = [result_of("c", name, life.facts).outcome for name in ("M-1", "M-2")]
    assert outcomes == [CaseOutcome.CALLED_OFF, CaseOutcome.NO_CONCLUSION]


async def test_no_clock_begins_again_when_a_meeting_is_called_off(virtual: Hotline) -> None:
    """Nobody convenes another: what was left of the limit to convene, or to conclude, ends the rung."""
    script = people((meets("M-1", after=HOUR),), (calls_off("M-1", 3 * HOUR),))
    life = await virtual.life(await virtual.open("given-up", script))
    off = life.one(FactKind.MEETING_CALLED_OFF)
    climbed = next(fact for fact in life.of(FactKind.RUNG_ENTERED) if fact.rung is Rung.REFERRAL)
    assert climbed.due_at is not None
    assert timedelta(0) < climbed.due_at - off.at < 3 * DAY
    assert "positions" not in life.one(FactKind.REFERRAL_ARMED).payload


async def test_a_meeting_that_nobody_concludes_ends_with_its_limit(virtual: Hotline) -> None:
    life = await virtual.life(await virtual.open("never-concluded", people((meets("M-1"),), ((),))))
    assert departments(life, FactKind.MEETING_ABSENT) == list(MEMBERS)
    assert life.one(FactKind.MEETING_NO_QUORUM).payload["present"] == 0
    assert life.one(FactKind.REFERRAL_ARMED).payload["not_given"] == list(MEMBERS)
    assert result_of("c", "M-1", life.facts).outcome is CaseOutcome.LEFT


async def test_what_is_refused_at_a_meeting_changes_nothing(virtual: Hotline) -> None:
    past, too_late = meets("M-0", BEGINS - DAY, after=MINUTE), meets("M-0", BEGINS + 30 * DAY, after=2 * MINUTE)
    turn = (
        *comes("M-1", LEAD, HOUR),
        *opines("M-1", "hk-planning", "意见", HOUR + MINUTE),
        *opines("M-9", LEAD, "意见", HOUR + 2 * MINUTE),
        *opines("M-1", LEAD, "同意", 2 * HOUR),
        *opines("M-1", LEAD, "同意", 3 * HOUR),
        *opines("M-1", LEAD, "不同意", 4 * HOUR),
        *meets("M-2", after=5 * HOUR),
        *meets("M-1", after=6 * HOUR),
        *opines("M-1", OTHER, "来晚了", 2 * DAY + 2 * HOUR),
        *NO_AGREEMENT,
    )
    life = await virtual.life(await virtual.open("refused", people(((*past, *too_late, *meets("M-1")),), (turn,))))
    expected = ["meeting-in-the-past", "meeting-too-late", "meeting-not-begun", "not-invited", "not-this-meeting"]
    assert sorted(refused(virtual, life)) == sorted([*expected, "opinion-given", "already-convened", "limit-passed"])
    assert len(life.of(FactKind.MEETING_CONVENED)) == len(life.of(FactKind.MEETING_OPINION)) == 1


async def test_a_meeting_convened_by_a_word_has_no_more_facts_than_before(virtual: Hotline) -> None:
    script = people((convenes(*MEMBERS),), (concludes(),))
    life = await virtual.life(await virtual.open("thin", script))
    assert life.one(FactKind.MEETING_CONVENED).payload == {"members": list(MEMBERS)}
    assert set(life.one(FactKind.MEETING_CONCLUDED).payload) == {"tasks", "minutes"}
    assert {FactKind.MEETING_ABSENT, FactKind.MEETING_NO_QUORUM}.isdisjoint(life.kinds)


async def test_a_case_that_is_lifted_out_of_the_meeting_takes_the_opinions_along(virtual: Hotline) -> None:
    lifted = Move(3 * HOUR, Command.ESCALATE, Escalate(by="话务长", reason="超出联席会议权限"))
    turn = (*opines("M-1", OTHER, "应由城管牵头"), lifted)
    life = await virtual.life(await virtual.open("lifted", people((meets("M-1"),), (turn,))))
    held = {"positions": [{"department": OTHER, "position": "应由城管牵头"}], "not_given": [LEAD, THIRD]}
    assert held.items() <= life.one(FactKind.REFERRAL_ARMED).payload.items()
    assert life.of(FactKind.MEETING_OPINION_MISSING) == []
