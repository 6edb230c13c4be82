"""How orders go out to departments' systems that are slow, busy, away or wrong; nobody else notices."""

import asyncio
import base64
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from department_system import (
    DepartmentSystem,
    a_department,
    at_address,
    delivery_of,
    is_delivered,
    is_signed,
    refusing,
    taken,
    was_refused,
)
from office import BUREAU, CITIZEN, NEIGHBOUR, Office, Servers, office_of, serving
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.responses import Response

from domain.ledger import FactKind
from storage import access
from worker import build_worker, department_http


@dataclass
class Slow:
    """An answer that takes its time; knows how many were waiting for it at once."""

    seconds: float
    waiting: int = 0
    most: int = 0
    asked_at: list[float] = field(default_factory=list[float])

    async def __call__(self) -> Response:
        self.asked_at.append(time.monotonic())
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.waiting -= 1
        return taken()


async def known_order(office: Office, system: DepartmentSystem) -> str:
    """An order that the department has heard of some other way: no limit of seconds passes while it is on its way."""
    order_id = f"{await office.open(department=system.code)}.1"
    assert (await office.acknowledge(order_id, of=system.code)).status_code == 200
    return order_id


# -- signatures --------------------------------------------------------------------------------------------


async def test_both_keys_sign_while_one_follows_the_other(office: Office) -> None:
    pool = office.desk.pool
    async with a_department(office) as system:

        async def signatures(serials: set[int], *, of: int) -> None:
            case_id = await office.open(department=system.code)
            await is_delivered(office, f"{case_id}.1")
            delivery = system.deliveries[-1]
            assert {serial for serial in range(1, 5) if is_signed(delivery, system.code, serial)} == serials
            assert len(delivery.headers["webhook-signature"].split(" ")) == of

        await signatures({1}, of=1)
        assert await access.rotate(pool, system.code, timedelta(hours=1), 2) == 2
        await signatures({1, 2}, of=2)
        assert await access.rotate(pool, system.code, timedelta(hours=1), 2) is None, "two count already"
        assert await access.revoke_key(pool, system.code, 1)
        await signatures({2}, of=1)
        assert await access.rotate(pool, system.code, timedelta(0), 2) == 3
        await signatures({3}, of=1)


# -- tried again -------------------------------------------------------------------------------------------


def on_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_department_is_tried_again_when_it_asks_to_be(office: Office, form: str) -> None:
    asked = "3" if form == "seconds" else on_date(4)  # a date has whole seconds
    moments = list[float]()

    def noted() -> Response:
        moments.append(time.monotonic())
        return Response(status_code=503, headers={"Retry-After": asked}) if len(moments) == 1 else taken()

    async with a_department(office, noted) as system:
        await is_delivered(office, await known_order(office, system))
    assert 2.9 <= moments[1] - moments[0] < 7


@pytest.mark.parametrize("asked", ["soon", "", "-5", "²", "Mon, 99 Foo 2026 99:99:99 GMT", "9" * 400])
async def test_a_retry_after_that_says_nothing_does_no_harm(office: Office, asked: str) -> None:
    """A wish that cannot be read is none; one that is too large is granted in part."""
    headers = {"Retry-After": asked.encode("latin-1")}
    answer = Response(status_code=429)
    answer.raw_headers += [(name.lower().encode(), value) for name, value in headers.items()]
    async with a_department(office, lambda: answer) as system:
        case_id = await office.open(department=system.code)
        tried = await was_refused(office, f"{case_id}.1")
        assert (tried["last_error"], tried["delivered_at"]) == ("HTTP 429", None)
        assert len(system.deliveries) == 1


async def test_the_pauses_grow_and_what_a_system_says_is_nowhere_written(office: Office) -> None:
    slow = Slow(0)

    async def away() -> Response:
        await slow()
        return Response("符小妹 0898-66778899", status_code=500)

    async with a_department(office, away, away, slow) as system:
        row = await is_delivered(office, await known_order(office, system))
    first, second, third = slow.asked_at
    assert 1.0 <= second - first < 3.5
    assert 2.0 <= third - second < 5
    assert (row["attempts"], row["last_error"]) == (3, None)
    assert str(CITIZEN.name) not in str(row)


# -- nobody else's time ------------------------------------------------------------------------------------


async def test_no_more_goes_out_to_a_department_at_a_time_than_it_takes(office: Office) -> None:
    slow = Slow(1.2)
    async with a_department(office, slow, concurrency=2) as system:
        orders = [await known_order(office, system) for _ in range(4)]
        for order_id in orders:
            await is_delivered(office, order_id)
    assert slow.most == 2
    messages = [delivery.message_id for delivery in system.deliveries]
    assert [messages.count(f"{order_id}.sent") for order_id in orders] == [1] * 4


