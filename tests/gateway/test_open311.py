"""The Open311 door: what the specification says, over real HTTP, and what third parties' clients make of it."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import Office, serving, until
from support import GATEWAY_KEY
from temporalio.client import Client as TemporalClient
from temporalio.contrib.pydantic import pydantic_data_converter

from desk.directory_rows import shipped_matters
from desk.front import WINDOW
from desk.orders import inbox
from domain.case import Status
from domain.citizen import BLOT
from domain.commands import Command, Withdraw
from domain.ledger import FactKind
from domain.tokens import TokenKind
from gateway.app import create_app
from gateway.open311_input import ASKED, SENT
from storage import access

BASE = "/open311/v2"
LAMP = {"service_code": "street-lamp", "address_string": "海甸五西路海达路口", "description": "路灯不亮三天了"}


class Client:
    """A citizens' channel with a key of its own."""

    def __init__(self, office: Office, key: str) -> None:
        self.office, self.http, self.key = office, office.http, key

    async def post(self, form: str = "json", headers: Mapping[str, str] = {}, /, **fields: Any) -> httpx.Response:
        given = {"api_key": self.key, **LAMP, **fields}
        data = {name: value for name, value in given.items() if value is not ...}
        return await self.http.post(f"{BASE}/requests.{form}", data=data, headers=headers)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(f"{BASE}/{path}", params={"api_key": self.key, **query})

    async def open(self, **fields: Any) -> str:
        """Open a case; its id, once it is on record."""
        answer = await self.post(**fields)
        assert answer.status_code == 200, answer.text
        (request,) = answer.json()
        await self.office.recorded(request["service_request_id"], FactKind.CASE_OPENED)
        return request["service_request_id"]

    async def request(self, case_id: str) -> dict[str, Any]:
        answer = await self.get(f"requests/{case_id}.json")
        assert answer.status_code == 200, answer.text
        (request,) = answer.json()
        return request

    async def ids(self, **query: Any) -> list[str]:
        answer = await self.get("requests.json", **query)
        assert answer.status_code == 200, answer.text
        return [request["service_request_id"] for request in answer.json()]


@pytest.fixture(scope="module", autouse=True)
async def numbers(office: Office) -> None:
    """Every database begins to number its cases anew, and all tests share one Temporal."""
    await office.desk.pool.execute("SELECT setval('case_number', (random() * 9e8)::bigint + 1)")


@pytest.fixture
async def client(office: Office) -> Client:
    """A client that nobody else is."""
    return Client(office, await office.token(TokenKind.CLIENT, f"app-{secrets.token_hex(4)}"))


def xml_of(answer: httpx.Response) -> ET.Element:
    return ET.fromstring(answer.content)  # noqa: S314 - our own answer


