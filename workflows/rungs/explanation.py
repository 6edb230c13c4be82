""" "Explained": a department says that a case cannot be solved; a supervisor confirms it or does not."""

from domain.case import Awaited, Party
from domain.ladder import Ending, Outcome
from domain.limits import CONFIRM
from domain.order import Order, Result
from workflows.case_file import CaseFile


async def answered(file: CaseFile, order: Order) -> Ending:
    """What the lead's reply means: resolved as it is, explained only once a supervisor has confirmed it."""
    file.state.answered_by = order.department
    if order.reply is None or order.reply.result is Result.RESOLVED:
        file.state.answer = Outcome.RESOLVED
        return Ending(outcome=Outcome.RESOLVED)
    return await confirm_explanation(file)


async def confirm_explanation(file: CaseFile) -> Ending:
    """Wait for the supervisor; a refusal sends the case up."""
    state = file.state
    state.explanation, state.explanation_pending = None, True
    limit = file.restart_limit(CONFIRM)
    try:
        await file.wait_for_person(Party.SUPERVISOR, Awaited.CONFIRMATION, lambda: state.explanation is not None, limit)
    finally:
        state.explanation_pending = False
    if state.explanation is None or not state.explanation.confirmed:
        return Ending(outcome=Outcome.EXPLANATION_REFUSED)
    state.answer = Outcome.EXPLAINED
    return Ending(outcome=Outcome.EXPLAINED)
