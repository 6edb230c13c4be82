"""The help pages, the page made from them, and that asking for help loads nothing that takes long."""

import asyncio
import shlex
import sys
from enum import StrEnum
from typing import Any

import pytest
from cli_process import ROOT, Cli

from cli import reference, verbs
from cli.main import command_in, language_in, run
from cli.situation import Wait, next_command
from domain.case import Awaited, Party, Status
from domain.commands import CallbackResult, Rating
from domain.commission import Grounds
from domain.demand import Channel, Nature, Urgency
from domain.ladder import Rung
from domain.order import Result
from domain.roster import Duty
from texts.catalogue import Catalogue

HEAVY = {"pydantic", "temporalio", "asyncpg", "sqlalchemy", "alembic", "fastapi", "httpx", "rich"}

CHOICES: dict[str, type[StrEnum]] = {
    verbs.RUNGS: Rung,
    verbs.STATUSES: Status,
    verbs.NATURES: Nature,
    verbs.URGENCIES: Urgency,
    verbs.CHANNELS: Channel,
    verbs.RESULTS: Result,
    verbs.CALLBACK_RESULTS: CallbackResult,
    verbs.RATINGS: Rating,
    verbs.DUTIES: Duty,
    verbs.GROUNDS: Grounds,
}


def test_the_page_about_the_command_line_is_what_help_says() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference.page(Catalogue("en")), "run: python -m cli.reference > docs/cli.md"


def test_choices_in_the_help_are_those_there_are() -> None:
    for written, enum in CHOICES.items():
        assert written == "|".join(enum)


async def test_help_loads_nothing_that_takes_long(plain: Cli) -> None:
    script = f"import sys, cli.main as m; m.command_in(m.Catalogue('en')); print(sys.modules.keys() & {HEAVY})"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, env=plain.environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode() == "set()\n"


async def test_help_in_both_languages(plain: Cli) -> None:
    english, chinese = await plain.all(("case", "open", "--help"), ("--lang", "zh", "--help"))
    assert (english.code, chinese.code) == (0, 0)
    assert english.out.startswith("Usage: liandong case open --description TEXT [options]")
    assert "env: LIANDONG_STATE" not in english.out
    assert "督办" not in chinese.out
    assert "联动把市民的诉求" in chinese.out
    assert "环境变量：LIANDONG_STATE" in chinese.out
    assert "130  被 Ctrl-C 中断" in chinese.out


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("awaited", Awaited)
def test_the_next_step_can_be_typed(awaited: Awaited, language: str) -> None:
    text = Catalogue(language)
    department = "hk-housing" if awaited in (Awaited.REPLY, Awaited.ACKNOWLEDGEMENT, Awaited.CALLBACK) else None
    wait = Wait(
        case_id="c-1",
        party=Party.OPERATOR,
        awaited=awaited,
        department=department,
        order_id="c-1.1",
        since=None,
        until=None,
    )
    program, noun, verb, *rest = shlex.split(next_command(wait, text))
    command: Any = command_in(text).commands[noun].commands[verb]
    context = command.make_context(verb, rest)
    assert program == "liandong"
    assert all(context.params[param.name] is not None for param in command.params if param.required)


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("--lang zh case list", "zh"),
        ("--lang=zh case list", "zh"),
        ("--state folder --lang zh case list", "zh"),
        ("--state=folder --lang=zh case list", "zh"),
        ("case list --lang zh", None),
        ("case", None),
        ("--lang", None),
        ("", None),
    ],
)
def test_the_language_stands_before_the_noun(words: str, language: str | None) -> None:
    assert language_in(words.split()) == language


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("order", "Usage: liandong order"),
        ("cas", "There is no command cas. Did you mean case?"),
        ("moon", "There is no command moon."),
        ("case opne", "Did you mean open?"),
        ("--lang en", "A command is missing."),
        ("case show", "CASE is missing.\nHelp: liandong case show --help"),
        ("case assign c d", "--by is missing."),
        ("case list --stauts closed", "There is no option --stauts here. Did you mean --status?"),
        ("case list --xyz", "There is no option --xyz here."),
        ("case list --limit", "The option --limit was used wrongly"),
        ("case list --limit many", "The value of --limit is not possible."),
        ("case list --limit 0", "The value of --limit is not possible."),
        ("case list -o xml", "The value of --output/-o is not possible."),
        ("case show a b", "The command line is not understood"),
    ],
)
def test_a_wrong_command_line(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", *words.split()]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_a_wrong_command_line_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "zh", "case", "show"]) == 2
    assert capsys.readouterr().err == "缺少 CASE。\n帮助：liandong case show --help\n"
