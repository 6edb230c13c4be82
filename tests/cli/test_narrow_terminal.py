"""What a clerk sees on a terminal of eighty columns, through a real one."""

import asyncio
import os
import pty
import re
import sys
import termios

import pytest
from cli_process import ROOT, Cli
from rich.cells import cell_len

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""What makes a heading bold."""


async def _on_terminal(cli: Cli, columns: int, *words: str) -> list[str]:
    """The lines that ``liandong`` writes to a terminal that wide."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    arguments = (sys.executable, "-m", "cli.main", *words)
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=ROOT, env={**cli.environ, "TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = await asyncio.to_thread(_read, ours)
    assert await process.wait() == 0, said
    return STYLE.sub("", said).splitlines()


def _read(terminal: int) -> str:
    parts: list[bytes] = []
    with os.fdopen(terminal, "rb", buffering=0) as stream:
        try:
            while part := stream.read(65_536):
                parts.append(part)
        except OSError:  # Linux says so when the other side is closed
            pass
    return b"".join(parts).decode()


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_table_that_does_not_fit_becomes_a_paragraph_a_row(online: Cli, directory: None, language: str) -> None:
    del directory
    words = ("--lang", language, "department", "list", "--matter", "rooftop-shed")
    lines = await _on_terminal(online, 80, *words)
    assert max(map(cell_len, lines)) <= 80
    assert [line.split()[-1] for line in lines if line.split()[:1] in (["Code"], ["代码"])] == [
        "hk-urban-mgmt",
        "longhua-urban-mgmt",
        "meilan-urban-mgmt",
        "qiongshan-urban-mgmt",
        "xiuying-urban-mgmt",
    ]
    matters = " ".join(line.strip() for line in lines)
    assert "commercial-noise, cooking-fumes, open-burning" in matters, "no code is torn apart"

    wide = await _on_terminal(online, 200, *words)
    assert len([line for line in wide if line.split()[:1] in (["Code"], ["代码"])]) == 1, "a table with one heading"
