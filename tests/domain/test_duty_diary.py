"""The roster's faults, and what a diary takes and refuses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support import rules

from domain.calls import month_named
from domain.diary import Diary, DiaryEntry, DiaryKind, NewEntry, chained, first_diary_misfit
from domain.errors import LiandongError
from domain.roster import Assignment, Duty, begins, check_on_duty, doubles, gaps

NOVEMBER = month_named("2026-11", "Asia/Shanghai")
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def on_duty(day: date, person: str, department: str = "w", duty: Duty = Duty.HEAD) -> Assignment:
    return Assignment(department=department, day=day, duty=duty, person=person, by="x", number=1, at=NOW)


def test_gaps_are_named_for_heads_always_and_for_callers_where_there_are_any() -> None:
    days = [NOVEMBER.first + timedelta(days=number) for number in range(30)]
    full = [on_duty(day, "WA-01") for day in days if day != MONDAY]
    assert gaps(NOVEMBER, full) == [(MONDAY, Duty.HEAD)]
    with_caller = [*full, on_duty(MONDAY, "WA-02", duty=Duty.CALLER)]
    assert len([one for one in gaps(NOVEMBER, with_caller) if one[1] is Duty.CALLER]) == 29


def test_whoever_is_on_duty_twice_is_named() -> None:
    (double,) = doubles([on_duty(MONDAY, "A"), on_duty(MONDAY, "A", "v"), on_duty(MONDAY, "B", "u")])
    assert (double.person, double.duties) == ("A", (("v", Duty.HEAD), ("w", Duty.HEAD)))


def test_a_shift_begins_with_the_calendars_first_hour_on_any_day() -> None:
    calendar = rules("haikou").calendar
    assert begins(date(2026, 11, 22), calendar).isoformat() == "2026-11-22T08:30:00+08:00"


@pytest.mark.parametrize(
    ("by", "instead_of", "code"),
    [
        ("A", None, None),
        ("B", "A", None),
        ("B", None, "not-on-roster"),
        ("B", "C", "not-instead-of"),
        ("A", "A", "not-instead-of"),
    ],
)
def test_who_may_sign_in(by: str, instead_of: str | None, code: str | None) -> None:
    roster = [on_duty(MONDAY, "A")]
    if code is None:
        check_on_duty(roster, "w", MONDAY, Duty.HEAD, by, instead_of)
    else:
        with pytest.raises(LiandongError, match=code):
            check_on_duty(roster, "w", MONDAY, Duty.HEAD, by, instead_of)
    with pytest.raises(LiandongError, match="roster-gap"):
        check_on_duty([], "w", MONDAY, Duty.HEAD, by, instead_of)


class Written:
    """A diary that grows as storage lets it grow."""

    def __init__(self) -> None:
        self.entries: list[DiaryEntry] = []

    @property
    def diary(self) -> Diary:
        return Diary(self.entries)

    def add(self, kind: DiaryKind, by: str, day: date = MONDAY, **given: Any) -> int:
        duty = Duty.HEAD if kind is DiaryKind.SIGN_IN else None
        new = NewEntry(department="w", day=day, kind=kind, by=by, duty=duty, **given)
        self.diary.check(new)
        self.entries.append(chained(new, self.diary.last, NOW))
        return self.entries[-1].seq

    def refused(self, code: str, kind: DiaryKind, by: str, day: date = MONDAY, **given: Any) -> None:
        before = list(self.entries)
        with pytest.raises(LiandongError, match=code):
            self.add(kind, by, day, **given)
        assert self.entries == before


TUESDAY = MONDAY + timedelta(days=1)


def handed_over() -> tuple[Written, int]:
    """Monday's shift leaves a point to Tuesday's."""
    written = Written()
    written.refused("not-signed-in", DiaryKind.NOTE, "A", text="…")
    written.add(DiaryKind.SIGN_IN, "A")
    written.refused("signed-in-already", DiaryKind.SIGN_IN, "A")
    point = written.add(DiaryKind.POINT, "A", text="水压未恢复")
    written.add(DiaryKind.CLOSE, "A")
    return written, point


def test_a_point_is_confirmed_before_anything_is_written() -> None:
    written, point = handed_over()
    written.refused("diary-closed", DiaryKind.NOTE, "A", text="…")
    assert [one.seq for one in written.diary.to_confirm()] == [point]
    written.add(DiaryKind.SIGN_IN, "B", TUESDAY)
    written.refused("points-unconfirmed", DiaryKind.NOTE, "B", TUESDAY, text="…")
    written.refused("points-unconfirmed", DiaryKind.CLOSE, "B", TUESDAY)
    written.refused("point-unknown", DiaryKind.CONFIRM, "B", TUESDAY, point=99)
    written.add(DiaryKind.CONFIRM, "B", TUESDAY, point=point)
    written.refused("point-confirmed", DiaryKind.CONFIRM, "B", TUESDAY, point=point)
    assert written.diary.to_confirm() == []
    written.add(DiaryKind.NOTE, "B", TUESDAY, text="…")


def test_a_point_is_handed_over_until_it_is_settled() -> None:
    written, point = handed_over()
    written.add(DiaryKind.SIGN_IN, "B", TUESDAY)
    written.add(DiaryKind.CONFIRM, "B", TUESDAY, point=point)
    written.add(DiaryKind.CLOSE, "B", TUESDAY)
    assert [one.seq for one in written.diary.to_confirm()] == [point]
    wednesday = TUESDAY + timedelta(days=1)
    written.add(DiaryKind.SIGN_IN, "C", wednesday)
    written.add(DiaryKind.CONFIRM, "C", wednesday, point=point)
    written.add(DiaryKind.SETTLE, "C", wednesday, point=point)
    written.refused("point-unknown", DiaryKind.SETTLE, "C", wednesday, point=point)
    written.add(DiaryKind.CLOSE, "C", wednesday)
    assert written.diary.to_confirm() == []


def test_a_shift_that_was_never_closed_is_named_and_its_points_are_handed_over() -> None:
    written = Written()
    written.add(DiaryKind.SIGN_IN, "A")
    point = written.add(DiaryKind.POINT, "A", text="…")
    written.add(DiaryKind.SIGN_IN, "B", TUESDAY)
    assert written.diary.left_open(TUESDAY) == [MONDAY]
    assert [one.seq for one in written.diary.unconfirmed(TUESDAY)] == [point]


def test_every_change_to_a_diary_is_found() -> None:
    written, _ = handed_over()
    entries = written.entries
    assert first_diary_misfit(entries) is None
    for number, entry in enumerate(entries):
        changed = [*entries]
        changed[number] = entry.model_copy(update={"by": "Z"})
        assert first_diary_misfit(changed) is not None
        if number + 1 < len(entries):
            assert first_diary_misfit([*entries[:number], *entries[number + 1 :]]) is not None
