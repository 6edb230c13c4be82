"""The anchor: one hash a day that vouches for every case, and the short proof that one case is in it.

A Merkle tree as in RFC 6962: a leaf's hash is SHA-256 of 0x00 and the leaf, a node's is SHA-256 of 0x01 and the two
below; a tree of n leaves is divided at the largest power of two below n. Leaves stand in the byte order of their case
ids. A tree of a million leaves is never in memory: it is folded leaf by leaf, and only the roots of its full blocks of
``BLOCK`` leaves are kept, from which a proof is made with the leaves of one block.

Who signs an anchor and where it is kept is not known here.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.ledger import GENESIS, canonical
from domain.values import Instant, Token, Value

FORM: Literal["liandong.anchor/1"] = "liandong.anchor/1"

BLOCK = 1024
"""Leaves of one block; a power of two, so that a full block is a node of the tree."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256, or an Ed25519 public key, in hex."""


class Leaf(Value):
    """What an anchor says of one case: how far its chain went, and what the citizen's words were."""

    case_id: Token
    seq: int = Field(ge=1)
    head: Digest
    """The hash of that entry."""
    words: Digest
    """The hash of the citizen's words, sealed (``words_hash``)."""

    def encoded(self) -> bytes:
        """The leaf as it is hashed: canonical JSON."""
        return canonical(self.model_dump()).encode()


class Proof(Value):
    """That a leaf is in a tree: its place, and the hashes beside its way to the root, lowest first."""

    index: int = Field(ge=0)
    size: int = Field(ge=1)
    beside: tuple[Digest, ...] = Field(max_length=64)


class Anchor(Value):
    """All cases at one moment."""

    form: Literal["liandong.anchor/1"] = FORM
    number: int = Field(ge=1)
    at: Instant
    cases: int = Field(ge=0)
    root: Digest
    previous: Digest = GENESIS
    """The hash of the anchor before; zeros for the first."""
    key: Digest
    """The public key that the signature is to be checked with."""

    def encoded(self) -> bytes:
        """The anchor as it is hashed and signed: canonical JSON."""
        return canonical(self.model_dump(mode="json")).encode()

    @property
    def hash(self) -> str:
        """What the next anchor names as ``previous``."""
        return hashlib.sha256(self.encoded()).hexdigest()


class SignedAnchor(Value):
    """An anchor with its Ed25519 signature, in hex."""

    anchor: Anchor
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Anchored(Value):
    """The anchor that has seen the case, and the proof that it has."""

    signed: SignedAnchor
    leaf: Leaf
    proof: Proof


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Fold:
    """Takes hashes from left to right and keeps one a level: the roots of the full trees so far, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, digest: bytes) -> None:
        self._full.append(digest)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self._full.pop()
            self._full.append(node_hash(self._full.pop(), right))

    def root(self) -> bytes:
        """The root over all that was added; of nothing, the hash of nothing."""
        if not self._full:
            return hashlib.sha256().digest()
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root


def root_of(digests: Iterable[bytes]) -> bytes:
    """The root over these hashes."""
    fold = Fold()
    for digest in digests:
        fold.add(digest)
    return fold.root()


def path(index: int, digests: Sequence[bytes]) -> list[bytes]:
    """The hashes beside the way from one of these to their root, lowest first."""
    found: list[bytes] = []
    first, last = 0, len(digests)
    while last - first > 1:
        middle = first + (1 << (last - first - 1).bit_length() - 1)
        left = index < middle
        found.append(root_of(digests[middle:last] if left else digests[first:middle]))
        first, last = (first, middle) if left else (middle, last)
    return found[::-1]


def prove(index: int, size: int, block: Sequence[bytes], blocks: Sequence[bytes]) -> Proof:
    """The proof for a leaf of a tree of ``size``, from the leaf hashes of its block and the roots of all blocks."""
    beside = path(index % BLOCK, block) + path(index // BLOCK, blocks)
    return Proof(index=index, size=size, beside=tuple(digest.hex() for digest in beside))


def root_by(proof: Proof, leaf: bytes) -> str | None:
    """The root that a leaf and its proof lead to, in hex; None where the proof has not the length of such a tree."""
    digest, place, last = leaf_hash(leaf), proof.index, proof.size - 1
    if place > last:
        return None
    for beside in proof.beside:
        if last == 0:
            return None
        if place & 1 or place == last:
            digest = node_hash(bytes.fromhex(beside), digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, bytes.fromhex(beside))
        place, last = place >> 1, last >> 1
    return digest.hex() if last == 0 else None
