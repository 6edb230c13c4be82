"""Policies from the command line: linted, shown, compared, activated, and open cases moved on to them."""

from pathlib import Path

import pytest
from cli_process import ROOT, Cli

from cli.main import run
from policies.files import shipped
from storage.cases import policy_of
from storage.database import Pool

COMPLAINT = 'value = 15\nunit = "working_days"'
HAIKOU = (ROOT / "policies" / "haikou.toml").read_text("utf-8")
DISPATCH = 'rule = "P1"\nvalue = 30\nunit = "clock_minutes"\nsource = '
SECOND = 'rung = "supervised"'
WHY = ("--reason", "the office decided so")


def changed(folder: Path, *changes: tuple[str, str], name: str = "draft.toml") -> str:
    """Haikou's policy in a file of its own, with these passages replaced where they first stand."""
    text = HAIKOU
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / name
    file.write_text(text, "utf-8")
    return str(file)


def line_of(passage: str, text: str = HAIKOU) -> int:
    return text[: text.index(passage)].count("\n") + 1


async def stored(pool: Pool) -> tuple[int, int]:
    """How many versions and activations there are."""
    return (
        int(await pool.fetchval("SELECT count(*) FROM policy_version")),
        int(await pool.fetchval("SELECT count(*) FROM policy_activation")),
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", shipped())
def test_the_shipped_policies_are_clean_and_can_be_shown(
    name: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", language, "policy", "lint", name]) == 0
    assert run(["--lang", language, "policy", "show", name]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert f"{name}@1" in told.out


@pytest.mark.parametrize(
    ("old", "new", "at", "english", "chinese"),
    [
        (DISPATCH, f'colour = "red"\n{DISPATCH}', DISPATCH, "dispatch.colour: this key is not known", "没有这个键"),
        (DISPATCH, DISPATCH.replace("30", "-30"), "[dispatch]", "dispatch.value: -30 is not", "须大于零"),
        (DISPATCH, DISPATCH.replace("clock_minutes", "minutes or days"), "[dispatch]", "dispatch.unit", "unit"),
        (DISPATCH, DISPATCH.replace('30', '"30 minutes"'), "[dispatch]", "30 minutes is not of the form", "格式不对"),
        (
            'source = "Haikou 12345 hotline, People\'s Daily, 2021-04-01"\n',
            "",
            "[dispatch]",
            "dispatch.source: something must stand here",
            "dispatch.source: 此处不能为空",
        ),
        ('up = "joint_meeting"', 'up = "dispatch"', SECOND, "ladder.1.up: the rung supervised leads to", "绕回"),
        ('rung = "supervised"', 'rung = "dispatch"', SECOND, "ladder.1.rung: the rung dispatch stands here", "重复"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_file_line_key_and_reason(
    old: str,
    new: str,
    at: str,
    english: str,
    chinese: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = changed(tmp_path, (old, new))
    for language, words in (("en", english), ("zh", chinese)):
        assert run(["--lang", language, "policy", "lint", file]) == 5
        told = capsys.readouterr()
        assert told.err == ""
        (found,) = [line for line in told.out.splitlines() if words in line]
        name, line, _ = found.split(":", 2)
        assert name == Path(file).name
        assert abs(int(line) - line_of(at)) <= 3, found


def test_what_cannot_work_is_neither_activated_nor_rehearsed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = changed(tmp_path, ('up = "joint_meeting"', 'up = "dispatch"'))
    unknown = changed(tmp_path, (DISPATCH, f'colour = "red"\n{DISPATCH}'), name="unknown.toml")
    assert run(["--lang", "en", "policy", "show", unknown]) == 5
    assert "unknown.toml, dispatch.colour: this key is not known" in capsys.readouterr().err
    rehearse = ["--cases", str(ROOT / "reference" / "sample-cases.csv"), "--mapping", "sample"]
    assert run(["--lang", "en", "policy", "rehearse", "--policy", loop, *rehearse]) == 5
    assert "ladder.1.up: the rung supervised order leads to dispatch" in capsys.readouterr().err


async def test_activating(online: Cli, pool: Pool, tmp_path: Path) -> None:
    loop = changed(tmp_path, ('up = "joint_meeting"', 'up = "dispatch"'))
    same_number = changed(tmp_path, ("value = 30", "value = 20"), name="same.toml")
    sooner = changed(tmp_path, ("version = 1", "version = 2"), ("value = 30", "value = 20"), name="sooner.toml")
    activate = ("policy", "activate")

    refused = await online.all(
        (*activate, loop, *WHY),
        (*activate, "haikou", "--reason", ""),
        (*activate, "haikou", "--reason", "x" * 2001),
        (*activate, "haikou", *WHY, "--by", "w" * 500),
        (*activate, "haikou", *WHY, "--by", " "),
        (*activate, "haikou@7", *WHY),
        (*activate, "haiku", *WHY),
    )
    refused[0].refused(5, "haikou@1", "ladder.1")
    refused[1].refused(5, "reason: it is missing")
    refused[2].refused(5, "reason: it is too long")
    refused[3].refused(5, "too long")
    refused[4].refused(5, "it is missing")
    refused[5].refused(3, "no version 7 of policy haikou")
    refused[6].refused(3, "haiku", "beijing-style")
    assert await stored(pool) == (0, 0)

    first = await online(*activate, "haikou", *WHY)
    assert first.out.startswith("From now on cases open under haikou@1, by decision of wang.")
    again = await online(*activate, "haikou", *WHY, "--by", "li")
    assert "haikou@1 is in force already" in again.out
    assert "by decision of wang. Nothing was changed." in again.out
    taken = await online(*activate, same_number, *WHY)
    taken.refused(4, "Version 1 of policy haikou is another policy already; the next free one is 2")
    assert await stored(pool) == (1, 1)

    second = await online(*activate, sooner, *WHY, "--output", "json")
    assert (second.data["policy_id"], second.data["version"], second.data["new"]) == ("haikou", 2, True)
    back = await online("--lang", "zh", *activate, "haikou@1", *WHY)
    assert "haikou@1" in back.out
    assert await stored(pool) == (2, 3)


async def test_a_case_keeps_its_policy_until_it_is_moved(hotline: Cli, pool: Pool, tmp_path: Path) -> None:
    opening = ("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--description", "blocked")
    opened = await hotline(*opening, "--output", "json")
    case = opened.data["case_id"]
    longer = changed(tmp_path, ("version = 1", "version = 2"), (COMPLAINT, COMPLAINT.replace("15", "16")))
    migrate = ("policy", "migrate", longer, *WHY)
    before = await stored(pool)

    refusals = await hotline.all(
        migrate,
        (*migrate, case, "--all"),
        (*migrate, "nobody-1"),
        (*migrate, case, "--by", "w" * 500),
        ("policy", "migrate", longer, "--reason", " ", case),
    )
    refusals[0].refused(5, "CASE...", "--all")
    refusals[1].refused(5, "CASE...", "--all")
    refusals[2].refused(3, "nobody-1")
    refusals[3].refused(5, "too long")
    refusals[4].refused(5, "reason: it is missing")

    foreseen = await hotline(*migrate, case, "--dry-run")
    assert foreseen.code == 0, foreseen
    assert "One case looked at; 1 would move. Nothing was changed." in foreseen.out
    assert await stored(pool) == before
    data = await hotline(*migrate, case, "--dry-run", "--output", "json")
    (move,) = [move for move in data.data[0]["moves"] if move["before"] != move["after"]]

    done = await hotline(*migrate, case)
    assert "One case computed again; 1 moved. Before and after are in the ledger." in done.out
    english, chinese, facts = await hotline.all(
        ("case", "trail", case),
        ("--lang", "zh", "case", "trail", case),
        ("case", "trail", case, "--output", "json"),
    )
    assert await policy_of(pool, case) == "haikou@2"
    moved = facts.data["entries"][-1]
    assert (moved["kind"], moved["actor"], moved["payload"]["policy"]) == (
        "limits.moved",
        "administrator:wang",
        "haikou@2",
    )
    assert move in moved["payload"]["limits"]
    line = next(line for line in english.out.splitlines() if "→" in line)
    assert "handling " in line, line
    assert line.count("(provisional)") == sum(move[side]["provisional"] for side in ("before", "after"))
    assert "+00:00" not in line
    assert "T0" not in line
    assert "办理 " in next(line for line in chinese.out.splitlines() if "→" in line)
    again = await hotline(*migrate, case)
    assert "One case computed again; 0 moved." in again.out
