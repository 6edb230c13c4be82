"""The stuck view: what holds cases up, from the record and, where it answers, from the engine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from desk.engine import troubles
from desk.window import Desk
from domain.errors import Unavailable
from domain.stuck import GRACE, Group, Held, Loose, Search, StuckCase, StuckCause, Trouble, cause_of
from domain.values import Instant, Value
from storage import callbacks, cases
from storage import stuck as store
from storage.database import reaching_database
from storage.stuck import Found

PROBED: Final = 200
"""So many of the cases on the list are asked about at the engine, those first that stand still without a reason."""


class StuckView(Value):
    """Everything that is held up, at one moment."""

    at: Instant
    engine_asked: bool
    """False where the engine did not answer: nothing is known then of tasks and activities that fail."""
    groups: tuple[Group, ...]
    within: tuple[StuckCase, ...] = ()
    """Cases that wait as the policy foresees, where they were asked for, too; one more than asked for, if there are."""

    @property
    def number(self) -> int:
        """How much is held up."""
        return sum(group.number for group in self.groups)


async def stuck_view(
    desk: Desk, search: Search, now: datetime, soon: timedelta, limit: int, *, everything: bool = False
) -> StuckView:
    """What matches, grouped by cause, of each cause at most ``limit`` lines; reads only.

    ``everything``: also the cases that wait as the policy foresees. A wait is looked at from ``soon`` before its end.
    """
    with reaching_database():
        signed = await store.stuck(desk.pool, search, now, soon, limit)
    found = [(cause, one) for one in signed if (cause := cause_of(one.signs))]
    troubled = await _troubles(desk, found)
    with reaching_database():
        others = sorted(set(troubled or {}) - {one.case.case_id for _, one in found})
        hidden = await store.of_these(desk.pool, search, now, soon, others) if others else []
        waiting = await store.within(desk.pool, search, now, soon, limit + 1) if everything else []
        loose = {
            StuckCause.NOT_ON_RECORD: await _not_on_record(desk, search, now, limit),
            StuckCause.NOT_HANDED_OVER: await _not_handed_over(desk, search, limit),
        }
    groups = [*_groups(found, hidden, troubled or {}, limit), *_loose_groups(loose)]
    return StuckView(
        at=now,
        engine_asked=troubled is not None,
        groups=tuple(sorted(groups, key=lambda group: _place(group.cause))),
        within=tuple(
            one.case for one in waiting if cause_of(one.signs) is None and one.case.case_id not in (troubled or {})
        ),
    )


async def _troubles(desk: Desk, found: Sequence[tuple[StuckCause, Found]]) -> dict[str, Trouble] | None:
    """What the engine cannot move; None where it does not answer."""
    first = sorted(found, key=lambda pair: _place(pair[0]))
    try:
        return await troubles(desk.client, [one.case.case_id for _, one in first[:PROBED]])
    except Unavailable:
        return None


def _place(cause: StuckCause) -> int:
    return list(StuckCause).index(cause)


def _groups(
    found: Sequence[tuple[StuckCause, Found]],
    hidden: Sequence[Found],
    troubled: Mapping[str, Trouble],
    limit: int,
) -> list[Group]:
    """One group a cause. A case that the engine cannot move counts there, and under no other cause."""
    numbers: Counter[StuckCause] = Counter()
    for cause, number in {one.signs: (cause, one.number) for cause, one in found}.values():
        numbers[cause] += number
    lines: dict[StuckCause, list[Held]] = {}
    seen = [*found, *((cause_of(one.signs), one) for one in hidden)]
    for cause, one in seen:
        trouble = troubled.get(one.case.case_id)
        if trouble is not None:
            numbers[trouble.cause] += 1
            if cause is not None:
                numbers[cause] -= 1
        if held_by := trouble.cause if trouble else cause:
            lines.setdefault(held_by, []).append(Held(case=one.case, trouble=trouble))
    return [
        Group(cause=cause, number=number, cases=tuple(lines.get(cause, [])[:limit]))
        for cause, number in numbers.items()
        if number
    ]


def _loose_groups(loose: Mapping[StuckCause, Sequence[Loose]]) -> list[Group]:
    return [Group(cause=cause, number=len(found), loose=tuple(found)) for cause, found in loose.items() if found]


async def _not_on_record(desk: Desk, search: Search, now: datetime, limit: int) -> list[Loose]:
    """Nothing is known yet of such a case that could be filtered by: they are told where everything is asked for."""
    found = await cases.not_in_view(desk.pool, limit) if search == Search() else []
    return [Loose(case_id=one.case_id, since=one.received_at) for one in found if one.received_at < now - GRACE]


async def _not_handed_over(desk: Desk, search: Search, limit: int) -> list[Loose]:
    kept = await callbacks.kept(desk.pool, GRACE.total_seconds(), limit)
    only = Search(department=search.department)
    return [
        Loose(case_id=one.case_id, order_id=one.order_id, department=one.department, since=one.received_at)
        for one in kept
        if search == only and search.department in (None, one.department)
    ]
