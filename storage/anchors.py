"""Anchors, and of each case how every anchor saw it. Append-only; a million cases pass through, never all at once."""

import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime

from asyncpg import Record as Row

from domain.anchor import BLOCK, Anchor, Anchored, Fold, Leaf, SignedAnchor, leaf_hash, prove
from domain.dossier import Words
from domain.ledger import GENESIS
from domain.values import Value
from storage.database import Connection, Pool
from storage.demands import point_of

LOCK = "SELECT pg_advisory_lock(hashtextextended('anchor', 0))"

UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('anchor', 0))"

LAST = "SELECT * FROM anchor ORDER BY number DESC LIMIT 1"

SINCE = "SELECT * FROM anchor WHERE number > $1 ORDER BY number LIMIT 100"

MOVED = """
SELECT case_view.case_id, case_view.seq, case_view.head_hash AS head, leaf.words,
       demand.seal, demand.description, demand.place, demand.lat, demand.long, demand.media_url
FROM case_view JOIN demand USING (case_id) LEFT JOIN LATERAL (
    SELECT seq, head, words FROM anchor_leaf WHERE anchor_leaf.case_id = case_view.case_id COLLATE "C"
    ORDER BY number DESC LIMIT 1
) AS leaf ON true
WHERE (leaf.seq, leaf.head) IS DISTINCT FROM (case_view.seq, case_view.head_hash)
"""
"""Once hashed, a case's words stay hashed: other words in their place would not fit any more."""

PUT_LEAF = "INSERT INTO anchor_leaf (case_id, number, seq, head, words) VALUES ($1, $2, $3, $4, $5)"

LEAVES = "SELECT DISTINCT ON (case_id) case_id, seq, head, words FROM anchor_leaf ORDER BY case_id, number DESC"

PUT = """
INSERT INTO anchor (number, at, cases, root, previous, key, signature, block_roots, block_starts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

OF_CASE = """
SELECT anchor.* FROM anchor WHERE number >= (SELECT min(number) FROM anchor_leaf WHERE case_id = $1)
ORDER BY number DESC LIMIT 1
"""

BLOCK_LEAVES = """
SELECT DISTINCT ON (case_id) case_id, seq, head, words FROM anchor_leaf
WHERE case_id >= $1 AND ($2::text IS NULL OR case_id < $2) AND number <= $3
ORDER BY case_id, number DESC
"""

WORDS = "SELECT case_id, seal, description, place, lat, long, media_url FROM demand WHERE case_id = $1"

AT_ONCE = 2000
"""Rows that are held at a time."""


class Tree(Value):
    """What the fold over all leaves came to."""

    cases: int
    root: bytes
    block_roots: tuple[bytes, ...]
    block_starts: tuple[str, ...]


Sign = Callable[[Anchor], SignedAnchor]


async def make(pool: Pool, at: datetime, key: str, sign: Sign, allow: Callable[[int], None]) -> SignedAnchor:
    """Anchor all cases as one transaction sees them; ``allow`` may refuse the next number. One at a time."""
    async with pool.acquire() as connection:
        await connection.execute(LOCK, timeout=600)  # before the transaction, which must see what the last one did
        try:
            async with connection.transaction(isolation="repeatable_read"):
                return await _make(connection, at, key, sign, allow)
        finally:
            await connection.execute(UNLOCK)


async def _make(
    connection: Connection, at: datetime, key: str, sign: Sign, allow: Callable[[int], None]
) -> SignedAnchor:
    row = await connection.fetchrow(LAST)
    last = _signed(row).anchor if row else None
    number = last.number + 1 if last else 1
    allow(number)
    await _put_leaves(connection, number)
    tree = await _tree(connection)
    previous = last.hash if last else GENESIS
    anchor = Anchor(number=number, at=at, cases=tree.cases, root=tree.root.hex(), previous=previous, key=key)
    signed = sign(anchor)
    blocks = b"".join(tree.block_roots), list(tree.block_starts)
    said = (number, at, anchor.cases, anchor.root, previous, key, signed.signature)
    await connection.execute(PUT, *said, *blocks)
    return signed


async def _put_leaves(connection: Connection, number: int) -> None:
    held: list[tuple[object, ...]] = []
    async for row in connection.cursor(MOVED, prefetch=AT_ONCE):
        words = row["words"] or _words(row).hash
        held.append((row["case_id"], number, row["seq"], row["head"], words))
        if len(held) == AT_ONCE:
            await connection.executemany(PUT_LEAF, held)
            held = []
    await connection.executemany(PUT_LEAF, held)


async def _tree(connection: Connection) -> Tree:
    blocks, block, starts = Fold(), Fold(), list[str]()
    roots: list[bytes] = []
    async for row in connection.cursor(LEAVES, prefetch=AT_ONCE):
        if block.size == 0:
            starts.append(row["case_id"])
        block.add(leaf_hash(_leaf(row).encoded()))
        if block.size == BLOCK:
            roots.append(block.root())
            block = Fold()
    if block.size:
        roots.append(block.root())
    for root in roots:
        blocks.add(root)
    cases = (len(starts) - bool(block.size)) * BLOCK + block.size
    return Tree(cases=cases, root=blocks.root(), block_roots=tuple(roots), block_starts=tuple(starts))


async def since(pool: Pool, number: int) -> AsyncGenerator[SignedAnchor]:
    """Every anchor after this one, in order."""
    while rows := await pool.fetch(SINCE, number):
        for row in rows:
            yield _signed(row)
        number = rows[-1]["number"]


async def of_case(pool: Pool, case_id: str) -> Anchored | None:
    """The last anchor with the proof that the case is in it; None where no anchor has seen the case."""
    row = await pool.fetchrow(OF_CASE, case_id)
    if row is None:
        return None
    starts: Sequence[str] = row["block_starts"]
    place = sum(1 for start in starts if start.encode() <= case_id.encode()) - 1
    following = starts[place + 1] if place + 1 < len(starts) else None
    leaves = [_leaf(one) for one in await pool.fetch(BLOCK_LEAVES, starts[place], following, row["number"])]
    index = [leaf.case_id for leaf in leaves].index(case_id)
    hashes = [leaf_hash(leaf.encoded()) for leaf in leaves]
    roots: bytes = row["block_roots"]
    blocks = [roots[at : at + 32] for at in range(0, len(roots), 32)]
    proof = prove(place * BLOCK + index, row["cases"], hashes, blocks)
    return Anchored(signed=_signed(row), leaf=leaves[index], proof=proof)


async def words(pool: Pool, case_id: str) -> Words | None:
    """The citizen's words with their seal; None where the case is not known."""
    row = await pool.fetchrow(WORDS, case_id)
    return _words(row) if row else None


def _words(row: Row) -> Words:
    seal: uuid.UUID = row["seal"]
    known = {name: row[name] for name in ("case_id", "description", "place", "media_url")}
    return Words(seal=str(seal), point=point_of(row), **known)


def _leaf(row: Row) -> Leaf:
    return Leaf.model_construct(**{name: row[name] for name in Leaf.model_fields})


def _signed(row: Row) -> SignedAnchor:
    known = {name: row[name] for name in Anchor.model_fields if name != "form"}
    return SignedAnchor(anchor=Anchor.model_validate(known), signature=row["signature"])
