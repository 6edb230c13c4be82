"""The gateway is asked whatever its own description allows, and whatever it does not, with and without proof of who
asks: it never breaks, never tells how it works, and nothing changes without proof."""

import re
from typing import Any, Final, NamedTuple, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import BUREAU, NEIGHBOUR, Office, envelope
from requests import Request
from support import GATEWAY_KEY

from desk.window import Desk
from domain.tokens import TokenKind
from gateway.app import create_app

DESCRIPTION = create_app(Desk(pool=cast("Any", None), engine=cast("Any", None), rules=cast("Any", None)), GATEWAY_KEY)
FUZZER: Final = cast("Any", schemathesis)
"""Its types are open ones."""

SCHEMA = FUZZER.openapi.from_dict(DESCRIPTION.openapi())
OPERATIONS: Final[dict[str, Any]] = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}

PROOFS: Final = ("none", "signature", "foreign signature", "signature of another body", "token", "foreign token")
PROVING: Final = {"signature", "token"}

CHECKS = [
    getattr(FUZZER.checks, name)
    for name in ("not_a_server_error", "response_schema_conformance", "content_type_conformance")
]

INWARD = re.compile(r"Traceback|File \"|\.py\b|asyncpg|pydantic|temporalio|SELECT |INSERT ", re.IGNORECASE)
"""What would tell how it is built."""

STORED = """
SELECT (SELECT count(*) FROM callback), (SELECT count(*) FROM demand), (SELECT count(*) FROM citizen),
       (SELECT count(*) FROM access_token), (SELECT count(*) FROM department_key),
       (SELECT max(changed_at) FROM department)
"""
"""Whatever is done for an asker begins by storing something here; what cases do by themselves meanwhile does not."""


class Credentials(NamedTuple):
    """Real ones, each for its own door."""

    order: str
    clerk: str
    client: str
    grid: str

    def token(self, path: str, *, foreign: bool) -> str:
        own = self.clerk if path.startswith("/v1/orders") else self.grid if path.startswith("/v1/") else self.client
        other = self.grid if own == self.clerk else self.clerk
        return other if foreign else own


@pytest.fixture(scope="module")
async def credentials(office: Office) -> Credentials:
    case_id = await office.open()
    return Credentials(
        order=f"{case_id}.1",
        clerk=await office.token(),
        client=await office.token(TokenKind.CLIENT, "城市应用"),
        grid=await office.token(TokenKind.GRID, "网格员 3"),
    )


def aimed(case: Any, order_id: str) -> None:
    """Let it be about an order that there is."""
    if "order_id" in case.path_parameters:
        case.path_parameters["order_id"] = order_id
        body = cast("object", case.body)
        if isinstance(body, dict) and "order_id" in body:
            cast("dict[str, object]", body)["order_id"] = order_id


def proof(kind: str, path: str, body: bytes, known: Credentials) -> dict[str, str]:
    """The headers that prove who asks, or seem to."""
    body = body.decode(errors="replace").encode()  # what is no text cannot be signed by the scheme
    match kind:
        case "signature":
            headers = envelope(body)
        case "foreign signature":
            headers = {**envelope(body, NEIGHBOUR), "Liandong-Department": BUREAU}
        case "signature of another body":
            headers = envelope(body + b" ")
        case "token" | "foreign token":
            return {"Authorization": f"Bearer {known.token(path, foreign=kind != 'token')}"}
        case _:
            return {}
    del headers["Content-Type"]
    return headers


async def sent(office: Office, case: Any, kind: str, known: Credentials) -> httpx.Response:
    """What the gateway answers. What could not be put into a request at all is left out."""
    given = case.as_transport_kwargs(base_url=str(office.http.base_url))
    plain = {
        name: given[name] for name in ("method", "url", "headers", "params", "cookies", "json", "data") if name in given
    }
    prepared = Request(**plain).prepare()
    body = prepared.body or b""
    content = body.encode() if isinstance(body, str) else bytes(cast("bytes", body))
    own = {
        str(name): str(value)
        for name, value in prepared.headers.items()
        if name.lower() not in ("content-length", "authorization")
    }
    headers = {**own, **proof(kind, httpx.URL(str(prepared.url)).path, content, known)}
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return await office.http.request(str(prepared.method), str(prepared.url), content=content, headers=raw)


async def stored(office: Office) -> tuple[object, ...]:
    return tuple(*await office.desk.pool.fetch(STORED))


async def test_the_description_that_is_fuzzed_is_the_one_that_is_served(office: Office) -> None:
    assert (await office.http.get("/openapi.json")).json() == DESCRIPTION.openapi()
    assert len(OPERATIONS) >= 15


@pytest.mark.parametrize("label", OPERATIONS)
@given(data=st.data(), kind=st.sampled_from(PROOFS), real=st.booleans())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
    derandomize=True,
    database=None,
)
async def test_whatever_the_description_allows_or_not(
    office: Office, credentials: Credentials, label: str, data: st.DataObject, kind: str, real: bool
) -> None:
    mode = data.draw(st.sampled_from(list(FUZZER.GenerationMode)))
    case: Any = data.draw(OPERATIONS[label].as_strategy(mode))
    if real:
        aimed(case, credentials.order)
    unproved = kind not in PROVING
    before = await stored(office) if unproved else None
    answer = await sent(office, case, kind, credentials)
    assert answer.status_code < 500, answer.text
    assert not INWARD.search(answer.text), answer.text
    if unproved:
        assert await stored(office) == before
        assert not (answer.is_success and (label.startswith("POST") or " /v1/" in label)), (kind, answer.text)
    case.validate_response(answer, checks=CHECKS)
