"""One case speaking to another."""

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.case import CaseView
from domain.commands import Absorb, Command
from domain.errors import Refused
from outbox.failures import to_failure


class CaseActivities:
    """Asks other cases."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def absorb_duplicate(self, into: str, command: Absorb) -> None:
        """Ask the case ``into`` to go on for the duplicate as well. Fails with its refusal, or that it is not open."""
        handle = self._client.get_workflow_handle(into)
        try:
            await handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
                Command.ABSORB, command, id=f"absorb-{command.duplicate}", result_type=CaseView
            )
        except WorkflowUpdateFailedError as error:
            raise error.cause if isinstance(error.cause, ApplicationError) else error from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise to_failure(Refused("other-case-not-open", case=into)) from error
