"""``liandong department simulate``: departments as a process, what they say on the terminal, and the summary."""

import asyncio
import errno
import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from cli.console import CHECK_FAILED, OK, Console
from cli.entries import shown
from cli.session import at_desk, require_departments
from cli.signals import stop_signals
from desk.window import Desk
from domain.errors import Invalid
from domain.tokens import department_secret
from runtime.settings import locate
from simulator.conduct import Named
from simulator.departments import Departments, Note, Received, Verdict
from simulator.serving import serving
from storage import access, departments
from storage.database import reaching_database
from texts.moments import LOCAL

LENGTH = re.compile(r"(\d{1,6})([smh]?)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "": 1}

VERDICTS = (Verdict.TAKEN, Verdict.OVERTAKEN, Verdict.RIGHTLY_REFUSED, Verdict.UNHEARD, Verdict.WRONG)
COLUMNS = (
    "column-department",
    "column-received",
    "column-taken",
    "column-overtaken",
    "column-rightly-refused",
    "column-unheard",
    "column-wrong",
)


@dataclass(frozen=True)
class Play:
    """What was asked for."""

    departments: Sequence[str]
    everyone: bool
    """All departments of the directory."""
    secrets: Sequence[str]
    """The one department's; empty: those of the key table."""
    conduct: Named
    host: str
    port: int
    gateway: str | None
    register: bool
    """Enter it in the directory for as long as it runs."""
    seconds: float | None
    """How long; None: until it is told to stop."""


@dataclass
class Tally:
    """What each department received, and how it was answered."""

    received: Counter[str] = field(default_factory=Counter[str])
    verdicts: dict[str, Counter[Verdict]] = field(default_factory=lambda: defaultdict(Counter))

    def hear(self, note: Note) -> None:
        if isinstance(note, Received):
            self.received[note.department] += 1
        else:
            self.verdicts[note.department][note.verdict] += 1

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """A line for each that had anything to do."""
        return [
            (code, str(self.received[code]), *(str(self.verdicts[code][verdict]) for verdict in VERDICTS))
            for code in sorted({*self.received, *self.verdicts})
        ]

    @property
    def is_sound(self) -> bool:
        return not any(counted[Verdict.WRONG] for counted in self.verdicts.values())


async def play(console: Console, asked: Play) -> int:
    """Play the departments until told to stop or the time is up; then the summary."""
    if bool(asked.departments) == asked.everyone:
        raise Invalid("input-either", field="CODE, --all")
    if asked.secrets and len(asked.departments) != 1:
        raise Invalid("secret-of-one")
    tally = Tally()

    def told(note: Note) -> None:
        tally.hear(note)
        console.write(_line(note))

    async with AsyncExitStack() as exits:
        needed = asked.register or not asked.secrets
        desk = await exits.enter_async_context(at_desk(console, engine=False)) if needed else None
        secrets = await _secrets(console, asked, desk)
        players = Departments(lambda code: secrets.get(code, ()), asked.conduct, told=told, gateway=asked.gateway)
        exits.push_async_callback(players.close)
        url = await exits.enter_async_context(_served(players, asked))
        if desk is not None and asked.register:
            endpoints = {code: f"{url}/departments/{code}" for code in secrets}
            await exits.enter_async_context(_registered(desk, endpoints))
            if not _is_reached(asked.host, console.settings.allowed_networks):
                console.note("simulating-private", host=asked.host)
        console.note("simulating", departments=len(secrets), url=url, conduct=asked.conduct.name.value)
        with stop_signals() as stop, suppress(TimeoutError):
            async with asyncio.timeout(asked.seconds):
                await stop.wait()
    console.table(COLUMNS, tally.rows)
    return OK if tally.is_sound else CHECK_FAILED


async def _secrets(console: Console, asked: Play, desk: Desk | None) -> Mapping[str, Sequence[str]]:
    """The secrets of every department that is played, the newest first. Raises NotFound for one there is not."""
    if desk is None:
        return {asked.departments[0]: asked.secrets}
    directory = await require_departments(desk, asked.departments)
    if asked.secrets:
        return {asked.departments[0]: asked.secrets}
    key = locate(console.settings).require_gateway_key().get_secret_value()
    codes = asked.departments or [department.code for department in directory.departments]
    with reaching_database():
        serials = {code: await access.valid_serials(desk.pool, code) for code in codes}
    return {code: [department_secret(key, code, serial) for serial in found] for code, found in serials.items()}


@asynccontextmanager
async def _served(players: Departments, asked: Play) -> AsyncGenerator[str]:
    try:
        async with serving(players.app(), host=asked.host, port=asked.port) as url:
            yield url
    except OSError as error:
        raise Invalid(
            "port-taken" if error.errno == errno.EADDRINUSE else "port-not-usable",
            port=asked.port,
            host=asked.host,
            variable="--port",
            reason=error.strerror or str(error),
        ) from error


@asynccontextmanager
async def _registered(desk: Desk, endpoints: Mapping[str, str]) -> AsyncGenerator[None]:
    """The directory names these endpoints for as long as the block runs; afterwards those that it named before."""
    with reaching_database():
        before = {code: found.url for code in endpoints if (found := await departments.endpoint(desk.pool, code))}
        await _enter(desk, endpoints)
    try:
        yield
    finally:
        with reaching_database():
            await _enter(desk, before)


def _is_reached(host: str, allowed: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether orders go out to that address, as far as the settings of this process tell."""
    try:
        address = ip_address(host)
    except ValueError:
        return True  # a name; where it leads is found out when an order goes out
    return address.is_global or any(address in network for network in allowed)


async def _enter(desk: Desk, urls: Mapping[str, str] | Mapping[str, str | None]) -> None:
    for code, url in urls.items():
        known = await departments.endpoint(desk.pool, code)
        if known is not None:
            patience = timedelta(seconds=known.inbox_after)
            await departments.set_endpoint(desk.pool, code, url, known.concurrency, patience)


def _line(note: Note) -> str:
    """One thing that happened: ← came in, → went out. Words of the wire, and no content: that is the citizen's."""
    time = f"{datetime.now(LOCAL):%H:%M:%S}"
    if isinstance(note, Received):
        again = ("again",) if note.again else ()
        return "  ".join((f"{time} ← {note.department}", note.what, note.order_id, str(note.status), *again))
    answer = note.answer
    words = (
        f"{time} → {note.department}",
        f"{note.word} ({note.twist})" if note.twist else note.word,
        note.order_id,
        str(answer.status),
        answer.outcome,
        "repeated" if answer.repeated else None,
        f"{answer.tries} tries" if answer.tries > 1 else None,
        "WRONG" if note.verdict is Verdict.WRONG else None,
    )
    return "  ".join(word for word in words if word)


def length(value: str | None) -> float | None:
    """Seconds from ``90s``, ``10m``, ``2h`` or a number. Raises Invalid ``input-length``."""
    if value is None:
        return None
    found = LENGTH.fullmatch(value.strip())
    if not found:
        raise Invalid("input-length", value=shown("for", value))
    return float(found[1]) * SECONDS[found[2]]


def given_secrets(values: Sequence[str]) -> Sequence[str]:
    """Secrets as they were typed. Raises Invalid ``secret-malformed`` for what is none."""
    for value in values:
        try:
            Webhook(value)
        except (ValueError, RuntimeError, EmptyWebhookSecretError):
            raise Invalid("secret-malformed") from None
    return values
