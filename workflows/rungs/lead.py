"""Asking the lead: the department that is named, or the one an operator names when nobody is."""

import asyncio
from collections.abc import Callable

from domain.case import Awaited, Party
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import ASSIGNMENT
from domain.order import Order, OrderStatus
from workflows.case_file import CaseFile
from workflows.orders import Orders


async def ask_lead(file: CaseFile, orders: Orders, limit: str, send: Callable[[str], str]) -> Ending | Order:
    """Ask the lead, and when an operator names another one, that one, until an order ends by itself.

    ``send`` sends the order to a department and gives its id. An Ending where time decided, by the named
    limit of the station, else the order as it ended.
    """
    while True:
        lead = await lead_department(file, limit)
        if lead is None:
            return Ending(outcome=Outcome.OVERDUE, due_at=file.due(limit))
        order_id = send(lead)
        end = await orders.duty(order_id)
        if isinstance(end, Ending):
            return end
        if end is not OrderStatus.WITHDRAWN:
            return orders[order_id]


async def lead_department(file: CaseFile, limit: str) -> str | None:
    """The lead; where none is known the case waits in the operator's queue until one is named.

    None when the named limit, if it runs already, passed first: no queue stops the ladder.
    """
    state = file.state
    if state.lead is None and not file.has_passed(limit):
        file.start_limit(ASSIGNMENT)  # runs only while the case is in the queue (P1)
        file.note(FactKind.CASE_QUEUED, matter=file.case.matter)
        try:
            await file.wait_for_person(
                Party.OPERATOR, Awaited.ASSIGNMENT, lambda: state.lead is not None, ASSIGNMENT, within=limit
            )
        except asyncio.CancelledError:  # a person took the case out of the queue by another command
            file.stop_limit(ASSIGNMENT)
            raise
        file.stop_limit(ASSIGNMENT)
    return state.lead
