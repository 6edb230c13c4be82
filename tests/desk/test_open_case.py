"""Opening a case: stored first, started once, whatever comes twice, at once, or while the engine is away."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import pytest
from support import desk_of, name_of_letters, outside_of
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.sweep import SweepActivities, Swept
from desk.cases import Opened, folder, open_case
from desk.commands import ask
from desk.window import Desk
from domain.case import Awaited, Party, Status
from domain.citizen import Citizen
from domain.commands import Command, Withdraw
from domain.demand import Nature, Urgency
from domain.errors import Invalid, LiandongError, NotFound, Unavailable
from domain.intake import NewDemand
from domain.ledger import FactKind
from storage import cases
from storage.database import Pool
from worker import Outside, build_worker

STREET, DISTRICT = "460106003", "460106"
POLICE = "hk-traffic-police"
STREET_OFFICE = "street-460106003"


class Servers(Protocol):
    """What is used of the session's servers here."""

    client: Client


@pytest.fixture
async def outside(pool: Pool, directory: None, embedded: Servers) -> AsyncGenerator[Outside]:
    del directory
    # Every database begins to number its cases anew, and all tests share one Temporal.
    await pool.execute("SELECT setval('case_number', (random() * 9e8)::bigint + 1)")
    async with outside_of(pool, embedded.client) as outside:
        yield outside


@pytest.fixture
def desk(outside: Outside) -> Desk:
    return desk_of(outside)


def demand(**given: Any) -> NewDemand:
    return NewDemand.model_validate({"matter": "illegal-parking", "description": "小区门口堵车"} | given)


def reference() -> str:
    return f"test:{name_of_letters()}"


async def opened(desk: Desk, **given: Any) -> Opened:
    return await open_case(desk, demand(**given), datetime.now(UTC))


async def opening(desk: Desk, case_id: str) -> dict[str, Any]:
    return await desk.pool.fetchval("SELECT opening FROM demand WHERE case_id = $1", case_id)


async def count(pool: Pool, table: str) -> int:
    return int(await pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own table names


T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], enough: Callable[[T], object]) -> T:
    """What is seen once it is enough."""
    async with asyncio.timeout(15):
        while not enough(seen := await look()):
            await asyncio.sleep(0.03)
    return seen


async def started(desk: Desk, case_id: str) -> int:
    """How many runs the engine knows of the case."""
    described = await desk.client.get_workflow_handle(case_id).describe()
    assert described.workflow_type == "Case"
    return len([run async for run in desk.client.list_workflows(f"WorkflowId = '{case_id}'")]) or 1


# -- whom it goes to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "lead"),
    [
        ({"matter": "illegal-parking"}, POLICE),
        ({"matter": "street-vending", "street": STREET}, STREET_OFFICE),
        ({"matter": "street-vending"}, "hk-urban-mgmt"),
        ({"matter": "street-vending", "department": POLICE}, POLICE),
        ({"matter": None, "department": POLICE}, POLICE),
        ({"matter": None, "street": STREET}, None),
    ],
    ids=["matter", "matter and street", "no place", "named", "named without matter", "nothing to go by"],
)
async def test_the_lead_is_found_by_matter_and_place_or_named(
    desk: Desk, given: dict[str, str | None], lead: str | None
) -> None:
    case = await opened(desk, **given)
    assert (case.lead, case.new) == (lead, True)
    assert (await opening(desk, case.case_id))["lead"] == lead


async def test_nature_and_urgency_come_from_the_matter_unless_they_are_given(desk: Desk) -> None:
    usual = await opening(desk, (await opened(desk, matter="gas-leak")).case_id)
    assert (usual["nature"], usual["urgency"]) == (Nature.REQUEST, Urgency.DANGER)
    told = {"matter": "gas-leak", "nature": "complaint", "urgency": "normal"}
    given = await opening(desk, (await opened(desk, **told)).case_id)
    assert (given["nature"], given["urgency"]) == (Nature.COMPLAINT, Urgency.NORMAL)
    unknown = await opening(desk, (await opened(desk, matter=None)).case_id)
    assert (unknown["nature"], unknown["urgency"]) == (Nature.REQUEST, Urgency.NORMAL)


async def test_assisting_departments_are_named_once_and_never_the_lead(desk: Desk) -> None:
    case = await opened(desk, assisting=("hk-housing", POLICE, STREET_OFFICE, "hk-housing"))
    assert (await opening(desk, case.case_id))["assisting"] == ["hk-housing", STREET_OFFICE]


