"""Two policies beside each other, and one drawn as its ladder."""

from collections.abc import Iterator
from typing import cast

from pydantic import BaseModel

from domain.clock import Unit
from domain.ladder import End, Rung
from domain.party import Party
from domain.policy import Cited, Policy
from policies.difference import Change, difference, flattened
from policies.files import read, shipped
from policies.ladder_drawing import drawing, rows_of


def test_a_policy_does_not_differ_from_itself() -> None:
    for name in shipped():
        assert difference(read(name), read(name)) == []


def test_what_differs_is_named_by_its_key() -> None:
    haikou = read("haikou")
    appraisal = haikou.holds[1].model_copy(update={"value": 30})
    changed = haikou.model_copy(
        update={
            "version": 2,
            "dispatch": haikou.dispatch.model_copy(update={"value": 15}),
            "extension": None,
            "holds": (haikou.holds[2], appraisal),
        }
    )
    assert haikou.extension is not None
    assert difference(haikou, changed) == [
        Change(key="version", before=1, after=2),
        Change(key="dispatch.value", before=30, after=15),
        *[
            Change(key=f"extension.{key}", before=value, after=None)
            for key, value in flattened(haikou.extension).items()
        ],
        *[
            Change(key=f"holds.awaiting_citizen.{key}", before=value, after=None)
            for key, value in flattened(haikou.holds[0]).items()
        ],
        Change(key="holds.appraisal.value", before=20, after=30),
    ]
    there = {change.key: (change.before, change.after) for change in difference(haikou, changed)}
    back = {change.key: (change.after, change.before) for change in difference(changed, haikou)}
    assert there == back


def test_steps_of_one_name_are_told_apart_by_position() -> None:
    haikou = read("haikou")
    doubled = haikou.model_copy(update={"ladder": (*haikou.ladder, haikou.ladder[0])})
    assert "ladder.dispatch.owner" in flattened(haikou)
    assert {"ladder.0.owner", "ladder.5.owner"} < flattened(doubled).keys()


def test_haikou_beside_beijing_style() -> None:
    changes = {
        change.key: (change.before, change.after) for change in difference(read("haikou"), read("beijing-style"))
    }
    assert changes["handle.request.value"] == (5, 7)
    assert changes["handle.request.unit"] == ("working_days", "clock_days")
    assert changes["handle.danger.value"] == (None, 2)
    assert "dispatch.value" not in changes
    assert not any(key.startswith(("ladder.", "calendar.shifts")) for key in changes)


def test_the_ladder_is_drawn_from_the_bottom_up() -> None:
    stations = drawing(read("haikou"))
    assert [(station.station, station.owner, station.up) for station in stations] == [
        (Rung.DISPATCH, Party.OPERATOR, Rung.SUPERVISED),
        (Rung.SUPERVISED, Party.SUPERVISOR, Rung.JOINT_MEETING),
        (Rung.JOINT_MEETING, Party.SUPERVISOR, Rung.REFERRAL),
        (Rung.REFERRAL, Party.COMMISSION, Rung.RECTIFICATION),
        (Rung.RECTIFICATION, Party.COMMISSION, None),
        (End.CALLBACK, None, None),
        (None, None, None),
    ]
    first = stations[0].rows[0]
    assert (first.what, first.value, first.unit, first.rule) == ("dispatch", 30, Unit.CLOCK_MINUTES, "P1")
    assert first.source.startswith("Haikou 12345 hotline")
    assert [row.what for row in stations[3].rows] == [
        "referral.exhausted",
        "referral.decide",
        "referral.commission.answer",
        "referral.commission.papers",
        "referral.verify",
        "referral.deciders",
        "referral_within",
    ]
    exhausted, deciders = stations[3].rows[0], stations[3].rows[5]
    assert (exhausted.value, exhausted.unit) == ((Rung.SUPERVISED, Rung.JOINT_MEETING), None)
    assert (deciders.value, deciders.unit) == (2, None)
    assert "holds.appraisal" in [row.what for row in stations[-1].rows]


def test_a_policy_without_a_ladder_is_drawn_with_all_rungs() -> None:
    stations = drawing(read("haikou").model_copy(update={"ladder": ()}))
    assert [station.station for station in stations[:5]] == list(Rung)
    assert all(station.owner is None for station in stations)


def test_every_cited_rule_is_in_the_drawing_once() -> None:
    for name in shipped():
        policy = read(name)
        drawn = [(row.rule, row.source) for station in drawing(policy) for row in station.rows]
        assert sorted(drawn) == sorted(_cited(Policy.model_validate(policy.model_dump(exclude={"calendar"}))))
        assert len({row.what for row in rows_of(policy)}) == len(drawn)


def _cited(part: object) -> Iterator[tuple[str, str]]:
    if isinstance(part, Cited):
        yield part.rule, part.source
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _cited(getattr(part, name))
    elif isinstance(part, tuple):
        for item in cast("tuple[object, ...]", part):
            yield from _cited(item)
