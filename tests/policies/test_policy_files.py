"""Policy files: what is read, and everything that is refused with its file, line, key and reason."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.clock import Unit
from domain.errors import Invalid, NotFound
from domain.policy import Confidence, Limit
from policies.files import China, Draft, PolicyFile, examine, key_lines, read, rules_of, rules_with, shipped
from policies.findings import Finding
from policies.lint import lint

HAIKOU = (Path(__file__).parents[2] / "policies" / "haikou.toml").read_text("utf-8")

REQUEST = """[handle.request]
rule = "P5"
value = 5
unit = "working_days"
source = "Shandong 2020 (5 working days); Guangdong help and advice 10, Sichuan 7"
confidence = "B"
"""
"""A table of Haikou's file; it begins in line 44."""

SOURCE = "Shandong 2020 (5 working days); Guangdong help and advice 10, Sichuan 7"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "changed.toml"


def examined(file: Path, old: str, new: str) -> Draft:
    """Haikou's file with one text changed."""
    assert HAIKOU.count(old) == 1
    file.write_text(HAIKOU.replace(old, new), "utf-8")
    return examine(str(file))


def request(old: str, new: str) -> str:
    assert REQUEST.count(old) == 1
    return REQUEST.replace(old, new)


# -- what is read --------------------------------------------------------------------------------------


def test_the_shipped_policies_are_read() -> None:
    assert shipped() == ["beijing-style", "demo", "haikou"]
    assert [read(name).policy_id for name in shipped()] == shipped()


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_a_file_is_read(file: Path, mark: str) -> None:
    file.write_text(mark + HAIKOU, "utf-8")
    assert read(str(file)) == read("haikou")
    assert examine(str(file)).problems == ()


def test_a_policy_keeps_its_content_through_json() -> None:
    for name in shipped():
        policy_file = read(name)
        assert PolicyFile.model_validate(policy_file.model_dump(mode="json")) == policy_file
        assert PolicyFile.model_validate_json(policy_file.model_dump_json()) == policy_file


def test_rules_are_the_policy_on_its_calendar() -> None:
    rules = rules_of(read("haikou"), date(2026, 11, 23))
    assert rules.policy.model_dump() == read("haikou").model_dump(exclude={"calendar"})
    assert rules.calendar.working_day == timedelta(hours=6, minutes=30)
    assert rules.calendar.horizon == date(2026, 12, 31)
    continuous = rules_of(read("demo"), date(2026, 11, 23)).calendar
    assert (continuous.working_day, continuous.horizon) == (timedelta(seconds=1), None)


