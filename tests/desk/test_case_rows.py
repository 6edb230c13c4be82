"""Column mappings, and cases out of rows."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk.case_mapping import ColumnMapping, read_mapping
from desk.case_rows import CaseRow, read_cases
from desk.directory_rows import read_departments, read_matters, shipped_matters
from desk.tables import RowProblem
from domain.demand import Channel, Nature, Urgency
from domain.department import Department, Directory, Level
from domain.errors import Invalid, NotFound

Told = tuple[str, str, dict[str, str | int]]
NOTHING: dict[str, str | int] = {}

MATTERS = shipped_matters()
DIRECTORY = Directory(
    departments=(
        Department(code="street-E1", name="东街道", name_en="East", level=Level.STREET, district="E", street="E1"),
        Department(code="w-police", name="西分局", name_en="West", level=Level.DISTRICT, district="W"),
    )
)
MAPPING = """
system = "old-system"
zone = "Asia/Shanghai"
blank = ["-"]
reference = "编号"
opened_at = { column = "时间", format = "%Y-%m-%d %H:%M" }
nature = { column = "性质", values = { "投诉" = "complaint", "咨询" = "consultation" } }
urgency = { column = "紧急" }
street = { column = "街道" }
district = { column = "区" }
department = { column = "单位" }
place = { template = "{街道}{社区}" }

[[channel]]
column = "来源"
values = { "电话" = "phone" }
[[channel]]
value = "other"

[[matter]]
column = "小类"
values = { "路灯" = "street-lamp", "漏气" = "gas-leak" }
[[matter]]
column = "大类"
values = { "市政" = "road-damage" }
[[matter]]
column = "代码"

