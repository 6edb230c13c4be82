"""The grid workers' door: one report, several departments, and nobody else's case."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest
from office import BUREAU, NEIGHBOUR, Office

from desk.front import WINDOW
from domain.ledger import FactKind
from domain.order import Role
from domain.tokens import TokenKind
from storage import access

STREET = "street-460108001"
JUSTICE = "meilan-justice"
SHED: dict[str, Any] = {
    "description": "楼顶违建，业主不配合",
    "lead": BUREAU,
    "assisting": [STREET, JUSTICE],
    "place": "怡心路 7 号楼顶",
    "matter": "rooftop-shed",
    "district": "460108",
    "point": {"lat": 20.06, "long": 110.33},
    "media_url": "https://media.example.net/shed.jpg",
    "citizen": {"name": "符小妹", "phone": "0898-66778899"},
}
PHONE = "13800138000"
WEST = "460105001"
"""A street of another district."""


@pytest.fixture(scope="module", autouse=True)
async def numbers(office: Office) -> None:
    """Every database begins to number its cases anew, and all tests share one Temporal."""
    await office.desk.pool.execute("SELECT setval('case_number', (random() * 9e8)::bigint + 1)")


class Worker:
    """A grid worker with a token."""

    def __init__(self, office: Office, token: str) -> None:
        self._http, self._token = office.http, token

    async def report(self, id_: str | None = None, /, **changes: Any) -> httpx.Response:
        body = {name: value for name, value in {**SHED, **changes}.items() if value is not ...}
        key = {"Idempotency-Key": id_} if id_ else {}
        return await self._http.post("/v1/cases", json=body, headers=self.bearer | key)

    async def case(self, case_id: str) -> httpx.Response:
        return await self._http.get(f"/v1/cases/{case_id}", headers=self.bearer)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


@pytest.fixture
async def worker(office: Office) -> Worker:
    """A worker that nobody else is."""
    return Worker(office, await office.token(TokenKind.GRID, f"网格员 {secrets.token_hex(4)}"))


def refusal(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:liandong:{code}"
    return answer.json()["params"]


async def stored(office: Office) -> int:
    return await office.desk.pool.fetchval("SELECT count(*) FROM demand")


async def test_one_report_asks_several_departments_at_once(office: Office, worker: Worker) -> None:
    answer = await worker.report()
    assert answer.status_code == 201, answer.text
    reported = answer.json()
    case_id = reported["case_id"]
    asked = [(BUREAU, "lead"), (STREET, "assisting"), (JUSTICE, "assisting")]
    assert reported == {
        "case_id": case_id,
        "asked": [{"department": code, "role": role} for code, role in asked],
        "outcome": "opened",
    }
    assert answer.headers["location"] == f"/v1/cases/{case_id}"
    await office.recorded(case_id, FactKind.ORDER_SENT, times=3)
    orders = (await office.view(case_id)).orders
    assert {(order.department, order.role) for order in orders} == {(code, Role(role)) for code, role in asked}
    assert (await office.folder(case_id)).codes["channel"] == "grid"


async def test_the_worker_follows_what_it_reported(office: Office, worker: Worker) -> None:
    case_id = (await worker.report()).json()["case_id"]
    await office.recorded(case_id, FactKind.ORDER_SENT, times=3)
    seen = (await worker.case(case_id)).json()
    assert (seen["description"], seen["place"]) == (SHED["description"], SHED["place"])
    assert (seen["point"], seen["media_url"]) == (SHED["point"], SHED["media_url"])
    assert (seen["view"]["lead"], seen["view"]["status"]) == (BUREAU, "handling")
    assert "符小妹" not in str(seen)
    other = Worker(office, await office.token(TokenKind.GRID, "网格员 9"))
    refusal(await other.case(case_id), 404, "request-unknown")
    refusal(await worker.case("20260101-000001"), 404, "request-unknown")
    refusal(await worker.case("a b"), 422, "input-invalid")


async def test_without_a_lead_the_directory_names_one_and_else_an_operator(office: Office, worker: Worker) -> None:
    by_directory = (await worker.report(lead=...)).json()
    assert by_directory["asked"][0]["role"] == "lead"
    queued = (await worker.report(lead=..., matter=...)).json()
    assert queued["asked"] == []
    await office.recorded(queued["case_id"], FactKind.CASE_QUEUED)


async def test_a_report_sent_twice_opens_one_case(office: Office, worker: Worker) -> None:
    before = await stored(office)
    answers = await asyncio.gather(*(worker.report("g-1") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["case_id"] for answer in answers}) == 1
    refusal(await worker.report("g-1", description="另一件"), 409, "id-used-otherwise")
    assert await stored(office) == before + 1

    again = await worker.report()
    assert (again.status_code, again.json()["outcome"]) == (200, "known")
    later = "UPDATE demand SET received_at = received_at - $2::interval WHERE case_id = $1"
    await office.desk.pool.execute(later, again.json()["case_id"], WINDOW)
    assert (await worker.report()).status_code == 201
    assert await stored(office) == before + 2


WRONG: list[tuple[int, str, dict[str, Any], dict[str, Any]]] = [
    (422, "input-invalid", {"field": "description", "reason": "missing"}, {"description": ...}),
    (422, "input-invalid", {"field": "description", "reason": "empty"}, {"description": " "}),
    (422, "input-invalid", {"field": "description", "reason": "too_long"}, {"description": PHONE * 400}),
    (422, "input-invalid", {"field": "description", "reason": "malformed"}, {"description": f"{PHONE}\x00"}),
    (422, "input-invalid", {"field": "point.lat", "reason": "malformed"}, {"point": {"lat": 91, "long": 0}}),
    (422, "input-invalid", {"field": "point.lat", "reason": "malformed"}, {"point": {"lat": 10**400, "long": 0}}),
    (422, "input-invalid", {"field": "point.long", "reason": "missing"}, {"point": {"lat": 20}}),
    (422, "input-invalid", {"field": "citizen.phone", "reason": "malformed"}, {"citizen": {"phone": "x"}}),
    (422, "input-invalid", {"field": "media_url", "reason": "malformed"}, {"media_url": "javascript:x"}),
    (422, "input-invalid", {"field": "urgency", "reason": "not_one_of"}, {"urgency": "soon"}),
    (422, "input-invalid", {"field": "assisting", "reason": "malformed"}, {"assisting": [STREET] * 21}),
    (422, "input-invalid", {"field": "channel", "reason": "unknown"}, {"channel": "phone"}),
    (422, "input-invalid", {"field": "?", "reason": "unknown"}, {f"符小妹{PHONE}": 1}),
    (404, "department-unknown", {"department": "hk-housin", "did_you_mean": NEIGHBOUR}, {"assisting": ["hk-housin"]}),
    (404, "matter-unknown", {"matter": "moon", "did_you_mean": ""}, {"matter": "moon"}),
    (
        422,
        "street-elsewhere",
        {"field": "street", "street": "460105001", "district": "460105"},
        {"street": "460105001"},
    ),
]


@pytest.mark.parametrize(("status", "code", "params", "changes"), WRONG)
async def test_a_wrong_report_is_refused_by_its_field(
    office: Office, worker: Worker, status: int, code: str, params: dict[str, Any], changes: dict[str, Any]
) -> None:
    before = await stored(office)
    answer = await worker.report(**changes)
    assert refusal(answer, status, code) == params
    assert PHONE not in answer.text
    assert await stored(office) == before


async def test_an_id_that_can_be_none_is_refused(office: Office, worker: Worker) -> None:
    before = await stored(office)
    assert refusal(await worker.report("a b"), 422, "input-invalid")["reason"] == "malformed"
    assert await stored(office) == before


async def test_tokens_that_open_nothing(office: Office, worker: Worker) -> None:
    before = await stored(office)
    token = await office.token(TokenKind.GRID, "gone")
    await access.revoke(office.desk.pool, token.split("_")[1])
    refusal(await Worker(office, token).report(), 401, "token-revoked")
    refusal(await Worker(office, "nonsense").report(), 401, "not-authenticated")
    for kind in (TokenKind.CLERK, TokenKind.CLIENT):
        other = Worker(office, await office.token(kind, "别人"))
        refusal(await other.report(), 403, "token-opens-another-door")
        refusal(await other.case("x"), 403, "token-opens-another-door")
    assert await stored(office) == before