def refusal(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal in the specification's shape, in either format."""
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    if answer.headers["content-type"] == "application/json; charset=utf-8":
        (error,) = answer.json()
        assert set(error) == {"code", "description"}
        code, description = error["code"], error["description"]
    else:
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        (error,) = xml_of(answer)
        assert [part.tag for part in error] == ["code", "description"]
        code, description = int(error[0].text or ""), error[1].text
    assert code == status
    assert description
    return description


async def stored(office: Office) -> int:
    return await office.desk.pool.fetchval("SELECT count(*) FROM demand")


# -- services ----------------------------------------------------------------------------------------------


async def test_services_are_the_matters_and_for_everybody(office: Office) -> None:
    listed = (await office.http.get(f"{BASE}/services.json", headers={"Accept-Language": "en"})).json()
    assert [one["service_code"] for one in listed] == [matter.code for matter in shipped_matters().matters]
    lamp = next(one for one in listed if one["service_code"] == "street-lamp")
    assert lamp == {
        "service_code": "street-lamp",
        "service_name": "Street lamp",
        "description": "request, normal",
        "metadata": True,
        "type": "realtime",
        "keywords": "路灯, street-lamp",
        "group": "city management",
    }
    chinese = (await office.http.get(f"{BASE}/services.json")).json()
    assert {one["service_name"] for one in chinese} >= {"路灯"}
    assert {one["group"] for one in chinese} == {"城市管理", "社会治理", "公共服务"}


async def test_a_definition_offers_places_and_urgency_where_they_make_sense(office: Office) -> None:
    async def asked(code: str) -> dict[str, dict[str, str]]:
        found = (await office.http.get(f"{BASE}/services/{code}.json")).json()
        assert found["service_code"] == code
        assert [one["order"] for one in found["attributes"]] == list(range(1, len(found["attributes"]) + 1))
        for one in found["attributes"]:
            assert (one["variable"], one["required"], one["datatype"]) == (True, False, "singlevaluelist")
        return {one["code"]: {value["key"]: value["name"] for value in one["values"]} for one in found["attributes"]}

    lamp = await asked("street-lamp")
    assert lamp["district"] == {"460105": "秀英区", "460106": "龙华区", "460107": "琼山区", "460108": "美兰区"}
    assert lamp["street"]["460105001"] == "秀英街道办事处"
    assert list(lamp["urgency"]) == ["normal", "danger"]
    assert list((await asked("power-outage"))["urgency"]) == ["utility", "danger"]
    assert "urgency" not in await asked("gas-leak")


async def test_xml_is_the_same_in_elements(office: Office) -> None:
    answer = await office.http.get(f"{BASE}/services.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = xml_of(answer)
    assert (root.tag, {one.tag for one in root}) == ("services", {"service"})
    in_json = (await office.http.get(f"{BASE}/services.json")).json()
    as_texts = [
        {name: str(value).lower() if value is True else value for name, value in one.items()} for one in in_json
    ]
    assert [{part.tag: part.text for part in one} for one in root] == as_texts
    root = xml_of(await office.http.get(f"{BASE}/services/street-lamp.xml"))
    assert [one.text for one in root.findall("./attributes/attribute/code")] == ["district", "street", "urgency"]
    assert root.findtext("./attributes/attribute/values/value/key") == "460105"


async def test_the_discovery_file_names_this_door(office: Office) -> None:
    found = (await office.http.get(f"{BASE}/discovery.json")).json()
    (endpoint,) = found["endpoints"]
    assert endpoint["url"] == f"{str(office.http.base_url).rstrip('/')}{BASE}"
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    root = xml_of(await office.http.get(f"{BASE}/discovery.xml"))
    assert [one.text for one in root.iter("format")] == endpoint["formats"] == ["text/xml", "application/json"]


# -- opening and following a case --------------------------------------------------------------------------


async def test_a_request_becomes_a_case_and_is_followed_to_its_end(office: Office, client: Client) -> None:
    answer = await client.post(
        lat="20.0442200",
        long="110.1998900",
        first_name="小妹",
        last_name="符",
        phone="0898-66778899",
        email="fu@example.net",
        media_url="https://media.example.net/a.jpg",
        device_id="d1",
        account_id="a1",
        jurisdiction_id="haikou.gov.cn",
        description="路灯不亮，找符小妹 0898-66778899，fu@example.net",
        **{"attribute[district]": "460108", "attribute[urgency]": "danger"},
    )
    assert answer.status_code == 200, answer.text
    (opened,) = answer.json()
    case_id = opened["service_request_id"]
    assert opened == {"service_request_id": case_id, "service_notice": "已交海口市路灯管理所办理。", "account_id": None}

    await office.recorded(case_id, FactKind.ORDER_SENT)
    order = await office.order(f"{case_id}.1")
    request = await client.request(case_id)
    said = f"路灯不亮，找{BLOT} {BLOT}，{BLOT}"
    assert request | {"updated_datetime": "", "status_notes": ""} == {
        "service_request_id": case_id,
        "status": "open",
        "status_notes": "",
        "service_name": "路灯",
        "service_code": "street-lamp",
        "description": said,
        "agency_responsible": "海口市路灯管理所",
        "service_notice": None,
        "requested_datetime": request["requested_datetime"],
        "updated_datetime": "",
        "expected_datetime": f"{order.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "address": LAMP["address_string"],
        "address_id": None,
        "zipcode": None,
        "lat": 20.04422,
        "long": 110.19989,
        "media_url": "https://media.example.net/a.jpg",
    }
    assert "海口市路灯管理所" in request["status_notes"]
    assert abs(datetime.fromisoformat(request["requested_datetime"]) - datetime.now(UTC)) < timedelta(seconds=30)
    folder = await office.folder(case_id)
    assert (folder.codes["channel"], folder.codes["district"], folder.codes["urgency"]) == ("app", "460108", "danger")
    row = await office.desk.pool.fetchrow(
        "SELECT citizen.* FROM demand JOIN citizen USING (citizen_id) WHERE case_id = $1", case_id
    )
    assert row is not None
    assert (row["name"], row["phone"], row["email"]) == ("符小妹", "0898-66778899", "fu@example.net")

    await office.ask(case_id, Command.WITHDRAW, Withdraw(reason="已修好", by="话务员 5"))
    closed = await until(lambda: client.request(case_id), lambda request: request["status"] == "closed")
    assert closed["status_notes"] == "已办结：已撤诉。"
    assert (await office.view(case_id)).status is Status.CLOSED


async def test_the_department_and_the_operator_see_the_point_and_the_picture(office: Office, client: Client) -> None:
    picture = "https://media.example.net/a.jpg"
    case_id = await client.open(lat="20.0442200", long="110.1998900", media_url=picture)
    (order,) = await office.recorded(case_id, FactKind.ORDER_SENT)
    (item,) = [one for one in await inbox(office.desk, str(order.payload["department"]), 100) if one.case_id == case_id]
    folder = await office.folder(case_id)
    for seen in (item, folder):
        assert seen.point is not None
        assert (seen.point.in_words, seen.media_url) == ("20.044220, 110.199890", picture)
        assert seen.place == LAMP["address_string"]


async def test_a_matter_that_nobody_takes_waits_for_an_operator(office: Office, client: Client) -> None:
    answer = await client.post("json", {"Accept-Language": "en"}, service_code="other")
    (opened,) = answer.json()
    assert opened["service_notice"] == "The hotline's operators choose who deals with it."
    case_id = opened["service_request_id"]
    await office.recorded(case_id, FactKind.CASE_QUEUED)
    request = await client.request(case_id)
    assert (request["agency_responsible"], request["status"]) == (None, "open")
    assert request["status_notes"].startswith("由热线话务员确定承办单位")
    wait = (await office.view(case_id)).waiting[0]
    assert request["expected_datetime"] == (f"{wait.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if wait.until else None)


async def test_a_point_alone_is_enough_and_reaches_the_department_in_figures(office: Office, client: Client) -> None:
    case_id = await client.open(address_string=..., lat="20.04", long="110.2")
    request = await client.request(case_id)
    assert (request["address"], request["lat"], request["long"]) == (None, 20.04, 110.2)
    assert (await office.folder(case_id)).place == "20.040000, 110.200000"


async def test_xml_is_answered_where_xml_is_asked_for(client: Client) -> None:
    answer = await client.post("xml", description="灯\uffff <坏> & 了")
    assert answer.status_code == 200, answer.text
    case_id = xml_of(answer).findtext("./request/service_request_id")
    answer = await client.get(f"requests/{case_id}.xml")
    assert answer.text.startswith("<?xml version='1.0' encoding='utf-8'?>\n<service_requests><request>")
    request = xml_of(answer).find("request")
    assert request is not None
    assert (request.findtext("description"), request.findtext("lat")) == ("灯\ufffd <坏> & 了", "")


async def test_a_description_may_have_four_thousand_characters(client: Client) -> None:
    assert (await client.request(await client.open(description="灯" * 4000)))["description"] == "灯" * 4000
    assert "太长" in refusal(await client.post(description="灯" * 4001), 400)


# -- once and only once ------------------------------------------------------------------------------------


async def test_the_same_request_with_the_same_id_opens_one_case(office: Office, client: Client) -> None:
    before = await stored(office)
    answers = await asyncio.gather(*(client.post("json", {"Idempotency-Key": '"r-1"'}) for _ in range(5)))
    ids = {answer.json()[0]["service_request_id"] for answer in answers}
    assert len(ids) == 1
    assert (await client.post(token="r-1")).json()[0]["service_request_id"] in ids
    assert await stored(office) == before + 1
    other = await client.post(token="r-1", description="另一件")
    assert "Idempotency-Key" in refusal(other, 400)
    found = (await client.get("tokens/r-1.json")).json()
    assert found == [{"service_request_id": ids.pop(), "token": "r-1"}]
    refusal(await client.get("tokens/r-2.json"), 404)
    assert await stored(office) == before + 1


async def test_another_clients_id_is_another_id(office: Office, client: Client) -> None:
    stranger = Client(office, await office.token(TokenKind.CLIENT, "another-app"))
    assert await client.open(token="r-9") != await stranger.open(token="r-9")


async def test_the_same_content_without_an_id_is_sent_again_for_a_while(office: Office, client: Client) -> None:
    answers = await asyncio.gather(*(client.post() for _ in range(5)))
    (case_id,) = {answer.json()[0]["service_request_id"] for answer in answers}
    assert (await client.post(description="路灯不亮四天了")).json()[0]["service_request_id"] != case_id

    later = "UPDATE demand SET received_at = received_at - $2::interval WHERE case_id = $1"
    await office.desk.pool.execute(later, case_id, WINDOW)
    answers = await asyncio.gather(*(client.post() for _ in range(5)))
    (next_id,) = {answer.json()[0]["service_request_id"] for answer in answers}
    assert next_id != case_id


async def test_a_request_is_kept_while_the_engine_is_away(office: Office, client: Client) -> None:
    away = await TemporalClient.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    desk = replace(office.desk, engine=replace(office.desk.engine, client=away))
    async with serving(create_app(desk, GATEWAY_KEY)) as address, httpx.AsyncClient(base_url=address) as http:
        without = Client(office, client.key)
        without.http = http
        (kept,) = (await without.post()).json()
        assert kept["service_notice"] == "已留存，一分钟左右转办。"
        request = await without.request(kept["service_request_id"])
        assert (request["status"], request["status_notes"]) == ("open", "已受理，正在转办。")
        assert (request["agency_responsible"], request["expected_datetime"]) == ("海口市路灯管理所", None)
        (again,) = (await without.post()).json()
    assert again["service_request_id"] == kept["service_request_id"]


# -- who may read what -------------------------------------------------------------------------------------


async def test_a_client_sees_what_the_holder_of_its_key_opened_and_nothing_else(office: Office, client: Client) -> None:
    pool = office.desk.pool
    holder = await pool.fetchval("SELECT holder FROM access_token WHERE token_id = $1", client.key.split("_")[1])
    case_id = await client.open()
    successor = Client(office, await office.token(TokenKind.CLIENT, holder))
    stranger = Client(office, await office.token(TokenKind.CLIENT, "stranger"))
    assert await client.ids() == await successor.ids() == [case_id]
    assert (await stranger.ids(), await stranger.ids(service_request_id=case_id)) == ([], [])
    unknown = refusal(await stranger.get("requests/20260101-000001.json"), 404)
    assert refusal(await stranger.get(f"requests/{case_id}.json"), 404) == unknown
    by_phone = await office.open()
    assert refusal(await client.get(f"requests/{by_phone}.json"), 404) == unknown


async def test_keys_that_open_nothing(office: Office, client: Client) -> None:
    pool, before = office.desk.pool, await stored(office)
    revoked = await office.token(TokenKind.CLIENT, "gone")
    await access.revoke(pool, revoked.split("_")[1])
    grid = await office.token(TokenKind.GRID, "网格员 3")
    for key in ("", "nonsense", client.key[:-1], f"{client.key}x", revoked, grid, "ldt_\x00_x", "钥匙"):
        nobody = Client(office, key)
        for form in ("json", "xml"):
            refusal(await nobody.post(form), 403)
            for path in (f"requests.{form}", f"requests/x.{form}", f"tokens/x.{form}"):
                refusal(await nobody.get(path), 403)
    assert await stored(office) == before


async def test_a_key_may_come_by_http_itself(office: Office, client: Client) -> None:
    case_id = await client.open()
    for auth in ((client.key, ""), ("any", client.key)):
        answer = await office.http.get(f"{BASE}/requests/{case_id}.json", auth=auth)
        assert answer.status_code == 200
    bearer = {"Authorization": f"Bearer {client.key}"}
    assert (await office.http.get(f"{BASE}/requests.json", headers=bearer)).status_code == 200
    for wrong in ("Basic !", "Basic /w==", "Digest x", "Bearer"):
        refusal(await office.http.get(f"{BASE}/requests.json", headers={"Authorization": wrong}), 403)


# -- asking for many ---------------------------------------------------------------------------------------


async def test_requests_are_found_by_what_the_specification_filters_by(office: Office, client: Client) -> None:
    first = await client.open(token="1")
    second = await client.open(token="2", service_code="road-damage")
    third = await client.open(token="3")
    assert await client.ids() == [third, second, first]
    assert await client.ids(service_code="street-lamp") == [third, first]
    assert await client.ids(service_code="street-lamp,road-damage") == [third, second, first]
    assert await client.ids(service_request_id=f"{first}, {second},nothing") == [second, first]
    assert await client.ids(service_request_id=first, status="closed", service_code="garbage") == [first]
    assert await client.ids(page_size=2) == [third, second]
    assert await client.ids(page_size=2, page=2) == [first]
    assert await client.ids(page=1000000) == []
    assert await client.ids(status="open") == await client.ids(status="open,closed") == [third, second, first]
    assert await client.ids(status="closed") == []
    await office.ask(second, Command.WITHDRAW, Withdraw(reason="不用了", by="话务员 5"))
    await until(lambda: client.ids(status="closed"), lambda ids: ids == [second])
    assert await client.ids(status="open", service_code="") == [third, first]
    answer = await client.http.get(
        f"{BASE}/requests.json?api_key={client.key}&service_code=garbage&service_code=street-lamp"
    )
    assert [one["service_request_id"] for one in answer.json()] == [third, first]


async def test_dates_bound_what_is_found(office: Office, client: Client) -> None:
    old, new = await client.open(token="1"), await client.open(token="2")
    now = datetime.now(UTC)
    await office.desk.pool.execute(
        "UPDATE demand SET reported_at = $2 WHERE case_id = $1", old, now - timedelta(days=100)
    )

    def w3(days: float) -> str:
        return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"

    assert await client.ids() == [new]
    assert await client.ids(start_date=w3(101)) == [old]
    assert await client.ids(start_date=w3(89)) == [new]
    assert await client.ids(end_date=w3(50)) == [old]
    assert await client.ids(start_date=w3(110), end_date=w3(99)) == [old]
    assert await client.ids(start_date=f"{now - timedelta(days=101):%Y-%m-%dT%H:%M:%S+08:00}") == [old]
    assert await client.ids(service_request_id=old) == [old]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"start_date": "2026-01-01"}, "start_date"),
        ({"start_date": "2026-01-01T00:00:00"}, "start_date"),
        ({"start_date": "2026-13-01T00:00:00Z"}, "start_date"),
        ({"start_date": "9999-01-01T00:00:00Z"}, "start_date"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "start_date"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, "end_date"),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, "end_date"),
        ({"status": "done"}, "status"),
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "9" * 400}, "page"),
        ({"page_size": "1001"}, "page_size"),
        ({"page_size": "½"}, "page_size"),
        ({"service_request_id": "a b"}, "service_request_id"),
        ({"service_request_id": "x\x00"}, "service_request_id"),
        ({"q": "路灯"}, "q"),
        ({"电话13800138000": "1"}, "?"),
        ({"attribute[district]": "460105"}, "attribute[district]"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(client: Client, query: dict[str, str], names: str) -> None:
    said = refusal(await client.get("requests.json", **query), 400)
    assert said.startswith(f"{names}：")
    assert "13800138000" not in said


@pytest.mark.parametrize("path", ["services.json", "services/street-lamp.json", "discovery.json", "requests/x.json"])
async def test_a_query_that_a_route_does_not_know_is_refused(client: Client, path: str) -> None:
    assert refusal(await client.get(path, status="open"), 400).startswith("status：")
    assert refusal(await client.get(path, q="x"), 400).startswith("q：")


async def test_a_service_that_there_is_not(client: Client) -> None:
    refusal(await client.get("requests.json", service_code="moon"), 404)
    refusal(await client.get("services/moon.json"), 404)
    refusal(await client.post(service_code="moon"), 404)


# -- what is refused before anything is stored -------------------------------------------------------------

PHONE = "13800138000"
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("service_code", {"service_code": ...}),
    ("service_code", {"service_code": ""}),
    ("description", {"description": ...}),
    ("description", {"description": ""}),
    ("description", {"description": "  \n "}),
    ("description", {"description": f"{PHONE}\x00"}),
    ("description", {"description": f"{PHONE}\x1b[2J"}),
    ("description", {"description": PHONE * 400}),
    ("address_string", {"address_string": ...}),
    ("address_string", {"address_string": "路" * 201}),
    ("address_id", {"address_id": "7"}),
    ("lat", {"lat": "90.0001", "long": "110"}),
    ("lat", {"lat": "110.2", "long": "20.0"}),
    ("long", {"lat": "20", "long": "-180.5"}),
    ("long", {"lat": "20"}),
    ("lat", {"long": "110"}),
    ("lat", {"lat": "nan", "long": "110"}),
    ("lat", {"lat": "1e999", "long": "110"}),
    ("lat", {"lat": "1" * 500, "long": "110"}),
    ("lat", {"lat": "20,04", "long": "110"}),
    ("lat", {"lat": "٢٠", "long": "110"}),
    ("phone", {"phone": "one two"}),
    ("email", {"email": "nobody"}),
    ("first_name", {"first_name": "长" * 61}),
    ("media_url", {"media_url": "file:///etc/passwd"}),
    ("media_url", {"media_url": "https://user:pass@example.net/"}),
    ("media_url", {"media_url": "https://example.net/" + "x" * 2000}),
    ("token", {"token": "a b"}),
    ("token", {"token": "a" * 121}),
    ("attribute[district]", {"attribute[district]": "110101"}),
    ("attribute[urgency]", {"attribute[urgency]": "utility"}),
    ("attribute[color]", {"attribute[color]": "red"}),
    ("?", {f"attribute[{PHONE}]": "red"}),
    ("surprise", {"surprise": PHONE}),
    ("?", {f"符小妹 {PHONE}": "1"}),
    ("description", {"description": ["一", "二"]}),
    ("account_id", {"account_id": "\x07"}),
]


