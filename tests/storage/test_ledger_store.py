"""The ledger on PostgreSQL: append-only, idempotent, one transaction, and every tampering named."""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError
from records import at, fact, facts, order, record, sent
from support import new_database

from domain.case import Closing, Status
from domain.ladder import Rung
from domain.ledger import GENESIS, Fact, FactKind, Misfit, first_misfit
from domain.order import OrderStatus
from storage import cases, ledger, orders
from storage.database import Pool, open_pool


class Servers(Protocol):
    """What is used of the session's servers here."""

    postgres_url: str


CHECKED = ("ledger", "case_view", "demand")
"""What a verification reads."""

CASE = "case-b"
OTHERS = ("case-a", "case-c")


async def count(pool: Pool, table: str) -> int:
    return int(await pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own table names


# -- append-only -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger SET actor = 'nobody'",
        "UPDATE ledger SET actor = 'nobody' WHERE false",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE seq = 99",
        "TRUNCATE ledger",
        "TRUNCATE ledger, case_view CASCADE",
        "INSERT INTO ledger SELECT * FROM ledger ON CONFLICT (case_id, seq) DO UPDATE SET actor = 'nobody'",
        "MERGE INTO ledger USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    ],
)
async def test_the_database_refuses_every_change(pool: Pool, change: str) -> None:
    await ledger.write(pool, record(CASE, facts(4)))
    before = await ledger.entries_of(pool, CASE)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await pool.execute(change)
    assert await ledger.entries_of(pool, CASE) == before


async def test_a_session_that_passes_for_a_replica_is_refused_like_any_other(pool: Pool) -> None:
    await ledger.write(pool, record(CASE, facts(1)))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute("UPDATE ledger SET actor = 'nobody'")


async def test_two_entries_never_share_a_place(pool: Pool) -> None:
    await ledger.write(pool, record(CASE, facts(1)))
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("INSERT INTO ledger SELECT * FROM ledger")


# -- writing ---------------------------------------------------------------------------------------------


async def test_facts_are_chained_in_order(pool: Pool) -> None:
    assert await ledger.write(pool, record(CASE, facts(3))) == 3
    assert await ledger.write(pool, record(CASE, facts(6, first=4))) == 3
    entries = await ledger.entries_of(pool, CASE)
    assert [entry.fact for entry in entries] == list(facts(6))
    assert entries[0].prev_hash == GENESIS
    assert all(later.prev_hash == earlier.hash for earlier, later in itertools.pairwise(entries))
    assert first_misfit(CASE, entries) is None


async def test_the_same_record_again_adds_nothing(pool: Pool) -> None:
    written = record(CASE, facts(5))
    assert await ledger.write(pool, written) == 5
    before = await ledger.entries_of(pool, CASE)
    assert await ledger.write(pool, written) == 0
    assert await ledger.entries_of(pool, CASE) == before


async def test_a_record_that_overlaps_adds_what_is_new(pool: Pool) -> None:
    await ledger.write(pool, record(CASE, facts(3)))
    assert await ledger.write(pool, record(CASE, facts(5, first=2))) == 2
    assert [entry.fact.seq for entry in await ledger.entries_of(pool, CASE)] == [1, 2, 3, 4, 5]
    assert (await ledger.verify(pool)).misfit is None


@pytest.mark.parametrize("last", [3, 5], ids=["nothing new", "something new"])
async def test_another_content_under_a_written_number_is_refused(pool: Pool, last: int) -> None:
    kept = record(CASE, facts(4))
    await ledger.write(pool, kept)
    other = [*facts(2), fact(3, actor="operator:another"), *facts(last, first=4)]
    with pytest.raises(ValueError, match=f"fact 3 of case {CASE} is on record with another content"):
        await ledger.write(pool, record(CASE, other, status=Status.CALLBACK))
    assert [entry.fact for entry in await ledger.entries_of(pool, CASE)] == list(facts(4))
    assert await cases.view(pool, CASE) == kept.view


async def test_an_old_record_that_comes_late_takes_no_view_back(pool: Pool) -> None:
    old, new = record(CASE, facts(2)), record(CASE, facts(4), status=Status.CALLBACK)
    await ledger.write(pool, new)
    assert await ledger.write(pool, old) == 0
    assert await cases.view(pool, CASE) == new.view


