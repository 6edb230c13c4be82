"""The audit as an activity; what it does stands at the desk, and is handed in."""

from collections.abc import Awaitable, Callable

from temporalio import activity

from domain.values import Value


class AuditFigures(Value):
    """What an audit came to, for the engine's own pages."""

    seq: int
    cases: int
    fired: int
    missing: int
    doubled: int
    wrong: int
    switch: str | None = None


AuditOnRecord = Callable[[], Awaitable[AuditFigures]]


class AuditActivities:
    """Audits the record."""

    def __init__(self, audit: AuditOnRecord) -> None:
        self._audit = audit

    @activity.defn
    async def audit_record(self) -> AuditFigures:
        """Audit what is open and what has changed, and put the result on record."""
        return await self._audit()
