"""The lists that people and the sweep read: what is on them, in which order, and by which index."""

import json
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from records import DEPARTMENT, START, at, order, record, sent
from support import new_database

from domain.assessment import Period
from domain.callbacks import Callback, CallbackKind, CallbackOutcome
from domain.case import Awaited, Closing, Convened, Hold, Party, Status, Waiting
from domain.citizen import Citizen
from domain.demand import Channel, Nature, Urgency
from domain.intake import Opening
from domain.ladder import Rung
from domain.marks import Figure
from domain.order import Order, OrderStatus, Reply, Result
from domain.stuck import GRACE, Search, StuckCause, cause_of
from storage import assessment, audits, callbacks, calls, cases, demands, ledger, meetings, notices, orders, roster
from storage import stuck as stuck_store
from storage.cases import Count
from storage.database import Pool, open_pool
from storage.demands import StoredDemand
from storage.orders import Way


class Servers(Protocol):
    """What is used of the session's servers here."""

    postgres_url: str


NOBODY = Citizen()
LI = Citizen(name="李雷", phone="13900001111", address="金龙路12号")


async def write(pool: Pool, case_id: str, *given_orders: Order, waits: tuple[Waiting, ...] = (), **given: Any) -> None:
    """A case with these orders, on record."""
    written = [sent(seq, one.order_id) for seq, one in enumerate(given_orders, start=1)] or [sent(1, f"{case_id}.1")]
    await ledger.write(pool, record(case_id, written, orders=given_orders, waits=waits, **given))


async def demand(pool: Pool, case_id: str, citizen: Citizen = NOBODY) -> None:
    opening = Opening(
        channel=Channel.PHONE,
        nature=Nature.REQUEST,
        urgency=Urgency.NORMAL,
        matter=None,
        district=None,
        street=None,
        lead=None,
    )
    await demands.keep(
        pool,
        StoredDemand(case_id=case_id, opening=opening),
        reference=None,
        description="路灯不亮",
        place="金龙路",
        citizen=citizen,
        reported_at=START,
    )


# -- lists of cases --------------------------------------------------------------------------------------


async def listed(pool: Pool, limit: int = 10, **filters: Any) -> list[str]:
    nothing: dict[str, Any] = {"status": None, "rung": None, "department": None}
    return [row.case_id for row in await cases.listed(pool, **nothing | filters, limit=limit)]


async def test_the_newest_cases_come_first(pool: Pool) -> None:
    for number, opened in enumerate([2, 3, 1, 3]):
        await write(pool, f"case-{number}", opened_at=at(opened))
    assert await listed(pool) == ["case-1", "case-3", "case-0", "case-2"]
    assert await listed(pool, limit=2) == ["case-1", "case-3"]


async def test_filters_of_the_list_narrow_together(pool: Pool) -> None:
    await write(pool, "a", order("a"), status=Status.HANDLING)
    await write(pool, "b", order("b", department="HK-water"), status=Status.HANDLING, rung=Rung.SUPERVISED)
    await write(pool, "c", order("c"), order("c", 2, department="HK-water"), status=Status.CALLBACK)
    await write(pool, "d", order("d", status=OrderStatus.RETURNED), status=Status.QUEUED, lead=None)
    assert await listed(pool, status=Status.HANDLING) == ["a", "b"]
    assert await listed(pool, rung=Rung.SUPERVISED) == ["b"]
    assert await listed(pool, department="HK-water") == ["b", "c"]
    assert await listed(pool, department=DEPARTMENT) == ["a", "c", "d"]
    assert await listed(pool, department="HK-water", status=Status.CALLBACK, rung=Rung.DISPATCH) == ["c"]
    assert await listed(pool, department="HK-nobody") == []


async def test_a_line_of_the_list_says_what_the_case_waits_for(pool: Pool) -> None:
    wait = Waiting(party=Party.DEPARTMENT, department=DEPARTMENT, awaited=Awaited.REPLY, since=at(1), until=at(9))
    await write(pool, "a", order("a"), waits=(wait,))
    (row,) = await cases.listed(pool, status=None, rung=None, department=None, limit=1)
    assert (row.waiting_party, row.waiting_department, row.waiting_for) == (Party.DEPARTMENT, DEPARTMENT, Awaited.REPLY)
    assert (row.waiting_since, row.waiting_until, row.closing, row.closed_at) == (at(1), at(9), None, None)


