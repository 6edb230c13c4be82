"""One department's duty in a case: it is asked, acknowledges, replies, or lets its time pass.

An order's request stays open on the engine until the department replies, whatever becomes of the case
meanwhile: so a late reply reaches the case by the same way as one in time.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.departments import DepartmentActivities
from domain.case import Awaited, Party, Record, Reminder
from domain.commands import Acknowledge, NoteProgress, NoteUndelivered, ReturnOrder
from domain.ladder import Ending, Outcome
from domain.ledger import FactKind
from domain.limits import acknowledge_limit
from domain.order import Order, OrderRequest, OrderStatus, OrderWithdrawal, Reply, Role, WithdrawalReason
from workflows.calls import CALLS
from workflows.case_file import Bell, CaseFile, attached
from workflows.tasks import Beside

_TAKEN_BACK = (OrderStatus.RETURNED, OrderStatus.WITHDRAWN)


class Orders:
    """The orders of one case: sending, answering and ending them."""

    def __init__(self, file: CaseFile) -> None:
        self.file = file
        self._requests: dict[str, workflow.ActivityHandle[Reply]] = {}
        self._watchers = Beside()
        self._withdrawals = Beside()

    def __getitem__(self, order_id: str) -> Order:
        return self.file.state.orders[order_id]

    def _change(self, order_id: str, **changes: object) -> None:
        self.file.state.orders[order_id] = self[order_id].model_copy(update=changes)

    def open_orders(self) -> list[Order]:
        return [order for order in self.file.state.orders.values() if order.is_open]

    # -- asking --------------------------------------------------------------------------------------

    def send(
        self,
        department: str,
        role: Role,
        limit: str,
        *,
        returnable: bool,
        acknowledge: bool = False,
        task: str | None = None,
    ) -> str:
        """Send an order that runs under the named limit; returns its id."""
        file, order_id = self.file, f"{self.file.case.case_id}.{len(self.file.state.orders) + 1}"
        deadline = file.foreseen(limit)
        acknowledge_by = file.foreseen(file.start_limit(acknowledge_limit(order_id))).at if acknowledge else None
        order = Order(
            order_id=order_id,
            department=department,
            role=role,
            rung=file.state.rung,
            task=task,
            returnable=returnable,
            sent_at=workflow.now(),
            acknowledge_by=min(acknowledge_by, deadline.at) if acknowledge_by else None,
            limit=limit,
            due_at=deadline.at,
            provisional=deadline.provisional,
            return_by=self._return_window_ends(workflow.now()) if returnable else None,
        )
        file.state.orders[order.order_id] = order
        file.note(
            FactKind.ORDER_SENT,
            order_id=order.order_id,
            department=department,
            role=role.value,
            due=deadline.at.isoformat(),
            return_by=order.return_by.isoformat() if order.return_by else None,
            provisional=deadline.provisional or None,
            task=task,
        )
        file.send_along(lambda record: self._request(order_id, record))
        return order.order_id

    def _request(self, order_id: str, record: Record) -> bool:
        """Ask the department; not where the order was taken back by the very event that sent it."""
        order = self[order_id]
        if order.status in _TAKEN_BACK:
            return False
        handle = workflow.start_activity_method(
            DepartmentActivities.request_department,
            args=[OrderRequest(case_id=self.file.case.case_id, order=order), record],
            activity_id=order.order_id,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            **CALLS[DepartmentActivities.request_department.__name__],
        )
        self._requests[order_id] = handle
        self._watchers.start(self._watch(order_id, handle))
        return True

    async def _watch(self, order_id: str, request: workflow.ActivityHandle[Reply]) -> None:
        try:
            reply = await request
        except (ActivityError, asyncio.CancelledError):
            return  # withdrawn
        self.receive(order_id, reply)

    # -- answers -------------------------------------------------------------------------------------

    def receive(self, order_id: str, reply: Reply) -> None:
        """Take a department's reply: it answers an open order whose time has not passed, else it is late."""
        order = self[order_id]
        if reply in (order.reply, order.late_reply):
            return  # delivered twice: an update came in with the completion of the request and went first
        due = self.file.due(order.limit)
        if not order.is_open or (due is not None and reply.received_at > due):
            self.keep_late(order_id, reply)
            return
        self._change(order_id, status=OrderStatus.REPLIED, reply=reply, ended_at=workflow.now())
        self._note_reply(FactKind.ORDER_REPLIED, order_id, reply)

    def keep_late(self, order_id: str, reply: Reply) -> None:
        """Keep a reply that decides nothing any more."""
        self._change(order_id, late_reply=reply)
        self._note_reply(FactKind.ORDER_REPLIED_LATE, order_id, reply)

    def _note_reply(self, kind: FactKind, order_id: str, reply: Reply) -> None:
        self.file.note(
            kind,
            actor=f"department:{self[order_id].department}",
            order_id=order_id,
            result=reply.result.value,
            statement=reply.statement,
            by=reply.by,
            received_at=reply.received_at.isoformat(),
            callback_id=reply.callback_id,
            basis=reply.basis,
            evidence=attached(reply.evidence),
        )

    def acknowledge(self, command: Acknowledge) -> None:
        self._change(command.order_id, status=OrderStatus.ACKNOWLEDGED, acknowledged_at=workflow.now())
        actor = f"department:{command.department}"
        self.file.note(
            FactKind.ORDER_ACKNOWLEDGED,
            actor=actor,
            order_id=command.order_id,
            by=command.by,
            received_at=_instant(command.received_at),
        )

    def progress(self, command: NoteProgress) -> None:
        """A department's interim word; the same callback again, in a later run of the case, is not noted twice."""
        said = [fact for fact in self.file.state.facts if fact.kind is FactKind.ORDER_PROGRESS]
        known = {(fact.order_id, fact.payload.get("callback_id")) for fact in said}
        if command.callback_id is not None and (command.order_id, command.callback_id) in known:
            return
        self.file.note(
            FactKind.ORDER_PROGRESS,
            actor=f"department:{command.department}",
            order_id=command.order_id,
            statement=command.statement,
            by=command.by,
            callback_id=command.callback_id,
        )

    def undelivered(self, command: NoteUndelivered) -> None:
        """The order lies in the inbox, for the department's system did not take it."""
        order = self[command.order_id]
        if not order.undelivered:
            self._change(command.order_id, undelivered=True)
            self.file.note(
                FactKind.ORDER_UNDELIVERED,
                order_id=command.order_id,
                department=order.department,
                reason=command.reason,
            )

    def take_back(self, command: ReturnOrder) -> None:
        """An accepted return ends the order, and withdraws its request."""
        self._change(command.order_id, status=OrderStatus.RETURNED, ended_at=workflow.now())
        self.file.state.returned_by.append(command.department)
        self.file.state.suggested = command.suggests
        self.file.note(
            FactKind.ORDER_RETURNED,
            actor=f"department:{command.department}",
            order_id=command.order_id,
            reason=command.reason,
            basis=command.basis,
            suggests=command.suggests,
            by=command.by,
            received_at=_instant(command.received_at),
        )
        self._close_request(command.order_id, WithdrawalReason.RETURNED)

    def _return_window_ends(self, sent_at: datetime) -> datetime:
        """Until when "not ours" is still a return; after that the order counts as accepted (P9)."""
        window = self.file.policy.return_window(self.file.case.nature).span
        return window.after(sent_at, self.file.calendar)

    # -- ending --------------------------------------------------------------------------------------

    def supersede_open(self) -> None:
        """The case moves on: open orders decide nothing more, their requests stay open for a late reply."""
        for order in self.open_orders():
            if not order.silent and self.file.has_passed(order.limit):  # at the very instant that the lead's did
                self._fall_silent(order.order_id, Awaited.REPLY, Outcome.OVERDUE, self.file.due(order.limit))
        for order in self.open_orders():
            self._change(order.order_id, status=OrderStatus.SUPERSEDED, ended_at=workflow.now())
            self.file.note(FactKind.ORDER_SUPERSEDED, order_id=order.order_id, department=order.department)

    def withdraw(self, order_id: str, reason: WithdrawalReason) -> None:
        """Take an order back; telling the department and closing its request goes on beside."""
        department = self[order_id].department
        self._change(order_id, status=OrderStatus.WITHDRAWN, ended_at=workflow.now())
        self.file.note(FactKind.ORDER_WITHDRAWN, order_id=order_id, department=department, reason=reason.value)
        self._close_request(order_id, reason)

    def _close_request(self, order_id: str, reason: WithdrawalReason) -> None:
        if (request := self._requests.get(order_id)) is not None:
            request.cancel()
        self._withdrawals.start(self._tell_withdrawn(self[order_id], reason))

    async def _tell_withdrawn(self, order: Order, reason: WithdrawalReason) -> None:
        withdrawal = OrderWithdrawal(
            case_id=self.file.case.case_id,
            order_id=order.order_id,
            department=order.department,
            reason=reason,
        )
        await workflow.execute_activity_method(
            DepartmentActivities.withdraw_order,
            withdrawal,
            **CALLS[DepartmentActivities.withdraw_order.__name__],
        )

    @property
    def all_told(self) -> bool:
        """Whether every department knows of the orders that were taken back from it."""
        return self._withdrawals.all_done

    async def withdrawn(self) -> None:
        """Wait until every withdrawn order's department has been told."""
        await workflow.wait_condition(lambda: self.all_told)
        self._withdrawals.raise_failed()

    # -- the duty ------------------------------------------------------------------------------------

    async def duty(self, order_id: str) -> Ending | OrderStatus:
        """Follow one order to its end: an Ending where time decided, else the status it ended with."""
        order, name = self[order_id], acknowledge_limit(order_id)
        if name in self.file.state.limits:
            acknowledged = await self._await_department(
                order,
                Awaited.ACKNOWLEDGEMENT,
                lambda: self[order_id].status is not OrderStatus.SENT,
                name,
                self._yellow(order),
            )
            if not acknowledged:
                return self._fall_silent(
                    order_id, Awaited.ACKNOWLEDGEMENT, Outcome.NOT_ACKNOWLEDGED, self._due(name, order)
                )
            self.file.stop_limit(name)
        if await self._await_department(
            order, Awaited.REPLY, lambda: not self[order_id].is_open, order.limit, self._yellow(order)
        ):
            return self[order_id].status
        ending = self._fall_silent(order_id, Awaited.REPLY, Outcome.OVERDUE, self.file.due(order.limit))
        self._foresee_red(order_id, ending.due_at)
        return ending

    async def _await_department(
        self, order: Order, awaited: Awaited, done: Callable[[], bool], limit: str, bell: Bell | None = None
    ) -> bool:
        with self.file.waiting(Party.DEPARTMENT, awaited, limit, department=order.department, order_id=order.order_id):
            return await self.file.wait_until(done, lambda: self._due(limit, order), bell)

    def _due(self, limit: str, order: Order) -> datetime | None:
        """The named limit, and never later than the order's own."""
        dues = (self.file.due(limit), self.file.due(order.limit))
        return None if None in dues else min(filter(None, dues))

    # -- warnings ------------------------------------------------------------------------------------

    def _yellow(self, order: Order) -> Bell | None:
        """The yellow warning, so much before the lead's limit ends (P12); none where the limit is shorter."""
        warnings = self.file.policy.warnings
        if warnings is None or order.role is not Role.LEAD:
            return None
        span = warnings.yellow.span

        def at() -> datetime | None:
            limit = self.file.state.limits[order.limit]
            before = span.amount(self.file.calendar)
            if self[order.order_id].warned or limit.basis is not span.unit.basis or before >= limit.budget:
                return None
            warned = limit.model_copy(update={"budget": limit.budget - before}).deadline(self.file.calendar)
            return max(warned.at, order.sent_at) if warned else None  # nobody is warned before he is asked

        def ring() -> None:
            due_at = at()
            self._change(order.order_id, warned=True)
            self._warn(FactKind.WARNING_YELLOW, order.order_id, due_at)

        return Bell(at=at, ring=ring)

    def _foresee_red(self, order_id: str, due_at: datetime | None) -> None:
        """The red warning comes so much after the limit, if nothing was heard until then (P12)."""
        warnings = self.file.policy.warnings
        if warnings is not None and due_at is not None and self[order_id].role is Role.LEAD:
            at = warnings.red.span.after(due_at, self.file.calendar)
            self.file.state.reminders.append(Reminder(order_id=order_id, at=at))

    async def keep_reminders(self) -> None:
        """Give red warnings as they fall due; runs beside the path of the case."""
        state = self.file.state
        while True:
            await workflow.wait_condition(lambda: bool(state.reminders))
            reminder = min(state.reminders, key=lambda reminder: reminder.at)
            await self.file.wait_until(lambda: False, lambda reminder=reminder: reminder.at)
            state.reminders.remove(reminder)
            order = self[reminder.order_id]
            # After an outage a reply may go first that came after the warning was due: that saves nobody.
            if not any(reply and reply.received_at <= reminder.at for reply in (order.reply, order.late_reply)):
                self._warn(FactKind.WARNING_RED, order.order_id, reminder.at)

    def _warn(self, kind: FactKind, order_id: str, due_at: datetime | None) -> None:
        self.file.note(kind, order_id=order_id, due_at=due_at, department=self[order_id].department)

    def _fall_silent(self, order_id: str, awaited: Awaited, outcome: Outcome, due: datetime | None) -> Ending:
        self._change(order_id, silent=True)
        department = self[order_id].department
        self.file.note(
            FactKind.ORDER_SILENT, order_id=order_id, due_at=due, department=department, awaited=awaited.value
        )
        return Ending(outcome=outcome, due_at=due)

    async def assist(self, limit: str) -> None:
        """Ask every assisting department, those named later too; their silence becomes a fact and decides nothing."""
        state = self.file.state
        asked: set[str] = set()
        with Beside() as beside:
            while True:
                await workflow.wait_condition(lambda: state.lead is not None and limit in state.limits)
                for department in [d for d in state.assisting if d not in asked]:
                    asked.add(department)
                    beside.start(self.duty(self.send(department, Role.ASSISTING, limit, returnable=False)))
                await workflow.wait_condition(lambda: not asked.issuperset(state.assisting))


def _instant(at: datetime | None) -> str | None:
    """When a department's word was received, where it came by the gateway: what was in time, was in time then."""
    return at.isoformat() if at else None