@pytest.mark.parametrize(
    ("given", "code", "params"),
    [
        (
            {"department": "hk-trafic-police"},
            "department-unknown",
            {"department": "hk-trafic-police", "did_you_mean": POLICE},
        ),
        ({"assisting": ("nobody-at-all",)}, "department-unknown", {"department": "nobody-at-all", "did_you_mean": ""}),
        (
            {"matter": "ilegal-parking"},
            "matter-unknown",
            {"matter": "ilegal-parking", "did_you_mean": "illegal-parking"},
        ),
    ],
    ids=["lead", "assisting", "matter"],
)
async def test_what_nobody_knows_is_refused_and_nothing_stored(
    desk: Desk, given: dict[str, Any], code: str, params: dict[str, str]
) -> None:
    with pytest.raises(NotFound) as refused:
        await opened(desk, **given)
    assert (refused.value.code, refused.value.params) == (code, params)
    assert await count(desk.pool, "demand") == 0


@pytest.mark.parametrize("shift", [timedelta(minutes=6), timedelta(days=-10_000)], ids=["to come", "long ago"])
async def test_a_time_that_cannot_be_is_refused(desk: Desk, shift: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        await opened(desk, reported_at=datetime.now(UTC) + shift)
    assert (refused.value.code, refused.value.params["field"]) == ("time-impossible", "reported_at")
    assert await count(desk.pool, "demand") == 0


async def test_a_case_that_no_department_takes_waits_for_the_operator(outside: Outside, desk: Desk) -> None:
    async with build_worker(outside):
        case = await opened(desk, matter=None)
        assert case.lead is None
        view = await until(lambda: cases.view(desk.pool, case.case_id), lambda seen: seen and seen.waiting)
        assert view is not None
        assert view.status is Status.QUEUED
        (waiting,) = view.waiting
        assert (waiting.party, waiting.awaited) == (Party.OPERATOR, Awaited.ASSIGNMENT)
        assert waiting.until == waiting.since + timedelta(minutes=30)
        assert [row.case_id for row in await cases.waiting(desk.pool, 5)] == [case.case_id]
        kinds = [entry.fact.kind for entry in (await folder(desk, case.case_id)).entries]
        assert kinds == [FactKind.CASE_OPENED, FactKind.RUNG_ENTERED, FactKind.CASE_QUEUED]


# -- once ------------------------------------------------------------------------------------------------


async def test_the_same_reference_opens_one_case(desk: Desk) -> None:
    known_as = reference()
    first = await opened(desk, reference=known_as)
    again = await opened(desk, reference=known_as, description="又说了一遍")
    assert (again.case_id, again.lead, again.new) == (first.case_id, POLICE, False)
    assert await count(desk.pool, "demand") == 1
    assert first.case_id == known_as.replace(":", "-")


async def test_the_same_reference_ten_times_at_once_opens_one_case(outside: Outside, desk: Desk) -> None:
    known_as = reference()
    citizen = Citizen(name="李雷", phone="13900001111")
    answers = await asyncio.gather(*(opened(desk, reference=known_as, citizen=citizen) for _ in range(10)))
    assert Counter(answer.new for answer in answers) == {True: 1, False: 9}
    assert {(answer.case_id, answer.lead) for answer in answers} == {(answers[0].case_id, POLICE)}
    assert (await count(desk.pool, "demand"), await count(desk.pool, "citizen")) == (1, 1)
    async with build_worker(outside):
        await until(lambda: cases.view(desk.pool, answers[0].case_id), bool)
        assert await started(desk, answers[0].case_id) == 1


async def test_a_reference_that_cannot_be_an_id_still_opens_one_case(desk: Desk) -> None:
    known_as = f"工单/{uuid.uuid4().hex}".encode("ascii", "replace").decode()
    answers = await asyncio.gather(*(opened(desk, reference=known_as) for _ in range(5)))
    assert Counter(answer.new for answer in answers) == {True: 1, False: 4}
    assert await count(desk.pool, "demand") == 1


async def test_demands_without_a_reference_are_different_cases(desk: Desk) -> None:
    answers = await asyncio.gather(*(opened(desk) for _ in range(5)))
    assert len({answer.case_id for answer in answers}) == 5
    assert all(answer.new for answer in answers)


@pytest.mark.parametrize("word", ["13800138000", "zhangsan"])
async def test_a_reference_that_gives_the_citizen_away_is_no_case_id(desk: Desk, word: str) -> None:
    citizen = Citizen(name="ZhangSan", phone="138 0013 8000")
    case = await opened(desk, reference=f"call:{word}", citizen=citizen)
    assert word not in case.case_id
    again = await opened(desk, reference=f"call:{word}", citizen=citizen)
    assert (again.case_id, again.new) == (case.case_id, False)


# -- the engine is away ----------------------------------------------------------------------------------


@asynccontextmanager
async def line_to(address: str) -> AsyncGenerator[tuple[str, Callable[[], None]]]:
    """A line to a server, and how to cut it."""
    host, _, port = address.partition(":")
    writers: list[asyncio.StreamWriter] = []
    calls: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        writers.append(there_writer)
        if not server.is_serving():  # cut meanwhile
            cut()
        calls.update({asyncio.create_task(pump(reader, there_writer)), asyncio.create_task(pump(there_reader, writer))})

    server = await asyncio.start_server(connect, "127.0.0.1", 0)

    def cut() -> None:
        server.close()
        for writer in writers:
            writer.close()

    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", cut
    finally:
        cut()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, *(writer.wait_closed() for writer in writers), return_exceptions=True)


