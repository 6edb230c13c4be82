"""What is written down about failures: where it happened, never with which values.

Messages of foreign exceptions can repeat what somebody entered (a row that a table refused, a value that a
model refused), so only their types and the lines of code they passed are kept.
"""

import logging
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.state import StateFolder


def describe(error: BaseException) -> str:
    """The types and places of an error and of what caused it, the first cause first."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen)
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"
    for part in getattr(error, "exceptions", ()):
        if id(part) not in seen:
            yield from _lines(part, seen)


def keep(state: "StateFolder", error: BaseException) -> str | None:
    """Write a failure nobody expected to ``<state>/logs/cli.log``; where that is, or None if it cannot be written."""
    try:
        state.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = state.log_file("cli")
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{datetime.now(UTC).isoformat()} {describe(error)}\n")
        log.chmod(0o600)
    except OSError:
        return None
    return str(log)


class _WithoutValues(logging.Formatter):
    """A log line whose traceback names types and places only."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return describe(ei[1]) if ei[1] else ""


def to_stderr(level: str = "info") -> None:
    """Send the log of a running service to stderr, one line an event."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _WithoutValues("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
