"""The rectification order 限期整改: the issuing body sets a limit, a supervisor looks whether it was done (P18)."""

from domain.case import Awaited, Party
from domain.clock import Span, Unit
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import RECTIFICATION
from domain.order import Role
from workflows.case_file import CaseFile
from workflows.orders import Orders


async def rectification(file: CaseFile, orders: Orders) -> Ending:
    """Order it, and wait until it is verified; where the limit passes first, the commission is told."""
    state = file.state
    days = state.rectification_days
    limit = file.restart_limit(RECTIFICATION, Span(value=days, unit=Unit.WORKING_DAYS) if days else None)
    while True:
        assert state.lead is not None  # noqa: S101 - its reply was the finding that led here
        state.answered_by = state.lead
        order_id = orders.send(state.lead, Role.LEAD, limit, returnable=False)
        late = await file.wait_in_time(
            Party.SUPERVISOR, Awaited.VERIFICATION, lambda: state.verification is not None, limit
        )
        if late:
            file.note(FactKind.COMMISSION_INFORMED, order_id=order_id, due_at=late, of=Outcome.OVERDUE.value)
            return Ending(outcome=Outcome.OVERDUE, due_at=late)
        if state.verification and state.verification.passed:
            state.answer = Outcome.RESOLVED
            return Ending(outcome=Outcome.VERIFIED)
        state.verification = None
        orders.supersede_open()  # it was not done: ordered again, within what is left of the limit