async def test_counts_by_rung_status_and_closing(pool: Pool) -> None:
    for number in range(3):
        await write(pool, f"handled-{number}")
    await write(pool, "climbed", rung=Rung.SUPERVISED)
    await write(pool, "solved", status=Status.CLOSED, closing=Closing.RESOLVED)
    await write(pool, "merged", status=Status.CLOSED, closing=Closing.MERGED)
    assert await cases.counts(pool) == [
        Count(rung=Rung.DISPATCH, status=Status.CLOSED, closing=Closing.MERGED, cases=1),
        Count(rung=Rung.DISPATCH, status=Status.CLOSED, closing=Closing.RESOLVED, cases=1),
        Count(rung=Rung.DISPATCH, status=Status.HANDLING, closing=None, cases=3),
        Count(rung=Rung.SUPERVISED, status=Status.HANDLING, closing=None, cases=1),
    ]


async def test_a_case_that_nobody_knows_has_no_view(pool: Pool) -> None:
    assert await cases.view(pool, "case-z") is None


# -- the stuck view --------------------------------------------------------------------------------------


@pytest.fixture
async def stuck(pool: Pool) -> Pool:
    """Cases that wait in every way, at ``at(10)``."""
    for case_id, until in (("late", 3), ("later", 7), ("latest", 9), ("in-time", 12), ("long", 5000)):
        wait = Waiting(party=Party.DEPARTMENT, awaited=Awaited.REPLY, since=START, until=at(until))
        await write(pool, case_id, waits=(wait,))
    for case_id, until in (("queued", 40), ("queued-late", 8), ("queued-for-ever", None)):
        limit = at(until) if until else None
        wait = Waiting(party=Party.OPERATOR, awaited=Awaited.ASSIGNMENT, since=START, until=limit)
        await write(pool, case_id, waits=(wait,), status=Status.QUEUED, lead=None)
    endless = Waiting(party=Party.SUPERVISOR, awaited=Awaited.CONCLUSION, since=START)
    await write(pool, "no-limit", waits=(endless,))
    await write(pool, "waits-for-nothing")
    forgotten = Waiting(party=Party.DEPARTMENT, awaited=Awaited.CALLBACK, since=START, until=at(1))
    await write(pool, "closed", waits=(forgotten,), status=Status.CLOSED, closing=Closing.RESOLVED)
    return pool


HOUR = timedelta(hours=1)


async def found_at(pool: Pool, minutes: float, limit: int = 20, soon: timedelta = timedelta(0), **search: Any) -> Any:
    """Of each cause the cases, and how many there are."""
    found: dict[str, tuple[list[str], int]] = {}
    for one in await stuck_store.stuck(pool, Search(**search), at(minutes), soon, limit):
        if cause := cause_of(one.signs):
            listed = found.setdefault(cause.value, ([], one.number))[0]
            listed.append(one.case.case_id)
    return found


async def test_stuck_cases_by_cause_the_overdue_ones_first(stuck: Pool) -> None:
    found = await found_at(stuck, 10)
    standing = found.pop("standing")
    assert standing == (["waits-for-nothing"], 1)
    assert found == {
        "over_limit": (["late", "later", "latest"], 3),
        "unassigned": (["queued-late", "queued", "queued-for-ever"], 1),
    }
    found = await found_at(stuck, 10, limit=2)
    assert found["over_limit"] == (["late", "later"], 3)


async def test_a_limit_that_ends_soon_makes_a_department_silent(stuck: Pool) -> None:
    assert "silent" not in await found_at(stuck, 10)
    assert (await found_at(stuck, 10, soon=HOUR))["silent"] == (["in-time"], 1)


async def test_a_limit_that_ends_now_has_not_been_passed(stuck: Pool) -> None:
    assert "later" not in (await found_at(stuck, 7))["over_limit"][0]
    assert "later" in (await found_at(stuck, 7.001))["over_limit"][0]


async def test_what_waits_as_foreseen_is_asked_for_apart(stuck: Pool) -> None:
    found = await stuck_store.within(stuck, Search(), at(10), timedelta(0), 20)
    assert [one.case.case_id for one in found] == ["in-time", "queued", "long", "no-limit", "queued-for-ever"]


async def test_everything_that_waits_by_its_limit(stuck: Pool) -> None:
    overdue = ["late", "later", "queued-late", "latest"]
    rest = ["in-time", "queued", "long", "no-limit", "queued-for-ever"]
    assert [row.case_id for row in await cases.waiting(stuck, 20)] == overdue + rest


