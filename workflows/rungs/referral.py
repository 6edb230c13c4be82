"""The referral 提请 to the discipline commission: two people decide, the commission answers, the departments verify
again (P17).

The machine arms it and says what is unmet; it never refers by itself. Every wait here has a limit. When that of the
verification passes the commission is told and the departments are asked again; the others are waited for beyond it.
"""

from pydantic import JsonValue

from domain.case import Awaited, Party
from domain.commission import Answer
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import ANSWER, DECIDE, PAPERS, VERIFY
from domain.order import Result, Role
from domain.permissions import unmet_preconditions
from workflows import meetings
from workflows.case_file import CaseFile
from workflows.orders import Orders
from workflows.rungs.explanation import answered
from workflows.rungs.lead import ask_lead
from workflows.tasks import Beside


async def referral(file: CaseFile, orders: Orders) -> Ending:
    """Decided by two, taken on by the commission, then verified by the departments."""
    state = file.state
    state.referral_accepted = state.referral_accepted or await decided(file)
    if state.referral_accepted and not state.taken_on:
        state.referral_accepted = state.taken_on = await taken_on(file)
    if not state.referral_accepted:
        state.declined += 1
        again = state.declined > 1
        return Ending(outcome=Outcome.DECLINED_AGAIN if again else Outcome.DECLINED)
    return await verify_again(file, orders)


async def decided(file: CaseFile) -> bool:
    """Whether two people refer the case. One "no" declines it; two different people must say yes."""
    state = file.state
    await file.settled()
    positions, not_given = meetings.held(state.positions)
    unmet: list[JsonValue] = [rung.value for rung in unmet_preconditions(state, file.policy)]
    file.note(FactKind.REFERRAL_ARMED, unmet=unmet, positions=positions, not_given=not_given)
    needed = file.policy.referral.deciders.value
    limit = file.restart_limit(DECIDE)
    await file.wait_for_person(
        Party.COMMISSION,
        Awaited.DECISION,
        lambda: len(state.decisions) >= needed or any(not d.accepted for d in state.decisions),
        limit,
    )
    return all(d.accepted for d in state.decisions)


async def taken_on(file: CaseFile) -> bool:
    """Whether the commission takes the case on; it may ask for papers before, as often as it wants them.

    A case whose policy waits for no answer, or no longer does, is taken on.
    """
    state = file.state
    while file.policy.referral.commission is not None:
        state.commission_answer = None
        limit = file.restart_limit(ANSWER)
        await file.wait_for_person(Party.COMMISSION, Awaited.ANSWER, lambda: state.commission_answer is not None, limit)
        said = state.commission_answer
        if said is None or said.answer is not Answer.MORE:
            return said is not None and said.answer is Answer.ACCEPTED
        state.papers = None
        limit = file.restart_limit(PAPERS)
        await file.wait_for_person(Party.SUPERVISOR, Awaited.PAPERS, lambda: state.papers is not None, limit)
    return True


async def verify_again(file: CaseFile, orders: Orders) -> Ending:
    """The departments look once more; the lead's reply is the finding."""
    limit = file.restart_limit(VERIFY)

    def send(department: str) -> str:
        return orders.send(department, Role.LEAD, limit, returnable=False)

    with Beside() as beside:
        beside.start(orders.assist(limit))
        answer = await ask_lead(file, orders, limit, send)
        if isinstance(answer, Ending):
            file.note(FactKind.COMMISSION_INFORMED, due_at=answer.due_at, of=answer.outcome.value)
            return answer
        if answer.reply is None or answer.reply.result is Result.EXPLAINED:
            return await answered(file, answer)
    finding = answer.reply
    file.state.rectification_days = finding.limit_days
    file.note(FactKind.FINDING_RECORDED, order_id=answer.order_id, limit_days=finding.limit_days, basis=finding.basis)
    return Ending(outcome=Outcome.VIOLATION_FOUND)
