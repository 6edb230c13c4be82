"""The page for departments: its exchange is run as it is written, on a stack of its own, and is the same in Chinese."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from runtime.embedded import Wish, claim_ports
from simulator.conduct import Name

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "departments.md"
CHINESE = ROOT / "docs" / "departments.zh-CN.md"
PATIENCE = 60.0

MARK = "=== end of block, status"


@dataclass(frozen=True)
class Block:
    """A fenced block: ``info`` is what stands behind the opening fence."""

    info: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Every fenced block with an info string."""
    found = re.finditer(r"^```(\w[^\n]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(one[1].strip(), one[2]) for one in found]


def fits(written: str, said: str) -> bool:
    """Whether ``said`` is what is written; ``…`` stands for anything, a line of nothing else for any lines."""
    pattern = re.escape(written.strip()).replace(re.escape("…"), ".*")
    return re.fullmatch(pattern, said.strip(), re.DOTALL) is not None


class Shell:
    """One shell, as a reader has it, in a folder of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, script: str) -> str:
        """What a block prints; it must succeed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{script}\necho '{MARK}' $?\n")
        self._process.stdin.flush()
        said = ""
        for line in self._process.stdout:
            if line.startswith(MARK):
                assert line.split()[-1] == "0", f"{script}\n{said}"
                return said
            said += line
        raise AssertionError(f"the shell ended\n{script}\n{said}")


@contextmanager
def stack(command: str, environ: dict[str, str], log: Path) -> Generator[None]:
    """What the page starts in the first terminal, once it runs."""
    with log.open("wb") as told:
        process = subprocess.Popen(["sh", "-c", f"exec env {command}"], env=environ, stdout=told, stderr=told)
        try:
            _until_ready(environ["LIANDONG_GATEWAY_URL"], process, log)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A shell beside the stack that the page starts."""
    background = next(block.text.strip() for block in blocks(PAGE) if block.info == "sh background")
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="liandong-page-")))
        folder.chmod(0o755)  # PostgreSQL's own user must get in
        gateway, temporal, ui = claim_ports(*(Wish(0, "-") for _ in range(3)))
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LIANDONG_", "TEMPORAL_"))}
        environ = {
            **clean,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LIANDONG_STATE": str(folder / "state"),
            "LIANDONG_GATEWAY_PORT": str(gateway),
            "LIANDONG_GATEWAY_URL": f"http://127.0.0.1:{gateway}",
            "LIANDONG_TEMPORAL_PORT": str(temporal),
            "LIANDONG_TEMPORAL_UI_PORT": str(ui),
        }
        (folder / "desk").mkdir()
        for block in blocks(PAGE):
            if block.info.startswith("python "):
                (folder / "desk" / block.info.split()[1]).write_text(block.text, encoding="utf-8")
        exits.enter_context(stack(background, environ, folder / "up.log"))
        process = exits.enter_context(
            subprocess.Popen(
                ["bash"],
                cwd=folder / "desk",
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                process_group=0,
            )
        )
        exits.callback(_end_group, process.pid)
        yield Shell(process)


def _end_group(leader: int) -> None:
    """The shell, and what it left running in the background."""
    try:
        os.killpg(leader, 9)
    except ProcessLookupError:
        return


def test_the_exchange_of_the_page_runs_as_written(shell: Shell) -> None:
    script, said, told = "", "", 0
    for block in blocks(PAGE):
        if block.info == "sh":
            script = block.text
            said = shell.run(script)
        elif block.info == "text":
            assert fits(block.text, said), f"{script}\n--- the page says\n{block.text}\n--- and it is\n{said}"
            told += 1
    assert told > 5


def test_both_languages_show_the_same_exchange() -> None:
    assert blocks(PAGE) == blocks(CHINESE)


@pytest.mark.parametrize("page", [PAGE, CHINESE])
def test_the_page_names_every_conduct(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in Name if f"`{name}`" not in text] == []


def test_what_is_written_is_compared_word_for_word() -> None:
    assert fits("a…c\n", "a b\nc")
    assert not fits("a…c", "a b d")
    assert not fits("a", "a\nb")