async def test_signs_that_no_limit_shows(pool: Pool) -> None:
    later = Waiting(party=Party.DEPARTMENT, department=DEPARTMENT, awaited=Awaited.REPLY, since=START, until=at(9999))
    await write(pool, "lapsed", order("lapsed", silent=True), waits=(later,), rung=Rung.SUPERVISED)
    await write(pool, "another-lapsed", order("another-lapsed", silent=True, department="HK-water"), waits=(later,))
    await write(pool, "inbox", order("inbox", undelivered=True), waits=(later,))
    seen = order("seen", undelivered=True, status=OrderStatus.ACKNOWLEDGED)
    await write(pool, "seen", seen, waits=(later,))
    await write(pool, "provisional", waits=(later.model_copy(update={"provisional": True}),))
    for name, until in (("held", 30), ("held-long", 900)):
        hold = Hold(reason="scene", approved_by="wang", until=at(until), limits=())
        written = record(name, [sent(1, f"{name}.1")], waits=(later,))
        view = written.view.model_copy(update={"hold": hold})
        await ledger.write(pool, written.model_copy(update={"view": view}))
    await write(pool, "fine", waits=(later,))
    for one in ("lapsed", "another-lapsed", "inbox", "seen"):
        await orders.mark_delivered(pool, f"{one}.1", Way.INBOX)
    assert await found_at(pool, 10, soon=HOUR) == {
        "over_limit": (["lapsed"], 1),
        "not_received": (["inbox"], 1),
        "provisional": (["provisional"], 1),
        "hold_ends": (["held"], 1),
    }
    assert await found_at(pool, 10, soon=HOUR, rung=Rung.SUPERVISED) == {"over_limit": (["lapsed"], 1)}
    nothing: list[dict[str, Any]] = [
        {"district": "460108"},
        {"department": "HK-gas"},
        {"matters": ("street-lamp",)},
        {"matters": ()},
    ]
    for search in nothing:
        assert await found_at(pool, 10, soon=HOUR, **search) == {}, search
    every: dict[str, Any] = {
        "district": "460106",
        "department": DEPARTMENT,
        "matters": ("illegal-parking",),
        "opened_before": at(1),
    }
    assert len(await found_at(pool, 10, soon=HOUR, **every)) == 4


async def test_a_meeting_that_too_few_have_come_to_holds_its_case_up(pool: Pool) -> None:
    """From an hour after it has begun; one that enough have come to, or that lies ahead, holds nothing up."""
    wait = Waiting(party=Party.SUPERVISOR, awaited=Awaited.CONCLUSION, since=START, until=at(9e5))
    for name, present, minutes in (("short", 1, 0), ("enough", 2, 0), ("ahead", 0, 600)):
        meeting = Convened(meeting_id=f"m-{name}", held_at=at(minutes), present=present, needed=2)
        await write(pool, name, waits=(wait,), rung=Rung.JOINT_MEETING, meeting=meeting)
    assert await found_at(pool, 60) == {}
    assert await found_at(pool, 60.001) == {"no_quorum": (["short"], 1)}
    (found,) = await stuck_store.stuck(pool, Search(), at(61), timedelta(0), 9)
    assert found.case.meeting_id == "m-short"


async def test_an_order_that_is_on_its_way_too_long_was_not_received(pool: Pool) -> None:
    wait = Waiting(party=Party.DEPARTMENT, department=DEPARTMENT, awaited=Awaited.REPLY, since=START, until=at(9e6))
    await write(pool, "a", order("a"), waits=(wait,))
    await orders.mark_undelivered(pool, "a.1", "ConnectError", attempts=3)
    now, soon = datetime.now(UTC), timedelta(hours=1)
    assert await stuck_store.stuck(pool, Search(), now, soon, 9) == []
    (found,) = await stuck_store.stuck(pool, Search(), now + 2 * GRACE, soon, 9)
    assert (found.case.order_id, found.case.order_department) == ("a.1", DEPARTMENT)
    assert (found.case.attempts, found.case.error) == (3, "ConnectError")
    assert cause_of(found.signs) is StuckCause.NOT_RECEIVED


async def test_a_demand_is_not_on_record_until_its_first_fact_is(pool: Pool) -> None:
    await demand(pool, "a")
    await demand(pool, "b")
    assert [one.case_id for one in await cases.not_in_view(pool, 10)] == ["a", "b"]
    await write(pool, "a")
    assert [one.case_id for one in await cases.not_in_view(pool, 10)] == ["b"]


# -- a department's inbox --------------------------------------------------------------------------------


