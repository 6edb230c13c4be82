"""``liandong`` as a process, and what it said."""

import asyncio
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What stdout holds, as JSON and nothing else."""
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """One sentence on stderr that names the thing, this exit status, nothing on stdout."""
        assert (self.code, self.out) == (code, ""), self
        assert len(self.err.strip().splitlines()) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


@dataclass(frozen=True)
class Cli:
    """``liandong`` with an environment."""

    environ: dict[str, str] = field(default_factory=dict[str, str])

    def where(self, **environ: str) -> "Cli":
        """The same with other variables."""
        return replace(self, environ={**self.environ, **environ})

    async def start(self, *words: str, stdin: int = asyncio.subprocess.DEVNULL) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", *words),
            cwd=ROOT,
            env=self.environ,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *words: str, stdin: bytes | None = None) -> Done:
        source = asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE
        process = await self.start(*words, stdin=source)
        out, err = await process.communicate(stdin)
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def all(self, *commands: tuple[str, ...]) -> list[Done]:
        """Several commands side by side, two at a time."""
        free = asyncio.Semaphore(2)

        async def one(words: tuple[str, ...]) -> Done:
            async with free:
                return await self(*words)

        return await asyncio.gather(*(one(words) for words in commands))
