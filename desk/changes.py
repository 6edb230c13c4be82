"""Rules that change in mid-case: what that would do to open cases, and doing it by a recorded decision."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import Field

from desk.commands import foresee, update
from desk.rules import stored_policy
from desk.window import Desk
from domain.calendar import WorkCalendar
from domain.commands import ChangeRules, Command, Decision
from domain.errors import LiandongError, NotFound
from domain.limits import Move
from domain.policy import Rules
from domain.values import Value
from policies.files import China, rules_with
from storage import cases
from storage.cases import OpenCase
from storage.database import reaching_database

Item = TypeVar("Item")

AT_ONCE = 8

MANY = 100_000
"""More cases than a city opens in a day."""

PATIENCE = timedelta(seconds=10)
"""How long a case that is just being opened may take to come on record."""

LOOK_AGAIN = timedelta(milliseconds=200)


class Changed(Value):
    """What a change does, or did, to one case; or why it could not be done."""

    case_id: str
    moves: tuple[Move, ...] = ()
    """Every running limit, whether or not it moved."""
    refused: str | None = None
    """The code of the refusal."""
    params: dict[str, str | int] = Field(default_factory=dict[str, str | int])
    """What the refusal names."""

    @property
    def moved(self) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if move.is_moved)


async def open_cases(desk: Desk, case_ids: Sequence[str] | None = None) -> list[OpenCase]:
    """The open cases of these ids, or all. Raises NotFound ``case-not-open`` for the first that is not."""
    with reaching_database():
        found = await cases.open_cases(desk.pool, case_ids)
    known = {case.case_id for case in found}
    for case_id in case_ids or ():
        if case_id not in known:
            raise NotFound("case-not-open", case=case_id)
    return found


async def adopt(
    desk: Desk,
    found: Sequence[OpenCase],
    rules: Rules,
    decision: Decision,
    *,
    dry_run: bool,
    advance: Callable[[], None],
) -> list[Changed]:
    """Let open cases go on under these rules; with ``dry_run`` only say what that would move."""
    change = ChangeRules(policy=rules.policy, calendar=rules.calendar, by=decision.by, reason=decision.reason)
    return await _all(found, lambda case: _one(desk, case, change, dry_run), advance)


async def recompute(
    desk: Desk,
    days: WorkCalendar,
    decision: Decision,
    *,
    dry_run: bool,
    advance: Callable[[], None],
    patience: timedelta = PATIENCE,
) -> list[Changed]:
    """Count every open case on China's working days anew with these, each in the office hours of its own policy.

    A case that is just being opened may have the days before; it is waited for so long, then said not to be on record.
    """
    missing = await _still_missing(desk, patience)
    found = await open_cases(desk)
    changes = {label: await _in_own_hours(desk, label, days, decision) for label in {case.policy for case in found}}
    on_these_days = [(case, change) for case in found if (change := changes[case.policy])]
    return [*await _all(on_these_days, lambda pair: _one(desk, *pair, dry_run), advance), *missing]


async def _still_missing(desk: Desk, patience: timedelta) -> list[Changed]:
    """The demands of now whose cases do not come on record within ``patience``."""

    async def not_on_record() -> set[str]:
        with reaching_database():
            return {demand.case_id for demand in await cases.not_in_view(desk.pool, MANY)}

    missing = await not_on_record()
    for _ in range(patience // LOOK_AGAIN):
        if not missing:
            break
        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        missing &= await not_on_record()
    return [Changed(case_id=one, refused="case-not-on-record-yet", params={"case": one}) for one in sorted(missing)]


async def _in_own_hours(desk: Desk, label: str, days: WorkCalendar, decision: Decision) -> ChangeRules | None:
    """The change for cases under this policy; None where it does not count on China's working days."""
    policy_id, _, version = label.rpartition("@")
    policy_file = await stored_policy(desk.pool, policy_id, int(version))
    if not isinstance(policy_file.calendar, China):
        return None
    return ChangeRules(calendar=rules_with(policy_file, days).calendar, by=decision.by, reason=decision.reason)


async def _one(desk: Desk, case: OpenCase, change: ChangeRules, dry_run: bool) -> Changed:
    try:
        if dry_run:
            moves = await foresee(desk, case.case_id, change)
        else:
            moves = await update(desk, case.case_id, Command.CHANGE_RULES, change, list[Move])
    except LiandongError as error:
        return Changed(case_id=case.case_id, refused=error.code, params=error.params)
    return Changed(case_id=case.case_id, moves=tuple(moves))


async def _all(
    found: Sequence[Item], work: Callable[[Item], Coroutine[Any, Any, Changed]], advance: Callable[[], None]
) -> list[Changed]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Changed:
        async with slots:
            changed = await work(item)
        advance()
        return changed

    return list(await asyncio.gather(*(one(item) for item in found)))
