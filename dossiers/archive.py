"""The file itself: a zip that is the same for the same content, and a reader that nothing can make read without end."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from domain.errors import DoesNotFit, Invalid

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
FACTS: Final = "facts.jsonl"
ANCHOR: Final = "anchor.json"
WORDS: Final = "words.json"
CITIZEN: Final = "citizen.json"
PAGE: Final = "index.html"
PRINT: Final = "dossier.pdf"

MIB: Final = 1024 * 1024
FILE_AT_MOST: Final = 512 * MIB
"""Bytes of the whole dossier."""
UNPACKED_AT_MOST: Final = 1024 * MIB
"""Bytes of all that it holds."""
FILES_AT_MOST: Final = 2000
SMALL_AT_MOST: Final = 4 * MIB
"""Bytes of a file that is read whole: the manifest, the anchor, the words."""
LINE_AT_MOST: Final = MIB
"""Bytes of one fact."""
PIECE: Final = 64 * 1024

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The zip with these files in this order; the same bytes for the same files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, content)
    return held.getvalue()


class Opened:
    """A dossier that is being read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sizes = {info.filename: info.file_size for info in archive.infolist()}

    def whole(self, name: str) -> bytes:
        """A small file. Raises DoesNotFit where it is missing, damaged or too large."""
        if self._require(name) > SMALL_AT_MOST:
            raise DoesNotFit("dossier-too-large", name=name)
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file piece by piece; never more of it than the zip has declared."""
        left = self._require(name)
        with _reading(name), self._archive.open(name) as stream:
            while piece := stream.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise DoesNotFit("dossier-too-large", name=name)
                yield piece
        if left:
            raise DoesNotFit("dossier-damaged", name=name)

    def lines(self, name: str) -> Iterator[bytes]:
        """A file line by line, each without its end; what follows the last end is a line too."""
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if len(rest) > LINE_AT_MOST:
                raise DoesNotFit("dossier-too-large", name=name)
        if rest:
            yield rest

    def digest(self, name: str) -> str:
        """SHA-256 of a file, in hex."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def _require(self, name: str) -> int:
        if name not in self.sizes:
            raise DoesNotFit("dossier-file-missing", name=name)
        return self.sizes[name]


@contextmanager
def _reading(name: str) -> Generator[None]:
    try:
        yield
    # zipfile raises NotImplementedError for a compression that it does not know, RuntimeError for an encrypted file.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise DoesNotFit("dossier-damaged", name=name) from None


@contextmanager
def opened(path: Path) -> Generator[Opened]:
    """Open a dossier.

    Raises:
        Invalid: ``file-unreadable``.
        DoesNotFit: what kind of file it is instead, or which bound it breaks, before anything of it is unpacked.
    """
    try:
        stream = path.open("rb")
    except (OSError, ValueError):
        raise Invalid("file-unreadable", file=path.name) from None
    with stream:
        if stream.seek(0, io.SEEK_END) > FILE_AT_MOST:
            raise DoesNotFit("dossier-too-large", name=path.name)
        with _archive(stream) as archive:
            _check_contents(archive)
            yield Opened(archive)


@contextmanager
def _archive(stream: IO[bytes]) -> Generator[zipfile.ZipFile]:
    stream.seek(0)
    start = stream.read(4)
    try:
        archive = zipfile.ZipFile(stream)
    # NotImplementedError: a zip over several disks, or of a version that zipfile does not know.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise DoesNotFit("dossier-truncated" if start == b"PK\3\4" else "dossier-no-zip") from None
    if start != b"PK\3\4":  # something stands before it, or it is empty
        raise DoesNotFit("dossier-no-zip")
    with archive:
        yield archive


def _check_contents(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if MANIFEST not in names:
        inner = next((info for info in infos if info.compress_type in (0, 8)), None)
        raise DoesNotFit("dossier-zipped-twice" if inner and _is_zip(archive, inner) else "dossier-no-manifest")
    if len(infos) > FILES_AT_MOST or sum(info.file_size for info in infos) > UNPACKED_AT_MOST:
        raise DoesNotFit("dossier-too-large", name=str(archive.filename or MANIFEST))
    if len(set(names)) < len(names):
        raise DoesNotFit("dossier-damaged", name=next(name for name in names if names.count(name) > 1))
    for info in infos:
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DoesNotFit("dossier-damaged", name=info.filename)


def _is_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    with _reading(info.filename), archive.open(info) as stream:
        return stream.read(4) == b"PK\3\4"