async def test_a_slow_department_takes_nobody_elses_time(office: Office) -> None:
    slow = Slow(4)
    async with a_department(office, slow, concurrency=4) as lame, a_department(office) as quick:
        waiting = [f"{await office.open(department=lame.code)}.1" for _ in range(8)]
        began = time.monotonic()
        served = [f"{await office.open(department=quick.code)}.1" for _ in range(3)]
        plain = f"{await office.open(department=NEIGHBOUR)}.1"
        for order_id in (*served, plain):
            await is_delivered(office, order_id)
        assert time.monotonic() - began < 3
        assert [(await delivery_of(office, one))["delivered_at"] for one in waiting] == [None] * 8


# -- in the end: the inbox, and somebody is told -----------------------------------------------------------


async def facts_of(office: Office, case_id: str) -> dict[str, Any]:
    (fact,) = await office.recorded(case_id, FactKind.ORDER_UNDELIVERED)
    return {"order_id": fact.order_id, **fact.payload}


ALERT_SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"


@asynccontextmanager
async def an_office(servers: Servers, **post: Any) -> AsyncGenerator[Office]:
    """An office with a worker whose way out is another one."""
    async with office_of(servers) as office:
        outside = replace(office.outside, post=replace(office.outside.post, **post))
        async with build_worker(outside):
            yield replace(office, outside=outside)


async def test_an_order_that_is_not_taken_in_time_lies_in_the_inbox_and_somebody_is_told_once(
    embedded: Servers,
) -> None:
    alerted = DepartmentSystem("alerts", [taken])
    async with (
        serving(alerted) as address,
        an_office(embedded, alert_url=address, alert_secret=ALERT_SECRET) as office,
        a_department(office, refusing(503), inbox_after=1.5) as system,
    ):
        cases = [(await known_order(office, system)).rpartition(".")[0] for _ in range(3)]
        for case_id in cases:
            row = await is_delivered(office, f"{case_id}.1")
            assert (row["way"], row["last_error"]) == ("fallback", "HTTP 503")
            told = await facts_of(office, case_id)
            assert (told["order_id"], told["reason"]) == (f"{case_id}.1", "HTTP 503")
        await alerted.got(1)
        tries = len(system.deliveries)

        token = await office.token(of=system.code)
        inbox = await office.http.get("/v1/orders", headers={"Authorization": f"Bearer {token}"})
        assert {item["case_id"] for item in inbox.json()["orders"]} == set(cases)
        for case_id in cases:
            assert (await office.reply(f"{case_id}.1", of=system.code)).json()["outcome"] == "accepted"
        await asyncio.sleep(1.5)
        assert len(system.deliveries) == tries, "what lies in the inbox is not offered again"

        (alert,) = alerted.deliveries
        Webhook(ALERT_SECRET).verify(alert.body, alert.headers, json_parse=False)
        with pytest.raises(WebhookVerificationError):
            Webhook(ALERT_SECRET).verify(alert.body + b" ", alert.headers, json_parse=False)
        assert alert.event["type"] == "liandong.department.unreachable"
        assert alert.event["data"] == {"department": system.code, "reason": "HTTP 503"}
        for word in (str(CITIZEN.name), str(CITIZEN.phone), *cases):
            assert word not in alert.body.decode()


async def test_a_private_address_is_not_called(embedded: Servers) -> None:
    inward = DepartmentSystem(BUREAU, [taken])
    async with (
        department_http([]) as http,
        serving(inward) as address,
        an_office(embedded, http=http) as office,
        at_address(office, BUREAU, f"{address}/orders", inbox_after=2),
    ):
        case_id = await office.open()
        assert (await was_refused(office, f"{case_id}.1"))["last_error"] == "AddressRefused"
        row = await is_delivered(office, f"{case_id}.1")
        assert (row["way"], row["last_error"]) == ("fallback", "AddressRefused")
        assert (await facts_of(office, case_id))["reason"] == "AddressRefused"
        port = address.rpartition(":")[2]
        for url in (f"http://localhost:{port}/", f"http://[::ffff:127.0.0.1]:{port}/", f"http://0x7f000001:{port}/"):
            async with at_address(office, NEIGHBOUR, url):
                other = await office.open(department=NEIGHBOUR)
                assert (await was_refused(office, f"{other}.1"))["last_error"] == "AddressRefused"
        assert inward.deliveries == []


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9/", "ConnectError"),
        ("http://no-such-host.invalid/", "ConnectError"),
        ("https://127.0.0.1:9/", "ConnectError"),
    ],
)
async def test_nobody_there_is_tried_again(office: Office, url: str, error: str) -> None:
    code = await office.desk.pool.fetchval(
        "SELECT code FROM department WHERE code NOT IN (SELECT department FROM delivery) AND endpoint IS NULL"
    )
    async with at_address(office, code, url):
        case_id = await office.open(department=code)
        assert (await was_refused(office, f"{case_id}.1"))["last_error"] == error
