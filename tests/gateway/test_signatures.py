"""A department's system proves who it is by its signature, or nothing is done."""

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from office import BUREAU, NEIGHBOUR, Office, envelope, reply_body
from support import GATEWAY_KEY, GATEWAY_URL

from domain.tokens import department_secret
from gateway.guards import DEPARTMENT_HEADER
from outbox.signatures import ID, SIGNATURE, TIMESTAMP, is_signed, signed
from storage import access

ORDER = "nothing.1"
"""An order that nobody knows: who gets as far as being told so has proved who he is."""

BODY = json.dumps({"order_id": ORDER, "by": "值班员 07"}).encode()
SECRET = department_secret(GATEWAY_KEY, BUREAU, 1)


async def say(office: Office, headers: Mapping[str, str | bytes], body: bytes = BODY, order: str = ORDER) -> str:
    """The code of what the gateway answers; the status fits the code."""
    path = f"/v1/orders/{order}/acknowledge"
    answer = await office.http.post(path, content=body, headers=cast("dict[str, str]", headers))
    code = answer.json().get("type", "").removeprefix("urn:liandong:")
    expected = {"signature-wrong": 401, "not-authenticated": 401, "order-unknown": 404, "input-invalid": 422}
    assert answer.status_code == expected.get(code, answer.status_code), answer.text
    return code or str(answer.status_code)


def at(seconds: float, *, secrets: Sequence[str] = (SECRET,), body: bytes = BODY, of: str = BUREAU) -> dict[str, str]:
    """A callback that was signed ``seconds`` from now."""
    headers = signed(secrets, uuid.uuid4().hex, datetime.now(UTC) + timedelta(seconds=seconds), body)
    return {DEPARTMENT_HEADER: of, "Content-Type": "application/json", **headers}


async def test_a_good_signature_comes_in(office: Office) -> None:
    assert await say(office, envelope(BODY)) == "order-unknown"


async def test_the_body_under_the_signature_is_the_body(office: Office) -> None:
    headers = envelope(BODY)
    for body in (BODY + b" ", BODY.replace(b"07", b"08"), b"{}", b""):
        assert await say(office, headers, body) == "signature-wrong"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (-290, "order-unknown"),
        (290, "order-unknown"),
        (-302, "signature-wrong"),
        (310, "signature-wrong"),
        (-86400, "signature-wrong"),
    ],
)
async def test_a_signature_holds_for_five_minutes_to_either_side(office: Office, seconds: float, code: str) -> None:
    assert await say(office, at(seconds)) == code


async def test_another_time_is_another_signature(office: Office) -> None:
    headers = at(-600)
    assert await say(office, {**headers, TIMESTAMP: str(int(datetime.now(UTC).timestamp()))}) == "signature-wrong"


async def test_another_id_is_another_signature(office: Office) -> None:
    assert await say(office, {**envelope(BODY), ID: "another"}) == "signature-wrong"


FOREIGN = {
    "another department's": envelope(BODY, NEIGHBOUR) | {DEPARTMENT_HEADER: BUREAU},
    "a department that there is not": envelope(BODY, "nobody"),
    "the serial of no key": envelope(BODY, serial=2),
    "serial nought": envelope(BODY, serial=0),
    "another gateway's": at(0, secrets=[department_secret("k" * 40, BUREAU, 1)]),
    "one that anybody can make": at(0, secrets=["whsec_" + "A" * 44]),
}


@pytest.mark.parametrize("whose", FOREIGN)
async def test_a_foreign_signature_is_refused(office: Office, whose: str) -> None:
    assert await say(office, FOREIGN[whose]) == "signature-wrong"


