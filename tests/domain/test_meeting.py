"""Joint meetings as values: identity, quorum, attendance, what the minutes vouch for and when they are closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.errors import NotYours, Refused
from domain.meeting import (
    CaseOutcome,
    Meeting,
    MeetingFile,
    MeetingWord,
    Minutes,
    NewMeeting,
    Opinion,
    Record,
    Result,
    Said,
    Signature,
    Sitting,
    needed,
)

AT = datetime(2026, 11, 30, 1, tzinfo=UTC)
MEMBERS = ("hk-urban-mgmt", "hk-market", "hk-housing")
MEETING = Meeting(
    meeting_id="M-1", held_at=AT, place="三楼会议室", cases=("c-1",), members=MEMBERS, quorum=2, by="督办员甲", at=AT
)
OPEN, DONE = (Result(case_id="c-1", outcome=outcome) for outcome in (CaseOutcome.OPEN, CaseOutcome.NO_CONCLUSION))


def said(number: int, word: MeetingWord, department: str | None = MEMBERS[0], text: str | None = None) -> Said:
    return Said(number=number, word=word, department=department, text=text, by="督办员甲", at=AT)


def new(**changes: Any) -> NewMeeting:
    known = {"held_at": AT, "place": "三楼会议室", "cases": ("c-1", "c-2"), "members": MEMBERS, "by": "督办员甲"}
    return NewMeeting.model_validate({**known, **changes})


def written(*words: Said, text: str = "纪要", result: Result = DONE, signed: tuple[str, ...] = ()) -> MeetingFile:
    record = Record(meeting=MEETING, said=words, results=(result,), text=text)
    names = tuple(Signature(department=code, sha256=record.sha256, by="经办人", at=AT) for code in signed)
    minutes = Minutes(record=record, sha256=record.sha256, by="督办员甲", at=AT, signatures=names)
    return MeetingFile(meeting=MEETING, said=words, minutes=minutes)


@given(st.integers(2, 200), st.integers(1, 100))
def test_a_quorum_is_more_than_the_share_and_can_be_reached(invited: int, share: int) -> None:
    quorum = needed(invited, share)
    assert 1 <= quorum <= invited
    assert quorum * 100 > share * invited or quorum == invited
    assert (quorum - 1) * 100 <= share * invited


@pytest.mark.parametrize(("invited", "quorum"), [(2, 2), (3, 2), (4, 3), (5, 3)])
def test_half_is_not_more_than_half(invited: int, quorum: int) -> None:
    assert needed(invited, 50) == quorum


def test_the_id_follows_from_what_the_meeting_is() -> None:
    same = [new(cases=("c-2", "c-1")), new(by="督办员乙"), new(held_at="2026-11-30T09:00:00+08:00")]
    assert {one.meeting_id for one in same} == {new().meeting_id}
    others = [new(place="二楼"), new(held_at=AT + timedelta(hours=1)), new(cases=("c-1",)), new(members=MEMBERS[:2])]
    assert len({one.meeting_id for one in (*others, new())}) == 5


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"members": MEMBERS[:1]}, "too_short"),
        ({"members": (MEMBERS[0], MEMBERS[0])}, "member-doubled"),
        ({"cases": ()}, "too_short"),
        ({"cases": ("c-1", "c-1")}, "case-doubled"),
        ({"place": " "}, "string_too_short"),
    ],
)
def test_what_is_no_meeting(changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        new(**changes)
    assert [error["type"] for error in caught.value.errors()] == [kind]


def test_the_last_word_on_coming_counts() -> None:
    sitting = Sitting(meeting_id="M-1", held_at=AT).marked(MEMBERS[0], present=False).marked(MEMBERS[0], present=True)
    assert (sitting.attended, sitting.absent) == ((MEMBERS[0],), ())
    assert sitting.positions(MEMBERS[:1]) == [Opinion(department=MEMBERS[0])]
    found = MeetingFile(meeting=MEETING, said=(said(1, MeetingWord.ABSENT), said(2, MeetingWord.ATTENDED)))
    assert (found.present, found.coming(MEMBERS[1])) == ([MEMBERS[0]], None)


def test_minutes_are_written_anew_until_somebody_signs() -> None:
    other = Record(meeting=MEETING, said=(), results=(DONE,), text="另一份")
    written().check_minutes(other)
    signed = written(signed=MEMBERS[:1])
    assert signed.minutes is not None
    signed.check_minutes(signed.minutes.record)
    with pytest.raises(Refused) as caught:
        signed.check_minutes(other)
    assert caught.value.code == "minutes-signed"
    assert (caught.value.params["signed"], caught.value.params["given"]) == (signed.minutes.sha256, other.sha256)


def test_the_hash_covers_everything_on_record() -> None:
    word = said(1, MeetingWord.ATTENDED)
    files = [written(), written(word), written(text="另一份"), written(result=OPEN)]
    assert len({found.minutes.sha256 for found in files if found.minutes}) == 4
    again = Record.model_validate_json(Record(meeting=MEETING, said=(word,), results=(DONE,), text="纪要").encoded())
    assert again.sha256 == (files[1].minutes and files[1].minutes.sha256)


@pytest.mark.parametrize(
    ("found", "department", "now", "code"),
    [
        (MeetingFile(meeting=MEETING), MEMBERS[0], DONE, "minutes-missing"),
        (written(), "hk-planning", DONE, "not-invited"),
        (written(signed=MEMBERS[:1]), MEMBERS[0], DONE, "minutes-signed-already"),
        (written(result=OPEN), MEMBERS[0], OPEN, "minutes-undecided"),
        (written(result=OPEN), MEMBERS[0], DONE, "minutes-outdated"),
    ],
)
def test_what_cannot_be_signed(found: MeetingFile, department: str, now: Result, code: str) -> None:
    with pytest.raises((Refused, NotYours)) as caught:
        found.check_sign(department, [now])
    assert caught.value.code == code


def test_what_was_said_since_must_be_written_down_before_it_is_signed() -> None:
    found = written()
    later = found.model_copy(update={"said": (said(1, MeetingWord.ATTENDED),)})
    assert found.check_sign(MEMBERS[0], [DONE]) == found.minutes
    with pytest.raises(Refused, match="minutes-outdated"):
        later.check_sign(MEMBERS[0], [DONE])


def test_nothing_more_is_said_of_a_meeting_that_is_over() -> None:
    MeetingFile(meeting=MEETING).check_open()
    with pytest.raises(Refused, match="meeting-signed"):
        written(signed=MEMBERS[:1]).check_open()
    off = MeetingFile(meeting=MEETING, said=(said(1, MeetingWord.CALLED_OFF, None, "改期"),))
    with pytest.raises(Refused, match="meeting-called-off"):
        off.check_open()
