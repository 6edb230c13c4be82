"""The stuck view as a workbook."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from pages.workbook import Cell, add_sheet


def workbook(title: str, sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """The whole file, a sheet a name. No text in it is a formula or a link, whatever it says."""
    content = BytesIO()
    book: Any  # the library leaves its own dictionaries untyped
    with Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": title})
        for name, rows in sheets.items():
            add_sheet(book, name, rows)
    return content.getvalue()