async def test_the_inbox_holds_the_departments_open_orders_the_most_pressing_first(pool: Pool) -> None:
    await demand(pool, "a", LI)
    await write(pool, "a", order("a", due_at=at(50)))
    await write(pool, "b", order("b", due_at=at(20), status=OrderStatus.ACKNOWLEDGED), order("b", 2, due_at=at(20)))
    ended = (OrderStatus.REPLIED, OrderStatus.RETURNED, OrderStatus.WITHDRAWN, OrderStatus.SUPERSEDED)
    await write(pool, "c", *(order("c", number, status=status) for number, status in enumerate(ended, start=1)))
    await write(pool, "d", order("d", department="HK-water", due_at=at(5)))
    items = await orders.inbox(pool, DEPARTMENT, 10)
    assert [item.order.order_id for item in items] == ["b.1", "b.2", "a.1"]
    assert [item.order.order_id for item in await orders.inbox(pool, DEPARTMENT, 1)] == ["b.1"]
    seen = items[-1]
    assert (seen.description, seen.place) == ("路灯不亮", "金龙路")
    assert (seen.citizen_name, seen.citizen_phone, seen.citizen_address) == (LI.name, LI.phone, LI.address)
    assert (items[0].description, items[0].citizen_name) == ("", None)


async def test_the_owner_of_an_order(pool: Pool) -> None:
    await write(pool, "a", order("a"), order("a", 2, department="HK-water", status=OrderStatus.WITHDRAWN))
    for order_id, department in (("a.1", DEPARTMENT), ("a.2", "HK-water")):
        found = await orders.addressee(pool, order_id)
        assert found is not None
        assert (found.department, found.closing) == (department, None)
    assert await orders.addressee(pool, "a.3") is None


# -- the outbox ------------------------------------------------------------------------------------------


async def test_undelivered_are_open_orders_that_no_department_has(pool: Pool) -> None:
    for case_id in ("a", "b", "c"):
        await write(pool, case_id, order(case_id))
    await orders.mark_delivered(pool, "b.1", Way.INBOX)
    await orders.mark_undelivered(pool, "c.1", "ConnectError")
    found = await orders.undelivered(pool, -1, 10)
    assert [request.order.order_id for request in found] == ["a.1", "c.1"]
    assert [request.case_id for request in await orders.undelivered(pool, -1, 1)] == ["a"]
    assert await orders.undelivered(pool, 60, 10) == []

    superseded = order("a", status=OrderStatus.SUPERSEDED)
    await ledger.write(pool, record("a", [sent(2, "a.1")], orders=[superseded]))
    assert [request.order.order_id for request in await orders.undelivered(pool, -1, 10)] == ["c.1"]


async def test_a_demand_that_was_not_started_waits_for_the_sweep(pool: Pool) -> None:
    await demand(pool, "a")
    await demand(pool, "b")
    await demands.mark_started(pool, "a")
    assert [one.case_id for one in await demands.not_started(pool, -1, 10)] == ["b"]
    assert await demands.not_started(pool, 60, 10) == []


def callback(number: int, minutes: float) -> Callback:
    reply = Reply(
        callback_id=f"callback-{number}", result=Result.RESOLVED, statement="已修复", by="张三", received_at=at(minutes)
    )
    return Callback(
        callback_id=reply.callback_id,
        kind=CallbackKind.REPLY,
        order_id=f"a.{number}",
        case_id="a",
        department=DEPARTMENT,
        content=reply.model_dump(mode="json"),
        fingerprint="f" * 64,
        received_at=reply.received_at,
    )


async def test_kept_callbacks_are_handed_over_in_the_order_in_which_they_came_in(pool: Pool) -> None:
    given = [callback(2, -9e6), callback(3, -9e6), callback(1, -9e6 - 1)]
    kept = [(await callbacks.keep(pool, one)).callback for one in given]
    assert await callbacks.kept(pool, 60, 10) == kept
    assert await callbacks.kept(pool, 60, 10, 2) == kept[:2]
    await callbacks.settle(pool, kept[0], CallbackOutcome.LATE)
    assert [one.order_id for one in await callbacks.kept(pool, 60, 10)] == ["a.3", "a.1"]
    assert [one.outcome for one in await callbacks.of_case(pool, "a")] == [
        CallbackOutcome.LATE,
        CallbackOutcome.KEPT,
        CallbackOutcome.KEPT,
    ]


