"""The chain of the ledger: whatever is changed afterwards is found, and found where it was changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from domain.ladder import Rung
from domain.ledger import GENESIS, Entry, Fact, FactKind, Misfit, chain, entry_hash, first_misfit

CASE = "20261123-000001"
FEW = settings(max_examples=25)
"""Making a chain costs more than looking at it."""

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its zone is given apart
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)


@st.composite
def facts(draw: st.DrawFn, seq: int = 1) -> Fact:
    due = draw(st.none() | instants)
    return Fact(
        seq=seq,
        kind=draw(st.sampled_from(FactKind)),
        at=draw(instants),
        actor=draw(st.sampled_from(["engine", "department:hk-gas", "operator:王工"])),
        rung=draw(st.sampled_from(Rung)),
        order_id=draw(st.none() | st.just(f"{CASE}.1")),
        due_at=due,
        fired_at=due and draw(instants),
        payload=draw(st.dictionaries(words, json_values, max_size=3)),
    )


@st.composite
def chains(draw: st.DrawFn, min_size: int = 1) -> list[Entry]:
    length = draw(st.integers(min_size, 5))
    return chain(CASE, [draw(facts(seq)) for seq in range(1, length + 1)], GENESIS)


def head(entries: list[Entry]) -> tuple[int, str]:
    return len(entries), entries[-1].hash


def a_fact(seq: int, **changes: object) -> Fact:
    fact = Fact(
        seq=seq,
        kind=FactKind.RUNG_ENTERED,
        at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        actor="engine",
        rung=Rung.SUPERVISED,
        order_id=f"{CASE}.1",
        due_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        fired_at=datetime(2026, 11, 23, 8, 0, 0, 20_000, tzinfo=UTC),
        payload={"reason": "overdue", "until": None, "days": [1, 2]},
    )
    return fact.model_copy(update=changes)


@FEW
@given(chains())
def test_a_chain_fits_as_it_was_made(entries: list[Entry]) -> None:
    assert first_misfit(CASE, entries, head(entries)) is None
    assert [entry.prev_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]


def test_no_entries_fit() -> None:
    assert first_misfit(CASE, []) is None
    assert first_misfit(CASE, [], (0, GENESIS)) is None


@FEW
@given(chains(), st.data())
def test_a_chain_can_be_made_in_several_goes(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    beginning = [entry.fact for entry in entries[:cut]]
    rest = [entry.fact for entry in entries[cut:]]
    first = chain(CASE, beginning, GENESIS)
    assert first + chain(CASE, rest, first[-1].hash if first else GENESIS) == entries


def _shifted(at: datetime | None) -> datetime:
    return (at or datetime(2026, 1, 1, tzinfo=UTC)) + timedelta(microseconds=1)


def _other(value: str) -> str:
    return f"{value}0"


def _other_digest(value: str) -> str:
    return ("1" if value[0] == "0" else "0") + value[1:]


def _fact(change: Callable[[Fact], dict[str, object]]) -> Callable[[Entry], Entry]:
    return lambda entry: entry.model_copy(update={"fact": entry.fact.model_copy(update=change(entry.fact))})


TAMPERINGS: dict[str, Callable[[Entry], Entry]] = {
    "case_id": lambda entry: entry.model_copy(update={"case_id": _other(entry.case_id)}),
    "prev_hash": lambda entry: entry.model_copy(update={"prev_hash": _other_digest(entry.prev_hash)}),
    "hash": lambda entry: entry.model_copy(update={"hash": _other_digest(entry.hash)}),
    "seq": _fact(lambda fact: {"seq": fact.seq + 1}),
    "kind": _fact(lambda fact: {"kind": next(kind for kind in FactKind if kind is not fact.kind)}),
    "at": _fact(lambda fact: {"at": _shifted(fact.at)}),
    "actor": _fact(lambda fact: {"actor": _other(fact.actor)}),
    "rung": _fact(lambda fact: {"rung": next(rung for rung in Rung if rung is not fact.rung)}),
    "order_id": _fact(lambda fact: {"order_id": f"{CASE}.9"}),
    "order_id-none": _fact(lambda fact: {"order_id": None if fact.order_id else f"{CASE}.1"}),
    "due_at": _fact(lambda fact: {"due_at": _shifted(fact.due_at)}),
    "fired_at": _fact(lambda fact: {"fired_at": _shifted(fact.fired_at)}),
    "payload": _fact(lambda fact: {"payload": {**fact.payload, "added afterwards": True}}),
    "payload-swapped": _fact(lambda fact: {"payload": {"reason": "别的", "was": fact.payload}}),
}
"""For every field of an entry, how it could be changed afterwards."""


def test_every_field_of_an_entry_is_tampered_with() -> None:
    names = {name.partition("-")[0] for name in TAMPERINGS}
    assert names == (set(Entry.model_fields) | set(Fact.model_fields)) - {"fact"}


@pytest.mark.parametrize("field", TAMPERINGS)
@FEW
@given(entries=chains(), data=st.data())
def test_a_changed_field_is_found_at_the_entry_that_was_changed(
    field: str, entries: list[Entry], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries[:place], TAMPERINGS[field](entries[place]), *entries[place + 1 :]]
    reason = {"seq": "gap", "prev_hash": "prev_hash"}.get(field, "hash")
    assert first_misfit(CASE, changed, head(entries)) == Misfit(case_id=CASE, seq=place + 1, reason=reason)


@FEW
@given(chains(min_size=2), st.data())
def test_an_entry_that_is_missing_is_found_where_it_was(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 2))
    found = first_misfit(CASE, entries[:place] + entries[place + 1 :], head(entries))
    assert found == Misfit(case_id=CASE, seq=place + 1, reason="gap")


@FEW
@given(chains(), st.data())
def test_an_end_that_was_cut_off_is_found_by_the_head(entries: list[Entry], data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(entries) - 1))
    found = first_misfit(CASE, entries[:length], head(entries))
    assert found == Misfit(case_id=CASE, seq=length + 1, reason="missing_tail")


@FEW
@given(chains(min_size=2), st.data())
def test_entries_that_changed_places_are_found(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 2))
    swapped = [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :]]
    assert first_misfit(CASE, swapped) == Misfit(case_id=CASE, seq=place + 1, reason="gap")


@FEW
@given(chains(), facts(), st.data())
def test_an_entry_that_was_put_in_is_found(entries: list[Entry], forged: Fact, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries)))
    before = entries[place - 1].hash if place else GENESIS
    added = chain(CASE, [forged.model_copy(update={"seq": place + 1})], before)
    found = first_misfit(CASE, [*entries[:place], *added, *entries[place:]], head(entries))
    # The forged one fits into its place; what stood there does not fit behind it, and at the end the head tells.
    assert found == Misfit(case_id=CASE, seq=place + 2, reason="missing_tail" if place == len(entries) else "gap")


@FEW
@given(chains(), st.data())
def test_a_chain_that_was_made_anew_from_a_change_on_is_found_by_the_head(
    entries: list[Entry], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [entry.fact for entry in entries]
    changed[place] = changed[place].model_copy(update={"actor": "operator:somebody else"})
    assert first_misfit(CASE, chain(CASE, changed, GENESIS), head(entries)) is not None


@FEW
@given(chains())
def test_a_chain_does_not_fit_another_case(entries: list[Entry]) -> None:
    assert first_misfit("20261123-000002", entries) == Misfit(case_id="20261123-000002", seq=1, reason="hash")


def test_the_zone_an_instant_is_told_in_changes_nothing() -> None:
    china = timezone(timedelta(hours=8))
    fact = a_fact(1)
    told_otherwise = a_fact(
        1,
        at=fact.at.astimezone(china),
        due_at=fact.due_at and fact.due_at.astimezone(china),
        fired_at=fact.fired_at and fact.fired_at.astimezone(china),
    )
    assert entry_hash(CASE, fact, GENESIS) == entry_hash(CASE, told_otherwise, GENESIS)


def test_the_order_of_a_payloads_keys_changes_nothing() -> None:
    fact = a_fact(1, payload={"a": 1, "b": {"c": 2, "d": 3}})
    told_otherwise = a_fact(1, payload={"b": {"d": 3, "c": 2}, "a": 1})
    assert entry_hash(CASE, fact, GENESIS) == entry_hash(CASE, told_otherwise, GENESIS)


def test_a_hash_can_be_computed_without_us() -> None:
    """Written down once: a change of the canonical form would make every old chain misfit."""
    assert entry_hash(CASE, a_fact(1, payload={"说明": "占道经营"}), GENESIS) == (
        "aeb7be2d69170a8adbbb4220cca12d0fa713599e2ed0bfb2ffa2102669d6ee54"
    )


@FEW
@given(facts())
def test_a_fact_that_was_written_as_json_and_read_again_has_the_same_hash(fact: Fact) -> None:
    again = Fact.model_validate_json(fact.model_dump_json())
    assert entry_hash(CASE, fact, GENESIS) == entry_hash(CASE, again, GENESIS)
