"""Papers that somebody adds to a dossier or attaches to a word, and the file that a dossier becomes."""

import hashlib
import mimetypes
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.entries import made
from desk.dossiers import Enclosure, enclosure
from domain.errors import Invalid, Refused
from domain.evidence import Evidence

PAPER_AT_MOST: Final = 64 * 1024 * 1024
"""Bytes of one paper."""


def read_papers(files: Sequence[Path]) -> list[Enclosure]:
    """The papers in these files. Raises Invalid where one cannot be read or is too large."""
    return [_read(number, file) for number, file in enumerate(files, start=1)]


def _read(number: int, file: Path) -> Enclosure:
    try:
        if file.stat().st_size > PAPER_AT_MOST:
            raise Invalid("paper-too-large", file=file.name, limit=PAPER_AT_MOST)
        content = file.read_bytes()
    except (OSError, ValueError):
        raise Invalid("file-unreadable", file=str(file)) from None
    suffix = re.sub(r"[^A-Za-z0-9.]", "", file.suffix)[:12]
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return enclosure(f"{number:02d}{suffix}", file.name[:200], kind, content)


def evidence_in(files: Sequence[Path]) -> list[Evidence]:
    """What to attach: each file's name and SHA-256; the files stay where they are, however large.

    Raises Invalid where one cannot be read.
    """
    return [_evidence(file) for file in files]


def _evidence(file: Path) -> Evidence:
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        raise Invalid("file-unreadable", file=str(file)) from None
    return made(Evidence, {"reference": file.name, "sha256": digest})


def require_new(files: Sequence[Path]) -> None:
    """Raises Refused where one of several files that are to be written is there already."""
    for file in files:
        if file.exists():
            raise Refused("file-exists", file=str(file))


def write_new(file: Path, content: bytes) -> None:
    """Write a file that only this user can read; never over another. Raises Refused, Invalid."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
    except FileExistsError:
        raise Refused("file-exists", file=str(file)) from None
    except (OSError, ValueError):
        raise Invalid("file-not-writable", file=str(file)) from None
