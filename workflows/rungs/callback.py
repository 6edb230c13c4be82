"""The callback 回访: the citizen is asked whether it is really solved; by the department that handled it (P19)."""

from domain.case import Awaited, Party
from domain.commands import CallbackResult
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import CALLBACK
from workflows.case_file import CaseFile
from workflows.orders import Orders

_OUTCOMES = {
    CallbackResult.SATISFIED: Outcome.SATISFIED,
    CallbackResult.UNSATISFIED: Outcome.UNSATISFIED,
    CallbackResult.UNREACHED: Outcome.UNREACHED,
    CallbackResult.WRONG_NUMBER: Outcome.UNREACHED,
}


async def callback(file: CaseFile, orders: Orders) -> Ending:
    """Ask the citizen, several times if nobody can be reached."""
    del orders
    file.state.callback_attempts = 0
    result = CallbackResult.UNREACHED
    while result.reached_nobody and file.state.callback_attempts < file.policy.callback.attempts.value:
        result = await called(file)
        file.state.callback_attempts += 1
    return Ending(outcome=_OUTCOMES[result])


async def called(file: CaseFile) -> CallbackResult:
    """What one call came to; each has a limit of its own."""
    state = file.state
    limit = file.restart_limit(CALLBACK)
    until = file.foreseen(limit).at.isoformat()
    file.note(FactKind.CALLBACK_DUE, department=state.answered_by, until=until)
    await file.wait_for_person(
        Party.DEPARTMENT,
        Awaited.CALLBACK,
        lambda: state.callback_result is not None,
        limit,
        department=state.answered_by,
    )
    result, state.callback_result = state.callback_result, None
    return result or CallbackResult.UNREACHED
