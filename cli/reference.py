"""``python -m cli.reference > docs/cli.md``: the page about the command line, made from the commands' own help."""

import sys
from collections.abc import Iterator
from typing import Any

from cli.console import EXIT_CODES, Console
from cli.help import sections, usage
from cli.main import PROGRAM, command_in
from texts.catalogue import Catalogue

HEAD = """# The command line

Made by `python -m cli.reference > docs/cli.md`; a test fails when it differs from what `--help` says.

`liandong <noun> <verb>`. Answers go to stdout, refusals and progress to stderr. `--output json` gives pure JSON
with times in UTC; for people times are Chinese local time. `--lang zh` or `LIANDONG_LANG=zh` speaks Chinese,
and so does a Chinese locale. `--lang` and `--state` stand before the noun.
"""


def page(text: Catalogue) -> str:
    """The whole page."""
    console = Console(text)
    root = command_in(text)
    context = root.context_class(root, info_name=PROGRAM, obj=console)
    parts = [HEAD, _exit_codes(text), *_commands(root, context, text)]
    return "\n".join(parts)


def _exit_codes(text: Catalogue) -> str:
    lines = [f"| {code} | {text.say(key)} |" for code, key in EXIT_CODES.items()]
    return "\n".join(["## Exit status", "", "| status | meaning |", "| --- | --- |", *lines, ""])


def _commands(command: Any, context: Any, text: Catalogue) -> Iterator[str]:
    yield _section(command, context, text)
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, below.context_class(below, info_name=name, parent=context, obj=context.obj), text)


def _section(command: Any, context: Any, text: Catalogue) -> str:
    """One command: its meaning, how it is written, its arguments and options."""
    mark = "##" if hasattr(command, "commands") else "###"
    lines = [f"{mark} {context.command_path}", "", command.help, ""]
    if not hasattr(command, "commands"):
        written = usage(command, context, text).removeprefix(text.say("help-usage")).strip()
        lines += ["```", written, "```", ""]
    rows = [
        (name.replace("|", "\\|"), sentence.replace("|", "\\|"))
        for key, listed in sections(command, context, text)
        if key != "help-commands"
        for name, sentence in listed
        if name != "--help"
    ]
    if rows:
        lines += ["| | |", "| --- | --- |", *(f"| `{name}` | {sentence} |" for name, sentence in rows), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page(Catalogue("en")))
