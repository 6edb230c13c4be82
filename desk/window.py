"""What every request at the desk needs: the database, the engine, and the rules in force."""

from dataclasses import dataclass, field

from temporalio.client import Client

from domain.department import Directory
from outbox.cases import Engine, RulesInForce
from storage.database import Pool
from storage.departments import Directories


@dataclass(frozen=True)
class Desk:
    """One window of the hotline's desk; shared by many requests."""

    pool: Pool
    engine: Engine
    rules: RulesInForce
    directories: Directories = field(default_factory=Directories)

    async def directory(self) -> Directory:
        """Every department."""
        return await self.directories.current(self.pool)

    @property
    def client(self) -> Client:
        return self.engine.client

    @property
    def address(self) -> str:
        """Where the engine is, for who is told that it cannot be reached."""
        return self.client.service_client.config.target_host
