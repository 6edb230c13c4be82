"""Who the citizen is stays in one table: a whole life of a case in which everybody talks about him."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, cast

import pytest
from google.protobuf.message import Message
from support import desk_of, name_of_letters, outside_of
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle

from desk.cases import open_case
from desk.commands import ask
from desk.orders import inbox, receive
from desk.window import Desk
from domain import commands
from domain.calendar import WorkCalendar
from domain.callbacks import CallbackOutcome, NewReply
from domain.case import CaseView, Status
from domain.citizen import BLOT, SPOKEN, Citizen, blot_out, blot_out_all
from domain.commands import (
    Acknowledge,
    Assign,
    CallbackResult,
    Command,
    ConcludeMeeting,
    ConfirmExplanation,
    ConveneMeeting,
    Escalate,
    MeetingTask,
    Merge,
    RecordCallback,
    ReturnOrder,
    Withdraw,
)
from domain.commission import Answer, AnswerReferral, DecideReferral, Grounds, SupplyPapers, VerifyRectification
from domain.errors import Refused
from domain.evidence import Evidence
from domain.intake import NewDemand
from domain.ladder import Rung
from domain.order import Order, Result
from domain.policy import Policy
from domain.values import Value
from storage import cases, demands, ledger, orders
from storage.database import Pool
from worker import Outside, build_worker

CITIZEN = Citizen(name="符小妹", phone="0898-66778899", address="海甸岛怡心路7号302房", email="fu@example.net")
STRANGER = "13912345678"
SECRETS = (
    "符小妹",
    "0898-66778899",
    "089866778899",
    "66778899",
    "海甸岛怡心路7号302房",
    "fu@example.net",
    STRANGER,
    "139-1234-5678",
)
SAID = (
    "符小妹（0898-66778899，就是089866778899，市内拨66778899，住海甸岛怡心路7号302房，邮箱fu@example.net）"
    "说邻居的电话是13912345678或139-1234-5678"
)
"""What everybody writes everywhere."""

BUREAU, HOUSING, POLICE = "hk-urban-mgmt", "hk-housing", "hk-traffic-police"

T = TypeVar("T")


class Servers(Protocol):
    """What is used of the session's servers here."""

    client: Client


async def until(look: Callable[[], Awaitable[T]], enough: Callable[[T], object]) -> T:
    """What is seen once it is enough."""
    async with asyncio.timeout(20):
        while not enough(seen := await look()):
            await asyncio.sleep(0.03)
    return seen


# -- looking everywhere ----------------------------------------------------------------------------------


def found_in(text: str) -> list[str]:
    """The secrets that a text gives away; escaped ones too, as JSON and protobuf escape them."""
    from_json = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    from_protobuf = re.sub(r"(?:\\[0-3][0-7]{2})+", _octal, text)
    return [secret for secret in SECRETS if any(secret in one for one in (text, from_json, from_protobuf))]


def _octal(escaped: re.Match[str]) -> str:
    return bytes(int(code, 8) for code in escaped[0].split("\\")[1:]).decode("utf-8", "replace")


def test_an_escaped_secret_is_found() -> None:
    assert found_in(json.dumps(CITIZEN.name)) == [CITIZEN.name]
    assert found_in(str(Payload(data=SAID.encode()))) == list(SECRETS)


def payloads(message: Message) -> Iterator[bytes]:
    """The data of every payload inside a protobuf message, wherever it is."""
    if isinstance(message, Payload):
        yield message.data
    for descriptor, value in message.ListFields():
        if descriptor.type != descriptor.TYPE_MESSAGE:
            continue
        if isinstance(value, Message):
            yield from payloads(value)
        elif isinstance(value, Mapping):
            several = cast("Mapping[object, object]", value).values()
            yield from (data for one in several if isinstance(one, Message) for data in payloads(one))
        else:
            yield from (data for one in value for data in payloads(one))