async def test_a_callback_that_has_just_come_is_left_to_the_direct_way(pool: Pool) -> None:
    now = (datetime.now(UTC) - START) / timedelta(minutes=1)
    await callbacks.keep(pool, callback(1, now))
    assert await callbacks.kept(pool, 20, 10) == []


# -- by which index --------------------------------------------------------------------------------------

MANY = 30_000
"""Cases of the crowd; every tenth is open."""

FILL = (
    """
    INSERT INTO demand (
        case_id, reference, description, reported_at, received_at, opening, started_at, recorded_at,
        opened_by, fingerprint)
    SELECT 'case-' || n, 'sys:' || n, repeat('路灯不亮', 20), t, t, '{"matter": "street-lamp"}',
           CASE WHEN n > 10 THEN t END, CASE WHEN n > 10 THEN t END,
           CASE WHEN n % 2 = 0 THEN 'client:app-' || n % 40 END, CASE WHEN n % 2 = 0 THEN md5((n / 3)::text) END
    FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, $1::int) AS n) AS one
    """,
    """
    INSERT INTO ledger (case_id, seq, kind, at, actor, rung, payload, prev_hash, hash)
    SELECT 'case-' || n, seq,
           CASE WHEN seq = 1 THEN 'case.opened' WHEN seq = 3 THEN 'rung.entered' WHEN n % 10 > 0 THEN 'case.closed'
                ELSE 'order.sent' END,
           now() - n * interval '1 minute', 'engine', 'dispatch', '{}', repeat('0', 64), repeat('0', 64)
    FROM generate_series(1, $1::int) AS n, generate_series(1, 3) AS seq
    """,
    """
    INSERT INTO case_view (
        case_id, seq, head_hash, status, step, rung, closing, channel, nature, urgency, waiting_for, waiting_until,
        policy, opened_at, changed_at, view)
    SELECT 'case-' || n, 3, repeat('0', 64),
        CASE WHEN n % 10 > 0 THEN 'closed' WHEN n % 500 = 0 THEN 'queued' ELSE 'handling' END, 'dispatch',
        CASE WHEN n % 3000 = 0 THEN 'rectification' WHEN n % 20 = 0 THEN 'supervised' ELSE 'dispatch' END,
        CASE WHEN n % 10 > 0 THEN 'resolved' END, 'phone', 'complaint', 'normal',
        CASE WHEN n % 10 > 0 THEN NULL WHEN n % 500 = 0 THEN 'assignment' ELSE 'reply' END,
        CASE WHEN n % 10 = 0 THEN now() + (n % 2000 - 60) * interval '1 hour' END,
        'haikou@1', now() - n * interval '1 minute', now(), jsonb_build_object('text', repeat('路灯不亮', 40))
    FROM generate_series(1, $1::int) AS n
    """,
    """
    INSERT INTO order_view (
        order_id, case_id, department, role, rung, status, seq, sent_at, due_at, silent, view)
    SELECT 'case-' || n || '.1', 'case-' || n,
        CASE WHEN n % 6000 = 0 THEN 'HK-rare' ELSE 'HK-' || n % 60 END, 'lead', 'dispatch',
        CASE WHEN n % 10 > 0 THEN 'replied' WHEN n % 20 = 0 THEN 'acknowledged' ELSE 'sent' END, 2,
        now() - n * interval '1 minute', now() + (n % 2000 - 60) * interval '1 hour', false,
        jsonb_build_object('text', repeat('路灯不亮', 40))
    FROM generate_series(1, $1::int) AS n
    """,
    """
    INSERT INTO delivery (order_id, case_id, department, order_sent, first_at, delivered_at)
    SELECT order_id, case_id, department, view, sent_at, CASE WHEN order_id NOT LIKE '%000.1' THEN sent_at END
    FROM order_view
    """,
    """
    INSERT INTO notice (order_id, kind, case_id, department, due_at, noted_at, delivered_at)
    SELECT order_id, 'warning.yellow', case_id, department, due_at, now() - interval '1 hour' * (n % 900),
           CASE WHEN n % 100 > 0 THEN now() END
    FROM (SELECT *, row_number() OVER () AS n FROM order_view) AS one
    """,
    """
    INSERT INTO callback (callback_id, order_id, case_id, department, kind, content, fingerprint, received_at,
        handed_over_at)
    SELECT 'callback-' || n, 'case-' || n || '.1', 'case-' || n, 'HK-' || n % 60, 'reply', '{}', repeat('0', 64), t,
           CASE WHEN n > 5 THEN t END
    FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, $1::int) AS n) AS one
    """,
    """
    INSERT INTO mark (case_id, seq, figure, department, district, matter, at, good)
    SELECT 'case-' || n, seq, CASE WHEN seq > 1 THEN 'timely' WHEN n % 10 > 0 THEN 'accepted' ELSE 'grid' END,
        CASE WHEN seq > 1 THEN 'HK-' || n % 60 END, '46010' || n % 4, 'street-lamp', now() - n * interval '1 minute',
        n % 7 > 0
    FROM generate_series(1, $1::int) AS n, generate_series(1, 3) AS seq
    """,
    """
    INSERT INTO custody (case_id, hands, department, clock, closed_at)
    SELECT 'case-' || n, 'department', 'HK-' || n % 60, interval '1 day', now() - n * interval '1 minute'
    FROM generate_series(1, $1::int) AS n
    """,
    """
    INSERT INTO exclusion (case_id, excluded, reason, approved_by, entered_by)
    SELECT 'case-' || n * 20, n % 9 > 0, 'legal_way', 'a', 'b' FROM generate_series(1, $1::int / 20) AS n
    """,
    """
    INSERT INTO roster (department, day, duty, person, entered_by)
    SELECT 'HK-' || department, date '2025-11-25' + day, duty, 'a', 'b'
    FROM generate_series(0, 77) AS department, generate_series(0, 365) AS day, unnest(ARRAY['head', 'caller']) AS duty
    """,
    """
    INSERT INTO meetings (meeting_id, held_at, place, members, quorum, convened_by)
    SELECT 'meeting-' || n, now() + n * interval '1 hour', 'A', ARRAY['HK-' || n % 60, 'HK-' || n % 59], 2, 'a'
    FROM generate_series(1, $1::int / 20) AS n
    """,
    """
    INSERT INTO meeting_cases (meeting_id, case_id)
    SELECT meeting_id, 'case-' || n FROM meetings, generate_series(1, 4) AS n
    """,
    """
    INSERT INTO meeting_words (meeting_id, word, department, entered_by)
    SELECT meeting_id, word, 'HK-7', 'a' FROM meetings, unnest(ARRAY['accepted', 'attended', 'absent']) AS word
    """,
    """
    INSERT INTO meeting_minutes (meeting_id, content, sha256, entered_by)
    SELECT meeting_id, '{}', repeat('0', 64), 'a' FROM meetings, generate_series(1, 2)
    """,
    """
    INSERT INTO meeting_signatures (meeting_id, department, sha256, signed_by)
    SELECT meeting_id, member, repeat('0', 64), 'a' FROM meetings, unnest(members) AS member ON CONFLICT DO NOTHING
    """,
)