@pytest.mark.parametrize(("names", "change"), WRONG)
@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_wrong_request_is_refused_by_its_parameter(
    office: Office, client: Client, names: str, change: dict[str, Any], form: str
) -> None:
    before = await stored(office)
    said = refusal(await client.post(form, **change), 400)
    assert said.startswith(f"{names}：")
    assert PHONE not in said
    assert await stored(office) == before


async def test_a_street_lies_in_its_district(office: Office, client: Client) -> None:
    before = await stored(office)
    elsewhere = {"attribute[district]": "460106", "attribute[street]": "460105001"}
    assert "460105" in refusal(await client.post(**elsewhere), 400)
    assert await stored(office) == before


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODIES: list[tuple[int, dict[str, str], bytes]] = [
    (400, FORM, b"\xff\xfe"),
    (400, FORM, b"description=%ff%fe"),
    (400, FORM, b"description=%zz"),
    (400, FORM, b"description"),
    (400, FORM, b"&".join(b"a=1" for _ in range(100))),
    (413, FORM, b"description=" + b"x" * (10 * 1024 * 1024)),
    (415, {"Content-Type": "text/xml"}, b"<request/>"),
    (415, {"Content-Type": "application/json"}, b"{}"),
    (415, {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"),
    (415, {}, b""),
]


@pytest.mark.parametrize(("status", "headers", "body"), BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_no_form_is_refused(
    office: Office, client: Client, status: int, headers: dict[str, str], body: bytes
) -> None:
    before = await stored(office)
    with_key = {**headers, "Authorization": f"Bearer {client.key}"}
    said = refusal(await office.http.post(f"{BASE}/requests.json", content=body, headers=with_key), status)
    if status == 415:
        assert "application/x-www-form-urlencoded" in said
    assert await stored(office) == before


@pytest.mark.parametrize("path", ["requests.yaml", "services.yaml", "requests/x.yaml", "services/street-lamp.yaml"])
async def test_a_format_that_there_is_not(client: Client, path: str) -> None:
    assert "xml、json" in refusal(await client.get(path), 404)


@pytest.mark.parametrize("path", ["requests", "", "nothing.json", "requests/a/b.json", "services/.json"])
async def test_what_there_is_not(client: Client, path: str) -> None:
    refusal(await client.get(path), 404)


async def test_a_method_that_there_is_not(client: Client, office: Office) -> None:
    bearer = {"Authorization": f"Bearer {client.key}"}
    refusal(await office.http.request("DELETE", f"{BASE}/requests.json", headers=bearer), 405)


async def test_a_form_of_another_encoding_is_refused(office: Office, client: Client) -> None:
    before = await stored(office)
    body = urlencode({**LAMP, "api_key": client.key}, encoding="gb18030").encode()
    assert "UTF-8" in refusal(await office.http.post(f"{BASE}/requests.json", content=body, headers=FORM), 400)
    assert await stored(office) == before


# -- anything at all ---------------------------------------------------------------------------------------

NAMES = st.sampled_from([*SENT, "attribute[district]", "attribute[urgency]", "attribute[]"]) | st.text(max_size=10)
FORMS = st.dictionaries(NAMES, st.text(max_size=30), max_size=8).map(
    lambda form: urlencode(form, errors="replace").encode()
) | st.binary(max_size=100)
QUERIES = st.dictionaries(st.sampled_from(ASKED[1:]), st.text(alphabet="0-9TZ:+,.\0\ud800開x", max_size=20), max_size=4)
PATHS = st.sampled_from(["requests", "requests/x", "tokens/x", "services", "services/x", "x", "discovery"])


@given(form=FORMS, suffix=st.sampled_from([".json", ".xml", ".yaml", ""]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_sent_is_refused_in_shape(client: Client, form: bytes, suffix: str) -> None:
    bearer = {"Authorization": f"Bearer {client.key}"}
    answer = await client.http.post(f"{BASE}/requests{suffix}", content=form, headers=FORM | bearer)
    assert answer.status_code in (400, 403, 404), answer.text
    refusal(answer, answer.status_code)


@given(query=QUERIES, path=PATHS, suffix=st.sampled_from([".json", ".xml", ".yaml", ""]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_is_answered_or_refused_in_shape(
    client: Client, query: dict[str, str], path: str, suffix: str
) -> None:
    asked = urlencode({"api_key": client.key, **query}, errors="surrogatepass")
    answer = await client.http.get(f"{BASE}/{path}{suffix}?{asked}")
    if answer.status_code == 200:
        assert answer.json() is not None if suffix == ".json" else xml_of(answer).tag
    else:
        assert answer.status_code in (400, 403, 404), answer.text
        refusal(answer, answer.status_code)
