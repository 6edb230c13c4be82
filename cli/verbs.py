"""How a coroutine becomes a command, and the arguments that many commands have in common.

```python
app = noun("case")

@verb(app, "show")
async def show(console: Console, case: CaseArgument, output: OutputOption = Output.TEXT) -> None: ...
```

Help texts are keys of the catalogue here; ``cli.help`` puts the sentences in their place.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec, cast

import typer

from cli.console import OK, Console, Output
from cli.help import Command, Group

P = ParamSpec("P")
Verb = Callable[Concatenate[Console, P], Coroutine[Any, Any, int | None]]

SETTINGS: Final[dict[str, Any]] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "no_args_is_help": True,
}


def noun(name: str, **settings: Any) -> typer.Typer:
    """The group of a noun's commands; its help is ``help-<noun>``."""
    return typer.Typer(name=name, help=f"help-{name}", cls=Group, **SETTINGS | settings)


def verb(app: typer.Typer, name: str) -> Callable[[Verb[P]], Callable[P, int]]:
    """Make a coroutine the command ``name``; it gets the console, and answers its exit status, or nothing for 0."""
    key = f"help-{app.info.name}-{name}" if app.info.name else f"help-{name}"

    def register(work: Verb[P]) -> Callable[P, int]:
        command = _command(work)
        app.command(name, cls=Command, help=key)(command)
        return command

    return register


def itself(app: typer.Typer) -> Callable[[Verb[P]], Callable[P, int]]:
    """Make a coroutine what the noun does when no verb follows it."""

    def register(work: Verb[P]) -> Callable[P, int]:
        command = _command(work)
        app.callback()(command)
        return command

    return register


def _command(work: Verb[P]) -> Callable[P, int]:
    signature = inspect.signature(work, eval_str=True)
    _, *others = signature.parameters.values()
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

    @wraps(work)
    def command(*args: P.args, **kwargs: P.kwargs) -> int:
        context = cast("typer.Context", kwargs.pop("context"))
        if context.invoked_subcommand is not None:
            return OK  # the verb does the work
        return asyncio.run(work(cast("Console", context.obj), *args, **kwargs)) or OK

    # What typer reads instead of the wrapped signature.
    vars(command).update(__signature__=signature.replace(parameters=[*others, context]))
    command.__annotations__ = {"context": typer.Context}
    return command


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="option-output", metavar="text|json")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="option-limit")]
ByOption = Annotated[
    str, typer.Option("--by", help="option-by", envvar="LIANDONG_BY", show_envvar=True, metavar="NAME")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="option-reason", metavar="TEXT")]
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="argument-case")]
OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="argument-order")]
DepartmentArgument = Annotated[str, typer.Argument(metavar="DEPARTMENT", help="argument-department")]
OwnDepartmentOption = Annotated[
    str,
    typer.Option(
        "--department", help="option-own-department", envvar="LIANDONG_DEPARTMENT", show_envvar=True, metavar="CODE"
    ),
]

EvidenceOption = Annotated[list[Path] | None, typer.Option("--evidence", help="option-evidence", metavar="FILE")]
RUNGS: Final = "dispatch|supervised|joint_meeting|referral|rectification"
STATUSES: Final = "queued|handling|callback|closed"
NATURES: Final = "consultation|request|complaint"
URGENCIES: Final = "danger|utility|normal"
CHANNELS: Final = "phone|app|wechat|web|letter|grid|other"
RESULTS: Final = "resolved|explained"
CALLBACK_RESULTS: Final = "satisfied|unsatisfied|unreached|wrong_number"
RATINGS: Final = "very_satisfied|satisfied|fairly_satisfied|unsatisfied|very_unsatisfied"
DUTIES: Final = "head|caller"
GROUNDS: Final = "exhausted|breach"
STAFF_ROLES: Final = "operator|officer|supervisor|duty_head|commission|administrator"
"""The tokens of enums as the help shows them; written out, because loading the enums would make ``--help`` slow."""
