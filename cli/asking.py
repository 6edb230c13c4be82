"""The common path of every command that asks something of a case: ask, wait for the record, say what is true now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cli.console import Console, Output
from cli.session import at_desk, settled
from cli.situation import tell
from desk.commands import ask
from domain.case import CaseView
from domain.commands import Command
from domain.values import Value
from texts.catalogue import Param


@dataclass(frozen=True)
class Said:
    """The sentence about what was done: its key, and what goes in beside the case."""

    key: str
    params: Mapping[str, Param] = field(default_factory=dict[str, Param])


async def ask_and_tell(
    console: Console,
    case_id: str,
    command: Command,
    content: Value,
    said: Said,
    output: Output,
) -> None:
    """Send a command to a case. Raises as ``desk.commands.ask`` does."""
    async with at_desk(console) as desk:
        view = await settled(desk, await ask(desk, case_id, command, content))
    done(console, view, said, output)


def done(console: Console, view: CaseView, said: Said, output: Output) -> None:
    """What was done, where the case is now, and what comes next."""
    if output is Output.JSON:
        console.json(view)
        return
    console.say(said.key, **{"case": view.case_id, **said.params})
    tell(console, view)
