"""The bridge between the domain's errors and Temporal's: an error travels as its code and parameters."""

from collections.abc import Generator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import LiandongError, NotFound, NotYours, Refused, Unavailable

_BY_KIND = {kind.__name__: kind for kind in (Refused, NotYours, NotFound)}


def to_failure(error: LiandongError) -> ApplicationError:
    """The Temporal failure that carries ``error``; never retried."""
    return ApplicationError(error.code, type(error).__name__, dict(error.params), type=error.code, non_retryable=True)


def from_failure(failure: ApplicationError) -> LiandongError | None:
    """The domain's error that ``failure`` carries, or None where it carries none."""
    if len(failure.details) != 2:
        return None
    kind, params = failure.details
    return _BY_KIND[kind](failure.type or "", **params) if kind in _BY_KIND else None


@contextmanager
def refusals() -> Generator[None]:
    """Domain errors raised inside leave as Temporal failures: any other kind would stall the workflow."""
    try:
        yield
    except LiandongError as error:
        raise to_failure(error) from error


_NOT_CONNECTED = "Failed client connect"
"""How the SDK's RuntimeError begins when a lazy client finds nobody."""


@contextmanager
def reaching_engine(code: str, **params: str) -> Generator[None]:
    """Errors of reaching Temporal leave as Unavailable with this code; that it knows no such thing leaves as it is."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise
        raise Unavailable(code, reason=error.status.name, **params) from error
    except TimeoutError as error:
        raise Unavailable(code, reason=RPCStatusCode.DEADLINE_EXCEEDED.name, **params) from error
    except RuntimeError as error:
        if not str(error).startswith(_NOT_CONNECTED):
            raise
        raise Unavailable(code, reason=RPCStatusCode.UNAVAILABLE.name, **params) from error
