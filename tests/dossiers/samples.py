"""A dossier without a server: a case of a few facts, its anchor, and the file; and how to write a tampered one."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from records import facts

from domain.anchor import Anchor, Anchored, Leaf, Proof, SignedAnchor, leaf_hash
from domain.dossier import Carried, Manifest, Paper, Redaction, Words
from domain.ledger import GENESIS, canonical, chain, entry_text
from dossiers.archive import ANCHOR, FACTS, MANIFEST, SIGNATURE, WORDS, packed
from dossiers.seal import Seal

SEAL, OTHER_SEAL = Seal("5e" * 32), Seal("0f" * 32)
CASE = "case-1"
WORDS_SAID = Words(
    case_id=CASE, seal="s" * 36, description="楼顶违建", place=None, point=None, media_url=None
)  # fmt: skip
PAPER = b"minutes of the meeting"


def lines_of(count: int, case_id: str = CASE) -> list[bytes]:
    """The facts of a case as a dossier has them."""
    return [entry_text(one.case_id, one.fact, one.prev_hash).encode() for one in chain(case_id, facts(count), GENESIS)]


def head_of(lines: Sequence[bytes]) -> str:
    return hashlib.sha256(lines[-1]).hexdigest()


def relinked(lines: Sequence[bytes]) -> list[bytes]:
    """The lines as somebody would leave them who has the program and computes every hash anew."""
    made: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line)
        entry["seq"], entry["prev_hash"] = number, head_of(made) if made else GENESIS
        made.append(canonical(entry).encode())
    return made


def anchored_at(lines: Sequence[bytes], seal: Seal = SEAL) -> Anchored:
    """An anchor over this one case."""
    leaf = Leaf(case_id=CASE, seq=len(lines), head=head_of(lines), words=WORDS_SAID.hash)
    root = leaf_hash(leaf.encoded()).hex()
    said = Anchor(number=1, at=datetime(2026, 11, 23, tzinfo=UTC), cases=1, root=root, key=seal.public)
    signed = SignedAnchor(anchor=said, signature=seal.sign(said.encoded()))
    return Anchored(signed=signed, leaf=leaf, proof=Proof(index=0, size=1, beside=()))


def manifest_of(files: dict[str, bytes], lines: Sequence[bytes], seal: Seal = SEAL, **given: Any) -> Manifest:
    known: dict[str, Any] = {
        "case_id": CASE,
        "entries": len(lines),
        "head": head_of(lines),
        "as_of": datetime(2026, 11, 23, tzinfo=UTC),
        "redaction": Redaction.CITIZEN,
        "words": WORDS_SAID.hash,
        "anchored": len(lines),
        "rules": (),
        "papers": (paper_of(PAPER),),
        "files": tuple(
            Carried(name=name, size=len(held), sha256=hashlib.sha256(held).hexdigest()) for name, held in files.items()
        ),
        "key": seal.public,
    }
    return Manifest.model_validate(known | given)


def paper_of(content: bytes) -> Paper:
    digest = hashlib.sha256(content).hexdigest()
    return Paper(name="minutes.txt", title="会议纪要", media_type="text/plain", size=len(content), sha256=digest)


@dataclass
class Made:
    """The files of a sound dossier; change what you like, then ``write``."""

    lines: list[bytes]
    files: dict[str, bytes]
    seal: Seal = SEAL

    def write(self, to: Path, edit: Callable[[dict[str, bytes]], None] = lambda _: None, **manifest: Any) -> Path:
        """Sign a manifest over the files as they are, then ``edit`` what is in the zip."""
        encoded = manifest_of(self.files, self.lines, self.seal, **manifest).encoded()
        files = {MANIFEST: encoded, SIGNATURE: self.seal.sign(encoded).encode(), **self.files}
        edit(files)
        to.write_bytes(packed(files))
        return to


def made(count: int = 6) -> Made:
    """A sound one of so many facts."""
    lines = lines_of(count)
    files = {
        FACTS: b"".join(line + b"\n" for line in lines),
        ANCHOR: canonical(anchored_at(lines).model_dump(mode="json")).encode(),
        WORDS: canonical(WORDS_SAID.model_dump(mode="json")).encode(),
        "papers/minutes.txt": PAPER,
    }
    return Made(lines, files)