[[description]]
column = "内容"
[[description]]
template = "{大类}·{小类}（{社区}）"
"""
GOOD = {
    "编号": "7/a",
    "时间": "2026-10-16 22:30",
    "性质": "投诉",
    "紧急": "",
    "街道": "",
    "区": "",
    "单位": "",
    "社区": "一社区",
    "来源": "电话",
    "大类": "市政",
    "小类": "路灯",
    "代码": "",
    "内容": "路灯不亮",
}


def mapped(folder: Path, text: str = MAPPING) -> ColumnMapping:
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, MATTERS)


def imported(
    folder: Path, *rows: dict[str, str], directory: Directory | None = None, mapping: str = MAPPING
) -> tuple[list[CaseRow], list[RowProblem]]:
    lines = [",".join(GOOD), *(",".join({**GOOD, **row}.values()) for row in rows)]
    path = folder / "cases.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_cases(path, mapped(folder, mapping), MATTERS, directory)


def case(folder: Path, directory: Directory | None = None, **cells: str) -> CaseRow:
    cases, problems = imported(folder, cells, directory=directory)
    assert problems == []
    return cases[0]


def problem(folder: Path, cells: dict[str, str], directory: Directory | None = None) -> Told:
    cases, problems = imported(folder, cells, directory=directory)
    assert cases == []
    assert [found.line for found in problems] == [2]
    return problems[0].field, problems[0].code, problems[0].params


def test_a_row_becomes_a_case(tmp_path: Path) -> None:
    found = case(tmp_path)
    assert found == CaseRow(
        line=2,
        reference="old-system:7/a",
        opened_at=datetime(2026, 10, 16, 14, 30, tzinfo=UTC),
        channel=Channel.PHONE,
        nature=Nature.COMPLAINT,
        urgency=Urgency.NORMAL,
        matter="street-lamp",
        district=None,
        street=None,
        place=None,
        department=None,
        description="路灯不亮",
    )
    assert found.opened_at.isoformat() == "2026-10-16T22:30:00+08:00"


def test_the_first_source_that_gives_something_wins(tmp_path: Path) -> None:
    assert case(tmp_path, 小类="别的").matter == "road-damage"
    assert case(tmp_path, 小类="别的", 大类="别的", 代码="garbage").matter == "garbage"
    assert case(tmp_path, 小类="", 大类="-", 代码="").matter is None
    assert case(tmp_path, 来源="飞鸽").channel is Channel.OTHER
    assert case(tmp_path, 内容="-").description == "市政·路灯（一社区）"


def test_a_template_with_a_blank_in_it_gives_nothing(tmp_path: Path) -> None:
    assert case(tmp_path, 街道="E1").place == "E1一社区"
    assert case(tmp_path, 社区="-").place is None
    assert problem(tmp_path, {"内容": "", "社区": "-"}) == ("description", "value-missing", {})


def test_nature_and_urgency_follow_the_matter_where_the_row_is_silent(tmp_path: Path) -> None:
    leak = case(tmp_path, 小类="漏气", 性质="", 紧急="-")
    assert (leak.nature, leak.urgency) == (Nature.REQUEST, Urgency.DANGER)
    told = case(tmp_path, 小类="漏气", 性质="咨询", 紧急="normal")
    assert (told.nature, told.urgency) == (Nature.CONSULTATION, Urgency.NORMAL)
    unknown = case(tmp_path, 小类="", 大类="", 性质="")
    assert (unknown.nature, unknown.urgency) == (Nature.REQUEST, Urgency.NORMAL)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"编号": ""}, ("reference", "value-missing", NOTHING)),
        ({"编号": "-"}, ("reference", "value-missing", NOTHING)),
        ({"编号": "7 8"}, ("reference", "value-malformed", {"value": "old-system:7 8"})),
        ({"编号": "7" * 100}, ("reference", "text-too-long", {"limit": 80})),
        ({"时间": ""}, ("opened_at", "value-missing", NOTHING)),
        (
            {"时间": "16.10.2026"},
            ("opened_at", "time-malformed", {"value": "16.10.2026", "format": "%Y-%m-%d %H:%M"}),
        ),
        (
            {"时间": "2026-02-30 10:00"},
            ("opened_at", "time-malformed", {"value": "2026-02-30 10:00", "format": "%Y-%m-%d %H:%M"}),
        ),
        (
            {"时间": "0001-01-01 00:00"},
            ("opened_at", "time-implausible", {"value": "0001-01-01 00:00", "format": "%Y-%m-%d %H:%M"}),
        ),
        ({"性质": "骂人"}, ("nature", "value-unknown", {"value": "骂人"})),
        ({"紧急": "urgent"}, ("urgency", "value-unknown", {"value": "urgent"})),
        (
            {"代码": "gas-leek", "小类": "", "大类": ""},
            ("matter", "matter-unknown", {"matter": "gas-leek", "did_you_mean": "gas-leak"}),
        ),
        ({"街道": "东 街"}, ("street", "value-malformed", {"value": "东 街"})),
        ({"内容": "长" * 4001}, ("description", "text-too-long", {"limit": 4000})),
    ],
)
def test_a_wrong_row_is_told_by_field_and_reason(tmp_path: Path, cells: dict[str, str], expected: Told) -> None:
    assert problem(tmp_path, cells) == expected


def test_a_problem_repeats_only_the_beginning_of_a_cell(tmp_path: Path) -> None:
    _, _, params = problem(tmp_path, {"时间": "早" * 5000})
    assert params["value"] == "早" * 40 + "…"


def test_a_row_tells_all_its_problems_and_the_others_go_on(tmp_path: Path) -> None:
    cases, problems = imported(tmp_path, {"编号": "1"}, {"编号": "2", "时间": "?", "性质": "?"}, {"编号": "3"})
    assert [found.reference for found in cases] == ["old-system:1", "old-system:3"]
    assert [found.line for found in cases] == [2, 4]
    assert {(found.line, found.field) for found in problems} == {(3, "opened_at"), (3, "nature")}


def test_a_reference_that_occurs_twice_is_a_problem_of_the_later_rows(tmp_path: Path) -> None:
    cases, problems = imported(tmp_path, {"编号": "1"}, {"编号": "2", "时间": "?"}, {"编号": "1"}, {"编号": "2"})
    assert [found.line for found in cases] == [2]
    doubled = [(found.line, found.params) for found in problems if found.code == "reference-doubled"]
    assert doubled == [(4, {"first": 2}), (5, {"first": 3})]


def test_a_street_brings_its_district(tmp_path: Path) -> None:
    assert case(tmp_path, DIRECTORY, 街道="E1").district == "E"
    assert case(tmp_path, DIRECTORY, 区="W").street is None
    assert case(tmp_path, None, 街道="E1").district is None


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"街道": "E2"}, ("street", "street-unknown", {"street": "E2", "did_you_mean": ""})),
        ({"街道": "E11"}, ("street", "street-unknown", {"street": "E11", "did_you_mean": "E1"})),
        ({"街道": "E1", "区": "W"}, ("street", "street-elsewhere", {"street": "E1", "district": "E"})),
        ({"区": "S"}, ("district", "district-unknown", {"district": "S", "did_you_mean": ""})),
        (
            {"单位": "w-polise"},
            ("department", "department-unknown", {"department": "w-polise", "did_you_mean": "w-police"}),
        ),
    ],
)
def test_places_and_departments_must_be_known(tmp_path: Path, cells: dict[str, str], expected: Told) -> None:
    assert problem(tmp_path, cells, DIRECTORY) == expected


def test_times_of_another_zone(tmp_path: Path) -> None:
    boston = MAPPING.replace("Asia/Shanghai", "America/New_York")
    row = {"编号": "1", "时间": "2026-11-01 01:30"}, {"编号": "2", "时间": "2026-03-08 02:30"}
    cases, problems = imported(tmp_path, *row, mapping=boston)
    assert [found.opened_at.isoformat() for found in cases] == ["2026-11-01T01:30:00-04:00"]
    assert [(found.line, found.code) for found in problems] == [(3, "time-skipped")]
    offset = boston.replace("%M", "%M%z")
    cases, problems = imported(tmp_path, {"时间": "2026-10-16 22:30+0800"}, mapping=offset)
    assert cases[0].opened_at == datetime(2026, 10, 16, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('reference = "编号"', "", "reference", "key-missing"),
        ('reference = "编号"', 'reference = "编号"\nreferense = "编号"', "referense", "key-unknown"),
        ('"complaint"', '"complain"', "nature.values.投诉", "value-unknown"),
        ("Asia/Shanghai", "Asia/Haikou", "zone", "zone-unknown"),
        ("Asia/Shanghai", "../../etc/passwd", "zone", "zone-unknown"),
        ("%Y-%m-%d %H:%M", "%H:%M", "opened_at.format", "time-format"),
        ("%Y-%m-%d %H:%M", "%Q", "opened_at.format", "time-format"),
        ('"old-system"', '"Old System"', "system", "value-malformed"),
        ('"street-lamp"', '"street-lamb"', "matter.0.values.路灯", "matter-unknown"),
        ('place = { template = "{街道}{社区}" }', "place = {}", "place", "source-ways"),
        ('{ column = "紧急" }', '{ value = "normal", values = { a = "danger" } }', "urgency", "source-values"),
        ('{ column = "紧急" }', "3", "urgency", "value-malformed"),
    ],
)
def test_a_wrong_mapping_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, key: str, reason: str) -> None:
    assert old in MAPPING
    with pytest.raises(Invalid) as refused:
        mapped(tmp_path, MAPPING.replace(old, new))
    assert refused.value.code == "mapping-key"
    assert refused.value.params == {"file": str(tmp_path / "mapping.toml"), "key": key, "reason": reason}


def test_a_mapping_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    for text in ("system = ", "a = " + "[" * 5000):
        with pytest.raises(Invalid) as refused:
            mapped(tmp_path, text)
        assert refused.value.code == "mapping-syntax"
    with pytest.raises(NotFound):
        read_mapping(tmp_path / "nowhere.toml", MATTERS)


def test_a_file_without_the_mapped_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("编号,时间\n1,2026-10-16 22:30\n", encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_cases(path, mapped(tmp_path), MATTERS)
    assert refused.value.code == "file-columns"
    assert refused.value.params["missing"] == "来源, 性质, 紧急, 小类, 大类, 代码, 区, 街道, 社区, 单位, 内容"


DEPARTMENTS = "code,name,name_en,level,district,street,matters,endpoint"


def test_departments_are_read_and_wrong_rows_told(tmp_path: Path) -> None:
    rows = [
        DEPARTMENTS,
        "a,甲局,A,municipal,,,garbage| gas-leak,https://a.example.cn/orders",
        "b,乙局,B,county,,,,",
        "a,丙局,C,municipal,,,,",
        "d,丁局,D,district,,,,",
        "e,戊局,E,municipal,,,garbidge,",
        "f,己局,F,municipal,,,garbage|garbage,",
        "g,庚局,G,municipal,,,,ftp://g.example.cn",
        "h 1,,H,municipal,,,,",
        "i,壬局,I,utility,E,,,",
    ]
    path = tmp_path / "departments.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    departments, problems = read_departments(path, MATTERS)
    assert [found.code for found in departments] == ["a", "i"]
    assert departments[0].matters == ("garbage", "gas-leak")
    assert departments[0].endpoint == "https://a.example.cn/orders"
    assert departments[1].endpoint is None
    assert [(found.line, found.field, found.code, found.params) for found in problems] == [
        (3, "level", "value-unknown", {"value": "county"}),
        (4, "code", "code-doubled", {"first": 2}),
        (5, "level", "level-place", {"value": "district"}),
        (6, "matters", "matter-unknown", {"matter": "garbidge", "did_you_mean": "garbage"}),
        (7, "matters", "matter-doubled", {"matter": "garbage"}),
        (8, "endpoint", "endpoint-malformed", {"value": "ftp://g.example.cn"}),
        (9, "code", "value-malformed", {"value": "h 1"}),
        (9, "name", "value-missing", {}),
    ]


def test_matters_are_read_and_wrong_rows_told(tmp_path: Path) -> None:
    path = tmp_path / "matters.csv"
    header = "code,name,name_en,class,nature,urgency"
    path.write_text(f"{header}\nx,甲,X,city,request,normal\ny,乙,Y,public_service,request,normal\n", encoding="utf-8")
    matters, problems = read_matters(path)
    assert [found.code for found in matters] == ["y"]
    assert [(found.line, found.field, found.code) for found in problems] == [(2, "class", "value-unknown")]