async def history_of(handle: WorkflowHandle[Any, Any]) -> tuple[str, int]:
    """Everything in a workflow's history as text, and how many payloads were decoded for it."""
    texts: list[str] = []
    decoded = 0
    async for event in handle.fetch_history_events():
        texts.append(event.SerializeToString().decode("utf-8", "replace"))
        for data in payloads(event):
            texts.append(json.dumps(json.loads(data), ensure_ascii=False) if data else "")
            decoded += 1
    return "\n".join(texts), decoded


async def tables_with_secrets(pool: Pool) -> dict[str, list[str]]:
    """What each table of the database gives away, every column of every row read as text."""
    names = [row[0] for row in await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    given_away: dict[str, list[str]] = {}
    for name in names:
        text = await pool.fetchval(f'SELECT coalesce(string_agg("{name}"::text, chr(10)), \'\') FROM "{name}"')  # noqa: S608
        if secrets := found_in(text):
            given_away[name] = secrets
    return given_away


# -- blotting out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "blotted"),
    [
        ("致电66778899未接", "致电██未接"),
        ("（0898）66778899", "（██"),
        ("０８９８－６６７７８８９９", "██"),
        ("+86 898 或 0898 6677 8899", "+86 898 或 ██"),
        ("住海甸岛怡心路７号３０２房", "住██"),
        ("13912345678", "██"),
        ("+8613912345678, 139 1234 5678", "██, ██"),
        ("身份证46010019900101123X", "身份证██"),
        ("办件20261123-000001.1，1139123456789元", "办件20261123-000001.1，1139123456789元"),
        ("LI LEI said; Lily did not", "██ said; Lily did not"),
    ],
)
def test_what_is_blotted_out_of_a_text(text: str, blotted: str) -> None:
    assert blot_out(text, (*CITIZEN.words, "Li Lei")) == blotted


def test_a_text_never_grows_by_it() -> None:
    text = "李雷" * 1000
    assert blot_out(text, ("李雷",)) == BLOT * 1000
    assert Withdraw(by="x", reason=blot_out(text, ("李雷",)))


@pytest.mark.parametrize("word", ["lead", "20261123", "hk-housing", "话务员 5"])
def test_codes_and_officials_are_left_alone(word: str) -> None:
    command = Assign(department="hk-housing", by="话务员 5", reason=f"{word} 说的")
    citizen = Citizen(name=word)
    clean = Assign.model_validate(blot_out_all(command.model_dump(mode="json"), citizen.words))
    assert clean == command.model_copy(update={"reason": f"{BLOT} 说的"})


def written_fields(schema: dict[str, Any]) -> Iterator[str]:
    """The names of the fields in which people write as long as they like."""
    for name, field_schema in schema.get("properties", {}).items():
        if '"maxLength": 2000' in json.dumps(field_schema):
            yield name
    for definition in schema.get("$defs", {}).values():
        yield from written_fields(definition)


def test_every_field_in_which_people_write_is_blotted_out() -> None:
    models = [model for model in vars(commands).values() if isinstance(model, type) and issubclass(model, Value)]
    assert len(models) > len(Command)
    said = [model for model in models if model not in (Value, Policy, WorkCalendar)]
    written = {name for model in said for name in written_fields(model.model_json_schema())}
    assert written - {"by", *OF_RULES} == SPOKEN


OF_RULES = ("source", "title", "title_en")
"""What a policy and a calendar say of themselves travels in a change of rules, and names no citizen."""


async def test_a_citizen_whose_words_are_codes_can_be_spoken_of(pool: Pool, directory: None, embedded: Servers) -> None:
    del directory
    async with outside_of(pool, embedded.client) as outside, build_worker(outside):
        life = await open_life(desk_of(outside), citizen=Citizen(name="withdraw", phone="2026112"))
        view = await life.ask(Command.WITHDRAW, Withdraw(by="withdraw", reason="withdraw 2026112 他说"))
        assert view.status is Status.CLOSED
        await life.handle.result()
        entries = await ledger.entries_of(pool, life.case_id)
        (said,) = [entry.fact for entry in entries if entry.fact.kind == "case.withdrawn"]
        assert (said.actor, said.payload["reason"]) == ("operator:withdraw", f"{BLOT} {BLOT} 他说")


