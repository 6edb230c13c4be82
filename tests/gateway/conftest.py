"""The gateway with everything behind it."""

from collections.abc import AsyncGenerator

import pytest
from office import Office, Servers, office_of

from worker import build_worker


@pytest.fixture(scope="module")
async def office(embedded: Servers) -> AsyncGenerator[Office]:
    """The office with its worker, shared by the tests of a file."""
    async with office_of(embedded) as office, build_worker(office.outside):
        yield office
