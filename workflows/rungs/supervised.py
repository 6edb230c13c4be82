"""The supervised order 督办: half of the original time, no passing on; a dispute goes to a meeting (P13, P14)."""

from domain.ladder import Ending, Outcome
from domain.limits import SUPERVISED
from domain.order import OrderStatus, Role
from workflows.case_file import CaseFile
from workflows.orders import Orders
from workflows.rungs.explanation import answered
from workflows.rungs.lead import ask_lead
from workflows.tasks import Beside


async def supervised(file: CaseFile, orders: Orders) -> Ending:
    """Ask the lead once more, under supervision; "not ours" is a dispute now."""
    file.start_limit(SUPERVISED)  # from the moment it is entered, with or without somebody to ask

    def send(department: str) -> str:
        return orders.send(department, Role.LEAD, SUPERVISED, returnable=not file.state.named)

    with Beside() as beside:
        beside.start(orders.assist(SUPERVISED))
        answer = await ask_lead(file, orders, SUPERVISED, send)
        if isinstance(answer, Ending):
            return answer
        if answer.status is OrderStatus.RETURNED:
            return Ending(outcome=Outcome.DISPUTED)
        return await answered(file, answer)
