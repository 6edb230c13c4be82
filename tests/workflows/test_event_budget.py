"""What a case costs the engine: how many events its history has. A number that repeats exactly, so it is held.

More events mean a slower engine and an earlier end of what it can carry. Who changes a number here says why.
"""

from collections import Counter

from temporalio.api.enums.v1 import EventType
from told_lives import Told

from domain.case import Closing
from domain.ladder import Rung
from domain.ledger import FactKind

PLAIN, WHOLE_CLIMB = 40, 178
"""Of the climb's, 13 are the commission's answer, and 24 go to warnings: the yellow ones given on the way and the timer
of a red one. The plain path, armed for its yellow warning as well, pays nothing for it."""


def events(told: Told) -> list[str]:
    return [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in told.history.events]


def test_the_plain_path(told_lives: dict[str, Told]) -> None:
    plain = told_lives["plain"]
    assert plain.life.view.closing is Closing.RESOLVED
    found = events(plain)
    assert len(found) == PLAIN, Counter(found)


def test_the_whole_climb(told_lives: dict[str, Told]) -> None:
    climb = told_lives["whole_climb"]
    assert [fact.rung for fact in climb.life.of(FactKind.RUNG_ENTERED)] == list(Rung)
    found = events(climb)
    assert len(found) == WHOLE_CLIMB, Counter(found)
