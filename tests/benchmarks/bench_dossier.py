"""How long ten thousand dossiers take. Run with ``pytest tests/benchmarks/bench_dossier.py``."""

import time
import tracemalloc

from domain.anchor import Fold, leaf_hash
from domain.dossier import Manifest, check_chain
from domain.ledger import GENESIS, canonical

ENTRIES = 42
"""As many as a full climb has."""
EACH_WITHIN = 0.001
"""Seconds; the promise."""


def chain_of(number: int) -> tuple[Manifest, list[bytes]]:
    """Not a case: lines of the same form and length."""
    import hashlib

    lines: list[bytes] = []
    head = GENESIS
    for seq in range(1, ENTRIES + 1):
        entry = {
            "actor": "engine", "at": "2026-11-25T19:23:37.402581+00:00", "case_id": f"case-{number}", "due_at": None,
            "fired_at": None, "kind": "order.sent", "order_id": f"case-{number}.1", "rung": "dispatch", "seq": seq,
            "payload": {"due": "2026-11-26T03:25:46+08:00", "department": "hk-urban-mgmt", "role": "lead"},
            "prev_hash": head,
        }  # fmt: skip
        lines.append(canonical(entry).encode())
        head = hashlib.sha256(lines[-1]).hexdigest()
    manifest = Manifest.model_validate({
        "case_id": f"case-{number}", "entries": ENTRIES, "head": head, "as_of": "2026-11-25T19:23:37Z",
        "redaction": "citizen", "words": GENESIS, "anchored": 0, "rules": (), "papers": (), "files": (), "key": GENESIS,
    })  # fmt: skip
    return manifest, lines


def seconds(count: int) -> float:
    """How long it takes to check so many chains, made beforehand a hundred at a time."""
    taken = 0.0
    for start in range(0, count, 100):
        chains = [chain_of(number) for number in range(start, start + 100)]
        started = time.perf_counter()
        for manifest, lines in chains:
            check_chain(manifest, lines)
        taken += time.perf_counter() - started
    return taken


def test_ten_thousand_chains_are_checked_in_linear_time() -> None:
    seconds(100)
    thousand, ten_thousand = seconds(1000), seconds(10_000)
    assert ten_thousand / 10_000 < EACH_WITHIN, f"{ten_thousand / 10_000 * 1e6:.0f} µs each"
    assert ten_thousand < 10 * thousand * 2, f"{thousand:.2f} s for a tenth, {ten_thousand:.2f} s for all"


def test_a_million_leaves_are_folded_in_no_memory() -> None:
    tracemalloc.start()
    fold = Fold()
    for number in range(1_000_000):
        fold.add(leaf_hash(b"%d" % number))
    fold.root()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024, peak