@pytest.mark.parametrize("wrong", [(2, 3), (1, 2, 4), (1, 1, 2), (2, 1), (1, 3, 2)])
async def test_facts_that_are_missing_or_doubled_are_refused(pool: Pool, wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"of case {CASE} do not follow fact 0"):
        await ledger.write(pool, record(CASE, [fact(seq) for seq in wrong], orders=[order(CASE)]))
    assert [await count(pool, table) for table in ("ledger", "case_view", "order_view", "delivery")] == [0, 0, 0, 0]


async def test_a_gap_after_what_is_written_is_refused(pool: Pool) -> None:
    kept = record(CASE, facts(2))
    await ledger.write(pool, kept)
    with pytest.raises(ValueError, match="do not follow fact 2"):
        await ledger.write(pool, record(CASE, facts(5, first=4), status=Status.CALLBACK))
    assert await count(pool, "ledger") == 2
    assert await cases.view(pool, CASE) == kept.view


async def test_many_writers_of_one_record_leave_one_chain(pool: Pool) -> None:
    written = record(CASE, facts(8))
    added = await asyncio.gather(*(ledger.write(pool, written) for _ in range(30)))
    assert sorted(added) == [0] * 29 + [8]
    verdict = await ledger.verify(pool)
    assert (verdict.cases, verdict.entries, verdict.misfit) == (1, 8, None)


async def test_many_writers_of_overlapping_records_leave_one_chain(pool: Pool) -> None:
    records = [record(CASE, facts(last)) for last in range(1, 13)] * 3
    await asyncio.gather(*(ledger.write(pool, one) for one in records))
    verdict = await ledger.verify(pool)
    assert (verdict.entries, verdict.misfit) == (12, None)
    view = await cases.view(pool, CASE)
    assert view is not None
    assert view.seq == 12


async def test_many_cases_are_written_side_by_side(pool: Pool) -> None:
    records = [record(f"case-{number}", facts(3)) for number in range(40)] * 2
    await asyncio.gather(*(ledger.write(pool, one) for one in records))
    verdict = await ledger.verify(pool)
    assert (verdict.cases, verdict.entries, verdict.misfit) == (40, 120, None)


