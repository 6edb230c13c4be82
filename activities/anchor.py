"""The day's anchor."""

from collections.abc import Callable
from datetime import UTC, datetime

from temporalio import activity

from domain.values import Value
from outbox.anchors import Anchoring, make_anchor, publish_anchors
from storage.database import Pool


class AnchorMade(Value):
    """The number of an anchor, and how many cases it has seen."""

    number: int
    cases: int


class AnchorActivities:
    """Anchors all cases, and puts the anchor where the database cannot reach it."""

    def __init__(self, pool: Pool, anchoring: Callable[[], Anchoring]) -> None:
        self._pool = pool
        self._anchoring = anchoring

    @activity.defn
    async def anchor_cases(self) -> AnchorMade:
        """Make the day's anchor. Another one where it is tried again: one too many does no harm."""
        signed = await make_anchor(self._pool, self._anchoring(), datetime.now(UTC))
        return AnchorMade(number=signed.anchor.number, cases=signed.anchor.cases)

    @activity.defn
    async def publish_anchors(self) -> int:
        """Write and post whatever has not been; how many there were."""
        return await publish_anchors(self._pool, self._anchoring())
