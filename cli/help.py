"""Help pages in the reader's language, with columns that fit Chinese characters."""

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from io import StringIO
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from texts.catalogue import Catalogue

WIDTH = 110
"""Columns of a help page at most."""
NAMES_WIDTH = 34
"""Columns of the names in it."""
METAVAR_WIDTH = 20
"""A longer list of what can be given stands behind the option's meaning."""


def translate(command: Any, text: Catalogue) -> None:
    """Put the sentences in the place of their keys, in a command and everything below it."""
    for param in command.params:
        if param.help:
            param.help = text.say(param.help)
    if command.help:
        command.help = text.say(command.help)
    for below in getattr(command, "commands", {}).values():
        translate(below, text)


class Command(TyperCommand):
    """A command whose help speaks the console's language."""

    def get_help(self, ctx: Any) -> str:
        return page(self, ctx)


class UnknownCommand(TyperException):
    """There is no command of that name in this group."""

    def __init__(self, ctx: Any, name: str, possibilities: list[str]) -> None:
        super().__init__(name)
        self.ctx = ctx
        self.option_name = name
        self.possibilities = possibilities


class Group(TyperGroup):
    """A group whose help speaks the console's language."""

    def get_help(self, ctx: Any) -> str:
        return page(self, ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Raises UnknownCommand, naming what was probably meant."""
        if args[0] not in self.commands:
            raise UnknownCommand(ctx, args[0], get_close_matches(args[0], list(self.commands), n=2))
        return super().resolve_command(ctx, args)


def page(command: Any, context: Any) -> str:
    """The help of one command."""
    text: Catalogue = context.obj.text
    parts = [usage(command, context, text), inspect.cleandoc(command.help or "")]
    for key, rows in sections(command, context, text):
        if rows:
            parts.append(f"{text.say(key)}\n{_columns(rows)}")
    if command.epilog:
        parts.append(command.epilog)
    return "\n\n".join(part for part in parts if part)


def usage(command: Any, context: Any, text: Catalogue) -> str:
    """``Usage: liandong case show CASE [OPTIONS]``."""
    required = [
        f"{param.opts[0]} {_metavar(param, context)}"
        for param in command.params
        if param.param_type_name == "option" and param.required
    ]
    arguments = [
        param.metavar if param.required else f"[{param.metavar}]"
        for param in command.params
        if param.param_type_name == "argument"
    ]
    options = [text.say("usage-options")]
    below = [text.say("usage-command")] if isinstance(command, TyperGroup) else []
    words = [context.command_path, *arguments, *required, *options, *below]
    return f"{text.say('help-usage')} {' '.join(words)}"


def sections(command: Any, context: Any, text: Catalogue) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The lists of a help page: the key of each heading, and name and meaning of what is in it."""
    params = [param for param in command.params if not param.hidden]
    arguments = [param for param in params if param.param_type_name == "argument"]
    yield "help-arguments", [(param.metavar, param.help or "") for param in arguments]
    options = [param for param in params if param.param_type_name == "option"]
    rows = [(_names(param, context), meaning(param, text)) for param in options]
    yield "help-options", [*rows, ("--help", text.say("option-help"))]
    below = getattr(command, "commands", {})
    yield "help-commands", [(name, (child.help or "").split("\n")[0]) for name, child in below.items()]


def meaning(param: Any, text: Catalogue) -> str:
    """What an option is for, with its variable and its default."""
    extra = [param.metavar] if param.metavar and len(param.metavar) > METAVAR_WIDTH else []
    if param.envvar:
        extra.append(text.say("option-variable", variable=str(param.envvar)))
    if param.required:
        extra.append(text.say("option-required"))
    elif param.default is not None and not param.is_flag:
        extra.append(text.say("option-default", default=str(param.default)))
    return f"{param.help or ''} {' '.join(f'[{word}]' for word in extra)}".strip()


def _names(param: Any, context: Any) -> str:
    names = ", ".join([*param.opts, *param.secondary_opts])
    return names if param.is_flag else f"{names} {_metavar(param, context)}"


def _metavar(param: Any, context: Any) -> str:
    if param.metavar:
        return str(param.metavar) if len(param.metavar) <= METAVAR_WIDTH else "WORD"
    return str(param.display_type(context)).strip("<>").replace(" range", "").upper()


def _columns(rows: list[tuple[str, str]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=StringIO())
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(max_width=NAMES_WIDTH, overflow="fold")
    grid.add_column(overflow="fold")
    for name, sentence in rows:
        grid.add_row(Text(f"  {name}"), Text(sentence))
    with console.capture() as captured:
        console.print(grid, width=min(console.width, WIDTH), markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
