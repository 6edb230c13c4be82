"""As what somebody asks something of a case, checked before anything else, and named in every fact."""

from collections.abc import Generator
from contextlib import contextmanager

from domain.commands import Asked, Command, act_of
from domain.staff import check_role, usual
from outbox.failures import refusals


@contextmanager
def by_right(asked: Command, command: Asked) -> Generator[None]:
    """What is checked inside comes after the right to ask at all; refusals leave as Temporal failures."""
    with refusals():
        check_role(act_of(asked, command), command.asked_as, command.by)
        yield


def acting(asked: Command, command: Asked) -> str:
    """The actor of a fact, ``<role>:<name>``; the usual role in what was asked before there were roles."""
    return f"{command.asked_as or usual(act_of(asked, command))}:{command.by}"
