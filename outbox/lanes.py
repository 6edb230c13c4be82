"""A lane for each department: how much goes out to it at a time, and until when it is left alone.

One department's endpoint that is down, slow or wrong fills its own lane and nobody else's. Lanes belong to one
worker process and forget all when it ends: the order's own record is in the database.
"""

import time
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from domain.errors import Unavailable

FIRST_REST: Final = 1.0
LONGEST_REST: Final = 300.0
"""Seconds a department is left alone after a failure; doubled with each one that follows."""

LONGEST_ASKED: Final = 3600.0
"""Seconds: a ``Retry-After`` that asks for more is granted this much; one that asks for less than ``FIRST_REST``,
that much."""

BUSY: Final = 1.0
"""Seconds after which an order that found its lane full tries again."""


@dataclass
class _Lane:
    busy: set[str] = field(default_factory=set[str])
    failures: int = 0
    rests_until: float = 0.0
    why: str = ""
    """What the last failure was; empty where the last message got there."""
    alerted: bool = False


UNREACHABLE: Final = "department-unreachable"


class DepartmentUnreachable(Unavailable):
    """The department's system does not take the message now: its own trouble, and nobody else's."""


class NoPlace(DepartmentUnreachable):
    """The message was not even tried."""


class Lanes:
    """All departments' lanes. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}

    @contextmanager
    def place(self, department: str, message: str, concurrency: int) -> Generator[None]:
        """A place in the department's lane for one message.

        Raises NoPlace ``department-unreachable`` where the lane rests or is full, or the same message is on its way;
        ``retry_in_ms`` says after how many milliseconds there may be a place, ``reason`` why the lane rests.
        """
        lane = self._lanes.setdefault(department, _Lane())
        rest = lane.rests_until - self._clock()
        if rest > 0:
            soon = int((rest + spread(message)) * 1000)
            raise NoPlace("department-unreachable", department=department, reason=lane.why, retry_in_ms=soon)
        if len(lane.busy) >= concurrency or message in lane.busy:
            why, soon = lane.why or "busy", int((BUSY + spread(message)) * 1000)
            raise NoPlace("department-unreachable", department=department, reason=why, retry_in_ms=soon)
        lane.busy.add(message)
        try:
            yield
        finally:
            lane.busy.discard(message)

    def went_well(self, department: str) -> None:
        """The department's system has taken something: nothing of what was before counts."""
        lane = self._lanes.setdefault(department, _Lane())
        lane.failures, lane.rests_until, lane.why, lane.alerted = 0, 0.0, "", False

    def went_wrong(self, department: str, why: str, asked: float | None) -> float:
        """Leave the department alone: for the seconds it asked for, else twice as long each time; how long.

        What was on its way beside a message that failed, and fails too, is the same failure.
        """
        lane = self._lanes.setdefault(department, _Lane())
        now = self._clock()
        if lane.rests_until <= now:
            lane.failures += 1
        rest = min(LONGEST_REST, FIRST_REST * 2.0 ** min(lane.failures - 1, 20))
        if asked is not None:
            rest = min(LONGEST_ASKED, max(FIRST_REST, asked))
        lane.why, lane.rests_until = why, max(lane.rests_until, now + rest)
        return lane.rests_until - now

    def first_alert(self, department: str) -> bool:
        """Whether nobody has been told of this outage yet; from now on somebody has."""
        lane = self._lanes.setdefault(department, _Lane())
        told, lane.alerted = lane.alerted, True
        return not told

    def nobody_told(self, department: str) -> None:
        """The alert did not arrive: the next order that is left in the inbox tries again."""
        self._lanes.setdefault(department, _Lane()).alerted = False


def refused(department: str, reason: str, seconds: float) -> Unavailable:
    """A message did not go out; ``retry_in_ms`` says when to try again."""
    return DepartmentUnreachable(UNREACHABLE, department=department, reason=reason, retry_in_ms=int(seconds * 1000))


def spread(message: str) -> float:
    """Less than a second, the same for the same message: what waited together does not come back together."""
    return (zlib.crc32(message.encode()) % 1000) / 1000