# -- a department with a system of its own ---------------------------------------------------------------


@dataclass
class System:
    """A department's system that keeps what it is sent."""

    url: str = ""
    status: str = "204 No Content"
    received: list[str] = field(default_factory=list[str])


@asynccontextmanager
async def system_of_a_department() -> AsyncGenerator[System]:
    system = System()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        system.received.append(body.decode())
        writer.write(f"HTTP/1.1 {system.status}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        system.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/orders"
        yield system


# -- the life of a case ----------------------------------------------------------------------------------


@dataclass
class Life:
    """One case and what everybody does with it."""

    desk: Desk
    case_id: str

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.desk.client.get_workflow_handle(self.case_id)

    async def view(self) -> CaseView:
        return await self.handle.query("state", result_type=CaseView)

    async def ask(self, command: Command, content: Any) -> CaseView:
        return await ask(self.desk, self.case_id, command, content)

    async def station(self, step: str) -> CaseView:
        """The case once it is there."""
        return await until(self.view, lambda view: view.step == step)

    async def order(self, department: str, rung: Rung) -> Order:
        """The department's open order of that rung, once it can be answered."""

        def there(view: CaseView) -> list[Order]:
            return [o for o in view.orders if o.department == department and o.rung is rung and o.is_open]

        order = there(await until(self.view, there))[0]
        await until(lambda: orders.addressee(self.desk.pool, order.order_id), bool)
        return order

    async def reply(self, order: Order, result: Result, **more: Any) -> CallbackOutcome:
        said = NewReply(
            order_id=order.order_id, department=order.department, result=result, statement=SAID, by="经办人 12", **more
        )
        return (await receive(self.desk, said, datetime.now(UTC))).outcome


async def open_life(desk: Desk, **given: Any) -> Life:
    asked: dict[str, Any] = {
        "reference": f"test:{name_of_letters()}",
        "matter": "rooftop-shed",
        "department": BUREAU,
        "place": f"怡心路 {CITIZEN.phone}",
        "description": SAID,
        "citizen": CITIZEN,
    }
    opened = await open_case(desk, NewDemand.model_validate(asked | given), datetime.now(UTC))
    return Life(desk, opened.case_id)


async def live(life: Life) -> None:
    """Up the whole ladder and back to the citizen; whoever can write anything writes all of it."""
    desk = life.desk
    first = await life.order(BUREAU, Rung.DISPATCH)
    acknowledged = Acknowledge(order_id=first.order_id, department=BUREAU, by="签收员 3")
    await receive(desk, acknowledged, datetime.now(UTC))
    with pytest.raises(Refused):
        await receive(desk, acknowledged, datetime.now(UTC), "another")
    returned = ReturnOrder(
        order_id=first.order_id, department=BUREAU, by="值班员 7", reason=SAID, basis=SAID, suggests=HOUSING
    )
    await receive(desk, returned, datetime.now(UTC))

    second = await life.order(HOUSING, Rung.DISPATCH)
    await life.ask(Command.ASSIGN, Assign(department=POLICE, by="话务员 5", reason=SAID))
    third = await life.order(POLICE, Rung.DISPATCH)
    assert await life.reply(third, Result.EXPLAINED) is CallbackOutcome.ACCEPTED
    await until(life.view, lambda view: "explain" in view.allowed)
    await life.ask(Command.EXPLAIN, ConfirmExplanation(confirmed=False, by="督办员 1", reason=SAID))

    fourth = await life.order(POLICE, Rung.SUPERVISED)
    await life.ask(Command.ESCALATE, Escalate(by="督办员 1", reason=SAID))
    await life.station(Rung.JOINT_MEETING)
    assert await life.reply(fourth, Result.RESOLVED) is CallbackOutcome.LATE
    assert await life.reply(second, Result.RESOLVED) is CallbackOutcome.LATE
    with pytest.raises(Refused, match="replied-otherwise"):
        await life.reply(second, Result.EXPLAINED)

    await life.ask(Command.CONVENE, ConveneMeeting(members=(BUREAU, HOUSING), by="督办员 1"))
    tasks = (MeetingTask(department=BUREAU, task=SAID, days=5), MeetingTask(department=HOUSING, task=SAID))
    await life.ask(Command.CONCLUDE, ConcludeMeeting(lead=BUREAU, tasks=tasks, minutes=SAID, by="督办员 1"))
    await life.reply(await life.order(BUREAU, Rung.JOINT_MEETING), Result.RESOLVED)
    await life.station("callback")
    unsatisfied = RecordCallback(result=CallbackResult.UNSATISFIED, by="回访员 2", remark=SAID)
    await life.ask(Command.RECORD_CALLBACK, unsatisfied)

    await until(life.view, lambda view: "decide" in view.allowed and view.waiting)
    for member in ("委员 A", "委员 B"):
        decision = DecideReferral(accepted=True, grounds=Grounds.BREACH, by=member, reason=SAID)
        await life.ask(Command.DECIDE, decision)
    paper = Evidence(reference=SAID, sha256="0" * 64)
    for answer in (Answer.MORE, Answer.ACCEPTED):
        await until(life.view, lambda view: "answer_referral" in view.allowed)
        await life.ask(Command.ANSWER_REFERRAL, AnswerReferral(answer=answer, by="联络员", reason=SAID))
        if answer is Answer.MORE:
            await until(life.view, lambda view: "supply_papers" in view.allowed)
            await life.ask(Command.SUPPLY_PAPERS, SupplyPapers(papers=(paper,), by="督办员 1", remark=SAID))
    await life.reply(await life.order(BUREAU, Rung.REFERRAL), Result.RESOLVED, limit_days=10)
    await life.order(BUREAU, Rung.RECTIFICATION)
    for passed in (False, True):
        await life.ask(
            Command.VERIFY, VerifyRectification(passed=passed, by="督办员 1", remark=SAID, evidence=(paper,))
        )
        await asyncio.sleep(0.2)
    await life.station("callback")
    satisfied = RecordCallback(result=CallbackResult.SATISFIED, by="回访员 2", remark=SAID)
    await life.ask(Command.RECORD_CALLBACK, satisfied)
    await life.handle.result()


@dataclass
class Lived:
    """What is left of some lives."""

    desk: Desk
    climbed: Life
    withdrawn: Life
    merged: Life
    logged: str
    system: System


@pytest.fixture
async def lived(
    pool: Pool,
    directory: None,
    embedded: Servers,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> AsyncGenerator[Lived]:
    del directory
    caplog.set_level(logging.DEBUG)
    async with system_of_a_department() as system, outside_of(pool, embedded.client) as outside:
        await pool.execute("UPDATE department SET endpoint = $1 WHERE code = $2", system.url, HOUSING)
        async with build_worker(outside):
            desk = desk_of(outside)
            climbed = await open_life(desk, assisting=(HOUSING,))
            await live(climbed)
            withdrawn, merged = await lesser_lives(outside, desk, system)
        written = capfd.readouterr()
        yield Lived(desk, climbed, withdrawn, merged, caplog.text + written.out + written.err, system)


async def lesser_lives(outside: Outside, desk: Desk, system: System) -> tuple[Life, Life]:
    """A case that the citizen takes back, in which the department's system is down, and one that is merged."""
    system.status = "500 Internal Server Error"
    withdrawn, merged, into = [await open_life(desk, department=code) for code in (HOUSING, POLICE, POLICE)]
    failed = "SELECT 1 FROM delivery WHERE case_id = $1 AND last_error IS NOT NULL"
    await until(lambda: outside.pool.fetchval(failed, withdrawn.case_id), bool)
    await withdrawn.ask(Command.WITHDRAW, Withdraw(by="话务员 5", reason=SAID))
    await merged.order(POLICE, Rung.DISPATCH)
    await into.order(POLICE, Rung.DISPATCH)
    await merged.ask(Command.MERGE, Merge(into=into.case_id, by="话务员 5", reason=SAID))
    for life in (withdrawn, merged):
        await life.handle.result()
    return withdrawn, merged


async def test_nothing_but_one_table_says_who_the_citizen_is(lived: Lived) -> None:
    pool = lived.desk.pool
    assert set(await tables_with_secrets(pool)) == {"citizen"}
    words = await demands.words(pool, lived.climbed.case_id)
    assert words is not None
    assert words.citizen == CITIZEN
    assert words.description.count(BLOT) == 8
    assert words.place == f"怡心路 {BLOT}"

    for life in (lived.climbed, lived.withdrawn, lived.merged):
        text, decoded = await history_of(life.handle)
        assert decoded > 5
        assert found_in(text) == []
        assert BLOT in text  # what was said is there, without the citizen
        described = await life.handle.describe()
        assert found_in(str(described.raw_description)) == []
        assert not dict(await described.memo())
        assert found_in(life.case_id) == []
        attributes = str(described.raw_description.workflow_execution_info.search_attributes)
        assert "LiandongRung" in attributes
        assert found_in(attributes) == []

    assert found_in(lived.logged) == []
    assert lived.climbed.case_id in lived.logged or "temporalio" in lived.logged  # something was captured

    # The department's own system is told, for somebody must go there.
    (sent, *_) = lived.system.received
    assert json.loads(sent)["data"]["citizen"] == CITIZEN.model_dump(exclude={"email"})
    assert found_in(json.loads(sent)["data"]["description"]) == []


async def test_a_citizen_can_be_erased_without_breaking_a_chain(lived: Lived) -> None:
    pool = lived.desk.pool
    before = await ledger.verify(pool)
    assert (before.cases, before.misfit) == (4, None)
    assert await pool.execute("DELETE FROM citizen") == "DELETE 4"
    after = await ledger.verify(pool)
    assert (after.cases, after.entries, after.misfit) == (4, before.entries, None)
    assert await tables_with_secrets(pool) == {}
    words = await demands.words(pool, lived.climbed.case_id)
    assert words is not None
    assert words.citizen == Citizen()
    (item,) = await inbox(lived.desk, POLICE, 10)
    assert (item.citizen_name, item.citizen_phone, item.citizen_address) == (None, None, None)


async def test_the_life_was_a_whole_one(lived: Lived) -> None:
    """The other tests are worth something only if everything that can be said was said."""
    view = await cases.view(lived.desk.pool, lived.climbed.case_id)
    assert view is not None
    assert (view.status, view.rung) == (Status.CLOSED, Rung.RECTIFICATION)
    entries = [
        entry
        for life in (lived.climbed, lived.withdrawn, lived.merged)
        for entry in await ledger.entries_of(lived.desk.pool, life.case_id)
    ]
    blotted = {entry.fact.kind.value for entry in entries if BLOT in entry.fact.model_dump_json()}
    assert blotted == {
        "order.sent",
        "order.returned",
        "order.assigned",
        "order.replied",
        "order.replied_late",
        "explanation.refused",
        "case.escalated",
        "meeting.concluded",
        "referral.answered",
        "referral.decided",
        "referral.papers_supplied",
        "rectification.failed",
        "rectification.verified",
        "callback.recorded",
        "case.withdrawn",
        "case.merged",
    }
