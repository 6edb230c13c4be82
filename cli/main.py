"""``liandong``: the nouns put together, and the one edge where everything that goes wrong becomes an exit status."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import Abort, Exit, TyperException

from cli import (
    assess,
    audit,
    calendar,
    callback,
    case,
    demo,
    department,
    diary,
    doctor,
    dossier,
    gateway,
    ledger,
    meeting,
    migrate,
    order,
    policy,
    rectification,
    referral,
    roster,
    staff,
    stuck,
    token,
    up,
    worker,
)
from cli.console import EXIT_CODES, INTERRUPTED, OK, UNEXPECTED, USAGE, Console, close_quietly
from cli.help import Group, translate
from cli.verbs import SETTINGS
from domain.errors import Invalid, LiandongError
from texts.catalogue import Catalogue, language_of

PROGRAM = "liandong"

NOUNS = (
    case,
    order,
    meeting,
    referral,
    rectification,
    callback,
    roster,
    diary,
    department,
    token,
    staff,
    dossier,
    assess,
    ledger,
    policy,
    calendar,
)
SERVICES = (stuck, audit, up, worker, gateway, migrate, doctor, demo)
"""Commands without a noun."""

app = typer.Typer(help="help-liandong", cls=Group, **SETTINGS)


@app.callback()
def options(
    context: typer.Context,
    lang: Annotated[
        str | None,
        typer.Option("--lang", help="option-lang", envvar="LIANDONG_LANG", show_envvar=True, metavar="zh|en"),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="option-state", envvar="LIANDONG_STATE", show_envvar=True, metavar="FOLDER"),
    ] = None,
) -> None:
    """Remember what holds for every command; the language was decided before (``language_in``)."""
    del lang
    context.obj.state = state


for part in SERVICES:
    app.registered_commands.extend(part.app.registered_commands)
for part in NOUNS:
    app.add_typer(part.app)


def command_in(text: Catalogue) -> Any:
    """The whole command line in this language."""
    root: Any = typer.main.get_command(app)
    translate(root, text)
    # Nouns first: the help lists commands in this order.
    root.commands = {
        name: root.commands[name]
        for name in sorted(root.commands, key=lambda name: not hasattr(root.commands[name], "commands"))
    }
    codes = "\n".join(f"  {code:>3}  {text.say(key)}" for code, key in EXIT_CODES.items())
    root.epilog = f"{text.say('help-exit-codes')}\n{codes}"
    return root


def language_in(arguments: list[str]) -> str | None:
    """What ``--lang`` says, wherever it stands before the noun; it is needed before anything else is understood."""
    for index, word in enumerate(arguments):
        if word == "--lang" and index + 1 < len(arguments):
            return arguments[index + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
        if not word.startswith("-") and (index == 0 or arguments[index - 1] != "--state"):
            return None
    return None


def run(arguments: list[str]) -> int:
    """Do what was typed; the exit status."""
    console = Console(Catalogue(language_of(os.environ, language_in(arguments))))
    try:
        _require_text(arguments)
        context = command_in(console.text).make_context(PROGRAM, list(arguments), obj=console)
        with context:
            return context.command.invoke(context) or OK
    except Exit as end:  # --help
        return end.exit_code
    except LiandongError as error:
        return console.fail(error)
    except TyperException as error:
        return _usage(console, error)
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return OK  # whoever read the answer has had enough
    except Exception as error:  # noqa: BLE001 - the edge: nobody is shown a traceback
        return _unexpected(console, error)


def _require_text(arguments: list[str]) -> None:
    """Bytes that are no text would fail wherever they arrive; only the name of a file may hold them."""
    for word in arguments:
        broken = any("\ud800" <= character <= "\udfff" for character in word)
        if broken and not Path(word).exists():
            raise Invalid("input-not-text")


def _usage(console: Console, error: TyperException) -> int:
    """Say what is wrong with the command line."""
    context: Any = getattr(error, "ctx", None)
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        console.complain(error.message)
        return USAGE
    parameter: Any = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or (_name_of(parameter) if parameter else "")
    near = ", ".join(getattr(error, "possibilities", None) or [])
    if kind == "UnknownCommand":
        console.note("usage-command-near" if near else "usage-command-unknown", name=name, near=near)
    elif kind == "MissingParameter":
        console.note("usage-missing", name=name)
    elif kind == "NoSuchOption":
        console.note("usage-option-near" if near else "usage-option", name=name, near=near)
    elif kind == "BadOptionUsage":
        console.note("usage-option-value", name=name)
    elif parameter:
        console.note("usage-value", name=name)
    elif context and isinstance(context.command, Group):
        console.note("usage-command-missing")
    else:
        console.note("usage-other", reason=error.format_message())
    console.note("usage-help", command=f"{context.command_path if context else PROGRAM} --help")
    return USAGE


def _name_of(parameter: Any) -> str:
    return parameter.metavar if parameter.param_type_name == "argument" else "/".join(parameter.opts)


def _unexpected(console: Console, error: Exception) -> int:
    """One sentence; where it happened goes to the log."""
    log = None
    try:
        from cli.logs import keep
        from runtime.state import StateFolder

        log = keep(StateFolder(console.settings.state), error)
    except LiandongError:
        pass  # without settings there is no folder to write to
    if log:
        console.note("unexpected-logged", kind=type(error).__name__, log=log)
    else:
        console.note("unexpected", kind=type(error).__name__)
    return UNEXPECTED


def main() -> NoReturn:
    """The program. It leaves without Python's own cleaning up: a thread of Temporal's SDK that answers meanwhile
    would abort the process, whatever the command had come to."""
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    close_quietly()
    os._exit(status)


if __name__ == "__main__":
    main()
