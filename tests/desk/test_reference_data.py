"""What is shipped in ``reference/`` fits together, and reads the real cases where they are."""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import reference
from desk.case_mapping import ColumnMapping, read_mapping
from desk.case_rows import CaseRow, read_cases
from desk.directory_rows import read_departments, shipped_matters
from domain.demand import Nature, Urgency
from domain.department import Directory, Level, MatterClass
from domain.errors import NotFound

SHARED = Path(reference.__file__).parents[2] / "shared" / "data"
UNTAKEN = {"litigation", "discipline", "praise", "other"}
MATTERS = shipped_matters()


@pytest.fixture(scope="module")
def directory() -> Directory:
    departments, problems = read_departments(reference.path("haikou-departments.csv"), MATTERS)
    assert problems == []
    return Directory(departments=tuple(departments))


@pytest.fixture(scope="module")
def sample(directory: Directory) -> list[CaseRow]:
    cases, problems = read_cases(reference.path("sample-cases.csv"), mapping("sample"), MATTERS, directory)
    assert problems == []
    return cases


def mapping(name: str) -> ColumnMapping:
    return read_mapping(reference.path(f"mappings/{name}.toml"), MATTERS)


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_matters_cover_the_three_classes() -> None:
    assert 60 <= len(MATTERS.matters) <= 90
    assert {matter.matter_class for matter in MATTERS.matters} == set(MatterClass)
    assert len({matter.name for matter in MATTERS.matters}) == len(MATTERS.matters)


def test_danger_and_failed_utilities_are_no_consultations() -> None:
    urgent = [matter for matter in MATTERS.matters if matter.urgency is not Urgency.NORMAL]
    assert all(matter.nature is not Nature.CONSULTATION for matter in urgent)
    assert MATTERS.get("blocked-gate").urgency is Urgency.DANGER
    assert MATTERS.get("power-outage").urgency is Urgency.UTILITY


def test_every_matter_has_a_department_that_needs_no_place_or_is_meant_to_have_none(directory: Directory) -> None:
    homeless = {matter.code for matter in MATTERS.matters if directory.choose(matter.code, None, None) is None}
    assert homeless == UNTAKEN
    used = {matter for department in directory.departments for matter in department.matters}
    assert used == {matter.code for matter in MATTERS.matters} - UNTAKEN


def test_the_directory_has_every_kind_of_body(directory: Directory) -> None:
    levels = Counter(department.level for department in directory.departments)
    assert set(levels) == set(Level)
    assert levels[Level.STREET] == 46
    assert {department.district for department in directory.departments} == {
        None, "460105", "460106", "460107", "460108"
    }  # fmt: skip
    names = [department.name for department in directory.departments]
    assert len(set(names)) == len(names)
    assert all(department.endpoint is None for department in directory.departments)


def test_every_street_of_haikou_has_its_office(directory: Directory) -> None:
    offices = {
        department.street: department for department in directory.departments if department.level is Level.STREET
    }
    streets = rows_of(shared("haikou_streets.csv"))
    assert {row["code"] for row in streets} == set(offices)
    for row in streets:
        assert offices[row["code"]].code == f"street-{row['code']}"
        assert offices[row["code"]].district == row["district_code"]


def test_the_told_stories_find_their_departments(directory: Directory) -> None:
    place = "460106", "460106003"
    found = {matter: directory.choose(matter, *place) for matter in ("blocked-gate", "rooftop-shed", "gas-leak")}
    codes = {matter: department.code for matter, department in found.items() if department is not None}
    assert codes == {
        "blocked-gate": "hk-traffic-police",
        "rooftop-shed": "longhua-urban-mgmt",
        "gas-leak": "hk-gas",
    }
    assert directory.get("street-460106003").name == "金贸街道办事处"
    assert directory.get("longhua-justice").level is Level.DISTRICT


def test_the_sample_is_a_varied_busy_month(sample: list[CaseRow], directory: Directory) -> None:
    assert len(sample) >= 200
    assert len({case.description for case in sample}) == len(sample)
    assert {(case.opened_at.year, case.opened_at.month) for case in sample} == {(2026, 10)}
    assert len({case.opened_at.day for case in sample}) == 31
    assert {case.matter for case in sample} == {matter.code for matter in MATTERS.matters} | {None}
    assert len({case.street for case in sample}) > 30
    assert {case.nature for case in sample} == set(Nature)
    assert {case.urgency for case in sample} == set(Urgency)
    queued = [case for case in sample if directory.choose(case.matter, case.district, case.street) is None]
    assert {case.matter for case in queued} == UNTAKEN | {None}
    assert 10 <= len(queued) <= len(sample) // 10


def test_every_kind_of_real_case_is_mapped_by_its_second_level() -> None:
    kinds = {(row["type"], row["main_type"]) for row in rows_of(shared("pingshan_cases.csv"))}
    _, second, first = mapping("pingshan").matter
    assert {kind for _, kind in kinds} - set(second.values) == set()
    assert {kind for kind, _ in kinds} - set(first.values) == set()


def test_the_real_cases_are_read(directory: Directory, record_property: Callable[[str, object], None]) -> None:
    path = shared("pingshan_cases.csv")
    cases, problems = read_cases(path, mapping("pingshan"), MATTERS, directory)
    assert len(cases) + len({problem.line for problem in problems}) == 8000
    assert problems == []
    assert len({case.reference for case in cases}) == 8000
    assert cases[0].reference == "pingshan:9148"
    placed = sum(1 for case in cases if directory.choose(case.matter, None, None) is not None)
    record_property("share_with_department", placed / len(cases))
    assert placed / len(cases) > 0.98


def test_shipped_files_are_found_and_nothing_else() -> None:
    assert reference.path("matters.csv").is_file()
    for name in ("nothing.csv", "../pyproject.toml", "/etc/passwd", "", "mappings", "a\0b"):
        with pytest.raises(NotFound) as refused:
            reference.path(name)
        assert refused.value.code == "reference-unknown"
