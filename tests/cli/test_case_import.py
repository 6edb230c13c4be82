"""Importing files: encodings, wrong rows, the same file twice."""

from pathlib import Path

import pytest
from cli_process import Cli

HEADER = "reference,opened_at,channel,nature,urgency,matter,district,street,description"
RIGHT = [
    "{mark}-1,2026-10-01 07:04:34,phone,consultation,normal,affordable-housing,460108,460108004,轮候到多少号了？",
    '{mark}-2,2026-10-01 08:48:29,wechat,request,normal,social-relief,460108,,"家里因病欠债，\n低保没有回音。"',
]
WRONG = [
    "{mark}-3,yesterday,phone,consultation,normal,affordable-housing,460108,460108004,x",
    "{mark}-4,2026-10-01 07:04:34,fax,consultation,normal,affordable-hosing,460108,460108004,x",
    "{mark}-1,2026-10-01 07:04:34,phone,consultation,normal,affordable-housing,460108,460108004,again",
]


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """References that no other test uses: all share one Temporal."""
    return f"i{abs(hash(tmp_path)) % 10**9}"  # short enough to be taken for nobody's number


def _file(path: Path, mark: str, rows: list[str], encoding: str) -> str:
    path.write_text("\n".join([HEADER, *(row.format(mark=mark) for row in rows)]) + "\n", encoding=encoding)
    return str(path)


async def test_wrong_rows_are_named_and_the_others_go_on(hotline: Cli, tmp_path: Path, mark: str) -> None:
    file = _file(tmp_path / "cases.csv", mark, [*RIGHT, *WRONG], "utf-8-sig")
    tried = await hotline("case", "import", file, "--mapping", "sample", "--dry-run")
    assert tried.code == 7
    assert tried.out.startswith("2 rows are right; nothing was opened.\n3 rows are wrong and left out:\n")

    done = await hotline("case", "import", file, "--mapping", "sample", "--output", "json")
    assert done.code == 7
    assert (done.data["opened"], done.data["known"], done.data["rows"]) == (2, 0, 2)
    assert sorted((problem["line"], problem["field"], problem["code"]) for problem in done.data["problems"]) == [
        (5, "opened_at", "time-malformed"),
        (6, "channel", "value-unknown"),
        (6, "matter", "matter-unknown"),
        (7, "reference", "reference-doubled"),
    ]
    again = await hotline("--lang", "zh", "case", "import", file, "--mapping", "sample")
    assert again.code == 7
    assert again.out.startswith("新开办件 0 件，以前已开办 2 件。\n3 行有误，已略过：\n")
    assert "第 5 行，时间：“yesterday”不符合时间格式" in again.out
    assert "第 6 行，事项：没有事项 affordable-hosing。是不是 affordable-housing？" in again.out
    assert again.err == "", "no progress bar where there is no terminal"


async def test_a_file_in_gb18030(hotline: Cli, tmp_path: Path, mark: str) -> None:
    file = _file(tmp_path / "导出.csv", mark, RIGHT, "gb18030")
    done = await hotline("case", "import", file, "--mapping", "sample", "--limit", "1")
    assert (done.code, done.out) == (0, "One case is opened; none was known before.\n")
    whole = await hotline("case", "import", file, "--mapping", "sample")
    assert whole.out == "One case is opened; one was known already.\n"
    for words in (("case", "list"), ("stuck", "--all")):
        cut, uncut = await hotline.all((*words, "--limit", "1"), (*words, "--limit", "2"))
        assert cut.err == "There are more; these are the first 1. See more with: --limit\n", cut
        assert (uncut.code, uncut.err) == (0, ""), uncut
        assert len(uncut.out) > len(cut.out)
    shown = await hotline("case", "show", f"sample-{mark}-1")
    assert "轮候到多少号了？" in shown.out


async def test_files_that_cannot_be_used(hotline: Cli, tmp_path: Path) -> None:
    files = {
        "columns.csv": b"reference,opened_at\n1,2026-10-01 07:04:34\n",
        "empty.csv": f"{HEADER}\n".encode(),
        "nothing.csv": b"",
        "latin.csv": f"{HEADER}\n".encode() + b"1,\xff\xff\xff\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = await hotline.all(
        *(("case", "import", str(tmp_path / name), "--mapping", "sample") for name in [*files, "missing.csv"])
    )
    done[0].refused(5, "columns.csv", "channel", "description")
    done[1].refused(5, "empty.csv", "no rows")
    done[2].refused(5, "nothing.csv", "no rows")
    done[3].refused(5, "latin.csv", "neither UTF-8 nor GB18030", "line 2")
    done[4].refused(3, "missing.csv")


async def test_the_directory(online: Cli, tmp_path: Path) -> None:
    file = tmp_path / "departments.csv"
    header = "code,name,name_en,level,district,street,matters,endpoint"
    right = "a-1,甲局,Bureau A,municipal,,,blocked-gate,"
    file.write_text(f"{header}\n{right}\nb-1,乙局,Bureau B,district,,,blocked-gat,\n")
    empty = await online("department", "list")
    assert empty.out == "The directory is empty. Import it with: liandong department import haikou\n"
    partly = await online("department", "import", str(file))
    assert partly.code == 7
    assert "One department is imported into the directory." in partly.out
    assert "Line 3, matters: There is no matter blocked-gat. Did you mean blocked-gate?" in partly.out
    whole = await online("department", "import", "haikou", "--output", "json")
    assert whole.data == {"departments": 158, "problems": []}
    listed, unknown, token, stranger = await online.all(
        ("department", "list", "--matter", "blocked-gate", "--output", "json"),
        ("department", "list", "--district", "46010"),
        ("department", "key", "show", "a-1", "--output", "json"),
        ("department", "key", "show", "z-1"),
    )
    assert "a-1" in [department["code"] for department in listed.data]
    unknown.refused(3, "46010", "Did you mean 4601")
    assert [key["secret"].startswith("whsec_") for key in token.data] == [True]
    stranger.refused(3, "z-1")
