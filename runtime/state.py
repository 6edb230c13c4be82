"""The state folder: what lies where in it, who holds it, and the note where the servers are.

```
<state>/lock            held by the one ``up`` that uses this folder
<state>/running.json    where its servers are, and the gateway's key; only while it runs
<state>/gateway.key     made once, so that department tokens outlive a restart
<state>/anchor.key      made once: what anchors and dossiers are signed with    <state>/anchors/  the signed anchors
<state>/temporal.db     Temporal's state            <state>/logs/*.log   one file a part
<state>/postgres/       PostgreSQL's state          <state>/pids/*.json  who was started
```
"""

import fcntl
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from domain.errors import DoesNotFit, Invalid, Refused, Unavailable

VARIABLE: Final = "LIANDONG_STATE"
LOG_LIMIT: Final = 10 * 1024 * 1024
"""Bytes after which a log is set aside as ``<name>.log.1`` at the next start."""


class Running(BaseModel):
    """What ``up`` leaves for the other commands while it runs."""

    model_config = ConfigDict(frozen=True)

    pid: int
    temporal_address: str
    namespace: str
    temporal_ui: str
    database_url: str
    gateway_url: str
    gateway_key: str = Field(repr=False)


@dataclass(frozen=True)
class StateFolder:
    """One state folder; ``prepare`` before writing to it, ``locked`` around starting servers on it."""

    path: Path

    @property
    def temporal_db(self) -> Path:
        """The SQLite file of the embedded Temporal."""
        return self.path / "temporal.db"

    @property
    def postgres(self) -> Path:
        """The data folder of the embedded PostgreSQL."""
        return self.path / "postgres"

    @property
    def logs(self) -> Path:
        """Folder of the parts' logs."""
        return self.path / "logs"

    @property
    def _running(self) -> Path:
        return self.path / "running.json"

    def pid_file(self, part: str) -> Path:
        """Where the process id and the command of ``part`` are noted while it runs."""
        return self.path / "pids" / f"{part}.json"

    def log_file(self, part: str) -> Path:
        """The log of ``part``; one that has grown past ``LOG_LIMIT`` is set aside first."""
        log = self.logs / f"{part}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        return log

    def prepare(self) -> None:
        """Create what is missing and try to write.

        Raises:
            Invalid: ``state-not-writable``.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.logs, self.path / "pids"):
                folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
            if os.geteuid() == 0:
                # PostgreSQL's own user passes through to its folder; it still cannot list this one.
                self.path.chmod(stat.S_IMODE(self.path.stat().st_mode) | stat.S_IXOTH)
        except OSError as error:
            raise Invalid(
                "state-not-writable",
                path=str(self.path),
                variable=VARIABLE,
                reason=_reason(error),
            ) from error

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder; the kernel lets go of it when this process ends, however it ends.

        Raises:
            Refused: ``already-running``, with the ``pid`` of the process that holds it.
        """
        holder = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _take(holder):
                raise Refused("already-running", state=str(self.path), pid=_holder(holder))
            os.ftruncate(holder, 0)
            os.pwrite(holder, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(holder)

    def _is_held(self) -> bool:
        try:
            probe = os.open(self.path / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def gateway_key(self) -> SecretStr:
        """The gateway's key; made at the first call, the same ever after."""
        return self._key("gateway.key", secrets.token_urlsafe(32))

    def anchor_key(self) -> SecretStr:
        """The private key that anchors and dossiers are signed with, 32 bytes in hex; made at the first call.

        Raises Unavailable ``state-not-readable``.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._key("anchor.key", secrets.token_hex(32))
        except OSError as error:
            raise Unavailable(
                "state-not-readable", path=str(self.path), variable=VARIABLE, reason=_reason(error)
            ) from error

    @property
    def anchors(self) -> Path:
        """The folder of the signed anchors, where no other is set."""
        return self.path / "anchors"

    def _key(self, name: str, fresh: str) -> SecretStr:
        file = self.path / name
        if not file.exists():
            _write_private(file, fresh)
        return SecretStr(file.read_text().strip())

    def write_running(self, running: Running) -> None:
        """Note where the servers are. Readable by this user only: it holds the gateway's key."""
        _write_private(self._running, running.model_dump_json(indent=2))

    def forget_running(self) -> None:
        """The servers stop: take the note away."""
        self._running.unlink(missing_ok=True)

    def read_running(self) -> Running | None:
        """Where the servers are; None if no ``up`` holds the folder, whatever note a killed one left.

        Raises:
            Unavailable: ``state-not-readable``: the folder belongs to somebody else.
            DoesNotFit: ``running-unreadable``: the note was written by another version.
        """
        try:
            return Running.model_validate_json(self._running.read_bytes()) if self._is_held() else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(
                "state-not-readable",
                path=str(self.path),
                variable=VARIABLE,
                reason=_reason(error),
            ) from error
        except ValidationError as error:
            raise DoesNotFit("running-unreadable", path=str(self._running)) from error


def _take(holder: int) -> bool:
    """Lock the open file; False if another ``up`` has it. Tries for half a second, because a command that
    looks whether somebody is there holds it for an instant too."""
    for _ in range(10):
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _holder(lock: int) -> str:
    """Who noted itself in the lock file."""
    return os.pread(lock, 20, 0).decode(errors="replace") or "?"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _write_private(file: Path, text: str) -> None:
    """Write a file that only this user can read; whoever reads it meanwhile sees the old or the new one."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    Path(temporary).replace(file)
