"""``domain/`` and ``workflows/`` take time, chance and settings as values; ruff and these tests hold them to it."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BANNED = sorted(PYPROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])

ALLOWED = {"domain", "pydantic", "pydantic_core"} | sys.stdlib_module_names
TOUCHING = {"asyncio", "http", "multiprocessing", "shutil", "socket", "sqlite3", "subprocess", "threading", "urllib"}
"""The standard library's ways to the outside world, and to waiting."""


def flagged(file: str, code: str) -> list[str]:
    """What ruff, set up as the project sets it up, says about code in that file's place."""
    answer = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=json", f"--stdin-filename={file}"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"{one['code']} {one['message'].split('`')[1]}" for one in json.loads(answer.stdout)]


def use_of(name: str) -> str:
    """Code that uses a banned name as people would."""
    module, _, attribute = name.rpartition(".")
    if not module:
        return f"import {name}\n"
    if "." not in module:
        return f"import {module}\n{name}\n"
    return (
        f"from {module.partition('.')[0]} import {module.partition('.')[2]}\n{module.partition('.')[2]}.{attribute}()\n"
    )


def test_what_the_design_bans_is_banned() -> None:
    assert {"datetime.datetime.now", "time.time", "uuid.uuid4", "random", "os.environ"} <= set(BANNED)


@pytest.mark.parametrize("file", ["domain/new.py", "workflows/new.py", "workflows/rungs/new.py"])
def test_a_banned_name_is_flagged_in_the_domain_and_in_workflows(file: str) -> None:
    found = flagged(file, "".join(use_of(name) for name in BANNED))
    assert sorted(found) == [f"TID251 {name}" for name in BANNED]


@pytest.mark.parametrize("file", ["storage/new.py", "desk/new.py", "worker.py", "tests/domain/test_new.py"])
def test_it_is_allowed_everywhere_else(file: str) -> None:
    assert flagged(file, "".join(use_of(name) for name in BANNED)) == []


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime as at\nat.now()\n",
        "import datetime as d\nd.datetime.now(d.UTC)\n",
        "from time import time\ntime()\n",
        "from random import choice\n",
        "from os import environ\n",
        "import os\nhome = os.environ['HOME']\n",
    ],
)
def test_other_ways_to_say_it_are_flagged_too(code: str) -> None:
    assert flagged("domain/new.py", code) != []


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "domain").rglob("*.py")), ids=lambda path: path.stem)
def test_the_domain_imports_only_the_standard_library_and_pydantic(path: Path) -> None:
    assert imports(path) <= ALLOWED - TOUCHING


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").rglob("*.py")), ids=lambda path: path.stem)
def test_a_workflow_opens_nothing_itself(path: Path) -> None:
    assert imports(path) & (TOUCHING - {"asyncio"}) == set()
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & {"open", "print", "input", "exec", "eval"} == set()
