"""Callbacks over many cases at the desk: a head's queue, the day's allowance, the sample and what it tells."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from desk.window import Desk
from domain.assessment import Period, Share
from domain.calls import (
    FirstCall,
    Flattery,
    NewSample,
    NewSecondCall,
    Sample,
    SecondCall,
    compared,
    is_drawn,
    local_day,
    month_named,
)
from domain.citizen import blot_out
from domain.commands import CallbackResult
from domain.errors import NotFound, Refused
from storage import calls, demands, roster
from storage.calls import DueCall
from storage.database import reaching_database


@dataclass(frozen=True)
class Queue:
    """What a head has to call, and how many calls are left today."""

    calls: Sequence[DueCall]
    departments: Sequence[str]
    """Whose head it is, by today's roster."""
    called: int
    a_day: int
    next_day: datetime


async def queue(desk: Desk, head: str | None, departments: Sequence[str] | None, limit: int, now: datetime) -> Queue:
    """The cases that wait for a callback: of these departments, or of those that ``head`` is on duty for today.

    Raises Refused ``no-head-today`` where the roster has nobody of that name today.
    """
    rules = await desk.rules()
    zone, a_day = rules.calendar.zone, rules.policy.callback.a_day.value
    since, until = local_day(now, zone)
    with reaching_database():
        if departments is None and head is not None:
            departments = await _headed(desk, head, zone, now)
        found = await calls.due(desk.pool, departments, limit)
        called = await calls.called(desk.pool, head, since, until) if head else 0
    return Queue(found, departments or (), called, a_day, until)


async def _headed(desk: Desk, head: str, zone: str, now: datetime) -> list[str]:
    today = now.astimezone(ZoneInfo(zone)).date()
    on_duty = await roster.of_month(desk.pool, Period(first=today, end=today + timedelta(days=1), zone=zone))
    found = sorted({one.department for one in on_duty if one.person == head})
    if not found:
        raise Refused("no-head-today", by=head, day=today.isoformat())
    return found


@asynccontextmanager
async def one_more_call(desk: Desk, by: str, now: datetime) -> AsyncGenerator[None]:
    """Room for one more callback by that person today (P19). Raises Refused ``callbacks-used-up``."""
    rules = await desk.rules()
    day = local_day(now, rules.calendar.zone)
    async with AsyncExitStack() as until_recorded:
        with reaching_database():
            await until_recorded.enter_async_context(
                calls.allowance(desk.pool, by, day, rules.policy.callback.a_day.value)
            )
        yield


# -- the sample ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A month's sample and what became of it."""

    sample: Sample
    month: Period
    reached: Share
    """Satisfied among all citizens whom the first callers reached in the month."""
    first: Sequence[FirstCall]
    """Those of them who are in the sample."""
    second: Mapping[tuple[str, int], SecondCall]
    """By case and the entry that it repeats: the second call that reached the citizen, else the last attempt."""

    def flattery(self, department: str | None = None) -> Flattery:
        """What those who were asked twice said; of one department's cases, or of all."""
        return compared(
            (first.result, second.rating)
            for first in self.first
            if department in (None, first.department)
            and (second := self.second.get((first.case_id, first.seq)))
            and second.rating is not None
        )

    @property
    def departments(self) -> list[str]:
        return sorted({first.department for first in self.first if first.department})


async def draw(desk: Desk, month: str, percent: int, seed: int, by: str) -> Drawn:
    """Draw the month's sample, once. Raises Refused ``sample-drawn``."""
    period = month_named(month, (await desk.rules()).calendar.zone)
    with reaching_database():
        sample = await calls.draw(desk.pool, NewSample(month=period.first, percent=percent, seed=seed, by=by))
        return await _drawn(desk, period, sample)


async def drawn(desk: Desk, month: str) -> Drawn:
    """The month's sample as it is. Raises NotFound ``sample-not-drawn``."""
    period = month_named(month, (await desk.rules()).calendar.zone)
    with reaching_database():
        sample = await calls.sample_of(desk.pool, period.first)
        if sample is None:
            raise NotFound("sample-not-drawn", month=month)
        return await _drawn(desk, period, sample)


async def _drawn(desk: Desk, month: Period, sample: Sample) -> Drawn:
    everybody = await calls.first_calls(desk.pool, month)
    chosen = [one.case_id for one in everybody if is_drawn(sample.seed, one.case_id, sample.percent)]
    first = await calls.first_calls_of(desk.pool, chosen, month)
    second = {(one.case_id, one.first_seq): one for one in await calls.second_calls(desk.pool, chosen)}
    good = sum(one.result is CallbackResult.SATISFIED for one in everybody)
    return Drawn(sample, month, Share(good=good, total=len(everybody)), first, second)


async def call_again(desk: Desk, new: NewSecondCall) -> SecondCall:
    """Enter a second call, without anything that says who the citizen is.

    Raises NotFound ``case-unknown``, ``never-called-back``; Refused as ``domain.calls.check_second`` does.
    """
    zone = (await desk.rules()).calendar.zone
    with reaching_database():
        words = await demands.words(desk.pool, new.case_id)
        if words is None:
            raise NotFound("case-unknown", case=new.case_id)
        last = await calls.last_call(desk.pool, new.case_id)
        if last is None:
            raise NotFound("never-called-back", case=new.case_id)
        month = month_named(f"{last.astimezone(ZoneInfo(zone)):%Y-%m}", zone)
        comment = blot_out(new.comment, words.citizen.words) if new.comment else None
        return await calls.call_again(desk.pool, new.model_copy(update={"comment": comment}), month)
