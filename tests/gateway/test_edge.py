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
from office import BUREAU, NEIGHBOUR, Office, envelope, reply_body, serving, until
from support import GATEWAY_KEY, desk_of, outside_of
from temporalio.client import Client

from desk.window import Desk
from domain.errors import DoesNotFit, Invalid, NotFound, NotYours, Refused, Unavailable
from gateway import open311
from gateway.app import OPEN, create_app, entrances
from gateway.door import BODY_LIMIT
from gateway.open311_pages import MEDIA_TYPES
from gateway.problems import language_of, problem
from gateway.server import server
from storage.database import Pool, open_pool

PHONE = "0898-66778899"
JSON = {"Content-Type": "application/json"}
ORDER = "nothing.1"
REPLY = f"/v1/orders/{ORDER}/reply"


@pytest.fixture(scope="module")
def app(office: Office) -> FastAPI:
    return create_app(office.desk, GATEWAY_KEY)


@pytest.fixture(scope="module")
async def token(office: Office) -> str:
    """A clerk's of the bureau."""
    return await office.token()


@pytest.fixture(scope="module")
async def http(app: FastAPI, token: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A clerk of the bureau's at the edge."""
    async with client_of(app, carrying(token)) as http:
        yield http


def carrying(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


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
            yield from ((method, route.path) for method in getattr(route, "methods", ("GET",)))


NOBODYS_WORDS = {f"{open311.PREFIX}/{what}.{{form}}" for what in ("discovery", "services", "services/{service_code}")}
"""What the Open311 door shows to anybody."""


def is_open(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in OPEN)


async def test_every_route_is_behind_an_entrance_and_every_other_one_asks_who_calls(app: FastAPI) -> None:
    routes = set(routes_of(app))
    assert len(routes) >= 9
    assert {path for _, path in routes} >= {*app.openapi()["paths"], "/openapi.json", "/docs"}
    asking = {(method, path) for method, path in routes if not is_open(path) and path not in NOBODYS_WORDS}
    assert {path for _, path in asking} == {
        *(f"{open311.PREFIX}/{what}.{{form}}" for what in ("requests", "requests/{service_request_id}")),
        f"{open311.PREFIX}/tokens/{{token_id}}.{{form}}",
        "/v1/cases",
        "/v1/cases/{case_id}",
        "/v1/orders",
        *(f"/v1/orders/{{order_id}}/{what}" for what in ("acknowledge", "progress", "reply", "return", "extension")),
    }
    async with client_of(app) as stranger:
        for method, path in asking:
            if path.startswith(open311.PREFIX):
                answer = await stranger.request(method, path, data={"description": "x"})
                assert answer.status_code == 403, (method, path)
                continue
            answer = await stranger.request(method, path.replace("{order_id}", "x.1"), json={})
            assert answer.status_code == 401, (method, path)
            if method != "HEAD":
                refusal(answer, 401, "not-authenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_nothing_that_is_open_is_about_a_case(office: Office) -> None:
    unguarded = {entrance.prefix for entrance in entrances(office.desk, GATEWAY_KEY) if entrance.guard is None}
    assert unguarded == set(OPEN)
    assert not any(prefix.startswith("/v1") for prefix in unguarded)


BAD_CREDENTIALS: dict[str, dict[str, str | bytes]] = {
    "nothing": {},
    "a department's name": {"Liandong-Department": BUREAU},
    "another scheme": {"Authorization": "Basic {token}"},
    "a wrong secret": {"Authorization": "Bearer {token}0"},
    "half a token": {"Authorization": "Bearer ldt_0123456789"},
    "a token of nobody's": {"Authorization": "Bearer ldt_0123456789_" + "0" * 32},
    "no token's form": {"Authorization": "Bearer " + "0" * 64},
    "an empty token": {"Authorization": "Bearer "},
    "no ascii": {"Authorization": "Bearer 密".encode()},
    "no text": {"Authorization": b"Bearer \xff\xfe"},
    "no text in a token's form": {"Authorization": b"Bearer ldt_0123456789_\xff\xfe"},
    "no number in a token's form": {"Authorization": "Bearer ldt_²_x".encode()},
}


@pytest.mark.parametrize("name", BAD_CREDENTIALS)
async def test_credentials_that_prove_nothing_are_refused(app: FastAPI, token: str, name: str) -> None:
    given = {
        header: value.replace("{token}", token) if isinstance(value, str) else value
        for header, value in BAD_CREDENTIALS[name].items()
    }
    async with client_of(app) as stranger:
        refusal(await stranger.get("/v1/orders", headers=cast("dict[str, str]", given)), 401, "not-authenticated")


@pytest.mark.parametrize(
    "path",
    [
        "//health",
        "/hea%09lth",
        "/health%0A",
        "/health%3F",
        "/HEALTH",
        "/healthy",
        "/docs%2F..%2Fv1",
        "/health/",
        "/docs/x",
    ],
)
async def test_nothing_but_what_is_open_is_open(app: FastAPI, path: str) -> None:
    async with client_of(app) as stranger:
        refusal(await stranger.get(path), 404, "route-unknown")


async def test_a_route_that_has_no_entrance_is_not_found(office: Office) -> None:
    app = create_app(office.desk, GATEWAY_KEY)

    @app.get("/forgotten")
    async def forgotten() -> str:  # pyright: ignore[reportUnusedFunction]
        return PHONE

    async with client_of(app) as stranger:
        refusal(await stranger.get("/forgotten"), 404, "route-unknown")


async def test_the_department_is_the_one_that_calls_whatever_the_body_says(http: httpx.AsyncClient) -> None:
    body = {**reply_body(ORDER), "department": NEIGHBOUR}
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
    ("by", "contradicts_token", {"by": "别人"}),
    ("by", "too_long", {"by": "李" * 61}),
    ("limit_days", "malformed", {"limit_days": 0}),
    ("limit_days", "malformed", {"limit_days": 366}),
    ("limit_days", "malformed", {"limit_days": True}),
    ("limit_days", "malformed", {"limit_days": 1.5}),
    ("limit_days", "malformed", {"limit_days": "3"}),
    ("limit_days", "malformed", {"limit_days": 10**40}),
    ("order_id", "missing", {"order_id": ...}),
    ("order_id", "malformed", {"order_id": None}),
    ("order_id", "malformed", {"order_id": "a b"}),
    ("order_id", "malformed", {"order_id": "a" * 121}),
    ("order_id", "contradicts_address", {"order_id": "another.1"}),
    ("callback_id", "unknown", {"callback_id": "r-1"}),
    ("department", "unknown", {"department": BUREAU}),
    ("surprise", "unknown", {"surprise": PHONE}),
    ("?", "unknown", {f"符小妹 {PHONE}": 1}),
]


@pytest.mark.parametrize(("field", "reason", "change"), WRONG_REPLIES)
async def test_a_wrong_reply_is_refused_by_its_field(
    http: httpx.AsyncClient, field: str, reason: str, change: dict[str, Any]
) -> None:
    body = {name: value for name, value in (reply_body(ORDER) | change).items() if value is not ...}
    content = json.dumps(body).encode()
    answer = await http.post(REPLY, content=content, headers=JSON)
    assert refusal(answer, 422, "input-invalid")["params"] == {"field": field, "reason": reason}
    assert PHONE not in answer.text


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("acknowledge", {"by": ""}, "by"),
        ("acknowledge", {"statement": PHONE}, "statement"),
        ("acknowledge", [], "body"),
        ("acknowledge", None, "body"),
        ("acknowledge", "text", "body"),
        ("progress", {}, "statement"),
        ("progress", {"statement": " "}, "statement"),
        ("progress", {"statement": PHONE * 200}, "statement"),
        ("return", {"basis": "b"}, "reason"),
        ("return", {"reason": "a"}, "basis"),
        ("return", {"reason": "a", "basis": "b", "suggests": "隔壁"}, "suggests"),
        ("extension", {"reason": "a", "told_citizen": "b"}, "days"),
        ("extension", {"days": 0, "reason": "a", "told_citizen": "b"}, "days"),
        ("extension", {"days": "5", "reason": "a", "told_citizen": "b"}, "days"),
        ("extension", {"days": 366, "reason": "a", "told_citizen": "b"}, "days"),
        ("extension", {"days": 5, "reason": "a"}, "told_citizen"),
    ],
)
async def test_whatever_else_is_said_wrongly_is_refused_by_its_field(
    http: httpx.AsyncClient, what: str, body: object, field: str
) -> None:
    content = json.dumps({"order_id": ORDER, **cast("dict[str, object]", body)} if isinstance(body, dict) else body)
    answer = await http.post(f"/v1/orders/{ORDER}/{what}", content=content, headers=JSON)
    assert refusal(answer, 422, "input-invalid")["params"]["field"] == field
    assert PHONE not in answer.text


