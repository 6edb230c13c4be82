"""The departments file: what counts before what, and what is refused."""

import re
from pathlib import Path

import pytest

from domain.department import Directory
from domain.errors import Invalid, NotFound
from domain.ladder import Rung
from domain.order import Role
from rehearsal.conduct import Profile, assumed, read_profile, written
from rehearsal.crowd import shipped_directory

ASSUMED = Path(__file__).parents[2] / "rehearsal" / "assumed.toml"


@pytest.fixture(scope="module")
def directory() -> Directory:
    return shipped_directory()


def read(folder: Path, directory: Directory, text: str) -> Profile:
    file = folder / "departments.toml"
    file.write_text(text, encoding="utf-8")
    return read_profile(file, directory)


def test_what_is_assumed_is_a_departments_file(directory: Directory) -> None:
    assert read_profile(ASSUMED, directory) == assumed()


def test_a_profile_can_be_written_down(tmp_path: Path, directory: Directory) -> None:
    assert read(tmp_path, directory, written(assumed())) == assumed()


def test_the_most_particular_word_counts(tmp_path: Path, directory: Directory) -> None:
    text = ASSUMED.read_text(encoding="utf-8") + (
        "[departments.hk-gas]\nsilent = 0.3\n"
        "[departments.hk-gas.rungs.supervised]\nsilent = 0.4\n"
        "[departments.hk-bus]\nsilent = 0.6\nassisting = { silent = 0.7 }\n"
    )
    profile = read(tmp_path, directory, text)

    def silent(department: str, rung: Rung, role: Role = Role.LEAD) -> float:
        return profile.conduct_of(department, rung, role).silent

    assert silent("hk-police", Rung.DISPATCH) == 0.02
    assert silent("hk-police", Rung.SUPERVISED) == 0.01, "a rung goes before what is always so"
    assert silent("hk-gas", Rung.DISPATCH) == 0.3
    assert silent("hk-gas", Rung.SUPERVISED) == 0.4
    assert silent("hk-bus", Rung.DISPATCH) == 0.6
    assert silent("hk-bus", Rung.SUPERVISED) == 0.01, "a rung goes before a department, too"
    assert silent("hk-bus", Rung.SUPERVISED, Role.ASSISTING) == 0.7
    assert silent("hk-gas", Rung.DISPATCH, Role.ASSISTING) == 0.05
    assert profile.conduct_of("hk-gas", Rung.SUPERVISED).pace == 0.4
    assert profile.conduct_of("hk-gas", Rung.DISPATCH).pace == 1


MEDIAN = 'kind = "lognormal", median = 50'
UNIT = 'unit = "working_minutes" }\n\n[default.acknowledges'
BACKWARDS = '{ kind = "uniform", low = 2, high = 1, unit = "clock_days" }'
DELAY = "default.acknowledges.delay"

WRONG = [
    ("silent = 0.02 ", "silent = 1.5 ", "default.silent", "value-out-of-range"),
    ("silent = 0.02 ", "silent = -0.1 ", "default.silent", "value-out-of-range"),
    ("silent = 0.02 ", "silent = nan ", "default.silent", "value-out-of-range"),
    ("silent = 0.02 ", 'silent = "0.02" ', "default.silent", "value-malformed"),
    ("silent = 0.02 ", "", "default.silent", "key-missing"),
    ("silent = 0.02 ", "silnt = 0.02\nsilent = 0.02 ", "default.silnt", "key-unknown"),
    ("median = 50,", "", f"{DELAY}.median", "key-missing"),
    ("median = 50,", "median = -1,", f"{DELAY}.median", "value-out-of-range"),
    ("median = 50,", "median = 50, mode = 1,", f"{DELAY}.mode", "key-unknown"),
    (MEDIAN, 'kind = "gamma", median = 50', DELAY, "value-unknown"),
    (MEDIAN, "median = 50", DELAY, "key-missing"),
    (UNIT, UNIT.replace("working_minutes", "moons"), f"{DELAY}.unit", "value-unknown"),
    ("[operators]\ndelay =", f"[operators]\ndelay = {BACKWARDS}\nx =", "operators.delay", "low-above-high"),
    ("danger = ", "dangerous = ", "default.acknowledges.by_urgency.dangerous", "urgency-unknown"),
    ("[default.rungs.supervised]\n", "[default.rungs.supervize]\n", "default.rungs.supervize", "rung-unknown"),
    ('"hk-housing", ', '"hk-hosing", ', "operators.names.1", "department-unknown"),
    ('partners = ["hk-urban-mgmt", ', 'partners = ["hk-justice", ', "supervisors.partners", "department-doubled"),
    (', "hk-planning", "hk-justice"]', "]", "supervisors.partners", "value-out-of-range"),
    ("[callers]", "[departments.hk-x]\nsilent = 1\n\n[callers]", "departments.hk-x", "department-unknown"),
    ("[callers]", "[departments.hk-gas]\nquiet = 1\n\n[callers]", "departments.hk-gas.quiet", "key-unknown"),
    ("[callers]", "[callrs]", "callers", "key-missing"),
]


@pytest.mark.parametrize(("old", "new", "key", "reason"), WRONG, ids=[f"{key}-{reason}" for *_, key, reason in WRONG])
def test_a_wrong_file_is_refused(
    tmp_path: Path, directory: Directory, old: str, new: str, key: str, reason: str
) -> None:
    text = ASSUMED.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(Invalid) as refused:
        read(tmp_path, directory, text.replace(old, new, 1))
    assert refused.value.code == "conduct-key"
    assert refused.value.params["key"] == key
    assert refused.value.params["reason"] == reason
    assert str(refused.value.params["file"]).endswith("departments.toml")


@pytest.mark.parametrize("content", [b"[default\n", b"\xff\xfe", b"a = 1\na = 2\n", b"\x00"])
def test_what_is_no_toml_is_refused(tmp_path: Path, directory: Directory, content: bytes) -> None:
    file = tmp_path / "departments.toml"
    file.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read_profile(file, directory)
    assert refused.value.code == "conduct-syntax"


def test_a_missing_file_is_named(tmp_path: Path, directory: Directory) -> None:
    with pytest.raises(NotFound) as refused:
        read_profile(tmp_path / "none.toml", directory)
    assert refused.value.code == "file-unknown"
    with pytest.raises(Invalid, match=re.escape("file-unreadable")):
        read_profile(tmp_path, directory)
