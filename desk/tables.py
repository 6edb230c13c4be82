"""Files that people make with a spreadsheet: from bytes to rows, with what is wrong named by line.

Knows encodings and CSV, and nothing about what the columns mean. A file that cannot be read at all is
refused as a whole; a row that cannot be read is a ``RowProblem`` and the others go on.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import Field
from pydantic_core import ErrorDetails

from domain.errors import Invalid, NotFound
from domain.values import Token, Value

FILE_BYTES = 64 * 1024 * 1024
"""A file above this is refused: some 400,000 cases, three months of a busy city."""
RECORD_LINES = 200
"""A quoted text may run over this many lines; more is a quotation mark that was never closed."""
SHOWN_CHARACTERS = 40
"""How much of a cell a problem repeats, so that the row can be recognised."""
WHOLE_ROW = "row"
"""The ``field`` of a problem that belongs to no single column."""

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and the like: a database refuses some, a screen obeys others."""

Cells = Mapping[str, str]
"""One row: column name to text without the white space around it."""


class RowProblem(Value):
    """Why one row was left out, or what is wrong with one field of it.

    ``line`` counts the file's lines from 1 and is where the row begins. ``field`` is the name of what
    should have been read, ``row`` for the row as a whole. ``params`` go with ``code``; they may repeat
    the beginning of a cell, so they are for the person who has the file, never for a log.
    """

    line: int
    field: str
    code: Token
    params: dict[str, str | int] = Field(default_factory=dict[str, str | int])


class Table(NamedTuple):
    """The rows of a file in its order, each with the line where it begins, and the unreadable ones."""

    rows: list[tuple[int, Cells]]
    problems: list[RowProblem]


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises NotFound ``file-unknown``; Invalid ``file-unreadable`` (a folder, no permission) or
    ``file-too-large`` with ``limit`` in MiB. Each names the ``file``.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("file-unknown", file=str(path)) from None
    except (OSError, ValueError):  # ValueError: a NUL in the path
        raise Invalid("file-unreadable", file=str(path)) from None
    if len(content) > FILE_BYTES:
        raise Invalid("file-too-large", file=str(path), limit=FILE_BYTES // (1024 * 1024))
    return content


def read_text(path: Path) -> str:
    """The text of a file in UTF-8 (with or without BOM) or GB18030, without the BOM.

    Raises what ``read_bytes`` does, and Invalid ``file-encoding`` with the ``file`` and the first
    ``line`` that is not UTF-8. A UTF-8 file with a few broken bytes is refused, not read as GB18030:
    its bytes often make sense there, in other characters.
    """
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = Invalid("file-encoding", file=str(path), line=content.count(b"\n", 0, error.start) + 1)
    if _is_damaged_utf8(content):
        raise broken
    try:
        return content.decode("gb18030").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise broken from None


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether most of what is not ASCII is good UTF-8. GB18030 text has next to no such sequences."""
    if content.startswith(b"\xef\xbb\xbf"):
        return True
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    chinese = sum(1 for character in text if character >= "\u0800") - broken
    return chinese > broken


def read_table(path: Path, required: Collection[str]) -> Table:
    """The rows of a CSV file with a header.

    Blank rows are skipped. Raises what ``read_text`` does, and Invalid ``file-header`` (the header
    cannot be read), ``file-columns`` (``missing``: the required columns that are not there),
    ``file-column-doubled`` (``column``) and ``file-empty`` (no row after the header).
    """
    records = _records(io.StringIO(read_text(path), newline="").readlines())
    columns = _header(path, records, required)
    table = Table([], [])
    for line, record in records:
        problem = record if isinstance(record, RowProblem) else _check(line, record, columns)
        if problem is not None:
            table.problems.append(problem)
        elif not isinstance(record, RowProblem):
            table.rows.append((line, {name: cell for name, cell in zip(columns, record, strict=False) if name}))
    if not table.rows and not table.problems:
        raise Invalid("file-empty", file=str(path))
    return table


Record = list[str] | RowProblem


def _records(lines: list[str]) -> Iterator[tuple[int, Record]]:
    """Every record that is not blank, with the line where it begins.

    After a record that cannot be read the next line is tried, so that one open quotation mark does not
    swallow the rest of the file.
    """
    index = 0
    while index < len(lines):
        line = index + 1
        reader = csv.reader(lines[index : index + RECORD_LINES], strict=True)
        try:
            cells = [cell.strip() for cell in next(reader)]
        except csv.Error:
            too_long = len(lines[index]) > csv.field_size_limit()
            code = "row-too-long" if too_long else "row-quotes"
            yield line, RowProblem(line=line, field=WHOLE_ROW, code=code)
            index += 1
            continue
        index += reader.line_num
        if any(cells):
            yield line, cells


def _header(path: Path, records: Iterator[tuple[int, Record]], required: Collection[str]) -> list[str]:
    line, columns = next(records, (0, None))
    if columns is None:
        raise Invalid("file-empty", file=str(path))
    if isinstance(columns, RowProblem) or any(FORBIDDEN.search(name) for name in columns):
        raise Invalid("file-header", file=str(path), line=line)
    while not columns[-1]:
        columns.pop()
    missing = [name for name in required if name not in columns]
    if missing:
        raise Invalid("file-columns", file=str(path), missing=", ".join(missing))
    for index, name in enumerate(columns):
        if name and name in columns[:index]:
            raise Invalid("file-column-doubled", file=str(path), column=name)
    return columns


def _check(line: int, cells: list[str], columns: list[str]) -> RowProblem | None:
    """What is wrong with a record. Blank cells beyond the header, as spreadsheets leave them, are not."""
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        counts: dict[str, str | int] = {"expected": len(columns), "found": len(cells)}
        return RowProblem(line=line, field=WHOLE_ROW, code="row-columns", params=counts)
    for name, cell in zip(columns, cells, strict=False):
        if FORBIDDEN.search(cell):
            return RowProblem(line=line, field=name or WHOLE_ROW, code="characters-forbidden")
    return None


def shown(cell: str) -> str:
    """The beginning of a cell, for a problem's params."""
    return cell if len(cell) <= SHOWN_CHARACTERS else cell[:SHOWN_CHARACTERS] + "…"


def refusal(line: int, field: str, value: object, detail: ErrorDetails) -> RowProblem:
    """The problem of a field that its value type refuses with this ``detail``.

    ``value-missing``; ``text-too-long`` (``limit`` in characters; the text is not repeated);
    ``value-unknown`` and ``value-malformed`` (``value``); or the code of a check of ours (``value``).
    """
    kind = detail["type"]
    if value is None or value == "" or kind == "string_too_short":
        return RowProblem(line=line, field=field, code="value-missing")
    if kind == "string_too_long":
        limit = int(detail.get("ctx", {})["max_length"])
        return RowProblem(line=line, field=field, code="text-too-long", params={"limit": limit})
    code = kind if "-" in kind else {"enum": "value-unknown"}.get(kind, "value-malformed")
    return RowProblem(line=line, field=field, code=code, params={"value": shown(str(value))})
