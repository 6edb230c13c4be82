"""Fitting: the share of late answers comes out as it was put in."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import reference
from domain.demand import Nature, Urgency
from domain.errors import Invalid
from domain.ladder import Rung
from policies.files import read, rules_of
from rehearsal.conduct import Profile, read_profile, written
from rehearsal.crowd import shipped_directory
from rehearsal.delays import end_of
from rehearsal.fitting import fit

MAPPING = """
system = "made"
zone = "Asia/Shanghai"
reference = "id"
opened_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
channel = { value = "phone" }
nature = { column = "nature" }
matter = { column = "matter" }
description = { value = "x" }
"""

SHARED = Path(reference.__file__).parents[2] / "shared" / "data" / "pingshan_cases.csv"


def made(folder: Path, late: dict[str, tuple[int, int]]) -> tuple[Path, str]:
    """A file with so many late ones of so many cases, by matter, and its mapping."""
    mapping, cases = folder / "made.toml", folder / "cases.csv"
    mapping.write_text(MAPPING)
    rows = ["id,at,nature,matter,closed_in_time,closed_overtime"]
    for matter, (number, of) in late.items():
        for index in range(of):
            verdict = "0,1" if index < number else "1,0"
            rows.append(f"{matter}-{index},2026-10-12 09:00:00,request,{matter},{verdict}")
    cases.write_text("\n".join([*rows, "z,2026-10-12 09:00:00,request,greenery,-,-"]))
    return cases, str(mapping)


def share_late(profile: Profile, department: str, nature: Nature) -> float:
    """How many of 4000 answers, and silences, of the first rung are beyond the limit."""
    rules = rules_of(read("haikou"), date(2026, 11, 23))
    conduct = profile.conduct_of(department, Rung.DISPATCH)
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)
    due = rules.policy.handle_limit(nature, Urgency.NORMAL).span.after(start, rules.calendar)
    delay, late = conduct.answers.delay_of(nature, Urgency.NORMAL), 0
    chance = random.Random(1)  # noqa: S311 - to be repeatable is what it is for
    for _ in range(4000):
        answered = chance.random() >= conduct.silent
        late += not answered or end_of(delay, chance.random(), start, rules.calendar) > due
    return late / 4000


def test_the_shares_come_out_as_they_were(tmp_path: Path) -> None:
    cases, mapping = made(tmp_path, {"greenery": (100, 200), "gas-supply": (5, 200), "fire-safety": (3, 9)})
    profile = fit(cases, mapping, read("haikou"), shipped_directory())
    assert set(profile.departments) == {"hk-gardens-sanitation", "hk-gas"}, "nine verdicts are not enough"
    for nature in Nature:
        assert share_late(profile, "hk-gardens-sanitation", nature) == pytest.approx(0.5, abs=0.03)
        assert share_late(profile, "hk-gas", nature) == pytest.approx(0.0275, abs=0.01)
        assert share_late(profile, "hk-fire", nature) == pytest.approx(108 / 409, abs=0.03)
    assert "409 verdicts" in profile.source


def test_a_fitted_profile_is_a_departments_file(tmp_path: Path) -> None:
    cases, mapping = made(tmp_path, {"greenery": (0, 40), "gas-supply": (40, 40)})
    profile = fit(cases, mapping, read("beijing-style"), shipped_directory())
    file = tmp_path / "fitted.toml"
    file.write_text(written(profile), encoding="utf-8")
    assert read_profile(file, shipped_directory()) == profile


def test_without_verdicts_nothing_is_fitted(tmp_path: Path) -> None:
    cases, mapping = made(tmp_path, {})
    with pytest.raises(Invalid) as refused:
        fit(cases, mapping, read("haikou"), shipped_directory())
    assert refused.value.code == "verdicts-missing"


@pytest.mark.skipif(not SHARED.is_file(), reason="the real cases are not part of the project")
def test_pingshan() -> None:
    profile = fit(SHARED, "pingshan", read("haikou"), shipped_directory())
    assert len(profile.departments) > 20
    assert share_late(profile, "hk-telecom", Nature.COMPLAINT) == pytest.approx(0.78, abs=0.03)
    assert share_late(profile, "hk-ecology", Nature.COMPLAINT) == pytest.approx(0.013, abs=0.01)
