"""A sheet printed: as a page, as a PDF, or both."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from cli.console import Console

if TYPE_CHECKING:
    from desk.window import Desk
    from domain.ledger import Entry
    from dossiers.sheet import Sheet
    from texts.catalogue import Catalogue
    from texts.telling import Names


class OnRecord(Protocol):
    """What a letter is made of: it says by which entry it can be checked."""

    @property
    def head(self) -> "Entry": ...


Letter = TypeVar("Letter", bound=OnRecord)

HtmlOption = Annotated[Path | None, typer.Option("--html", help="option-print-html", metavar="FILE")]
PdfOption = Annotated[Path | None, typer.Option("--pdf", help="option-print-pdf", metavar="FILE")]


def require_target(html: Path | None, pdf: Path | None) -> None:
    """Raises Invalid where it is to be printed nowhere."""
    from domain.errors import Invalid

    if html is None and pdf is None:
        raise Invalid("print-nowhere", field="--html, --pdf")


async def print_letter(
    console: Console,
    find: Callable[["Desk"], Awaitable[Letter]],
    sheet_of: Callable[[Letter, "Catalogue", "Names"], "Sheet"],
    html: Path | None,
    pdf: Path | None,
) -> None:
    """What is on record of a case, as a letter of the day of its last entry. Raises as ``find`` and ``write_sheet``."""
    from cli.session import at_desk, directory_of
    from texts.telling import Names

    require_target(html, pdf)
    async with at_desk(console, engine=False) as desk:
        found = await find(desk)
        names = Names(await directory_of(desk), console.text)
    write_sheet(console, sheet_of(found, console.text, names), found.head.fact.at, html, pdf)


def write_sheet(console: Console, sheet: "Sheet", as_of: datetime, html: Path | None, pdf: Path | None) -> None:
    """Write it to these new files and say so; ``as_of`` is the print's own date.

    Raises Unavailable where there is no font to print with, Refused where one of the files is there: before anything is
    written. Invalid as ``cli.papers.write_new``.
    """
    from cli.papers import require_new, write_new
    from dossiers.page import page_of
    from dossiers.paged import font_file, pdf_of

    font = font_file(console.settings.font) if pdf is not None else None
    printed = pdf_of(sheet, as_of, font) if font is not None else b""
    targets = [one for one in (html, pdf) if one is not None]
    require_new(targets)
    if html is not None:
        write_new(html, page_of(sheet).encode())
    if pdf is not None:
        write_new(pdf, printed)
    for one in targets:
        console.note("print-written", file=str(one))