@pytest.fixture(scope="module")
async def crowd(embedded: Servers) -> AsyncGenerator[Pool]:
    """A year of a small town, one database for all of these tests."""
    async with new_database(embedded.postgres_url) as url:
        pool = await open_pool(url, size=2)
        for statement in FILL:
            await pool.execute(statement, MANY) if "$1" in statement else await pool.execute(statement)
        await pool.execute("VACUUM ANALYZE")
        yield pool
        await pool.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def explained(pool: Pool, query: str, *args: object) -> list[dict[str, Any]]:
    """The nodes of the plan that the query really ran by."""
    text = await pool.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *args)
    return list(nodes(json.loads(text)[0]["Plan"]))


def rows_read(plan: list[dict[str, Any]]) -> float:
    """How many rows the scans looked at, those that a filter threw away too."""
    scans = [node for node in plan if "Relation Name" in node]
    return sum(
        node["Actual Loops"]
        * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0))
        for node in scans
    )


NOW = datetime.now(UTC)
LAST_90_DAYS = (NOW - timedelta(days=90), NOW)
YESTERDAY = (NOW - timedelta(days=2), NOW - timedelta(days=1))

ANY = stuck_store.arguments(Search(), NOW, timedelta(hours=8))
OF_A_DEPARTMENT = stuck_store.arguments(Search(department="HK-10", rung=Rung.DISPATCH), NOW, timedelta(hours=8))

