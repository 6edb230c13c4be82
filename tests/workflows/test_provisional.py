"""A limit that reaches past the published calendar: provisional, and counted again when the list arrives."""

from datetime import date, datetime, timedelta, timezone

from hotlines import CONDEMNED, WITHDRAWAL, Engines, at, hotline
from pydantic import TypeAdapter
from scripts import DAY, SILENT, Script, acknowledges

from calendars.china import china_calendar, published_until, statutory_days
from calendars.override import Override
from domain.commands import ChangeRules, Command
from domain.ladder import Rung
from domain.ledger import FactKind
from domain.limits import HANDLE, Move

CST = timezone(timedelta(hours=8))
YEAR = published_until().year + 1
"""The first year without a published list."""
BEGINS = datetime(YEAR - 1, 12, 28, 9, tzinfo=CST)

LIST = Override(
    source="made up for this test",
    days_off=tuple(sorted({*statutory_days(date(YEAR, 1, 1), date(YEAR, 12, 31)), date(YEAR, 1, 5), date(YEAR, 1, 6)})),
    horizon=date(YEAR, 12, 31),
)
"""The statutory days, and two more in January that every case of these days runs over or (a weekend) does not."""


async def test_a_case_of_28_december_is_counted_again_when_the_list_is_published(engines: Engines) -> None:
    span = (date(YEAR - 2, 12, 1), date(YEAR + 1, 12, 31))
    projected, published = china_calendar(*span), china_calendar(*span, override=LIST, revision=1)
    moved_days = [day for day in (date(YEAR, 1, 5), date(YEAR, 1, 6)) if projected.is_working_day(day)]
    change = ChangeRules(calendar=published, by="日历管理员", reason="放假安排公布")
    script = (
        Script(lead={Rung.DISPATCH: (acknowledges(),), Rung.SUPERVISED: (SILENT,)})
        | CONDEMNED
        | at(Rung.DISPATCH, Command.CHANGE_RULES, change, after=2 * DAY)
        | at(Rung.SUPERVISED, Command.WITHDRAW, WITHDRAWAL)
    )
    async with hotline(engines, skip_time=True, begins=BEGINS) as town:
        case_id = await town.open("provisional", script)
        town.changes[case_id] = change
        life = await town.life(case_id)
    sent, moved, order = life.of(FactKind.ORDER_SENT)[0], life.one(FactKind.LIMITS_MOVED), life.view.orders[0]
    assert sent.at.astimezone(CST).date() == BEGINS.date()
    assert sent.payload["provisional"] is True
    moves = TypeAdapter(list[Move]).validate_python(moved.payload["limits"])
    (handle,) = [move for move in moves if move.limit == HANDLE]
    assert (handle.before.provisional, handle.after.provisional) == (True, False)
    assert handle.before.at == datetime.fromisoformat(str(sent.payload["due"]))
    assert handle.after.at == order.due_at
    assert published.working_time(handle.before.at, handle.after.at) == len(moved_days) * published.working_day
    assert not order.provisional
    assert life.of(FactKind.RUNG_ENTERED)[1].due_at == order.due_at
