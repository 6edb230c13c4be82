"""What the audit reads of the ledger, page by page."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from domain.ledger import Entry
from storage.database import Pool
from storage.ledger import entry_of

CASES = """
SELECT case_id FROM ledger WHERE kind = 'case.opened' AND case_id > $1 ORDER BY case_id LIMIT $2
"""

CASES_OPEN_SINCE = """
SELECT case_id FROM ledger AS opened
WHERE kind = 'case.opened' AND case_id > $1 AND NOT EXISTS (
    SELECT FROM ledger AS closed
    WHERE closed.case_id = opened.case_id AND closed.kind = 'case.closed' AND closed.at < $3
)
ORDER BY case_id LIMIT $2
"""
"""Cases that are open, or were at that time."""

ENTRIES_OF_CASES = "SELECT * FROM ledger WHERE case_id = ANY($1) ORDER BY case_id, seq"

PAGE = 200
"""Cases that are read at a time."""


async def case_ids(pool: Pool, *, open_since: datetime | None) -> AsyncGenerator[list[str]]:
    """The ids of all cases, or of those that are open or have been since then; a page at a time, in their order."""
    last = ""
    while True:
        rows = await (
            pool.fetch(CASES, last, PAGE)
            if open_since is None
            else pool.fetch(CASES_OPEN_SINCE, last, PAGE, open_since)
        )
        if rows:
            yield [row["case_id"] for row in rows]
        if len(rows) < PAGE:
            return
        last = rows[-1]["case_id"]


async def entries_of(pool: Pool, ids: Sequence[str]) -> dict[str, list[Entry]]:
    """The entries of these cases, each case's in their order."""
    found: dict[str, list[Entry]] = {}
    for row in await pool.fetch(ENTRIES_OF_CASES, ids):
        found.setdefault(row["case_id"], []).append(entry_of(row))
    return found
