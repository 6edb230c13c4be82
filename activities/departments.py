"""Calling out to departments."""

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.department import DepartmentSearch
from domain.order import OrderRequest, OrderWithdrawal, Reply
from outbox import orders
from outbox.orders import Post
from storage import departments
from storage.database import Pool, reaching_database


class DepartmentActivities:
    """Asks departments, and takes orders back from them."""

    def __init__(self, pool: Pool, client: Client, post: Post) -> None:
        self._pool = pool
        self._client = client
        self._post = post

    @activity.defn
    async def request_department(self, request: OrderRequest) -> Reply:
        """Send the order out and stay open until the department's callback completes it; the result is its reply.

        Retried until the department's system has taken the order; an order is not sent twice.
        """
        with reaching_database():
            await orders.send_order(self._pool, self._post, request)
        activity.raise_complete_async()

    @activity.defn
    async def withdraw_order(self, withdrawal: OrderWithdrawal) -> None:
        """Close the request that waits for a reply, and tell the department that the order was taken back."""
        waiting = self._client.get_async_activity_handle(
            workflow_id=withdrawal.case_id, run_id=None, activity_id=withdrawal.order_id
        )
        try:
            await waiting.report_cancellation()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        with reaching_database():
            await orders.send_withdrawal(self._pool, self._post, withdrawal)

    @activity.defn
    async def choose_department(self, search: DepartmentSearch) -> str | None:
        """The code of the department that could lead now; None where the directory has none."""
        with reaching_database():
            directory = await departments.directory(self._pool)
        found = search.choose_from(directory)
        return found.code if found else None
