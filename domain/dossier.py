"""The dossier 卷宗: everything about one case as a value, and what must be true of it; its file is in docs/dossier.md.

A line of its facts is the canonical JSON that the ledger hashed, so that the SHA-256 of a line is the hash which the
next line names as ``prev_hash``; the manifest names the last one's. Reading never trusts: whatever is wrong is raised
as DoesNotFit with the place and the reason.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal, cast

from pydantic import Field

from domain.anchor import Anchored, Digest, Leaf, root_by
from domain.citizen import BLOT, Citizen
from domain.errors import DoesNotFit
from domain.intake import Point
from domain.ledger import GENESIS, canonical
from domain.values import Instant, Text, Token, Value

FORM: Literal["liandong.dossier/1"] = "liandong.dossier/1"

ENTRIES_AT_MOST = 100_000
"""Far more than any case has; a file that claims more is no dossier."""


class Redaction(StrEnum):
    """How much of the citizen a dossier shows."""

    NONE = "none"
    """Who the citizen is, in full: for whoever may call back."""
    CITIZEN = "citizen"
    """The words without the person: the first character of the name, the last digits of the number."""
    FULL = "full"
    """Neither the person nor the words; the pages also without what officials wrote freely."""


class Words(Value):
    """What the citizen said and where. ``seal`` is a random id: without it the hash could be guessed from the words."""

    case_id: Token
    seal: str
    description: str
    place: str | None
    point: Point | None
    media_url: str | None

    @property
    def hash(self) -> str:
        """What anchors and manifests name."""
        return hashlib.sha256(canonical(self.model_dump(mode="json")).encode()).hexdigest()


class Paper(Value):
    """A document that belongs to the case; it may be named without being carried."""

    name: Token
    title: Text
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100)
    size: int = Field(ge=0)
    sha256: Digest
    carried: bool = True


class Carried(Value):
    """A file inside the dossier."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@:-]*(/[A-Za-z0-9][A-Za-z0-9_.@:-]*)?$", max_length=200)
    size: int = Field(ge=0)
    sha256: Digest


class Rulebook(Value):
    """A version of a policy or a revision of a calendar that the case was pinned to."""

    kind: Literal["policy", "calendar"]
    label: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*@[0-9]+$", max_length=140)
    carried: bool

    @property
    def file(self) -> str:
        """Where it is inside the dossier."""
        return f"rules/{self.kind}-{self.label}.json"


class Manifest(Value):
    """The table of contents; it is signed, and names every other file by its hash."""

    form: Literal["liandong.dossier/1"] = FORM
    case_id: Token
    entries: int = Field(ge=1, le=ENTRIES_AT_MOST)
    head: Digest
    """The hash of the last entry."""
    as_of: Instant
    """When the last entry happened."""
    redaction: Redaction
    words: Digest
    anchored: int = Field(ge=0)
    """Up to which entry the anchor vouches; 0 where no anchor has seen the case yet."""
    rules: tuple[Rulebook, ...]
    papers: tuple[Paper, ...]
    files: tuple[Carried, ...]
    key: Digest
    """The public key that this manifest is signed with."""

    def encoded(self) -> bytes:
        """The manifest as it is written and signed."""
        return canonical(self.model_dump(mode="json")).encode()


class ChainCheck:
    """Takes the lines of a dossier's facts one by one, and compares each with the one before."""

    def __init__(self, case_id: str, leaf: Leaf | None = None) -> None:
        self.case_id = case_id
        self.entries = 0
        self.head = GENESIS
        self.labels: set[tuple[str, str]] = set()
        """The rules that the case was pinned to: ``policy`` or ``calendar``, and the label."""
        self._leaf = leaf

    def take(self, line: bytes) -> None:
        """The next line, without its end. Raises DoesNotFit ``dossier-entry``."""
        self.entries += 1
        entry = self._read(line)
        if entry.get("seq") != self.entries:
            raise self._misfit("entry-number")
        if entry.get("case_id") != self.case_id:
            raise self._misfit("entry-of-another-case")
        if entry.get("prev_hash") != self.head:
            raise self._misfit("entry-link")
        self.head = hashlib.sha256(line).hexdigest()
        if self._leaf and self._leaf.seq == self.entries and self._leaf.head != self.head:
            raise self._misfit("entry-anchor")
        if entry.get("kind") in ("case.opened", "limits.moved"):
            self._note_rules(entry)

    def finish(self, manifest: Manifest) -> None:
        """No line follows. Raises DoesNotFit where the manifest names another end."""
        if self.entries < manifest.entries or (self._leaf and self._leaf.seq > self.entries):
            raise DoesNotFit("dossier-entry", seq=self.entries + 1, reason="entry-tail")
        if (self.entries, self.head) != (manifest.entries, manifest.head):
            raise self._misfit("entry-head")

    def _read(self, line: bytes) -> Mapping[str, Any]:
        try:
            entry: object = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict):
            raise self._misfit("entry-form")
        return cast("Mapping[str, Any]", entry)

    def _note_rules(self, entry: Mapping[str, Any]) -> None:
        payload = entry.get("payload")
        if isinstance(payload, dict):
            told = cast("Mapping[str, object]", payload)
            self.labels |= {(kind, str(told[kind])) for kind in ("policy", "calendar") if told.get(kind)}

    def _misfit(self, reason: str) -> DoesNotFit:
        return DoesNotFit("dossier-entry", seq=self.entries, reason=reason)


def check_chain(manifest: Manifest, lines: Iterable[bytes], leaf: Leaf | None = None) -> ChainCheck:
    """The whole chain at once. Raises DoesNotFit for the first entry that does not fit."""
    check = ChainCheck(manifest.case_id, leaf)
    for line in lines:
        check.take(line)
    check.finish(manifest)
    return check


def check_anchored(manifest: Manifest, anchored: Anchored) -> None:
    """Whether the anchor has seen this case as the dossier says, signature apart. Raises DoesNotFit."""
    leaf, anchor = anchored.leaf, anchored.signed.anchor
    if (leaf.case_id, leaf.seq, leaf.words) != (manifest.case_id, manifest.anchored, manifest.words):
        raise DoesNotFit("dossier-anchor", number=anchor.number, reason="anchor-another-case")
    if anchored.proof.size != anchor.cases or root_by(anchored.proof, leaf.encoded()) != anchor.root:
        raise DoesNotFit("dossier-anchor", number=anchor.number, reason="anchor-proof")


def masked(citizen: Citizen) -> dict[str, str]:
    """What is left of the citizen at ``Redaction.CITIZEN``: enough to tell two callers apart, not to find one."""
    shown = {"name": citizen.name and citizen.name[0] + BLOT, "phone": citizen.phone and BLOT + citizen.phone[-2:]}
    return {name: value for name, value in shown.items() if value}