HOT: dict[str, tuple[str, tuple[object, ...]]] = {
    "stuck": (stuck_store.STUCK, (*ANY, 50)),
    "stuck of a department": (stuck_store.STUCK, (*OF_A_DEPARTMENT, 50)),
    "waits within its limit": (stuck_store.WITHIN, (*ANY, 50)),
    "held up at the engine": (stuck_store.OF_THESE, (*ANY, ["case-10", "case-20"])),
    "everything that waits": (cases.WAITING, (200,)),
    "list": (cases.LIST, (None, None, 50)),
    "list queued": (cases.LIST, ("queued", None, 50)),
    "list handling": (cases.LIST, ("handling", None, 50)),
    "list closed": (cases.LIST, ("closed", None, 50)),
    "list rectification": (cases.LIST, (None, "rectification", 50)),
    "list queued on a rung": (cases.LIST, ("queued", "supervised", 50)),
    "list of a department": (cases.LIST_OF_DEPARTMENT, (None, None, 50, "HK-7")),
    "list of a rare department": (cases.LIST_OF_DEPARTMENT, (None, None, 50, "HK-rare")),
    "list of a department handling": (cases.LIST_OF_DEPARTMENT, ("handling", None, 50, "HK-10")),
    "not in view": (cases.NOT_IN_VIEW, (50,)),
    "view": (cases.VIEW, ("case-77",)),
    "inbox": (orders.INBOX, ("HK-10", 100)),
    "undelivered": (orders.UNDELIVERED, (20.0, 200, 20)),
    "notices": (notices.PENDING, (200, 20)),
    "addressee": (orders.ADDRESSEE, ("case-77.1",)),
    "kept": (callbacks.KEPT, (20.0, 200, 20)),
    "kept before": (callbacks.BEFORE, ("case-77.1", 10**9)),
    "known callback": (callbacks.KNOWN, ("HK-7", "callback-7")),
    "answered": (orders.ANSWERED, ("case-77", "case-77.1")),
    "outgoing": (orders.OUTGOING, ("case-77.1",)),
    "callbacks of a case": (callbacks.OF_CASE, ("case-77",)),
    "not started": (demands.NOT_STARTED, (20.0, 200)),
    "words": (demands.WORDS, ("case-77",)),
    "reference": (demands.BY_REFERENCE, ("sys:77",)),
    "of a sender": (demands.FROM_OUTSIDE, ("client:app-2", None, None, *LAST_90_DAYS, None, 50, 0)),
    "open of a sender": (demands.FROM_OUTSIDE, ("client:app-2", None, ["street-lamp"], *LAST_90_DAYS, False, 20, 0)),
    "one of a sender": (demands.FROM_OUTSIDE, ("client:app-2", ["case-42"], None, None, None, None, 1, 0)),
    "same content": (demands.LATEST, ("0" * 64, timedelta(minutes=10))),
    "entries of a case": (ledger.ENTRIES_OF_CASE, ("case-77",)),
    "last entry": (ledger.LAST_ENTRY, ("case-77",)),
    "assessed by department": (assessment.BY_DEPARTMENT, YESTERDAY),
    "assessed by district": (assessment.BY_DISTRICT, YESTERDAY),
    "assessed by matter": (assessment.BY_MATTER, YESTERDAY),
    "excluded": (assessment.OF_EXCLUDED, YESTERDAY),
    "exclusions": (assessment.EXCLUSIONS, (["case-100", "case-200"],)),
    "last exclusion": (assessment.LAST_OF_CASE, ("case-100",)),
    "behind a figure": (assessment.BEHIND, (*YESTERDAY, "timely", "HK-7", None, 50)),
    "shares of a figure": (assessment.SHARES, (*YESTERDAY, "timely", "HK-7", None)),
    "grid workers": (assessment.GRID_WORKERS, YESTERDAY),
    "custody": (assessment.CUSTODY, YESTERDAY),
    "callbacks that are due": (calls.DUE, (["HK-7"], 50)),
    "meeting": (meetings.MEETING, ("meeting-7",)),
    "words of a meeting": (meetings.WORDS, ("meeting-7",)),
    "minutes of a meeting": (meetings.MINUTES, ("meeting-7",)),
    "signatures of a meeting": (meetings.SIGNATURES, ("meeting-7",)),
    "who is on duty": (roster.LAST_OF_DAY, (NOW.date(), "HK-7", "head")),
    "escalations": (ledger.ESCALATIONS, ("rung.entered", NOW - timedelta(hours=2))),
    "a page of open cases to audit": (audits.CASES_OPEN_SINCE, ("", 200, NOW - timedelta(days=1))),
    "a page of all cases to audit": (audits.CASES, ("case-15", 200)),
    "entries to audit": (audits.ENTRIES_OF_CASES, (["case-77", "case-78"],)),
}

