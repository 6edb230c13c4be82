"""Asking something of a running case: every command goes the same way."""

from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from desk.staff import role_of
from desk.window import Desk
from domain.case import Awaited, CaseView, Status
from domain.citizen import blot_out_all
from domain.commands import Asked, ChangeRules, Command, RecordCallback, SpeakInMeeting, act_of, departments_named
from domain.errors import LiandongError, NotFound, Refused, Unavailable
from domain.limits import Move
from domain.values import Value
from outbox.failures import from_failure, reaching_engine
from storage import cases, demands
from storage.database import reaching_database

Answer = TypeVar("Answer")

PATIENCE = timedelta(seconds=15)
"""How long a case may take to answer; without a worker it never would."""


async def ask(desk: Desk, case_id: str, command: Command, content: Value) -> CaseView:
    """Send a command to a case; the view after it was carried out.

    The citizen's name, phone and address are blotted out of every text first. Raises NotFound where nobody
    knows the case or a department that it names, NotYours and Refused as ``desk.staff.role_of`` does, Refused
    with the case's own reason, Unavailable where no answer came.
    """
    return await update(desk, case_id, command, content, CaseView)


async def update(desk: Desk, case_id: str, command: Command, content: Value, answer: type[Answer]) -> Answer:
    """The same for a command that answers something else than the view."""
    with reaching_database():
        words = await demands.words(desk.pool, case_id)
        if words is None:
            raise NotFound("case-unknown", case=case_id)
        if named := departments_named(content):
            directory = await desk.directory()
            for code in named:
                directory.get(code)
    clean = type(content).model_validate(blot_out_all(content.model_dump(mode="json"), words.citizen.words))
    if isinstance(clean, Asked):
        own = await _own_department(desk, case_id, clean)
        clean = clean.model_copy(update={"asked_as": await role_of(desk.pool, clean.by, act_of(command, clean), own)})
    handle = desk.client.get_workflow_handle(case_id)
    try:
        with reaching_engine("temporal-unreachable", address=desk.address):
            return await handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
                command, clean, result_type=answer, rpc_timeout=PATIENCE
            )
    except WorkflowUpdateFailedError as error:
        raise _reason(error) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise Unavailable("case-does-not-answer", case=case_id) from error
    except RPCError as error:
        raise await _why_not(desk, case_id, command) from error


async def _own_department(desk: Desk, case_id: str, content: Asked) -> str | None:
    """The department whose act it is, as which nobody of another one can do it; None where it is nobody's."""
    if isinstance(content, SpeakInMeeting):
        return content.department
    if not isinstance(content, RecordCallback):
        return None
    with reaching_database():
        view = await cases.view(desk.pool, case_id)
    calls = [waiting.department for waiting in view.waiting if waiting.awaited is Awaited.CALLBACK] if view else []
    return next(iter(calls), None)


async def foresee(desk: Desk, case_id: str, change: ChangeRules) -> list[Move]:
    """What a change of rules would do to a case. Raises as ``ask`` does."""
    handle = desk.client.get_workflow_handle(case_id)
    try:
        with reaching_engine("temporal-unreachable", address=desk.address):
            return await handle.query(  # pyright: ignore[reportUnknownMemberType] - the SDK's own overloads
                "foresee", change, result_type=list[Move], rpc_timeout=PATIENCE
            )
    except WorkflowQueryFailedError as error:
        raise Unavailable("case-does-not-answer", case=case_id) from error
    except RPCError as error:
        raise await _why_not(desk, case_id, Command.CHANGE_RULES) from error


def _reason(error: WorkflowUpdateFailedError) -> LiandongError:
    cause = error.cause
    known = from_failure(cause) if isinstance(cause, ApplicationError) else None
    return known or Refused("refused-by-case", reason=getattr(cause, "type", None) or type(cause).__name__)


async def _why_not(desk: Desk, case_id: str, command: Command) -> LiandongError:
    """Why the engine knows no open case of that id."""
    with reaching_database():
        view = await cases.view(desk.pool, case_id)
    if view is None:
        return Unavailable("case-not-open-yet", case=case_id)
    if view.status is Status.CLOSED and view.closing:
        return Refused("case-closed", case=case_id, asked=command.value, closing=view.closing.value)
    return Refused("case-closed", case=case_id, asked=command.value, closing="-")
