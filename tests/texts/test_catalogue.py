"""The catalogue says everything that can be said, in both languages, and nothing that nobody asks for."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import source_scan
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor
from pydantic import BaseModel
from typer.main import get_command

import domain
import policies
import storage
import texts
from cli.main import app
from desk.case_rows import CaseRow
from domain.assessment import NewExclusion
from domain.callbacks import NewReply
from domain.citizen import Citizen
from domain.clock import Basis
from domain.commands import Asked, Command, Decision
from domain.department import Department, Matter
from domain.errors import Invalid, NotFound, Refused
from domain.intake import NewDemand
from domain.ladder import Rung
from domain.meeting import NewMeeting, NewMinutes, NewSignature
from domain.policy import Confidence
from domain.tokens import AccessToken
from domain.values import Value
from storage.orders import Way
from texts.catalogue import LANGUAGES, Catalogue, key_of, language_of
from texts.moments import length, local, universal

UNSEEN: set[type[StrEnum]] = {Basis, Confidence, Way}
"""Tokens of policy files, and how an order got to its department; no command shows them in words."""

MEETINGS = (NewMeeting, NewMinutes, NewSignature)
ENTERED: tuple[type[BaseModel], ...] = (
    NewDemand,
    Citizen,
    NewReply,
    CaseRow,
    Department,
    Matter,
    NewExclusion,
    *MEETINGS,
)
SHOWN: tuple[type[BaseModel], ...] = (AccessToken,)
"""What people and files enter, beside the commands."""

BESIDE_COMMANDS = {"command-reply"}
"""What refusals call allowed although it is no command of a case: a reply completes the request that waits."""


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: Any) -> None:  # noqa: N802 - the library's name
        self.names.add(node.id.name)


def _messages(language: str) -> dict[str, set[str]]:
    """Every key of a language with the variables that its sentence uses."""
    found: dict[str, set[str]] = {}
    for path in sorted(Path(texts.__path__[0]).glob("*.ftl")):
        if path.stem.split(".")[-1] == language:
            for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
                assert not isinstance(entry, ast.Junk), f"{path.name}: {entry.content}"
                if isinstance(entry, ast.Message):
                    assert entry.id.name not in found, f"{entry.id.name} stands twice"
                    variables = _Variables()
                    variables.visit(entry)
                    found[entry.id.name] = variables.names
    return found


MESSAGES = {language: _messages(language) for language in LANGUAGES}
RAISED = source_scan.raised()
OWN_CHECKS = {code: place for code, place in source_scan.own_checks().items() if "-" in code}
both = pytest.mark.parametrize("language", sorted(LANGUAGES))


def _enums() -> list[type[StrEnum]]:
    for package in (domain, policies, storage):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return [
        enum
        for enum in StrEnum.__subclasses__()
        if enum.__module__.split(".")[0] in ("domain", "policies", "storage") and enum not in UNSEEN
    ]


def _help_keys(command: Any) -> Iterator[str]:
    yield command.help
    yield from (param.help for param in command.params)
    for below in getattr(command, "commands", {}).values():
        yield from _help_keys(below)


def test_both_languages_say_the_same_with_the_same_values() -> None:
    assert MESSAGES["zh"] == MESSAGES["en"]


@both
def test_every_error_has_a_sentence_that_uses_only_what_is_raised(language: str) -> None:
    messages = MESSAGES[language]
    missing = {code: raised.places for code, raised in RAISED.items() if f"error-{code}" not in messages}
    assert missing == {}
    unraised = {
        code: (messages[f"error-{code}"] - raised.params, raised.places)
        for code, raised in RAISED.items()
        if not messages[f"error-{code}"] <= raised.params
    }
    assert unraised == {}, "a sentence uses what not every place gives"


@both
def test_every_check_of_a_value_type_has_a_sentence(language: str) -> None:
    messages = MESSAGES[language]
    for code, place in OWN_CHECKS.items():
        assert f"error-{code}" in messages or f"reason-{code}" in messages, place
        if code not in RAISED and f"error-{code}" in messages:
            allowed: set[str] = set() if place.startswith("domain/commands") else {"value"}
            assert messages[f"error-{code}"] <= allowed, place


@both
def test_every_token_has_a_word(language: str) -> None:
    labels = {key_of(member) for enum in _enums() for member in enum}
    assert sorted(labels - MESSAGES[language].keys()) == []


@both
def test_every_field_has_a_word(language: str) -> None:
    text = Catalogue(language)
    fields = {name for model in (*ENTERED, *_commands()) for name in model.model_fields}
    wordless = {name for name in fields | source_scan.noted() if text.field(name) == name and language == "zh"}
    assert sorted(wordless) == []


@both
def test_every_help_text_is_there(language: str) -> None:
    assert sorted(set(_help_keys(get_command(app))) - MESSAGES[language].keys()) == []


def test_no_sentence_is_left_over() -> None:
    strings = source_scan.strings() | {member.value for enum in _enums() for member in enum}
    suffixes = {text.rstrip(":").replace("_", "-") for text in strings}
    prefixes = {text for text in strings if text.endswith("-")}
    labels = {key_of(member) for enum in _enums() for member in enum}
    helps = set(_help_keys(get_command(app)))
    fields = source_scan.noted() | {"row", "body", "class", "order_id", "status", "rung", "task", "line"}
    for model in (*ENTERED, *SHOWN, *_commands()):
        fields |= set(model.model_fields)

    def is_used(key: str) -> bool:
        if key.startswith("error-"):
            code = key.removeprefix("error-")
            return code in RAISED or code in OWN_CHECKS
        if key.startswith("field-"):
            return key.removeprefix("field-").replace("-", "_") in fields
        if key in strings or key in labels or key in helps or key in BESIDE_COMMANDS or key.startswith("http-"):
            return True
        return any(key.startswith(prefix) and key.removeprefix(prefix) in suffixes for prefix in prefixes)

    assert [key for key in MESSAGES["en"] if not is_used(key)] == []


def _commands() -> list[type[Value]]:
    found = [*Value.__subclasses__(), *Asked.__subclasses__(), *Decision.__subclasses__()]
    return [model for model in found if model.__module__ in ("domain.commands", "domain.commission")]


def test_errors_are_told_in_words() -> None:
    refused = Refused("not-allowed-here", asked="assign", step="referral", allowed="decide, withdraw")
    assert Catalogue("zh").error(refused) == "办件处于“提请纪委监委”，不能指派单位。现在可以：决定是否提请、撤诉。"
    assert Catalogue("en").error(refused) == (
        "The case is at “referral”, where it is not possible to assign. Possible now: decide on the referral, withdraw."
    )
    window = Refused("return-window-over", order="a.1", until="2026-11-23T10:43:05+00:00", allowed="reply")
    assert "2026-11-23 18:43:05 +08:00" in Catalogue("zh").error(window)
    assert "退单" in Catalogue("zh").error(window)


def test_who_was_probably_meant_is_asked_only_where_somebody_was() -> None:
    english = Catalogue("en")
    near = NotFound("department-unknown", department="hk-trafic", did_you_mean="hk-traffic")
    assert english.error(near) == "There is no department hk-trafic. Did you mean hk-traffic?"
    assert "mean" not in english.error(NotFound("department-unknown", department="moon", did_you_mean=""))


def test_numbers_are_not_grouped() -> None:
    taken = Invalid("port-taken", port=7233, host="127.0.0.1", variable="LIANDONG_TEMPORAL_PORT", reason="in use")
    assert "7233" in Catalogue("en").error(taken)
    assert "1234 cases are opened; one was known already." in Catalogue("en").say("import-done", opened=1234, known=1)


def test_a_code_of_a_newer_version_is_told_as_it_is() -> None:
    assert Catalogue("en").error(Refused("moon-phase", moon="full")) == "It was refused: moon-phase (moon full)."


def test_labels_and_fields() -> None:
    chinese = Catalogue("zh")
    assert [chinese.label(rung) for rung in Rung] == ["常规派单", "督办", "联席会议", "提请纪委监委", "限期整改"]
    assert chinese.label(Command.RECORD_CALLBACK) == "记录回访"
    assert chinese.field("reported_at") == "反映时间"
    assert chinese.field("no_such_field") == "no_such_field"


@pytest.mark.parametrize(
    ("environ", "explicit", "language"),
    [
        ({}, None, "en"),
        ({"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, None, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, None, "zh"),
        ({"LANG": "en_US.UTF-8", "LIANDONG_LANG": "zh"}, None, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LIANDONG_LANG": ""}, None, "zh"),
        ({"LIANDONG_LANG": "zh"}, "en", "en"),
        ({"LANG": "fr_FR.UTF-8"}, "ZH-Hans", "zh"),
        ({"LANG": "de_DE.UTF-8"}, None, "en"),
    ],
)
def test_language_of(environ: dict[str, str], explicit: str | None, language: str) -> None:
    assert language_of(environ, explicit) == language


def test_moments() -> None:
    at = datetime(2026, 11, 23, 10, 43, 5, 250_000, tzinfo=UTC)
    assert local(at) == "2026-11-23 18:43:05 +08:00"
    assert universal(at.astimezone()) == "2026-11-23T10:43:05.250000Z"
    lengths = {0.0124: "12 ms", 4.218: "4.218 s", 185: "3 min 05 s", 7_620: "2 h 07 min", 442_800: "5 d 03 h"}
    for seconds, told in lengths.items():
        assert length(at.fromtimestamp(seconds, UTC) - at.fromtimestamp(0, UTC)) == told
    assert length(at - datetime(2026, 11, 23, 10, 43, 6, tzinfo=UTC)) == "-750 ms"


def test_every_column_has_a_heading() -> None:
    """Headings are often collected in a tuple first, where no call shows that they are texts."""
    named = {text for text in source_scan.strings() if re.fullmatch(r"column-[a-z0-9-]+", text)}
    assert len(named) > 30
    assert [text for text in sorted(named) for language in LANGUAGES if not Catalogue(language).knows(text)] == []
