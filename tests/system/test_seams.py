"""What holds the house together: nothing is written and then left unregistered, unreachable or out of place."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import grimp
import pytest
from temporalio import workflow

from domain.callbacks import COMMANDS, KINDS, Said
from domain.commands import Command
from outbox.cases import CASE_WORKFLOW, Engine
from worker import PASSED_THROUGH, WORKFLOWS, Outside, activities_of
from workflows.calls import CALLS
from workflows.case import CaseWorkflow

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
PYTHON = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PRODUCT = [path for path in PYTHON if ROOT / "trials" not in path.parents]
"""Without the loads that measure it: the bench has a workflow of its own."""
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

NOTHING = cast("Any", None)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(*packages: str) -> Iterator[ast.AST]:
    """Every piece of syntax in these packages; in all of the product's without any."""
    for path in PRODUCT:
        if not packages or path.relative_to(ROOT).parts[0] in packages:
            yield from ast.walk(tree(path))


def decorated(decorator: str) -> set[str]:
    """The names of the classes and functions that carry it, ``activity.defn`` for instance."""
    return {
        node.name
        for node in nodes()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and any(ast.unparse(one).partition("(")[0] == decorator for one in node.decorator_list)
    }


def definition() -> Any:
    return workflow._Definition.must_from_class(CaseWorkflow)  # pyright: ignore[reportPrivateUsage]


# -- workflows and activities ----------------------------------------------------------------------------


def test_every_workflow_is_registered() -> None:
    registered = {one.__name__ for one in WORKFLOWS}
    assert decorated("workflow.defn") == registered
    assert registered > {"SweepWorkflow"}


def test_every_activity_is_registered() -> None:
    outside = Outside(
        pool=NOTHING, engine=Engine(client=NOTHING, task_queue="q"), post=NOTHING, rules=NOTHING, anchoring=NOTHING
    )
    registered = [one.__name__ for one in activities_of(outside)]
    assert sorted(decorated("activity.defn")) == sorted(registered)


def test_every_activity_has_its_row_of_limits() -> None:
    assert set(CALLS) == decorated("activity.defn")
    for call in CALLS.values():
        assert call["start_to_close_timeout"]
        assert call["retry_policy"]


def test_names_that_are_spelt_twice_agree() -> None:
    assert definition().name == CASE_WORKFLOW
    assert {"state", "trail", "waiting_for"} <= set(definition().queries)
    names = {workflow._Definition.must_from_class(one).name for one in WORKFLOWS}  # pyright: ignore[reportPrivateUsage]
    started = re.findall(r'ScheduleActionStartWorkflow\(\s*"(\w+)"', (ROOT / "runtime/schedules.py").read_text())
    assert set(started) == {"Anchor", "Audit", "Sweep"} <= names


def test_what_a_workflow_imports_is_imported_once_and_not_once_a_case() -> None:
    graph = grimp.build_graph(*PACKAGES)
    imported = {module.partition(".")[0] for module in graph.find_upstream_modules("workflows", as_package=True)}
    assert imported - {"workflows"} <= set(PASSED_THROUGH)


# -- commands --------------------------------------------------------------------------------------------


def test_commands_and_updates_are_the_same() -> None:
    updates = definition().updates
    assert set(updates) == {command.value for command in Command}
    assert [name for name, update in updates.items() if update.validator is None] == []


@pytest.mark.parametrize("command", Command)
def test_every_command_can_be_given_from_outside(command: Command) -> None:
    """Those that cases get from us, not from people, come by the outbox and by an activity."""
    if command in COMMANDS.values():
        return  # a department's: see below
    givers = {
        Command.ABSORB: ("activities",),
        Command.NOTE_LATE_REPLY: ("outbox",),
        Command.NOTE_UNDELIVERED: ("outbox",),
    }
    wanted = f"Command.{command.name}"
    calls = [
        node
        for node in nodes(*givers.get(command, ("desk", "cli", "gateway")))
        if isinstance(node, ast.Call) and wanted in [ast.unparse(argument) for argument in node.args]
    ]
    assert calls != [], f"nobody can ask a case to {command}: give it a verb in cli/, or a route in gateway/"


@pytest.mark.parametrize("said", KINDS)
def test_whatever_a_department_can_say_has_a_route_and_a_verb(said: type[Said]) -> None:
    def names(package: str) -> list[str]:
        return [
            ast.unparse(argument) for node in nodes(package) if isinstance(node, ast.Call) for argument in node.args
        ]

    for package in ("gateway", "cli"):
        assert said.__name__ in names(package), f"{package}/ has no way to say {said.__name__}"


# -- tables ----------------------------------------------------------------------------------------------

CREATED = sorted(
    name
    for path in (ROOT / "migrations" / "versions").glob("*.py")
    for name in re.findall(r"CREATE TABLE (\w+)", path.read_text(encoding="utf-8"))
)


def statements() -> str:
    """Every text in storage that could be SQL."""
    return "\n".join(
        node.value for node in nodes("storage") if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize("table", CREATED)
def test_every_table_is_written_and_read(table: str) -> None:
    sql = statements()
    assert re.search(rf"INSERT INTO {table}\b", sql), f"nothing in storage/ writes {table}"
    assert re.search(rf"(FROM|JOIN) {table}\b", sql), f"nothing in storage/ reads {table}"


def test_storage_knows_no_table_that_is_not_there() -> None:
    named = set(re.findall(r"WITH (\w+) AS", statements()))
    used = set(re.findall(r"(?:INSERT INTO|UPDATE|DELETE FROM|JOIN) ([a-z_]+)\b", statements()))
    assert used - named - {"SET"} <= set(CREATED)


# -- layers ----------------------------------------------------------------------------------------------


def test_every_package_has_its_place_in_the_house() -> None:
    linter = PYPROJECT["tool"]["importlinter"]
    assert sorted(linter["root_packages"]) == PACKAGES
    (layers,) = [contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers"]
    assert sorted(name.strip() for layer in layers for name in layer.split("|")) == PACKAGES


def imported_by(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_the_worker_stands_between_the_windows_and_the_desk() -> None:
    """A single module, which import-linter cannot place."""
    above = {"cli", "demo", "gateway", "rehearsal", "simulator", "trials"}
    assert imported_by(ROOT / "worker.py") & above == set()
    users = {path.relative_to(ROOT).parts[0] for path in PYTHON if "worker" in imported_by(path)}
    assert users <= above


def test_every_package_is_shipped() -> None:
    """In the wheel, with the one module."""
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(wheel["only-include"]) == sorted([*PACKAGES, "worker.py"])
