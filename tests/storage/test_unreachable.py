"""What it looks like when PostgreSQL dies in the middle of something is told from what it refuses."""

import asyncpg
import pytest

from domain.errors import Unavailable
from storage.database import reaching_database


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
    ],
)
def test_a_server_that_died_is_away(error: Exception) -> None:
    with pytest.raises(Unavailable, match="database-unreachable"), reaching_database():
        raise error


def test_a_refusal_stays_what_it_is() -> None:
    with pytest.raises(asyncpg.UniqueViolationError), reaching_database():
        raise asyncpg.UniqueViolationError("twice")
