"""Normal dispatch 常规派单: a department is asked, may return what is not its own, and must answer in time."""

from temporalio import workflow

from activities.departments import DepartmentActivities
from domain.department import DepartmentSearch
from domain.ladder import Ending, Outcome
from domain.limits import HANDLE
from domain.order import OrderStatus, Role
from workflows.calls import CALLS
from workflows.case_file import CaseFile
from workflows.orders import Orders
from workflows.rungs.explanation import answered
from workflows.rungs.lead import ask_lead
from workflows.tasks import Beside


async def dispatch(file: CaseFile, orders: Orders) -> Ending:
    """Ask one department after the other until one answers, a limit passes, or there were too many returns (P9)."""

    def send(department: str) -> str:
        file.start_limit(HANDLE)  # runs on through returns and re-assignments
        return orders.send(department, Role.LEAD, HANDLE, returnable=True, acknowledge=True)

    with Beside() as beside:
        beside.start(orders.assist(HANDLE))
        while True:
            answer = await ask_lead(file, orders, HANDLE, send)
            if isinstance(answer, Ending):
                name_first_receiver(file)
                return answer
            if answer.status is not OrderStatus.RETURNED:
                return await answered(file, answer)
            if file.state.lead == answer.department:  # else an operator has named another one at the same moment
                file.name_lead(None)
            if returned_too_often(file):
                name_first_receiver(file)
                return Ending(outcome=Outcome.RETURNED_TOO_OFTEN)
            if file.state.lead is None:
                await name_next_department(file)


def returned_too_often(file: CaseFile) -> bool:
    """The dispatch that comes next is the last one: the hotline names the department (P9)."""
    return len(file.state.returned_by) >= file.policy.returns.dispatches.value - 1


def name_first_receiver(file: CaseFile) -> None:
    """Where nobody else leads, the first receiver does, and cannot return it any more (P9, P10)."""
    state = file.state
    if state.lead is None:
        state.named = True
        file.name_lead(state.returned_by[0])


async def name_next_department(file: CaseFile) -> None:
    """Who leads after a return: whom the return names, else the directory's next match, else nobody.

    An operator may be faster, and looking it up does not outlast the case's own limit.
    """
    search = DepartmentSearch(
        matter=file.case.matter,
        district=file.case.district,
        street=file.case.street,
        suggested=file.state.suggested,
        excluding=tuple(file.state.returned_by),
    )
    found = workflow.start_activity_method(
        DepartmentActivities.choose_department,
        search,
        **CALLS[DepartmentActivities.choose_department.__name__],
    )
    await file.wait_until(lambda: found.done() or file.state.lead is not None, lambda: file.due(HANDLE))
    if found.done() and file.state.lead is None:
        file.name_lead(await found)
