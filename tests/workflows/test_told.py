"""What departments say is answered with what is to be written: never more than a bounded part of a case's life."""

from hotlines import LEAD, Hotline
from told_lives import tell

from desk.commands import update
from domain.case import Record
from domain.commands import Command, NoteProgress
from domain.ledger import FactKind
from storage import ledger
from workflows.case_file import UNHEARD

WORDS = 3 * UNHEARD


async def test_a_talkative_department_does_not_swell_the_answers(real: Hotline) -> None:
    case = await tell(real, "talkative")
    order = await case.order(LEAD)
    carried: list[int] = []
    for number in range(WORDS):
        said = NoteProgress(order_id=order.order_id, department=LEAD, by="经办人", statement=f"第{number}次到现场")
        record = await update(real.desk, case.case_id, Command.PROGRESS, said, Record)
        await ledger.write(real.pool, record)
        carried.append(len(record.facts))
        await case.settled()
    assert max(carried) <= UNHEARD + 1, carried
    await case.reply()
    await case.call_back()
    assert len((await case.life()).of(FactKind.ORDER_PROGRESS)) == WORDS
