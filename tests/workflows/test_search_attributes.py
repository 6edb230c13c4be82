"""What Temporal's own lists filter by is what the case is: its lead, its status and its rung, whatever moved them."""

from hotlines import LEAD, OTHER, Hotline
from told_lives import Teller, tell

from domain.case import Status
from domain.commands import Assign, Command, Escalate
from domain.ladder import Rung
from outbox.search_attributes import DEPARTMENT, RUNG, STATUS


async def shown(case: Teller) -> tuple[str | None, str | None, str | None]:
    await case.settled()
    found = (await case.town.handle(case.case_id).describe()).typed_search_attributes
    return found.get(DEPARTMENT), found.get(STATUS), found.get(RUNG)


async def test_a_case_that_an_operator_takes_out_of_the_queue_shows_its_department(real: Hotline) -> None:
    case = await tell(real, "queued", lead=None)
    assert await shown(case) == (None, Status.QUEUED, Rung.DISPATCH)
    await case.ask(Command.ASSIGN, Assign(department=LEAD, by="话务长"))
    assert await shown(case) == (LEAD, Status.HANDLING, Rung.DISPATCH)


async def test_a_case_that_passes_on_and_climbs_shows_who_leads_and_where_it_is(real: Hotline) -> None:
    case = await tell(real, "passed-on")
    await case.give_back(suggests=OTHER)
    assert await shown(case) == (OTHER, Status.HANDLING, Rung.DISPATCH)
    await case.ask(Command.ESCALATE, Escalate(by="话务长", reason="紧急"))
    assert await shown(case) == (OTHER, Status.HANDLING, Rung.SUPERVISED)
    await case.reply(OTHER)
    assert await shown(case) == (OTHER, Status.CALLBACK, Rung.SUPERVISED)
