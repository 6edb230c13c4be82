"""What every request at the desk needs: the database, the engine, and the rules in force."""

from dataclasses import dataclass

from temporalio.client import Client

from outbox.cases import Engine, RulesInForce
from storage.database import Pool


@dataclass(frozen=True)
class Desk:
    """One window of the hotline's desk; shared by many requests."""

    pool: Pool
    engine: Engine
    rules: RulesInForce

    @property
    def client(self) -> Client:
        return self.engine.client

    @property
    def address(self) -> str:
        """Where the engine is, for who is told that it cannot be reached."""
        return self.client.service_client.config.target_host
