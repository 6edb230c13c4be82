"""Brings a database to the schema this code knows, and tells where it stands."""

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from domain.errors import DoesNotFit, Invalid
from storage.database import Connection, reaching_database

CURRENT = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True)
class SchemaState:
    """Which revision the database is at and which this code wants."""

    current: str | None
    wanted: str

    @property
    def is_current(self) -> bool:
        return self.current == self.wanted


def revisions() -> list[str]:
    """Every revision in order; a file is named by its own."""
    files = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def placed(current: str | None) -> SchemaState:
    """Where a database at this revision stands. Raises DoesNotFit where the revision is not known."""
    known = revisions()
    if current is not None and current not in known:
        raise DoesNotFit("schema-ahead", revision=current, wanted=known[-1])
    return SchemaState(current=current, wanted=known[-1])


async def upgrade(database_url: str) -> SchemaState:
    """Apply what is missing; returns the state before. Raises DoesNotFit where the database is ahead of the code."""
    from migrations.apply import apply  # Alembic takes a second to load, and only this needs it

    return placed(await apply(database_url))


async def schema_state(database_url: str) -> SchemaState:
    """Where the database stands; changes nothing. Raises Invalid where the address is none."""
    with reaching_database():
        connection = await _connect(database_url)
        try:
            return placed(await connection.fetchval(CURRENT))
        except asyncpg.UndefinedTableError:  # never migrated
            return placed(None)
        finally:
            await connection.close()


async def _connect(database_url: str) -> Connection:
    try:
        return await asyncpg.connect(database_url, timeout=5)
    except ValueError as error:  # asyncpg's, for an address that it does not understand
        raise Invalid("database-address", variable="LIANDONG_DATABASE_URL") from error


async def require_current(database_url: str) -> None:
    """Raises DoesNotFit where the schema is not the one this code wants."""
    state = await schema_state(database_url)
    if not state.is_current:
        raise DoesNotFit("schema-behind", revision=state.current or "-", wanted=state.wanted)
