"""Calling out to departments."""

from contextlib import suppress
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError, RPCStatusCode

from domain.case import Record
from domain.department import DepartmentSearch
from domain.errors import Unavailable
from domain.ledger import FactKind
from domain.order import OrderRequest, OrderWithdrawal, Reply
from outbox.orders import ORDER_IS_OUT, Post, send_notice, send_order
from storage import departments, ledger, notices
from storage.database import Pool, reaching_database
from storage.notices import Notice


class DepartmentActivities:
    """Asks departments, and takes orders back from them."""

    def __init__(self, pool: Pool, client: Client, post: Post) -> None:
        self._pool = pool
        self._client = client
        self._post = post

    @activity.defn
    async def request_department(self, request: OrderRequest, record: Record) -> Reply:
        """Put the case on record as it is when the order goes out, send the order, and stay open until the department's
        callback completes it; the result is its reply.

        Tried again until the department's system has taken the order, or the time for that is over and it is left in
        the inbox. While a system is away no try of ours waits for it: the engine calls again when there may be room.
        When the order is out, that is said as one more try, the next of which is years away. The request is open
        between tries as well; a try that dies with its worker before the order is out is missed after half a minute.
        """
        try:
            with reaching_database():
                await ledger.write(self._pool, record)
                await send_order(self._pool, self._client, self._post, request)
        except Unavailable as error:
            soon = error.params.get("retry_in_ms")
            delay = timedelta(milliseconds=int(soon)) if soon is not None else None
            # A department that is away is no news: its delivery and the alert say so, no trace in the log at each try.
            expected = ApplicationErrorCategory.BENIGN if soon is not None else ApplicationErrorCategory.UNSPECIFIED
            raise ApplicationError(error.code, type=error.code, next_retry_delay=delay, category=expected) from error
        raise ApplicationError(
            "no failure: the order is out, and its reply is waited for",
            type=ORDER_IS_OUT,
            next_retry_delay=timedelta(days=3650),
            category=ApplicationErrorCategory.BENIGN,
        )

    @activity.defn
    async def withdraw_order(self, withdrawal: OrderWithdrawal) -> None:
        """Close the request that waits for a reply, and tell the department that the order was taken back.

        A system that cannot be told now is told by the sweep.
        """
        waiting = self._client.get_async_activity_handle(
            workflow_id=withdrawal.case_id, run_id=None, activity_id=withdrawal.order_id
        )
        try:
            await waiting.report_cancellation()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        notice = Notice(
            order_id=withdrawal.order_id,
            kind=FactKind.ORDER_WITHDRAWN,
            case_id=withdrawal.case_id,
            department=withdrawal.department,
            reason=withdrawal.reason.value,
        )
        with reaching_database():
            await notices.put(self._pool, notice)
        with suppress(Unavailable):
            await send_notice(self._pool, self._post, notice)

    @activity.defn
    async def choose_department(self, search: DepartmentSearch) -> str | None:
        """The code of the department that could lead now; None where the directory has none."""
        with reaching_database():
            directory = await departments.directory(self._pool)
        found = search.choose_from(directory)
        return found.code if found else None