def test_rules_have_the_hours_of_the_policy_and_the_days_of_the_calendar() -> None:
    days = rules_of(read("haikou"), date(2026, 11, 23)).calendar.model_copy(update={"revision": 7})
    haikou = read("haikou")
    assert isinstance(haikou.calendar, China)
    longer = [haikou.calendar.shifts[0], {"start": "14:00", "end": "18:30"}]
    spec = China.model_validate(haikou.calendar.model_dump() | {"shifts": longer})
    calendar = rules_with(haikou.model_copy(update={"calendar": spec}), days).calendar
    assert (calendar.revision, calendar.days_off) == (7, days.days_off)
    assert calendar.working_day == timedelta(hours=8)
    with pytest.raises(ValueError, match="working days"):
        rules_with(haikou, None)


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "line", "key", "code", "value"),
    [
        (request("value = 5", "value = -5"), 46, "value", "value-not-positive", "-5"),
        (request("value = 5", "value = 0"), 46, "value", "value-not-positive", "0"),
        (request("value = 5", "value = 5.0"), 46, "value", "value-malformed", "5.0"),
        (request("value = 5", "value = true"), 46, "value", "value-malformed", "True"),
        (request("value = 5", 'value = "5"'), 46, "value", "value-malformed", "5"),
        (request("value = 5", 'value = "2 days 4 hours"'), 46, "value", "value-malformed", "2 days 4 hours"),
        (request("value = 5", "value = [1, 4]"), 46, "value", "value-malformed", "[…]"),
        (request("value = 5", "value = { days = 1, hours = 4 }"), 46, "value", "value-malformed", "{…}"),
        (request("value = 5", "value = 5\nhours = 4"), 47, "hours", "key-unknown", None),
        (request("value = 5", "valeu = 5"), 44, "value", "value-missing", None),
        (request('"working_days"', '["working_days", "clock_hours"]'), 47, "unit", "value-not-allowed", "[…]"),
        (request('"working_days"', '"days"'), 47, "unit", "value-not-allowed", "days"),
        (request('confidence = "B"', 'confidence = "D"'), 49, "confidence", "value-not-allowed", "D"),
        (request('rule = "P5"', 'rule = "P 5"'), 45, "rule", "value-malformed", "P 5"),
        (request('rule = "P5"\n', ""), 44, "rule", "value-missing", None),
        (request("source =", "# source ="), 44, "source", "value-missing", None),
        (request(SOURCE, " "), 48, "source", "value-missing", None),
        (request(SOURCE, "x" * 2001), 48, "source", "text-too-long", None),
        (request("value = 5", "value = 3661"), 44, "", "limit-too-long", None),
        ("", 37, "", "value-missing", None),
    ],
)
def test_a_limit_that_makes_no_sense(file: Path, new: str, line: int, key: str, code: str, value: str | None) -> None:
    draft = examined(file, REQUEST, new)
    assert draft.policy_file is None
    # A misspelt key is a problem of its own, besides the one that is missing then.
    problem = next(problem for problem in draft.problems if problem.code == code)
    assert problem.key == f"handle.request.{key}".rstrip(".")
    assert problem.line == line
    assert problem.params.get("value") == value
    if code == "value-not-allowed":
        assert set(str(problem.params["allowed"]).split(", ")) in (set(Unit), set(Confidence))


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "code"),
    [
        ("version = 1", "version = 0", 5, "version", "value-not-positive"),
        ("version = 1", "version = 99999999999", 5, "version", "value-too-large"),
        ('policy_id = "haikou"', 'policy_id = "海口"', 4, "policy_id", "value-malformed"),
        ("[rectification.limit]", "[rectified.limit]", 153, "rectified", "key-unknown"),
        ("[rectification.limit]", "[rectified.limit]", None, "rectification", "value-missing"),
        ('up = "joint_meeting"', 'up = "meeting"', 181, "ladder.1.up", "value-not-allowed"),
        ('rung = "supervised"\nowner = "supervisor"', 'rung = "supervised"', 178, "ladder.1.owner", "value-missing"),
        ('reason = "appraisal"', 'reason = ""', 236, "holds.1.reason", "value-malformed"),
        ('kind = "china"', 'kind = "france"', 264, "calendar", "value-not-allowed"),
        ('kind = "china"\n', "", 264, "calendar", "value-missing"),
        ('kind = "china"', 'kind = "china"\nzone = "UTC"', 266, "calendar.zone", "key-unknown"),
        ('end = "17:30"', 'end = "25:30"', 268, "calendar.shifts.1.end", "value-malformed"),
        ('start = "14:30"', 'start = "11:30"', 268, "calendar.shifts", "shifts-overlap"),
        ('start = "14:30"', 'start = "18:30"', 268, "calendar.shifts.1", "value-malformed"),
    ],
)
def test_a_key_that_makes_no_sense(file: Path, old: str, new: str, line: int | None, key: str, code: str) -> None:
    problems = examined(file, old, new).problems
    assert (line, key, code) in [(problem.line, problem.key, problem.code) for problem in problems]


def test_no_shifts_are_no_office(file: Path) -> None:
    old = '[{ start = "08:30", end = "12:00" }, { start = "14:30", end = "17:30" }]'
    problems = examined(file, old, "[]").problems
    assert [(problem.line, problem.key, problem.code) for problem in problems] == [
        (268, "calendar.shifts", "value-missing")
    ]