HEADERS: list[tuple[str, str | bytes | None, str]] = [
    (SIGNATURE, None, "not-authenticated"),
    (SIGNATURE, "", "signature-wrong"),
    (SIGNATURE, "v1", "signature-wrong"),
    (SIGNATURE, "v1,", "signature-wrong"),
    (SIGNATURE, ",", "signature-wrong"),
    (SIGNATURE, "v1,x,y", "signature-wrong"),
    (SIGNATURE, "v1,====", "signature-wrong"),
    (SIGNATURE, "v1,密".encode(), "signature-wrong"),
    (SIGNATURE, b"v1,\xff\xfe", "signature-wrong"),
    (SIGNATURE, "v1a,{it}", "signature-wrong"),
    (SIGNATURE, "v2,{it}", "signature-wrong"),
    (SIGNATURE, "{it}", "signature-wrong"),
    (SIGNATURE, "v1,{it}0" * 500, "signature-wrong"),
    (TIMESTAMP, None, "signature-wrong"),
    (TIMESTAMP, "", "signature-wrong"),
    (TIMESTAMP, "now", "signature-wrong"),
    (TIMESTAMP, "nan", "signature-wrong"),
    (TIMESTAMP, "inf", "signature-wrong"),
    (TIMESTAMP, "-1", "signature-wrong"),
    (TIMESTAMP, "9" * 400, "signature-wrong"),
    (TIMESTAMP, "1e400", "signature-wrong"),
    (TIMESTAMP, "٣" * 10, "signature-wrong"),
    (ID, None, "signature-wrong"),
    (ID, "", "signature-wrong"),
    (ID, "编号".encode(), "signature-wrong"),
    (DEPARTMENT_HEADER, None, "signature-wrong"),
    (DEPARTMENT_HEADER, "", "signature-wrong"),
    (DEPARTMENT_HEADER, "城管".encode(), "signature-wrong"),
    (DEPARTMENT_HEADER, b"\xff\xfe", "signature-wrong"),
    (DEPARTMENT_HEADER, BUREAU.upper(), "signature-wrong"),
    (DEPARTMENT_HEADER, f"{BUREAU}, {NEIGHBOUR}", "signature-wrong"),
    (DEPARTMENT_HEADER, "' OR 1=1 --", "signature-wrong"),
]


@pytest.mark.parametrize(("name", "value", "code"), HEADERS)
async def test_headers_in_another_form_prove_nothing(
    office: Office, name: str, value: str | bytes | None, code: str
) -> None:
    good = envelope(BODY)
    headers: dict[str, str | bytes] = {**good}
    if value is None:
        del headers[name]
    else:
        given = value.encode() if isinstance(value, str) else value
        headers[name] = given.replace(b"{it}", good[SIGNATURE].removeprefix("v1,").encode())
    assert await say(office, headers) == code


async def test_a_signature_among_others_is_found(office: Office) -> None:
    headers = envelope(BODY)
    headers[SIGNATURE] = f"v1a,AAAA v1,AAAA {headers[SIGNATURE]}"
    assert await say(office, headers) == "order-unknown"


async def test_two_keys_count_while_one_follows_the_other(office: Office) -> None:
    pool, code = office.desk.pool, "hk-water"
    if not await access.valid_serials(pool, code):
        code = str(await pool.fetchval("SELECT code FROM department WHERE code <> ALL($1)", [BUREAU, NEIGHBOUR]))

    async def counting() -> set[int]:
        said = {serial: await say(office, envelope(BODY, code, serial=serial)) for serial in range(1, 4)}
        return {serial for serial, answer in said.items() if answer == "order-unknown"}

    assert await counting() == {1}
    await access.rotate(pool, code, timedelta(seconds=1.5), 2)
    assert await counting() == {1, 2}
    await asyncio.sleep(1.6)
    assert await counting() == {2}, "the one before has ended"
    await access.rotate(pool, code, timedelta(hours=1), 2)
    assert await access.revoke_key(pool, code, 2)
    assert await counting() == {3}


# -- what a signature does not allow -----------------------------------------------------------------------


async def test_what_was_said_once_is_said_once_and_not_otherwise(office: Office) -> None:
    """Whoever has seen a message can send it again, and nothing else."""
    case_id = await office.open()
    body = json.dumps({"order_id": f"{case_id}.1", "by": "值班员 07"}).encode()
    headers = envelope(body)
    path = f"/v1/orders/{case_id}.1/acknowledge"
    first, replayed = [await office.http.post(path, content=body, headers=headers) for _ in range(2)]
    assert (first.json()["repeated"], replayed.json()["repeated"]) == (False, True)
    for what, code in (("progress", 422), ("reply", 422), ("return", 422), ("extension", 422)):
        moved = await office.http.post(f"/v1/orders/{case_id}.1/{what}", content=body, headers=headers)
        assert moved.status_code == code, what
    with_another_body = json.dumps({"order_id": f"{case_id}.1", "by": "别人"}).encode()
    other = envelope(with_another_body, message_id=headers[ID])
    answer = await office.http.post(path, content=with_another_body, headers=other)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:liandong:callback-id-used")
    assert len((await office.folder(case_id)).callbacks) == 1


async def test_a_message_about_one_order_is_none_about_another(office: Office) -> None:
    one, two = await office.open(), await office.open()
    body = json.dumps(reply_body(f"{one}.1")).encode()
    answer = await office.http.post(f"/v1/orders/{two}.1/reply", content=body, headers=envelope(body))
    assert answer.status_code == 422, answer.text
    assert answer.json()["params"] == {"field": "order_id", "reason": "contradicts_address"}
    for case_id in (one, two):
        assert (await office.folder(case_id)).callbacks == ()