async def cut_off(outside: Outside) -> Client:
    """A client whose server has gone away since it connected."""
    async with line_to(outside.engine.client.service_client.config.target_host) as (address, cut):
        client = await Client.connect(
            address, namespace=outside.engine.client.namespace, data_converter=pydantic_data_converter
        )
        cut()
    return client


async def never_there(outside: Outside) -> Client:
    """A client that has not found its server yet."""
    del outside
    return await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)


def with_client(outside: Outside, client: Client) -> Outside:
    return replace(outside, engine=replace(outside.engine, client=client))


async def sweep(outside: Outside) -> Swept:
    """One sweep of what has waited for longer than the direct way may take."""
    await outside.pool.execute("UPDATE demand SET received_at = received_at - interval '1 minute'")
    return await SweepActivities(outside.pool, outside.engine, outside.post, outside.rules).hand_over_pending()


@pytest.mark.parametrize("away", [cut_off, never_there])
async def test_a_demand_is_kept_while_the_engine_is_away_and_opened_later_once(
    outside: Outside, away: Callable[[Outside], Awaitable[Client]]
) -> None:
    without = with_client(outside, await away(outside))
    known_as = reference()
    with pytest.raises(Unavailable) as failed:
        await opened(desk_of(without), reference=known_as)
    case_id = known_as.replace(":", "-")
    assert (failed.value.code, failed.value.params["case"]) == ("kept-not-opened", case_id)
    assert await count(outside.pool, "demand") == 1

    again = await opened(desk_of(without), reference=known_as)
    assert (again.case_id, again.lead, again.new) == (case_id, POLICE, False)
    assert [one.case_id for one in await cases.not_in_view(outside.pool, 5)] == [case_id]

    assert await sweep(outside) == Swept(cases=1)
    assert await sweep(outside) == Swept()
    async with build_worker(outside):
        view = await until(lambda: cases.view(outside.pool, case_id), bool)
        assert view is not None
        assert view.lead == POLICE
        assert await started(desk_of(outside), case_id) == 1
        opened_facts = [e for e in (await folder(desk_of(outside), case_id)).entries if e.fact.kind == "case.opened"]
        assert len(opened_facts) == 1


async def test_what_a_sweep_cannot_open_is_left_for_the_next(outside: Outside) -> None:
    without = with_client(outside, await never_there(outside))
    for number in range(3):
        with pytest.raises(Unavailable):
            await opened(desk_of(without), reference=f"{reference()}-{number}")
    assert await sweep(without) == Swept(failed=3)
    assert await sweep(without) == Swept(failed=3)
    assert await sweep(outside) == Swept(cases=3)


async def test_many_sweeps_at_once_open_a_case_once(outside: Outside) -> None:
    without = with_client(outside, await never_there(outside))
    known_as = reference()
    with pytest.raises(Unavailable):
        await opened(desk_of(without), reference=known_as)
    await asyncio.gather(*(sweep(outside) for _ in range(5)))
    assert await sweep(outside) == Swept()
    assert await started(desk_of(outside), known_as.replace(":", "-")) == 1


async def test_a_demand_that_was_started_and_not_marked_is_not_started_again(outside: Outside, desk: Desk) -> None:
    case = await opened(desk, reference=reference())
    await outside.pool.execute("UPDATE demand SET started_at = NULL")
    assert await sweep(outside) == Swept(cases=1)
    assert await started(desk, case.case_id) == 1


async def test_a_command_to_a_case_while_the_engine_is_away_says_so(outside: Outside, desk: Desk) -> None:
    case = await opened(desk, reference=reference())
    without = desk_of(with_client(outside, await never_there(outside)))
    with pytest.raises(Unavailable) as failed:
        await ask(without, case.case_id, Command.WITHDRAW, Withdraw(by="值班员 07", reason="已自行解决"))
    assert failed.value.code == "temporal-unreachable"
    assert failed.value.params["address"] == "127.0.0.1:1"


async def test_the_database_away_is_unavailable(desk: Desk, pool: Pool) -> None:
    await pool.close()
    with pytest.raises(LiandongError) as failed:
        await opened(desk)
    assert failed.value.code == "database-unreachable"