# -- one transaction -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "refusal"),
    [
        ("case_view", "CHECK (status <> 'callback')"),
        ("order_view", "CHECK (status <> 'replied')"),
        ("ledger", "CHECK (seq < 5)"),
        ("delivery", "CHECK (order_id NOT LIKE '%.2')"),
    ],
)
async def test_facts_and_projections_are_written_together_or_not_at_all(pool: Pool, table: str, refusal: str) -> None:
    first, second = order(CASE), order(CASE, 2)
    kept = record(CASE, [*facts(2), sent(3, first.order_id)], orders=[first])
    await ledger.write(pool, kept)
    await pool.execute(f"ALTER TABLE {table} ADD CONSTRAINT refused {refusal}")
    replied = first.model_copy(update={"status": OrderStatus.REPLIED})
    going_on = record(
        CASE,
        [sent(4, first.order_id), sent(5, second.order_id)],
        orders=[replied, second],
        status=Status.CALLBACK,
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.write(pool, going_on)

    assert await count(pool, "ledger") == 3
    assert await cases.view(pool, CASE) == kept.view
    assert await pool.fetchval("SELECT string_agg(order_id || status, ' ') FROM order_view") == f"{CASE}.1sent"
    assert await count(pool, "delivery") == 1

    await pool.execute(f"ALTER TABLE {table} DROP CONSTRAINT refused")
    assert await ledger.write(pool, going_on) == 2
    assert (await ledger.verify(pool)).misfit is None


async def test_only_orders_that_a_new_fact_names_are_touched(pool: Pool) -> None:
    first, second = order(CASE), order(CASE, 2)
    await ledger.write(pool, record(CASE, [sent(1, first.order_id), sent(2, second.order_id)], orders=[first, second]))
    changed = second.model_copy(update={"status": OrderStatus.ACKNOWLEDGED, "acknowledged_at": at(9)})
    await ledger.write(pool, record(CASE, [sent(3, second.order_id)], orders=[first, changed]))
    rows = await pool.fetch("SELECT order_id, status, seq FROM order_view ORDER BY order_id")
    assert [tuple(row) for row in rows] == [(f"{CASE}.1", "sent", 3), (f"{CASE}.2", "acknowledged", 3)]


async def test_an_open_order_is_in_its_departments_keeping_as_soon_as_it_is_on_record(pool: Pool) -> None:
    given_out, ended = order(CASE), order(CASE, 2, status=OrderStatus.WITHDRAWN)
    written = [sent(1, given_out.order_id), sent(2, ended.order_id)]
    await ledger.write(pool, record(CASE, written, orders=[given_out, ended]))
    assert [request.order for request in await orders.undelivered(pool, -1, 10)] == [given_out]


async def test_a_closed_case_is_marked_as_closed(pool: Pool) -> None:
    await ledger.write(pool, record(CASE, facts(3), status=Status.CLOSED, closing=Closing.RESOLVED))
    row = await pool.fetchrow("SELECT status, step, closing, closed_at FROM case_view")
    assert row is not None
    assert tuple(row) == ("closed", "closed", "resolved", at(3))


# -- escalations -----------------------------------------------------------------------------------------


async def test_escalations_are_the_rungs_that_a_limit_caused(pool: Pool) -> None:
    await ledger.write(pool, record(CASE, facts(8)))
    found = await ledger.escalations(pool, at(0))
    assert found == [(CASE, Rung.DISPATCH, at(3), at(4)), (CASE, Rung.DISPATCH, at(7), at(8))]
    assert await ledger.escalations(pool, at(4)) == found[1:]


# -- verification ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def chained(embedded: Servers) -> AsyncGenerator[Pool]:
    """Three cases of five entries each, nothing that keeps a superuser from changing them, and a copy of it all."""
    async with new_database(embedded.postgres_url) as url, await open_pool(url) as pool:
        for case_id in (CASE, *OTHERS):
            written = (*facts(2), sent(3, f"{case_id}.1"), fact(4, due_at=at(4), fired_at=at(5)), fact(5))
            await ledger.write(pool, record(case_id, written, orders=[order(case_id)]))
        await pool.execute("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only")
        for table in CHECKED:
            await pool.execute(f"CREATE TABLE {table}_copy AS TABLE {table}")
        yield pool


WRITTEN = """
SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'
"""
"""The columns of a table that are written, not worked out."""


@pytest.fixture
async def tampered(chained: Pool) -> AsyncGenerator[Pool]:
    """The same for a test that tampers with it; put right afterwards."""
    yield chained
    for table in CHECKED:
        await chained.execute(f"TRUNCATE {table}")
        columns = await chained.fetchval(WRITTEN, table)
        await chained.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_copy")  # noqa: S608


async def test_what_nobody_touched_fits(tampered: Pool) -> None:
    verdict = await ledger.verify(tampered)
    assert (verdict.cases, verdict.entries, verdict.misfit) == (3, 15, None)


async def test_an_empty_ledger_fits(pool: Pool) -> None:
    verdict = await ledger.verify(pool)
    assert (verdict.cases, verdict.entries, verdict.misfit) == (0, 0, None)


CHANGES = {
    "kind": ("'case.closed'", "'no.such.kind'", "''"),
    "at": ("at + interval '1 microsecond'", "'infinity'"),
    "actor": ("'operator:somebody'", "''", "E'\\x07'"),
    "rung": ("'supervised'", "'no_such_rung'"),
    "order_id": ("'case-b.2'", "'not a token'", "coalesce(NULL, order_id || ' ')", "NULL"),
    "due_at": ("coalesce(due_at, at) + interval '1 microsecond'", "NULL"),
    "fired_at": ("coalesce(fired_at, at) - interval '1 second'", "NULL"),
    "payload": (
        """payload || '{"step": 99}'""",
        "payload - 'step'",
        """payload || '{"step": 3.0, "new": null}'""",
        "'[]'",
        "'null'",
        """'{"step": 1e400}'""",
    ),
    "prev_hash": ("repeat('f', 64)", "''"),
    "hash": ("repeat('f', 64)", "prev_hash", "upper(hash)"),
}
"""What could be written into each column of an entry; ``seq`` and ``case_id`` have tests of their own."""


@pytest.mark.parametrize(("column", "value"), [(column, value) for column in CHANGES for value in CHANGES[column]])
async def test_a_changed_column_is_named(tampered: Pool, column: str, value: str) -> None:
    seq = 3 if column == "order_id" else 4
    change = f"UPDATE ledger SET {column} = {value} WHERE case_id = $1 AND seq = $2"  # noqa: S608 - our own texts
    assert await tampered.execute(change, CASE, seq) == "UPDATE 1"
    misfit = (await ledger.verify(tampered)).misfit
    reason = "prev_hash" if column == "prev_hash" else "hash"
    assert misfit == Misfit(case_id=CASE, seq=seq, reason=reason)


async def test_every_column_has_its_tampering(chained: Pool) -> None:
    columns = await chained.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'ledger'")
    assert {row["column_name"] for row in columns} == {*CHANGES, "seq", "case_id"}


async def test_an_entry_that_was_renumbered_leaves_a_gap(tampered: Pool) -> None:
    await tampered.execute("UPDATE ledger SET seq = 99 WHERE case_id = $1 AND seq = 2", CASE)
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=2, reason="gap")


