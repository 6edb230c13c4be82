"""The directory is read anew only when it has changed, and then at once."""

from datetime import timedelta

import pytest

from storage import departments
from storage.database import Pool
from storage.departments import Directories


@pytest.mark.usefixtures("directory")
async def test_the_directory_is_kept_until_it_changes(pool: Pool) -> None:
    kept = Directories()
    first = await kept.current(pool)
    assert first == await departments.directory(pool)
    assert await kept.current(pool) is first

    changed = first.departments[0].model_copy(update={"name_en": "Another Name"})
    await departments.put(pool, (changed,))
    second = await kept.current(pool)
    assert second.get(changed.code) == changed

    await departments.set_endpoint(pool, changed.code, "https://example.org/orders", 2, timedelta(minutes=5))
    assert (await kept.current(pool)).get(changed.code).endpoint == "https://example.org/orders"

    await pool.execute("DELETE FROM department WHERE code = $1", changed.code)
    assert len((await kept.current(pool)).departments) == len(first.departments) - 1


async def test_an_empty_directory_is_one(pool: Pool) -> None:
    assert (await Directories().current(pool)).departments == ()