WIDE = frozenset(
    {"everything that waits", "list of a department", "open of a sender", "a page of open cases to audit"}
    | {name for name in HOT if "assessed" in name}
    | {"excluded", "behind a figure", "shares of a figure"}
)
"""Those that may look at every open case, or at every case of a department or a sender, or pass over closed ones, or
look at all of a period's marks."""

OF_TWO = frozenset(name for name, (query, _) in HOT.items() if "pending AS MATERIALIZED" in query)
"""The stuck view may look at every open case and at every open order."""

FILTERED = frozenset(
    {stuck_store.STUCK, stuck_store.WITHIN, stuck_store.OF_THESE, cases.LIST, cases.LIST_OF_DEPARTMENT}
    | {demands.FROM_OUTSIDE, assessment.BEHIND, assessment.SHARES, calls.DUE}
)
"""Planned anew each time."""

SMALL = frozenset({"citizen", "department", "department_key", "exclusion"})
"""Tables without rows here, or with few anywhere."""


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_query_goes_by_an_index(crowd: Pool, name: str) -> None:
    query, args = HOT[name]
    assert await crowd.fetchval("SHOW enable_seqscan") == "on"
    plan = await explained(crowd, query, *args)
    goes_by_an_index(name, plan)


def goes_by_an_index(name: str, plan: list[dict[str, Any]]) -> None:
    whole = [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"]
    assert set(whole) <= SMALL, json.dumps(plan, indent=1)
    most = MANY / 4 if name in OF_TWO else MANY / 5 if name in WIDE else MANY / 20
    assert rows_read(plan) < most, json.dumps(plan, indent=1)


async def test_no_index_is_there_for_nothing(crowd: Pool) -> None:
    used: set[str] = set()
    for query, args in HOT.values():
        used |= {node["Index Name"] for node in await explained(crowd, query, *args) if "Index Name" in node}
    rows = await crowd.fetch(
        "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid"
        " WHERE NOT indisunique AND relnamespace = 'public'::regnamespace"
    )
    assert {row["relname"] for row in rows} - used == set()


async def test_a_query_without_an_index_would_be_noticed(crowd: Pool) -> None:
    plan = await explained(crowd, "SELECT * FROM case_view WHERE matter = $1", "parking")
    assert "Seq Scan" in {node["Node Type"] for node in plan}
    assert rows_read(plan) == MANY


KEPT = [name for name, (query, _) in HOT.items() if query not in FILTERED]


@pytest.mark.parametrize("name", KEPT)
async def test_a_statement_that_is_kept_goes_by_an_index_too(crowd: Pool, name: str) -> None:
    """After five times PostgreSQL may take one plan for whatever it is asked with."""
    query, args = HOT[name]
    async with crowd.acquire() as connection:
        for _ in range(8):
            await connection.fetch(query, *args)
        kept = await connection.fetchrow(
            "SELECT name, parameter_types::text[] AS types FROM pg_prepared_statements WHERE statement = $1", query
        )
        assert kept is not None
        given = [
            await connection.fetchval(f"SELECT quote_nullable($1::{kind}::text)", value) + f"::{kind}"
            for value, kind in zip(args, kept["types"], strict=True)
        ]
        asked = f"({', '.join(given)})" if given else ""
        text = await connection.fetchval(f'EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE "{kept["name"]}"{asked}')
    goes_by_an_index(name, list(nodes(json.loads(text)[0]["Plan"])))


async def test_a_list_with_filters_is_planned_for_them_each_time(crowd: Pool) -> None:
    """Else PostgreSQL would soon read every case for the few of a rare department."""
    soon, period = timedelta(hours=8), Period(first=NOW.date() - timedelta(days=2), end=NOW.date(), zone="UTC")
    outside = demands.Search(limit=1)
    for _ in range(8):
        await stuck_store.stuck(crowd, Search(), NOW, soon, 1)
        await stuck_store.of_these(crowd, Search(), NOW, soon, ["case-10"])
        await stuck_store.within(crowd, Search(), NOW, soon, 1)
        await cases.listed(crowd, status=None, rung=None, department=None, limit=1)
        await cases.listed(crowd, status=None, rung=None, department="HK-rare", limit=1)
        await demands.from_outside(crowd, "client:nobody", outside)
        await calls.due(crowd, None, 1)
        await assessment.shares(crowd, period, Figure.TIMELY, department="HK-7", district=None)
        await assessment.behind(crowd, period, Figure.TIMELY, department="HK-7", district=None, limit=1)
    used = await crowd.fetchval(
        "SELECT max(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement = ANY ($1)",
        list(FILTERED),
    )
    assert used in (None, 1)