async def test_a_message_of_ours_is_none_of_theirs(office: Office) -> None:
    """Both directions are signed with the same secret: an order that is sent back says nothing."""
    case_id = await office.open()
    event = {"specversion": "1.0", "id": f"{case_id}.1.sent", "source": GATEWAY_URL, "type": "liandong.order.sent"}
    body = json.dumps({**event, "data": {"order_id": f"{case_id}.1", "by": "值班员 07"}}).encode()
    for what in ("acknowledge", "progress", "reply", "return", "extension"):
        answer = await office.http.post(f"/v1/orders/{case_id}.1/{what}", content=body, headers=envelope(body))
        assert answer.status_code == 422, answer.text
    assert (await office.folder(case_id)).callbacks == ()


@pytest.mark.parametrize("message_id", ["a b", "编号", "a" * 121, "-", "a\tb"])
async def test_a_signed_id_that_can_be_none_is_refused(office: Office, message_id: str) -> None:
    headers = signed([SECRET], message_id.encode().decode("latin-1"), datetime.now(UTC), BODY)
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    common = {DEPARTMENT_HEADER: BUREAU.encode(), "Content-Type": b"application/json"}
    assert await say(office, {**common, **sent}) == "input-invalid"


async def test_who_says_it_is_missed_in_a_signed_message(office: Office) -> None:
    body = json.dumps({"order_id": ORDER}).encode()
    answer = await office.http.post(f"/v1/orders/{ORDER}/acknowledge", content=body, headers=envelope(body))
    assert (answer.status_code, answer.json()["params"]) == (422, {"field": "by", "reason": "missing"})


async def test_a_system_does_not_read_the_inbox(office: Office) -> None:
    answer = await office.http.get("/v1/orders", headers=envelope(b""))
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:liandong:token-needed")


def test_signing_and_checking_are_each_others_inverse() -> None:
    secrets = [department_secret(GATEWAY_KEY, BUREAU, serial) for serial in (2, 1)]
    body = '{"说": "棚已拆除 🏚"}'.encode()
    headers = signed(secrets, "m-1", datetime.now(UTC), body)
    for secret in secrets:
        assert is_signed([secret], headers, body)
        assert is_signed([department_secret(GATEWAY_KEY, NEIGHBOUR, 1), secret], headers, body)
    assert not is_signed([], headers, body)
    assert not is_signed([department_secret(GATEWAY_KEY, BUREAU, 3)], headers, body)


# -- what is written down of a refusal ---------------------------------------------------------------------

PHONE = "0898-66778899"


async def counters(office: Office) -> dict[str, float]:
    lines = (await office.http.get("/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


async def test_a_refusal_is_one_line_and_one_count_and_nothing_of_what_was_sent(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    case_id = await office.open()
    order = f"{case_id}.1"
    body = json.dumps({"order_id": order, "by": f"李 {PHONE}"}).encode()
    revoked = await office.token()
    await access.revoke(office.desk.pool, revoked.split("_")[1])
    bearer: dict[str, Any] = {"Content-Type": "application/json", "Authorization": f"Bearer {revoked}"}
    wrong = [
        ("signature-wrong", f"/v1/orders 401 by {BUREAU} (unproved)", envelope(BODY), body),
        ("signature-wrong", "/v1/orders 401 by -", envelope(body, PHONE), body),
        ("order-not-yours", "/v1/orders/{order_id}/acknowledge 403 by " + NEIGHBOUR, envelope(body, NEIGHBOUR), body),
        ("token-revoked", "/v1/orders 401 by -", bearer, body),
        ("not-utf8", "/v1/orders 400 by -", envelope(body), body + b"\xff"),
        ("json-malformed", "/v1/orders/{order_id}/acknowledge 400 by " + BUREAU, envelope(b"{"), b"{"),
        ("media-type-wrong", "/v1/orders 415 by -", envelope(body) | {"Content-Type": "text/plain"}, body),
    ]
    before = await counters(office)
    with caplog.at_level(logging.INFO):
        caplog.clear()
        for _, _, headers, content in wrong:
            await office.http.post(f"/v1/orders/{order}/acknowledge", content=content, headers=headers)
    after = await counters(office)
    lines = [record.getMessage() for record in caplog.records if record.name == "liandong.security"]
    assert lines == [f"refused {code}: POST {where}" for code, where, *_ in wrong]
    for code in {code for code, *_ in wrong}:
        name = f'liandong_refused_total{{code="{code}"}}'
        assert after[name] - before.get(name, 0) == sum(one == code for one, *_ in wrong), code
    own = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("gateway", "liandong")))
    for secret in (PHONE, order, revoked, revoked.rpartition("_")[2], SECRET):
        assert secret not in own
        assert secret not in str(after)
    assert (await office.folder(case_id)).callbacks == ()
    assert httpx.codes.is_success((await office.acknowledge(order)).status_code)
