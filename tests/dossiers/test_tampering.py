"""Every single change, drop, insertion, exchange and cut in a dossier's chain is noticed."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import anchored_at, head_of, lines_of, manifest_of, relinked

from domain.dossier import check_chain
from domain.errors import DoesNotFit
from domain.ledger import canonical

LINES = lines_of(24)
LEAF = anchored_at(LINES).leaf
MANIFEST = manifest_of({}, LINES)
places = st.integers(0, len(LINES) - 1)


def caught(lines: Sequence[bytes]) -> str:
    with pytest.raises(DoesNotFit) as error:
        check_chain(MANIFEST, lines)
    assert error.value.code == "dossier-entry"
    return str(error.value.params["reason"])


def caught_by_anchor(lines: Sequence[bytes]) -> None:
    """Even where every hash and the manifest were made anew: the anchor's are not to be had."""
    forged = manifest_of({}, lines) if lines else MANIFEST
    with pytest.raises(DoesNotFit):
        check_chain(forged, lines, LEAF)


def test_the_whole_chain_fits() -> None:
    assert check_chain(MANIFEST, LINES, LEAF).head == head_of(LINES)


@given(places, st.data())
def test_a_changed_byte(place: int, data: st.DataObject) -> None:
    line = LINES[place]
    at = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != line[at]))
    caught([*LINES[:place], line[:at] + bytes([byte]) + line[at + 1 :], *LINES[place + 1 :]])


FIELDS = ("actor", "at", "kind", "rung", "payload", "order_id", "due_at", "fired_at", "case_id", "seq", "prev_hash")


@given(places, st.sampled_from(FIELDS), st.text(max_size=5))
def test_a_changed_field_also_where_all_hashes_were_made_anew(place: int, field: str, value: str) -> None:
    entry = json.loads(LINES[place])
    entry[field] = value
    changed = [*LINES[:place], canonical(entry).encode(), *LINES[place + 1 :]]
    caught(changed)
    if field not in ("seq", "prev_hash"):
        caught_by_anchor(relinked(changed))


@given(places)
def test_a_dropped_entry(place: int) -> None:
    left = [*LINES[:place], *LINES[place + 1 :]]
    assert caught(left) in ("entry-number", "entry-tail")
    caught_by_anchor(relinked(left))


@given(st.integers(0, len(LINES)), places)
def test_an_inserted_entry(place: int, copied: int) -> None:
    longer = [*LINES[:place], LINES[copied], *LINES[place:]]
    caught(longer)
    forged = relinked(longer)
    if forged[: len(LINES)] != LINES:  # what is only added behind the end is guarded by the manifest's signature
        caught_by_anchor(forged)


@given(places, places)
def test_two_entries_exchanged(one: int, other: int) -> None:
    if one == other:
        return
    swapped = list(LINES)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert caught(swapped) == "entry-number"
    caught_by_anchor(relinked(swapped))


@given(st.integers(0, len(LINES) - 1))
def test_cut_off_anywhere(length: int) -> None:
    assert caught(LINES[:length]) == "entry-tail"
    caught_by_anchor(LINES[:length])


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff\xfe"])
def test_a_line_that_is_no_entry(line: bytes) -> None:
    assert caught([line, *LINES[1:]]) == "entry-form"