@pytest.mark.parametrize("order_id", ["-", "a%20b", "%E5%B7%A5%E5%8D%95", "a" * 121, "%00"])
async def test_what_cannot_be_an_order_is_refused(http: httpx.AsyncClient, order_id: str) -> None:
    answer = await http.post(f"/v1/orders/{order_id}/acknowledge", json={"order_id": ORDER})
    assert refusal(answer, 422, "input-invalid")["params"] == {"field": "order_id", "reason": "malformed"}


@pytest.mark.parametrize("limit", ["0", "501", "all", "1.5", ""])
async def test_a_wrong_limit_is_refused(http: httpx.AsyncClient, limit: str) -> None:
    answer = await http.get("/v1/orders", params={"limit": limit})
    assert refusal(answer, 422, "input-invalid")["params"]["field"] == "limit"


async def test_an_idempotency_key_is_an_id(http: httpx.AsyncClient) -> None:
    for malformed in ("a b", '"', '"a" "b"', "", "a" * 121, "编号"):
        headers = cast("dict[str, str]", {"Idempotency-Key": malformed.encode()})
        answer = await http.post(REPLY, json=reply_body(ORDER), headers=headers)
        assert refusal(answer, 422, "input-invalid")["params"]["field"] == "idempotency-key", malformed
    for key in ("r-1", '"r-1"'):
        refusal(await http.post(REPLY, json=reply_body(ORDER), headers={"Idempotency-Key": key}), 404, "order-unknown")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "json-malformed"),
        (b"nothing", "json-malformed"),
        (b"\xff\xfe\x00", "not-utf8"),
        (b'{"by": "\xb3\xc7"}', "not-utf8"),
        (b"[" * 60_000, "json-malformed"),
        (b'{"by": ' + b"9" * 5000 + b"}", "json-malformed"),
        (b"{}{}", "json-malformed"),
    ],
    ids=["open", "word", "binary", "gbk", "deep", "huge_number", "twice"],
)
async def test_what_is_not_json_is_refused(http: httpx.AsyncClient, content: bytes, code: str) -> None:
    refusal(await http.post(REPLY, content=content, headers=JSON), 400, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"])
async def test_another_content_type_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post(REPLY, content=json.dumps(reply_body(ORDER)), headers={"Content-Type": kind})
    assert refusal(answer, 415, "media-type-wrong")["params"] == {"allowed": "application/json"}


async def test_json_with_a_charset_is_json(http: httpx.AsyncClient) -> None:
    content = json.dumps(reply_body(ORDER))
    answer = await http.post(REPLY, content=content, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    refusal(answer, 404, "order-unknown")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "token"])
