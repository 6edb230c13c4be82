"""The edge by itself: who is let in, what is refused and how that looks, and what is never said or written down."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import BUREAU, NEIGHBOUR, Office, credentials, reply_body, serving, until
from support import GATEWAY_KEY, desk_of, outside_of
from temporalio.client import Client

from desk.window import Desk
from domain.errors import DoesNotFit, Invalid, NotFound, NotYours, Refused, Unavailable
from gateway.app import create_app
from gateway.door import BODY_LIMIT, OPEN
from gateway.problems import language_of, problem
from gateway.server import server
from storage.database import Pool, open_pool

PHONE = "0898-66778899"
REPLY = "/v1/orders/nothing.1/reply"


@pytest.fixture(scope="module")
def app(office: Office) -> FastAPI:
    return create_app(office.desk, GATEWAY_KEY)


@pytest.fixture(scope="module")
async def http(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(app, credentials()) as http:
        yield http


def client_of(app: FastAPI, headers: Mapping[str, str] = {}) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway", headers=headers)


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that the response is; checks what every problem has."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    found = response.json()
    assert set(found) == {"type", "title", "status", "detail", "params"}
    assert (found["type"], found["status"]) == (f"urn:liandong:{code}", status)
    assert found["title"]
    assert found["detail"]
    return found


# -- who is let in -----------------------------------------------------------------------------------------


def routes_of(router: Any) -> Iterator[tuple[str, str]]:
    """Every method and path, those of included routers too."""
    for route in router.routes:
        if (inner := getattr(route, "original_router", None)) is not None:
            yield from routes_of(inner)
        else:
            yield from ((method, route.path) for method in route.methods)


async def test_every_route_but_health_asks_who_calls(app: FastAPI) -> None:
    routes = set(routes_of(app))
    assert len(routes) >= 6
    assert {path for _, path in routes} >= {*app.openapi()["paths"], "/openapi.json"}
    async with client_of(app) as stranger:
        for method, path in routes - {("GET", "/health")}:
            answer = await stranger.request(method, path.replace("{order_id}", "x.1"), json={})
            assert answer.status_code == 401, (method, path)
            if method != "HEAD":
                refusal(answer, 401, "not-authenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert frozenset({"/health"}) == OPEN


GOOD = credentials()
BAD_CREDENTIALS: dict[str, dict[str, str | bytes]] = {
    "nothing": {},
    "no department": {"Authorization": GOOD["Authorization"]},
    "no token": {"Liandong-Department": BUREAU},
    "another scheme": {**GOOD, "Authorization": GOOD["Authorization"].replace("Bearer", "Basic")},
    "somebody else's token": {**GOOD, "Liandong-Department": NEIGHBOUR},
    "a wrong token": {**GOOD, "Authorization": "Bearer " + "0" * 64},
    "an empty token": {**GOOD, "Authorization": "Bearer "},
    "no ascii": {"Liandong-Department": "城管".encode(), "Authorization": "Bearer 密".encode()},
    "no text": {"Liandong-Department": b"\xff\xfe", "Authorization": b"Bearer \xff\xfe"},
}


@pytest.mark.parametrize("name", BAD_CREDENTIALS)
async def test_credentials_that_prove_nothing_are_refused(app: FastAPI, name: str) -> None:
    async with client_of(app) as stranger:
        headers = cast("dict[str, str]", BAD_CREDENTIALS[name])
        refusal(await stranger.get("/v1/orders", headers=headers), 401, "not-authenticated")


@pytest.mark.parametrize("path", ["/health/", "//health", "/hea%09lth", "/health%0A", "/health%3F", "/HEALTH"])
async def test_nothing_but_health_itself_is_open(app: FastAPI, path: str) -> None:
    async with client_of(app) as stranger:
        refusal(await stranger.get(path), 401, "not-authenticated")


async def test_the_department_is_the_one_that_calls_whatever_the_body_says(http: httpx.AsyncClient) -> None:
    body = {**reply_body("x"), "department": NEIGHBOUR}
    assert refusal(await http.post(REPLY, json=body), 422, "input-invalid")["params"]["reason"] == "unknown"


# -- what is wrong with a request --------------------------------------------------------------------------

WRONG_REPLIES: list[tuple[str, str, dict[str, Any]]] = [
    ("result", "missing", {"result": ...}),
    ("result", "not_one_of", {"result": "done"}),
    ("result", "not_one_of", {"result": None}),
    ("statement", "missing", {"statement": ...}),
    ("statement", "empty", {"statement": "  \n "}),
    ("statement", "too_long", {"statement": PHONE * 200}),
    ("statement", "malformed", {"statement": f"{PHONE}\x00"}),
    ("statement", "malformed", {"statement": f"{PHONE}\ud800"}),
    ("statement", "malformed", {"statement": [PHONE]}),
    ("by", "missing", {"by": ...}),
    ("by", "too_long", {"by": "李" * 61}),
    ("limit_days", "malformed", {"limit_days": 0}),
    ("limit_days", "malformed", {"limit_days": 366}),
    ("limit_days", "malformed", {"limit_days": True}),
    ("limit_days", "malformed", {"limit_days": 1.5}),
    ("limit_days", "malformed", {"limit_days": "3"}),
    ("limit_days", "malformed", {"limit_days": 10**40}),
    ("callback_id", "missing", {"callback_id": ...}),
    ("callback_id", "missing", {"callback_id": None}),
    ("callback_id", "malformed", {"callback_id": ""}),
    ("callback_id", "malformed", {"callback_id": "a b"}),
    ("callback_id", "malformed", {"callback_id": "a" * 121}),
    ("surprise", "unknown", {"surprise": PHONE}),
    ("?", "unknown", {f"符小妹 {PHONE}": 1}),
]


@pytest.mark.parametrize(("field", "reason", "change"), WRONG_REPLIES)
async def test_a_wrong_reply_is_refused_by_its_field(
    http: httpx.AsyncClient, field: str, reason: str, change: dict[str, Any]
) -> None:
    body = {name: value for name, value in (reply_body("x") | change).items() if value is not ...}
    content = json.dumps(body).encode()
    answer = await http.post(REPLY, content=content, headers={"Content-Type": "application/json"})
    assert refusal(answer, 422, "input-invalid")["params"] == {"field": field, "reason": reason}
    assert PHONE not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("acknowledgement", {}, "by"),
        ("acknowledgement", {"by": ""}, "by"),
        ("acknowledgement", [], "body"),
        ("acknowledgement", None, "body"),
        ("acknowledgement", "text", "body"),
        ("return", {"basis": "b", "by": "c"}, "reason"),
        ("return", {"reason": "a", "by": "c"}, "basis"),
        ("return", {"reason": "a", "basis": "b", "by": "c", "suggests": "隔壁"}, "suggests"),
    ],
)
async def test_a_wrong_acknowledgement_or_return_is_refused_by_its_field(
    http: httpx.AsyncClient, path: str, body: object, field: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await http.post(f"/v1/orders/nothing.1/{path}", content=json.dumps(body), headers=headers)
    assert refusal(answer, 422, "input-invalid")["params"]["field"] == field


@pytest.mark.parametrize("order_id", ["-", "a%20b", "%E5%B7%A5%E5%8D%95", "a" * 121, "%00"])
async def test_what_cannot_be_an_order_is_refused(http: httpx.AsyncClient, order_id: str) -> None:
    answer = await http.post(f"/v1/orders/{order_id}/acknowledgement", json={"by": "值班员"})
    assert refusal(answer, 422, "input-invalid")["params"] == {"field": "order_id", "reason": "malformed"}


@pytest.mark.parametrize("limit", ["0", "501", "all", "1.5", ""])
async def test_a_wrong_limit_is_refused(http: httpx.AsyncClient, limit: str) -> None:
    answer = await http.get("/v1/orders", params={"limit": limit})
    assert refusal(answer, 422, "input-invalid")["params"]["field"] == "limit"


async def test_a_callbacks_id_cannot_be_two(http: httpx.AsyncClient) -> None:
    contradiction = await http.post(REPLY, json=reply_body("x"), headers={"Idempotency-Key": "other"})
    found = refusal(contradiction, 422, "input-invalid")
    assert found["params"] == {"field": "callback_id", "reason": "contradicts_idempotency_key"}
    malformed = await http.post(REPLY, json=reply_body("x"), headers={"Idempotency-Key": "a b"})
    assert refusal(malformed, 422, "input-invalid")["params"]["field"] == "idempotency-key"
    the_same = await http.post(REPLY, json=reply_body("x"), headers={"Idempotency-Key": '"r-x"'})
    refusal(the_same, 404, "order-unknown")


@pytest.mark.parametrize(
    "content",
    [b"{", b"nothing", b"\xff\xfe\x00", b'{"by": "\xb3\xc7"}', b"[" * 60_000, b'{"by": ' + b"9" * 5000 + b"}", b"{}{}"],
    ids=["open", "word", "binary", "gbk", "deep", "huge_number", "twice"],
)
async def test_what_is_not_json_is_refused(http: httpx.AsyncClient, content: bytes) -> None:
    refusal(
        await http.post(REPLY, content=content, headers={"Content-Type": "application/json"}), 400, "json-malformed"
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"])
async def test_another_content_type_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post(REPLY, content=json.dumps(reply_body("x")), headers={"Content-Type": kind})
    refusal(answer, 415, "not-json")


async def test_json_with_a_charset_is_json(http: httpx.AsyncClient) -> None:
    content = json.dumps(reply_body("x"))
    answer = await http.post(REPLY, content=content, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    refusal(answer, 404, "order-unknown")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_a_body_that_is_too_large_is_refused(office: Office, announced: bool) -> None:
    """Over a real socket, where the server answers before the body has ended."""
    content = json.dumps(reply_body("x", statement="x" * BODY_LIMIT)).encode()

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(content), 8192):
            yield content[start : start + 8192]

    headers = {**credentials(), "Content-Type": "application/json"}
    answer = await office.http.post(REPLY, content=content if announced else pieces(), headers=headers)
    assert refusal(answer, 413, "body-too-large")["params"] == {"limit": BODY_LIMIT}


async def test_a_body_up_to_the_limit_is_read(http: httpx.AsyncClient) -> None:
    content = json.dumps(reply_body("x")).encode().ljust(BODY_LIMIT)
    headers = {"Content-Type": "application/json"}
    refusal(await http.post(REPLY, content=content, headers=headers), 404, "order-unknown")
    refusal(await http.post(REPLY, content=content + b" ", headers=headers), 413, "body-too-large")


async def test_an_unknown_route_or_method_is_a_problem_too(http: httpx.AsyncClient) -> None:
    for path in ("/", "/v1", "/v1/orders/", "/v1/orders/x.1", "/v2/orders", "/docs", "/redoc", "/v1/orders/x/y/reply"):
        refusal(await http.get(path), 404, "route-unknown")
    wrong = await http.put(REPLY, json={})
    refusal(wrong, 405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"
    refusal(await http.delete("/v1/orders"), 405, "method-not-allowed")


# -- how a refusal looks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("zh-Hans-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, zh;q=0.5", "en"),
        ("fr, en;q=0.3, zh;q=0.2", "en"),
        ("fr, de", "zh"),
        ("en;q=0, zh;q=0", "zh"),
        ("en;q=nonsense", "zh"),
        ("en;level=1;q=1", "zh"),
        (",,;;q=1,=", "zh"),
        ("en," * 10_000, "en"),
    ],
)
def test_the_language_is_the_best_that_is_accepted(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


async def test_a_refusal_speaks_the_askers_language(http: httpx.AsyncClient) -> None:
    chinese = await http.get("/nowhere", headers={"Accept-Language": "zh-CN"})
    english = await http.get("/nowhere", headers={"Accept-Language": "en"})
    assert (chinese.headers["content-language"], english.headers["content-language"]) == ("zh", "en")
    assert chinese.json()["detail"] != english.json()["detail"]
    assert chinese.json()["type"] == english.json()["type"]


@pytest.mark.parametrize("kind", [NotFound, Refused, NotYours, Invalid, Unavailable, DoesNotFit])
def test_every_kind_of_error_has_its_status(kind: type[NotFound]) -> None:
    found = problem(kind("some-code", order="a.1"), "en")
    assert (found.type, found.status, found.params) == ("urn:liandong:some-code", kind.http_status, {"order": "a.1"})


# -- what fails behind the edge ----------------------------------------------------------------------------


async def test_health_is_open_to_all_and_says_nothing(app: FastAPI) -> None:
    async with client_of(app) as stranger:
        answer = await stranger.get("/health")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_without_postgresql_it_is_said_and_no_more(embedded: Any, database_url: str) -> None:
    pool = await open_pool(database_url)
    await pool.close()
    async with outside_of(pool, cast("Client", embedded.client)) as outside:
        app = create_app(desk_of(outside), GATEWAY_KEY)
        async with client_of(app, credentials()) as http:
            for answer in (await http.get("/health"), await http.post(REPLY, json=reply_body("x"))):
                assert refusal(answer, 503, "out-of-order")["params"] == {}
                assert answer.headers["retry-after"]


LOCKED_OUT = "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_who_still_waits_when_the_server_stops_is_told_to_try_again(
    app: FastAPI, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The database keeps a request for longer than a stopping server waits."""
    stopped = server(app, "127.0.0.1", 0)
    stopped.config.timeout_graceful_shutdown = 1
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serve = asyncio.create_task(stopped.serve([listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1/orders"
        async with office.desk.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE order_view")
            async with httpx.AsyncClient(headers=credentials(), timeout=20, trust_env=False) as http:
                asking = asyncio.create_task(http.get(address))
                await until(lambda: office.desk.pool.fetchval(LOCKED_OUT), bool)
                stopped.should_exit = True
                answer = await asking
        await serve
    assert refusal(answer, 503, "stopping")["params"] == {}
    assert answer.headers["retry-after"]
    assert "Traceback" not in caplog.text


class BrokenPool:
    """A database with a bug behind it, whose error tells what nobody may know."""

    async def fetch(self, *_: object) -> object:
        raise RuntimeError(PHONE)


async def test_an_unexpected_error_tells_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(pool=cast("Pool", BrokenPool()), engine=cast("Any", None), rules=cast("Any", None))
    app = create_app(desk, GATEWAY_KEY)
    async with client_of(app, credentials()) as http:
        answer = await http.get("/v1/orders")
    assert refusal(answer, 500, "unexpected")["params"] == {}
    assert PHONE not in answer.text
    assert PHONE not in caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "storage/orders.py" in caplog.text, "where it happened must be found"


async def test_the_log_says_who_and_which_route_and_nothing_that_was_sent(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """Over a real server, with everything that logs at its most talkative."""
    caplog.set_level(logging.DEBUG, logger="gateway")
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    async with serving(app) as address, httpx.AsyncClient(base_url=address, headers=credentials()) as http:
        caplog.clear()
        await http.post(REPLY, json=reply_body("x", statement=PHONE))
        await http.get("/v1/orders", params={"limit": 5, "who": PHONE})
        await http.get(f"/v1/orders/{PHONE}")
        await http.get("/v1/orders", headers={"Authorization": f"Bearer {PHONE}"})
    told = [record.getMessage() for record in caplog.records if record.name == "gateway.door"]
    assert [line.partition(" in ")[0] for line in told] == [
        f"POST /v1/orders/{{order_id}}/reply 404 by {BUREAU}",
        f"GET /v1/orders 200 by {BUREAU}",
        f"GET - 404 by {BUREAU}",
        "GET - 401 by -",
    ]
    own = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert PHONE not in own
    assert GOOD["Authorization"].partition(" ")[2] not in own


def test_the_server_writes_no_access_log_of_its_own(app: FastAPI) -> None:
    assert not server(app, "127.0.0.1", 0).config.access_log


# -- anything at all ---------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["by", "result", "statement", "limit_days", "callback_id", "reason", "basis", "suggests"])
BODIES = (
    ANYTHING.map(json.dumps).map(str.encode)
    | st.dictionaries(FIELDS, ANYTHING, max_size=6).map(json.dumps).map(str.encode)
    | st.binary(max_size=200)
)
PATHS = st.sampled_from(["acknowledgement", "return", "reply", "nonsense"]).map(lambda what: f"/v1/orders/x.1/{what}")
HEADERS = st.dictionaries(
    st.sampled_from(["Accept-Language", "Idempotency-Key", "Content-Type", "Content-Length", "Accept"]),
    st.binary(max_size=30).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    max_size=2,
)


@given(path=PATHS, content=BODIES, headers=HEADERS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_sent_is_refused_as_a_problem(
    http: httpx.AsyncClient, path: str, content: bytes, headers: dict[str, bytes]
) -> None:
    given_headers = {"Content-Type": b"application/json", **headers}
    answer = await http.post(path, content=content, headers=cast("dict[str, str]", given_headers))
    assert answer.status_code in (400, 404, 413, 415, 422), answer.text
    refusal(answer, answer.status_code, answer.json()["type"].removeprefix("urn:liandong:"))


# -- the description ---------------------------------------------------------------------------------------


async def test_the_description_is_served_and_valid(http: httpx.AsyncClient) -> None:
    found = (await http.get("/openapi.json")).json()
    described = OpenAPI.model_validate(found)
    assert described.openapi.startswith("3.1")
    for reference in references(found):
        target: Any = found
        assert reference.startswith("#/"), reference
        for part in reference[2:].split("/"):
            target = target[part]
    for path, methods in found["paths"].items():
        for operation in methods.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"], "the framework's own form is never sent"
            assert bool(operation.get("security")) == (path not in OPEN)
    operations = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert sorted(operations) == ["acknowledge", "health", "inbox", "reply", "return_order"]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in cast("dict[str, object]", part).items():
            if name == "$ref":
                yield str(value)
            yield from references(value)
    elif isinstance(part, list):
        for value in cast("list[object]", part):
            yield from references(value)
