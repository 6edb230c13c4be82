"""The joint meeting 联席会议: convened, concluded with a lead, tasks and limits, and the tasks done (P15, P16)."""

from domain.case import Awaited, Party
from domain.clock import Span, Unit
from domain.commands import ConcludeMeeting, MeetingTask
from domain.ladder import Ending, Outcome
from domain.limits import CONCLUDE, CONVENE
from domain.order import Role
from workflows import meetings
from workflows.case_file import CaseFile
from workflows.orders import Orders
from workflows.rungs.explanation import answered
from workflows.tasks import Beside


async def joint_meeting(file: CaseFile, orders: Orders) -> Ending:
    """A meeting in time, a conclusion in time, its tasks done in time; whatever is missing exhausts the rung."""
    state = file.state
    convene = file.restart_limit(CONVENE)
    late = await file.wait_in_time(Party.SUPERVISOR, Awaited.MEETING, lambda: bool(state.members), convene)
    if late:
        return Ending(outcome=Outcome.NO_CONCLUSION, due_at=late)

    conclude = file.restart_limit(CONCLUDE)
    late = await meetings.concluded(file, convene, conclude)
    if late or state.conclusion is None or state.conclusion.lead is None:
        return Ending(outcome=Outcome.NO_CONCLUSION, due_at=late)

    return await carry_out(file, orders, state.conclusion)


async def carry_out(file: CaseFile, orders: Orders, conclusion: ConcludeMeeting) -> Ending:
    """Every department gets its task with its limit; the lead's answer decides."""
    file.state.lead = conclusion.lead
    file.state.assisting = [t.department for t in conclusion.tasks if t.department != conclusion.lead]
    sent = {
        task.department: send_task(file, orders, task, task.department == conclusion.lead) for task in conclusion.tasks
    }
    lead_order = sent.pop(conclusion.lead or "")
    with Beside() as beside:
        for order_id in sent.values():
            beside.start(orders.duty(order_id))
        end = await orders.duty(lead_order)
        return end if isinstance(end, Ending) else await answered(file, orders[lead_order])


def send_task(file: CaseFile, orders: Orders, task: MeetingTask, leads: bool) -> str:
    """One task as an order; without a limit of its own it runs under the policy's for tasks."""
    days = Span(value=task.days, unit=Unit.WORKING_DAYS) if task.days else file.policy.meeting.tasks.span
    limit = file.restart_limit(f"task.{task.department}", days)
    role = Role.LEAD if leads else Role.ASSISTING
    return orders.send(task.department, role, limit, returnable=False, task=task.task)
