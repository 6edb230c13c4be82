"""The referral 提请 to the discipline commission: two people decide, then the departments verify again (P17).

The machine arms it and says what is unmet; it never refers by itself. The wait for the two has a limit, and
so has the verification: when that passes the commission is told and the departments are asked again.
"""

from pydantic import JsonValue

from domain.case import Awaited, Party
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import DECIDE, VERIFY
from domain.order import Result, Role
from domain.permissions import unmet_preconditions
from workflows import meetings
from workflows.case_file import CaseFile
from workflows.orders import Orders
from workflows.rungs.explanation import answered
from workflows.rungs.lead import ask_lead
from workflows.tasks import Beside


async def referral(file: CaseFile, orders: Orders) -> Ending:
    """Decided by two, then verified by the departments."""
    if not file.state.referral_accepted and not await decided(file):
        file.state.declined += 1
        again = file.state.declined > 1
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
    state.referral_accepted = all(d.accepted for d in state.decisions)
    return state.referral_accepted


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
    file.state.rectification_days = answer.reply.limit_days
    file.note(FactKind.FINDING_RECORDED, order_id=answer.order_id, limit_days=answer.reply.limit_days)
    return Ending(outcome=Outcome.VIOLATION_FOUND)