def test_everything_wrong_is_named_in_the_order_of_the_file(file: Path) -> None:
    text = HAIKOU.replace('unit = "clock_minutes"', 'unit = "minutes"', 1).replace("value = 5\n", "value = -5\n", 1)
    file.write_text(text + "surprise = 1\n", "utf-8")
    assert [(problem.line, problem.key, problem.code) for problem in examine(str(file)).problems] == [
        (12, "dispatch.unit", "value-not-allowed"),
        (46, "handle.request.value", "value-not-positive"),
        (284, "meeting.quorum.surprise", "key-unknown"),
    ]
    with pytest.raises(Invalid) as refusal:
        read(str(file))
    assert refusal.value.code == "policy-invalid"
    assert refusal.value.params == {
        "file": "changed.toml",
        "line": 12,
        "key": "dispatch.unit",
        "reason": "value-not-allowed",
        "value": "minutes",
        "allowed": ", ".join(Unit),
        "problems": 3,
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param('policy_id = "a"\npolicy_id = "b"\n', 2, id="a key twice"),
        pytest.param("[dispatch]\nvalue = 1\n[dispatch]\n", 3, id="a table twice"),
        pytest.param("[dispatch]\nvalue = { a = 1, a = 2 }\n", 2, id="a key twice in a line"),
        pytest.param("policy_id = \n", 1, id="no value"),
        pytest.param("when = 2026-02-30\n", 1, id="a date that does not exist"),
        pytest.param("value = " + "9" * 5000, None, id="a number without end"),
        pytest.param("value = " + "[" * 100_000, None, id="a list without end"),
    ],
)
def test_what_is_not_toml(file: Path, text: str, line: int | None) -> None:
    file.write_text(text, "utf-8")
    problem = examine(str(file)).problems[0]
    assert (problem.key, problem.code, problem.line) == ("-", "not-toml", line)
    assert problem.params["detail"]
    with pytest.raises(Invalid) as refusal:
        read(str(file))
    assert (refusal.value.params["line"], refusal.value.params["problems"]) == (line or 0, 1)


def test_what_is_not_utf_8(file: Path) -> None:
    file.write_bytes(HAIKOU.encode("gb18030"))
    assert examine(str(file)).problems == (Finding(key="-", code="not-utf-8", line=6),)


def test_an_empty_file_lacks_everything(file: Path) -> None:
    file.write_text("", "utf-8")
    problems = examine(str(file)).problems
    assert {problem.code for problem in problems} == {"value-missing"}
    assert {"policy_id", "dispatch", "calendar"} < {problem.key for problem in problems}


@pytest.mark.parametrize("name", ["nanjing", "nowhere.toml", "nowhere/haikou.toml", "haikou.toml/haikou.toml"])
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    (tmp_path / "haikou.toml").write_text(HAIKOU, "utf-8")
    with pytest.raises(NotFound) as refusal:
        read(str(tmp_path / name) if name.endswith(".toml") else name)
    assert refusal.value.code == "policy-unknown"
    assert refusal.value.params["policies"] == "beijing-style, demo, haikou"


@pytest.mark.parametrize("name", ["folder.toml", "nul\0.toml"])
def test_a_file_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(Invalid) as refusal:
        read(str(tmp_path / name))
    assert refusal.value.code == "file-unreadable"


def test_a_limit_above_ten_years_is_a_slip_of_the_pen() -> None:
    def limit(value: int, unit: Unit) -> Limit:
        return Limit(rule="P1", source="made up", confidence=Confidence.C, value=value, unit=unit)

    assert limit(3660, Unit.WORKING_DAYS).span.value == 3660
    for value, unit in ((3661, Unit.WORKING_DAYS), (3661, Unit.CLOCK_DAYS), (3660 * 24 + 1, Unit.WORKING_HOURS)):
        with pytest.raises(ValidationError, match="ten years"):
            limit(value, unit)


# -- lines ---------------------------------------------------------------------------------------------


def test_findings_are_placed_in_the_file(file: Path) -> None:
    draft = examined(file, 'owner = "commission"\nup = "rectification"', 'owner = "department"\nup = "dispatch"')
    assert draft.policy_file is not None
    placed = [(finding.line, finding.code) for finding in draft.located(lint(draft.policy_file))]
    assert placed == [(190, "owner-cannot-act"), (191, "ladder-loop"), (194, "rung-unreachable")]


def test_the_lines_of_keys() -> None:
    text = """
    # [commented]
    a = 1  # = 2
    "b c" = "x = y"
    [ t . u ]
    v.w = 1
    [[list]]
    k = 1
    [[list]]
    k = { inline = 1 }
    """
    assert key_lines(text) == {
        "a": 3,
        "b c": 4,
        "t": 5,
        "t.u": 5,
        "t.u.v.w": 6,
        "list": 7,
        "list.0": 7,
        "list.0.k": 8,
        "list.1": 9,
        "list.1.k": 10,
    }