async def test_a_body_that_is_too_large_is_refused(office: Office, token: str, announced: bool, signed: bool) -> None:
    """Over a real socket, where the server answers before the body has ended."""
    content = json.dumps(reply_body(ORDER, statement="x" * 10_000_000)).encode()

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(content), 8192):
            yield content[start : start + 8192]

    headers = envelope(content) if signed else {**carrying(token), **JSON}
    try:
        answer = await office.http.post(REPLY, content=content if announced else pieces(), headers=headers)
    except httpx.WriteError:
        return  # the door was shut in mid-sentence
    assert refusal(answer, 413, "body-too-large")["params"] == {"limit": BODY_LIMIT}


@pytest.mark.parametrize("head", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_to_its_end_is_not_waited_for(
    office: Office, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    monkeypatch.setattr("gateway.door.BODY_PATIENCE", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", office.http.base_url.port)
    writer.write(f"POST {REPLY} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        answer = (await reader.read()).decode()  # to the end: the door is shut
    writer.close()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "urn:liandong:body-too-slow" in answer


async def test_a_body_up_to_the_limit_is_read(http: httpx.AsyncClient) -> None:
    content = json.dumps(reply_body(ORDER)).encode().ljust(BODY_LIMIT)
    refusal(await http.post(REPLY, content=content, headers=JSON), 404, "order-unknown")
    refusal(await http.post(REPLY, content=content + b" ", headers=JSON), 413, "body-too-large")


async def test_an_unknown_route_or_method_is_a_problem_too(http: httpx.AsyncClient) -> None:
    for path in ("/", "/v1", "/v1/orders/", "/v1/orders/x.1", "/v2/orders", "/redoc", "/v1/orders/x/y/reply"):
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


async def test_without_postgresql_it_is_said_and_no_more(embedded: Any, database_url: str) -> None:
    pool = await open_pool(database_url)
    await pool.close()
    async with outside_of(pool, cast("Client", embedded.client)) as outside:
        app = create_app(desk_of(outside), GATEWAY_KEY)
        content = json.dumps(reply_body(ORDER)).encode()
        async with client_of(app) as http:
            for answer in (
                await http.get("/ready"),
                await http.post(REPLY, content=content, headers=envelope(content)),
                await http.get("/v1/orders", headers=carrying("ldt_0123456789_x")),
            ):
                assert refusal(answer, 503, "out-of-order")["params"] == {}
                assert answer.headers["retry-after"]
            assert (await http.get("/health")).status_code == 200, "the process lives"


LOCKED_OUT = "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_who_still_waits_when_the_server_stops_is_told_to_try_again(
    app: FastAPI, office: Office, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The database keeps a request for longer than a stopping server waits."""
    stopped = server(app, "127.0.0.1", 0)
    stopped.config.timeout_graceful_shutdown = 1
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serve = asyncio.create_task(stopped.serve([listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1/orders"
        async with office.desk.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE order_view")
            async with httpx.AsyncClient(headers=carrying(token), timeout=20, trust_env=False) as http:
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

    async def fetchrow(self, *_: object) -> object:
        raise RuntimeError(PHONE)


async def test_an_unexpected_error_tells_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(pool=cast("Pool", BrokenPool()), engine=cast("Any", None), rules=cast("Any", None))
    app = create_app(desk, GATEWAY_KEY)
    async with client_of(app, carrying(f"ldt_0123456789_{PHONE}")) as http:
        answer = await http.get("/v1/orders")
    assert refusal(answer, 500, "unexpected")["params"] == {}
    assert PHONE not in answer.text
    assert PHONE not in caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "storage/access.py" in caplog.text, "where it happened must be found"


async def test_the_log_says_who_and_which_route_and_nothing_that_was_sent(
    app: FastAPI, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Over a real server, with everything that logs at its most talkative."""
    caplog.set_level(logging.DEBUG, logger="gateway")
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    async with serving(app) as address, httpx.AsyncClient(base_url=address, headers=carrying(token)) as http:
        caplog.clear()
        await http.post(REPLY, json=reply_body(ORDER, statement=PHONE))
        await http.get("/v1/orders", params={"limit": 5, "who": PHONE})
        await http.get(f"/v1/orders/{PHONE}")
        await http.get("/v1/orders", headers={"Authorization": f"Bearer {PHONE}"})
    told = [record.getMessage() for record in caplog.records if record.name == "gateway.door"]
    who = token.split("_")[1]
    assert [line.partition(" in ")[0] for line in told] == [
        f"POST /v1/orders/{{order_id}}/reply 404 by {who}",
        f"GET /v1/orders 200 by {who}",
        f"GET /v1/orders 404 by {who}",
        "GET /v1/orders 401 by -",
    ]
    own = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert PHONE not in own
    assert token not in own
    assert token.rpartition("_")[2] not in own


def test_the_server_writes_no_access_log_of_its_own(app: FastAPI) -> None:
    assert not server(app, "127.0.0.1", 0).config.access_log


# -- anything at all ---------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["order_id", "by", "result", "statement", "limit_days", "days", "reason", "basis", "suggests"])
BODIES = (
    ANYTHING.map(json.dumps).map(str.encode)
    | st.dictionaries(FIELDS, ANYTHING, max_size=6).map(json.dumps).map(str.encode)
    | st.binary(max_size=200)
)
PATHS = st.sampled_from(["acknowledge", "progress", "return", "reply", "extension", "nonsense"]).map(
    lambda what: f"/v1/orders/x.1/{what}"
)
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
            refusals = operation["responses"]["default"]["content"]
            of_open311 = path.startswith(open311.PREFIX)
            assert set(MEDIA_TYPES.values() if of_open311 else ("application/problem+json",)) <= set(refusals)
            assert "422" not in operation["responses"], "the framework's own form is never sent"
            assert bool(operation.get("security")) == (not is_open(path) and path not in NOBODYS_WORDS)
    operations = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert sorted(operations) == [
        *("acknowledge", "case", "discover", "extension", "health", "inbox", "metrics", "open_case", "open_request"),
        *("progress", "ready", "reply", "request_by_id", "request_of_token", "requests", "return_order"),
        *("service_definition", "services"),
    ]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in cast("dict[str, object]", part).items():
            if name == "$ref":
                yield str(value)
            yield from references(value)
    elif isinstance(part, list):
        for value in cast("list[object]", part):
            yield from references(value)
