"""A calendar is published while a case is being opened on the days before: the case is not forgotten."""

import asyncio
from datetime import date, timedelta

from hotlines import Engines, hotline

from calendars.china import china_calendar
from desk.changes import recompute
from desk.rules import rules_in_force
from domain.commands import Decision

DAYS = china_calendar(date(2025, 1, 1), date(2028, 12, 31))
DECISION = Decision(by="督办员", reason="放假安排公布")


async def test_a_case_that_is_being_opened_is_waited_for_and_named_where_it_does_not_come(engines: Engines) -> None:
    async with hotline(engines, skip_time=False, works=False) as town:
        await rules_in_force(town.pool, "haikou")  # what the case is pinned to is stored
        case_id = await town.open("being-opened")
        (missed,) = await recompute(
            town.desk, DAYS, DECISION, dry_run=True, advance=lambda: None, patience=timedelta(0)
        )
        assert (missed.case_id, missed.refused) == (case_id, "case-not-on-record-yet")
        asking = asyncio.create_task(recompute(town.desk, DAYS, DECISION, dry_run=True, advance=lambda: None))
        await asyncio.sleep(0.3)
        async with town.working():
            (counted,) = await asking
        assert (counted.case_id, counted.refused) == (case_id, None)
