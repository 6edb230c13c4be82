"""Files of people: encodings, headers, and rows that cannot be read."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import tables
from desk.tables import Table, read_table, read_text
from domain.errors import Invalid, LiandongError, NotFound

COLUMNS = ("编号", "内容")
TEXT = "编号,内容\n1,路灯不亮\n2,楼顶违规搭建\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "cases.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes) -> Table:
    return read_table(written(folder, content), COLUMNS)


def contents(table: Table) -> list[tuple[int, str]]:
    return [(line, cells["内容"]) for line, cells in table.rows]


def problems(table: Table) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in table.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
def test_the_encodings_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, TEXT.encode(encoding))
    assert contents(table) == [(2, "路灯不亮"), (3, "楼顶违规搭建")]


def test_gb18030_has_a_bom_too(tmp_path: Path) -> None:
    assert read_text(written(tmp_path, ("\ufeff" + TEXT).encode("gb18030"))) == TEXT


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(tmp_path: Path, end: str) -> None:
    assert contents(read(tmp_path, TEXT.replace("\n", end))) == [(2, "路灯不亮"), (3, "楼顶违规搭建")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (TEXT.encode("utf-16"), 1),
        (b"\xff\xfe\x00", 1),
        (b"a,b\n1,\xff\xff\n", 2),
        (TEXT.encode()[:-2], 3),
        (TEXT.encode().replace("楼顶".encode(), b"\xe6\xa5\xe9\xa1\xb6"), 3),
        (b"\xef\xbb\xbf" + TEXT.encode("gb18030"), 1),
    ],
    ids=["utf-16", "garbage", "garbage-later", "cut-off", "damaged", "bom-but-gb"],
)
def test_other_encodings_and_damaged_files_are_refused(tmp_path: Path, content: bytes, line: int) -> None:
    path = written(tmp_path, content)
    with pytest.raises(Invalid) as refused:
        read_table(path, COLUMNS)
    assert refused.value.code == "file-encoding"
    assert refused.value.params == {"file": str(path), "line": line}


@given(text=st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3))
def test_chinese_in_gb18030_is_never_taken_for_damaged_utf8(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    content = text.encode("gb18030")
    try:
        expected = content.decode("utf-8")  # a few short texts are both
    except UnicodeDecodeError:
        expected = text
    assert read_text(written(tmp_path_factory.mktemp("gb"), content)) == expected


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "编号,正文\n1,路灯\n")
    with pytest.raises(Invalid) as refused:
        read_table(path, ("编号", "内容", "时间"))
    assert refused.value.code == "file-columns"
    assert refused.value.params == {"file": str(path), "missing": "内容, 时间"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file-empty"),
        ("\n \n,,\n", "file-empty"),
        ("编号,内容\n", "file-empty"),
        ("编号,内容\n,\n\n", "file-empty"),
        ("编号,内容,内容\n1,2,3\n", "file-column-doubled"),
        ('编号,"内容\n1,路灯\n', "file-header"),
        ("编号,内容,\0\n1,路灯,\n", "file-header"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(tmp_path, content)
    assert refused.value.code == code


def test_a_file_must_be_there_and_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        read_text(tmp_path / "nowhere.csv")
    assert missing.value.code == "file-unknown"
    for path in (tmp_path, Path("a\0b")):
        with pytest.raises(LiandongError) as refused:
            read_text(path)
        assert refused.value.code == "file-unreadable"


def test_a_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FILE_BYTES", 1024 * 1024)
    for path in (Path(os.devnull).with_name("zero"), written(tmp_path, b"x" * (1024 * 1024 + 1))):
        with pytest.raises(Invalid) as refused:
            read_text(path)
        assert refused.value.code == "file-too-large"
        assert refused.value.params == {"file": str(path), "limit": 1}


def test_blank_rows_and_blank_cells_of_spreadsheets_are_skipped(tmp_path: Path) -> None:
    table = read(tmp_path, "\n编号,内容,,\n\n1, 路灯　,,\n,,,\n2,井盖,\n")
    assert contents(table) == [(4, "路灯"), (6, "井盖")]
    assert table.problems == []


def test_a_quoted_text_may_have_commas_quotes_and_lines(tmp_path: Path) -> None:
    table = read(tmp_path, '编号,内容\n1,"一楼, ""漏水""\n二楼也漏"\n2,井盖\n')
    assert contents(table) == [(2, '一楼, "漏水"\n二楼也漏'), (4, "井盖")]


def test_a_row_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    rows = [
        "编号,内容",
        "1,好",
        '2,"没有收尾',
        "3,好",
        '4,"多"余',
        "5",
        "6,a,b",
        "7,\0",
        "8,\x1b[2J",
        "9,好",
        "",
    ]
    table = read(tmp_path, "\n".join(rows))
    assert contents(table) == [(2, "好"), (4, "好"), (10, "好")]
    assert problems(table) == [
        (3, "row", "row-quotes"),
        (5, "row", "row-quotes"),
        (6, "row", "row-columns"),
        (7, "row", "row-columns"),
        (8, "内容", "characters-forbidden"),
        (9, "内容", "characters-forbidden"),
    ]
    assert table.problems[3].params == {"expected": 2, "found": 3}


def test_a_file_with_nothing_but_problems_is_not_empty(tmp_path: Path) -> None:
    assert problems(read(tmp_path, "编号,内容\n1\n")) == [(2, "row", "row-columns")]


def test_an_absurdly_long_field_is_a_problem_of_its_row(tmp_path: Path) -> None:
    table = read(tmp_path, f"编号,内容\n1,{'长' * 200_000}\n2,好\n")
    assert contents(table) == [(3, "好")]
    assert problems(table) == [(2, "row", "row-too-long")]


def test_an_open_quotation_mark_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{number},好\n" for number in range(2, 1000))
    table = read(tmp_path, f'编号,内容\n1,"没有收尾\n{rows}')
    assert len(table.rows) == 998
    assert problems(table) == [(2, "row", "row-quotes")]


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_code(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("any"), "编号,内容\n".encode() + content)
    try:
        code, rows = None, read_table(path, COLUMNS).rows
    except LiandongError as refused:
        code, rows = refused.code, []
    assert code in {None, "file-encoding", "file-columns", "file-empty"}
    for _, cells in rows:
        text = "".join(cells.values())
        assert text.encode()
        assert "\0" not in text
