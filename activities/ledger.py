"""The facts that nothing else carries to the ledger."""

from temporalio import activity

from domain.case import Record
from storage import ledger
from storage.database import Pool, reaching_database


class LedgerActivities:
    """Writes what the case has noted, where no order and no department's word goes with it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn
    async def record(self, record: Record) -> None:
        """Append the facts the ledger lacks; idempotent on (case, sequence). Retried until it works."""
        with reaching_database():
            await ledger.write(self._pool, record)
