"""The Merkle tree: RFC 6962's numbers, and every place of every small tree."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import anchor
from domain.anchor import BLOCK, Anchor, Fold, Proof, leaf_hash, node_hash, path, prove, root_by, root_of

ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
"""The entries that the reference implementation of RFC 6962 is tested with."""

ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The root of the first, the first two, … of them, as Certificate Transparency publishes them."""


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, written down as it stands there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:middle]) + by_definition(leaves[middle:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert root_of(map(leaf_hash, ENTRIES[:size])).hex() == ROOTS[size - 1]


def test_the_root_of_nothing() -> None:
    assert Fold().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_published_path() -> None:
    """Leaf 0 of eight, from the same source."""
    assert [digest.hex() for digest in path(0, [leaf_hash(one) for one in ENTRIES])] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@pytest.mark.parametrize("size", range(1, 40))
def test_every_place_of_a_tree_is_proved_and_no_other(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor, "BLOCK", 4)  # so that a few leaves make many blocks
    leaves = [bytes([number]) * 3 for number in range(size)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    blocks = [root_of(hashes[at : at + 4]) for at in range(0, size, 4)]
    root = by_definition(leaves).hex()
    for index, leaf in enumerate(leaves):
        start = index // 4 * 4
        proof = prove(index, size, hashes[start : start + 4], blocks)
        assert root_by(proof, leaf) == root
        assert root_by(proof, leaf + b".") != root
        for other in range(size):
            if other != index:
                assert root_by(proof.model_copy(update={"index": other}), leaf) != root


@given(st.integers(1, 3 * BLOCK), st.data())
def test_a_proof_that_was_cut_or_lengthened_leads_nowhere(size: int, data: st.DataObject) -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    start = index // BLOCK * BLOCK
    blocks = [root_of(hashes[at : at + BLOCK]) for at in range(0, size, BLOCK)]
    proof = prove(index, size, hashes[start : start + BLOCK], blocks)
    leaf, root = str(index).encode(), root_of(hashes).hex()
    assert root_by(proof, leaf) == root
    longer = proof.model_copy(update={"beside": (*proof.beside, "00" * 32)})
    assert root_by(longer, leaf) != root
    if proof.beside:
        assert root_by(proof.model_copy(update={"beside": proof.beside[:-1]}), leaf) != root
    assert root_by(Proof(index=size, size=size, beside=()), leaf) is None


def test_a_node_is_not_taken_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_an_anchor_is_hashed_as_it_is_written() -> None:
    said = Anchor(number=1, at=datetime(2026, 11, 23, tzinfo=UTC), cases=0, root="0" * 64, key="1" * 64)
    assert said.encoded() == (
        b'{"at":"2026-11-23T00:00:00Z","cases":0,"form":"liandong.anchor/1","key":"' + b"1" * 64
        + b'","number":1,"previous":"' + b"0" * 64 + b'","root":"' + b"0" * 64 + b'"}'
    )  # fmt: skip
    assert said.hash == hashlib.sha256(said.encoded()).hexdigest()
