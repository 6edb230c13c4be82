"""Applies what is missing, with Alembic; apart from ``run``, because it takes a second to load and few need it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from domain.errors import Unavailable
from migrations.run import placed
from storage.database import UNREACHABLE, reaching_database

_LOCK = 12345
"""The advisory lock that lets one process at a time migrate."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> str | None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        before = MigrationContext.configure(connection).get_current_revision()
        placed(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    return before


async def apply(database_url: str) -> str | None:
    """Upgrade to the newest revision; the revision before. Raises as ``run.upgrade`` does."""
    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
    try:
        with reaching_database(), _reaching_through_sqlalchemy():
            async with engine.connect() as connection:
                return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


@contextmanager
def _reaching_through_sqlalchemy() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        lost = error.connection_invalidated or isinstance(error.orig.__cause__ if error.orig else None, UNREACHABLE)
        if not lost:
            raise
        raise Unavailable("database-unreachable", reason=type(error).__name__) from error