async def test_an_entry_that_was_moved_to_another_case_leaves_a_gap(tampered: Pool) -> None:
    await tampered.execute("UPDATE ledger SET case_id = 'case-z' WHERE case_id = $1 AND seq = 1", CASE)
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=1, reason="gap")


async def test_entries_that_changed_places_are_named(tampered: Pool) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        await tampered.execute("UPDATE ledger SET seq = $3 WHERE case_id = $1 AND seq = $2", CASE, old, new)
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=2, reason="prev_hash")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("seq = 1", (1, "gap")),
        ("seq = 3", (3, "gap")),
        ("seq = 5", (5, "missing_tail")),
        ("seq > 2", (3, "missing_tail")),
        ("true", (1, "missing_tail")),
    ],
    ids=["first", "middle", "last", "tail", "all"],
)
async def test_deleted_entries_are_named(tampered: Pool, where: str, expected: tuple[int, str]) -> None:
    await tampered.execute(f"DELETE FROM ledger WHERE case_id = $1 AND {where}", CASE)  # noqa: S608 - our own texts
    seq, reason = expected
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=seq, reason=reason)


async def test_an_entry_that_was_added_at_the_end_is_named(tampered: Pool) -> None:
    await tampered.execute(
        "INSERT INTO ledger SELECT case_id, 6, kind, at, actor, rung, order_id, due_at, fired_at, payload, hash, hash"
        " FROM ledger WHERE case_id = $1 AND seq = 5",
        CASE,
    )
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=6, reason="hash")


async def test_a_case_that_vanished_from_the_projection_is_named(tampered: Pool) -> None:
    await tampered.execute("DELETE FROM case_view WHERE case_id = $1", CASE)
    misfit = (await ledger.verify(tampered)).misfit
    assert misfit is not None
    assert misfit.case_id == CASE


async def test_a_case_that_vanished_with_its_projection_is_named(tampered: Pool) -> None:
    await tampered.execute(
        "INSERT INTO demand (case_id, description, reported_at, opening, recorded_at)"
        " VALUES ($1, '', now(), '{}', now()), ('case-new', '', now(), '{}', NULL)",
        CASE,
    )
    assert (await ledger.verify(tampered)).misfit is None
    await tampered.execute("DELETE FROM ledger WHERE case_id = $1", CASE)
    await tampered.execute("DELETE FROM case_view WHERE case_id = $1", CASE)
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=1, reason="missing_tail")


async def test_the_first_of_several_misfits_is_named(tampered: Pool) -> None:
    await tampered.execute("UPDATE ledger SET actor = 'x' WHERE case_id = 'case-c' AND seq = 1")
    await tampered.execute("UPDATE ledger SET actor = 'x' WHERE case_id = $1 AND seq IN (2, 4)", CASE)
    assert (await ledger.verify(tampered)).misfit == Misfit(case_id=CASE, seq=2, reason="hash")


async def test_a_verification_gives_its_connection_back(tampered: Pool) -> None:
    await tampered.execute("UPDATE ledger SET actor = 'x' WHERE seq = 1")
    for _ in range(15):  # more often than the pool has connections
        await ledger.verify(tampered)
    assert tampered.get_idle_size() == tampered.get_size()


# -- payloads --------------------------------------------------------------------------------------------

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PAYLOADS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    ),
    max_size=5,
)

numbers_of_cases = itertools.count(1)
SHARED_DATABASE = [HealthCheck.function_scoped_fixture]
"""Examples may share the test's database: each writes a case of its own."""


def accepted(payload: dict[str, Any]) -> Fact | None:
    try:
        return fact(1, payload=payload)
    except ValidationError:
        return None


