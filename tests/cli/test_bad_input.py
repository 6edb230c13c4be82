"""What somebody can type wrong: one sentence that names the field, the exit status, and nothing is changed."""

import secrets
from pathlib import Path

import asyncpg
import pytest
from cli_process import Cli

from cli.main import run

LONG = "长" * 2001


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No servers are named, and none were started: whatever is refused is refused before anybody is asked."""
    for name in ("TEMPORAL_ADDRESS", "LIANDONG_DATABASE_URL", "LIANDONG_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIANDONG_STATE", str(tmp_path))
    monkeypatch.setenv("LIANDONG_BY", "wang")


OPEN = ["case", "open", "--description", "a hole in the road"]
CONCLUDE = ["meeting", "conclude", "c-1", "--minutes", "agreed"]
REPLY = ["order", "reply", "c-1.1", "--department", "hk-housing"]


@pytest.mark.parametrize(
    ("words", "code", "english", "chinese"),
    [
        (["case", "open", "--description", ""], 5, "description: it is missing", "诉求内容：缺少"),
        (["case", "open", "--description", " \n "], 5, "description: it is missing", "诉求内容：缺少"),
        (["case", "open", "--description", LONG * 2], 5, "at most 4000 characters", "最多 4000 个字符"),
        (["case", "open", "--description", "a\x1b[2Jb"], 5, "description: “…” is malformed", "诉求内容：“…”格式不对"),
        ([*OPEN, "--phone", "12"], 5, "phone number: “12” is no telephone number", "电话：“12”不是电话号码"),
        ([*OPEN, "--phone", "one two three"], 5, "“one two three”", "电话："),
        (
            [*OPEN, "--reported-at", "yesterday"],
            5,
            "report: “yesterday” is no time",
            "反映时间：“yesterday”",
        ),
        ([*OPEN, "--reported-at", "2026-02-30 10:00"], 5, "“2026-02-30 10:00” is no time", "不是时间"),
        ([*OPEN, "--nature", "wish"], 5, "possible are consultation, request, complaint", "性质：没有“wish”"),
        ([*OPEN, "--urgency", "asap"], 5, "urgency: there is no “asap”", "紧急程度：没有“asap”"),
        ([*OPEN, "--channel", "fax"], 5, "channel: there is no “fax”", "渠道：没有“fax”"),
        (
            [*OPEN, "--reference", "two words"],
            5,
            "reference: “two words”",
            "来源编号：“two words”",
        ),
        ([*OPEN, "--name", " "], 5, "name: it is missing", "姓名：缺少"),
        ([*OPEN, "--matter", "两个词"], 5, "matter: “两个词” is malformed", "事项："),
        (["case", "list", "--status", "asleep"], 5, "status: there is no “asleep”", "状态：没有“asleep”"),
        (
            ["case", "list", "--rung", "moon"],
            3,
            "no rung moon. The rungs are: dispatch,",
            "没有升级阶段 moon",
        ),
        (["case", "escalate", "c-1", "--to", "moon", "--reason", "x"], 3, "There is no rung moon", "没有升级阶段 moon"),
        (
            ["case", "explain", "c-1", "--reason", "x"],
            5,
            "Exactly one of --confirm,",
            "--refuse 须有",
        ),
        (["case", "withdraw", "c-1", "--reason", ""], 5, "reason: it is missing", "原因：缺少"),
        ([*REPLY, "--result", "maybe", "--statement", "x"], 5, "possible are resolved, explained", "没有“maybe”"),
        ([*REPLY, "--result", "resolved", "--statement", "x", "--limit-days", "0"], 5, "0 is not possible", "不能是 0"),
        ([*REPLY, "--result", "resolved", "--statement", LONG], 5, "statement: it is too long", "答复内容：太长"),
        (["meeting", "convene", "c-1", "--members", "a"], 5, "at least 2 are needed", "至少要有 2 个"),
        (["meeting", "convene", "c-1", "--members", "a,a"], 5, "named twice", "出现了两次"),
        ([*CONCLUDE], 5, "Exactly one of --lead, --no-conclusion", "须有且只有一个"),
        ([*CONCLUDE, "--lead", "a"], 5, "The lead has no task", "主办单位没有任务"),
        ([*CONCLUDE, "--task", "a=clear it"], 5, "There are tasks but no lead", "有任务而没有主办单位"),
        ([*CONCLUDE, "--lead", "a", "--task", "clear it"], 5, "must be written DEPARTMENT=VALUE", "单位代码=值"),
        ([*CONCLUDE, "--lead", "a", "--task", "a=x", "--task", "a=y"], 5, "a is named twice", "a 出现了两次"),
        (
            [*CONCLUDE, "--lead", "a", "--task", "a=x", "--days", "b=5"],
            5,
            "b has a limit",
            "b 有工作日数",
        ),
        (
            [*CONCLUDE, "--lead", "a", "--task", "a=x", "--days", "a=soon"],
            5,
            "days: “soon”",
            "工作日数：“soon”",
        ),
        (
            ["referral", "decide", "c-1", "--accept", "--decline", "--reason", "x"],
            5,
            "Exactly one of",
            "须有且只有一个",
        ),
        (
            ["callback", "record", "c-1", "--result", "happy"],
            5,
            "satisfied, unsat",
            "结果：没有“happy”",
        ),
        (["case", "import", "x.csv", "--mapping", "moon"], 3, "There are: pingshan, sample", "没有列映射 moon"),
        (["case", "import", "x.csv", "--mapping", "moon.toml"], 3, "There is no file moon.toml", "没有文件 moon.toml"),
        (["department", "import", "nowhere.csv"], 3, "There is no file nowhere.csv", "没有文件 nowhere.csv"),
        (["department", "list", "--matter", "blocked-gat"], 3, "Did you mean blocked-gate?", "是不是 blocked-gate？"),
        (["case", "show", "c-1"], 6, "Start it with: liandong up", "启动：liandong up"),
        (["case", "show", "\udcff"], 5, "no text in UTF-8", "不是 UTF-8 文字"),
    ],
)
def test_what_is_wrong_is_named(
    words: list[str], code: int, english: str, chinese: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, sentence in (("en", english), ("zh", chinese)):
        assert run(["--lang", language, *words]) == code
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1, told.err
        assert sentence in told.err


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"LIANDONG_GATEWAY_PORT": "many"}, 5, "LIANDONG_GATEWAY_PORT cannot be used"),
        ({"LIANDONG_DATABASE_URL": "mysql://x"}, 5, "LIANDONG_DATABASE_URL cannot be used"),
        ({"LIANDONG_DATABASE_URL": "postgresql://x/y"}, 5, "TEMPORAL_ADDRESS is not set"),
        ({"TEMPORAL_ADDRESS": "here:7233"}, 5, "LIANDONG_DATABASE_URL is not set"),
        ({"TEMPORAL_ADDRESS": "h:1", "LIANDONG_DATABASE_URL": "postgresql://h:port/y"}, 5, "LIANDONG_DATABASE_URL"),
        ({"TEMPORAL_ADDRESS": "h:1", "LIANDONG_DATABASE_URL": "postgresql://x@127.0.0.1:1/y"}, 6, "PostgreSQL cannot"),
    ],
)
def test_wrong_settings(
    variables: dict[str, str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run(["--lang", "en", "case", "list"]) == code
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert said in told.err


async def _rows(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        tables = ("demand", "citizen", "ledger", "case_view", "callback", "department")
        return [int(await connection.fetchval(f"SELECT count(*) FROM {table}")) for table in tables]  # noqa: S608
    finally:
        await connection.close()


async def test_what_does_not_exist_or_cannot_be(hotline: Cli, database_url: str) -> None:
    before = await _rows(database_url)
    case = f"nobody-{secrets.token_hex(4)}"
    found = await hotline.all(
        ("case", "show", case),
        ("case", "trail", case),
        ("case", "withdraw", case, "--reason", "x"),
        ("order", "acknowledge", f"{case}.1", "--department", "hk-housing"),
        ("order", "inbox", "hk-hosing"),
        ("case", "open", "--description", "x", "--matter", "bloked-gate"),
        ("case", "open", "--description", "x", "--department", "hk-hosing"),
        ("case", "open", "--description", "x", "--reported-at", "1999-12-31 10:00"),
    )
    for done in found[:3]:
        done.refused(3, f"There is no case {case}.")
    found[3].refused(3, f"There is no order {case}.1.")
    found[4].refused(3, "hk-hosing", "Did you mean hk-housing?")
    found[5].refused(3, "bloked-gate", "Did you mean blocked-gate?")
    found[6].refused(3, "hk-hosing", "Did you mean hk-housing?")
    found[7].refused(5, "time of the report", "before the year 2000")
    assert await _rows(database_url) == before


async def test_servers_that_cannot_be_used(online: Cli, database_url: str) -> None:
    opening = ("case", "open", "--description", "a hole in the road")
    before = await _rows(database_url)
    nowhere, lost = "127.0.0.1:1", database_url.replace("/test_", "/no_such_")
    (await online.where(TEMPORAL_ADDRESS=nowhere)(*opening)).refused(6, "Temporal cannot be reached at 127.0.0.1:1")
    (await online.where(LIANDONG_DATABASE_URL=lost)(*opening)).refused(6, "PostgreSQL cannot be reached")
    reading = await online.where(TEMPORAL_ADDRESS=nowhere)("case", "list")
    assert (reading.code, reading.out) == (0, "There are no such cases.\n"), "the record is there without the engine"
    assert await _rows(database_url) == before


async def test_a_schema_of_another_version(online: Cli, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        wanted = await connection.fetchval("SELECT version_num FROM alembic_version")
        for revision, hint in (("0999", "install the newer version"), ("0001", "liandong migrate")):
            if revision != wanted:
                await connection.execute("UPDATE alembic_version SET version_num = $1", revision)
                done = await online("case", "open", "--description", "a hole in the road")
                done.refused(8, revision, wanted, hint)
        await connection.execute("UPDATE alembic_version SET version_num = '0999'")
        (await online("migrate")).refused(8, "0999", "install the newer version")
        assert await connection.fetchval("SELECT count(*) FROM demand") == 0
    finally:
        await connection.close()


async def test_an_unexpected_failure_is_one_sentence_and_a_log_without_values(online: Cli, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP TABLE department")
    await connection.close()
    done = await online("case", "open", "--description", "secret words", "--phone", "13800138000")
    log = Path(online.environ["LIANDONG_STATE"]) / "logs" / "cli.log"
    done.refused(1, "Something went wrong that nobody foresaw (UndefinedTableError)", str(log))
    written = log.read_text()
    assert "asyncpg.exceptions.UndefinedTableError" in written
    assert "desk/cases.py" in written
    for value in ("secret", "13800138000", "does not exist"):
        assert value not in written