@settings(max_examples=50, deadline=None, suppress_health_check=SHARED_DATABASE)
@given(payloads=st.lists(PAYLOADS, min_size=1, max_size=8))
async def test_payloads_come_back_with_the_same_hash(pool: Pool, payloads: list[dict[str, Any]]) -> None:
    good = [payload for payload in payloads if accepted(payload)]
    if not good:
        return
    case_id = f"payload-{next(numbers_of_cases)}"
    written = tuple(fact(seq, payload=payload) for seq, payload in enumerate(good, start=1))
    await ledger.write(pool, record(case_id, written))
    entries = await ledger.entries_of(pool, case_id)
    assert [entry.fact for entry in entries] == list(written)
    assert first_misfit(case_id, entries) is None


SAMPLES: list[dict[str, Any]] = [
    {"text": "海口市12345 – “单引号” 'x' \\ \" \t\r\n \x7f \u2028 😀 ﷽ e\u0301 é"},
    {"": "", " ": None, "键": [[], {}, [[[]]]]},
    {"b": 1, "a": 2, "B": 3, "ä": 4, "𐀀": 5, "\uffff": 6},
    {"float": [1.0, 0.1, 1e15, 9999999999999998.0, 1e-7, 5e-324, -2.5]},
    {"int": [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)]},
    {"true": True, "one": 1, "one.": 1.0},
    {"deep": [[[[[[[[{"a": [{"b": [None, False]}]}]]]]]]]]},
]


@pytest.mark.parametrize("payload", SAMPLES, ids=lambda payload: ascii(next(iter(payload))))
async def test_what_a_payload_can_hold_comes_back(pool: Pool, payload: dict[str, Any]) -> None:
    await ledger.write(pool, record(CASE, [fact(1, payload=payload)]))
    (entry,) = await ledger.entries_of(pool, CASE)
    assert repr(sorted(entry.fact.payload.items())) == repr(sorted(payload.items()))
    assert (await ledger.verify(pool)).misfit is None


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        -0.0,
        1e16,
        1.5e300,
        2**63,
        -(2**63) - 1,
        10**5000,
        "a\0b",
        "\ud800",
        ["\udfff"],
        {"\0": 1},
        {"deep": [{"er": -0.0}]},
    ],
    ids=lambda value: "10^5000" if isinstance(value, int) and value > 2**64 else ascii(value),
)
def test_a_fact_refuses_what_would_not_come_back(value: JsonValue) -> None:
    with pytest.raises(ValidationError, match="payload"):
        fact(1, payload={"value": value})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.0", "1.0"),
        ("1e2", "100"),
        ("1e16", "10000000000000000"),
        ("1e-07", "0.0000001"),
        ("-0.0", "0.0"),
        ("1e400", "1" + 400 * "0"),
    ],
)
async def test_what_postgresql_makes_of_numbers(pool: Pool, written: str, read: str) -> None:
    """Why a fact refuses them: jsonb keeps digits, neither exponents nor the sign of zero."""
    assert await pool.fetchval("SELECT $1::text::jsonb::text", written) == read


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED_DATABASE)
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=20, max_size=60))
async def test_exactly_the_floats_that_come_back_are_accepted(pool: Pool, numbers: list[float]) -> None:
    read: list[Any] = await pool.fetchval("SELECT $1::text::jsonb", str(numbers))
    for given_out, back in zip(numbers, read, strict=True):
        assert (accepted({"n": given_out}) is not None) == (repr(given_out) == repr(back))


@pytest.mark.parametrize("actor", ["engine\0", "\ud800", "a\x07"])
def test_a_fact_refuses_an_actor_that_could_not_be_written(actor: str) -> None:
    with pytest.raises(ValidationError):
        fact(1, actor=actor)


async def test_instants_keep_their_microseconds_in_any_zone(pool: Pool) -> None:
    moment = datetime.fromisoformat("2026-11-23T22:30:00.123457+08:00")
    await ledger.write(pool, record(CASE, [fact(1, at=moment, due_at=moment, fired_at=moment)]))
    (entry,) = await ledger.entries_of(pool, CASE)
    assert (entry.fact.at, entry.fact.kind) == (moment.astimezone(UTC), FactKind.CASE_OPENED)
    assert (await ledger.verify(pool)).misfit is None
