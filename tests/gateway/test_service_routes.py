"""What those who run the gateway ask of it."""

import re
from dataclasses import replace

import httpx
import pytest
from office import Office
from support import GATEWAY_KEY
from temporalio.client import Client

from gateway.app import create_app


async def test_health_is_for_all_and_says_nothing(office: Office) -> None:
    answer = await office.http.get("/health")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_gateway_is_ready_while_it_can_keep_what_it_is_told(office: Office) -> None:
    there = await office.http.get("/ready")
    assert (there.status_code, there.json()) == (200, {"database": "there", "engine": "there"})
    nowhere = await Client.connect("127.0.0.1:9", lazy=True)
    desk = replace(office.desk, engine=replace(office.desk.engine, client=nowhere))
    transport = httpx.ASGITransport(create_app(desk, GATEWAY_KEY))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        away = await http.get("/ready")
        assert (away.status_code, away.json()) == (200, {"database": "there", "engine": "away"})
        assert (await http.get("/health")).status_code == 200


async def test_the_figures_name_routes_and_codes_and_no_case(office: Office) -> None:
    case_id = await office.open()
    await office.acknowledge(f"{case_id}.1")
    await office.acknowledge(f"{case_id}.1")
    await office.http.request("BREW", "/v1/orders")
    answer = await office.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    figures = answer.text
    for line in (
        'liandong_requests_total{method="POST",route="/v1/orders/{order_id}/acknowledge",status="200"}',
        'liandong_callbacks_total{kind="acknowledge",outcome="accepted"}',
        'liandong_callbacks_total{kind="acknowledge",outcome="already-acknowledged"}',
        'liandong_refused_total{code="already-acknowledged"}',
        'liandong_request_seconds_count{route="/v1/orders/{order_id}/acknowledge"}',
    ):
        assert line in figures, line
    assert case_id not in figures
    assert "BREW" not in figures
    for number in range(3):
        await office.http.get(f"/nowhere/{number}")
    assert "nowhere" not in (await office.http.get("/metrics")).text


@pytest.mark.parametrize("path", ["/docs"])
async def test_the_page_of_the_description_needs_nothing_from_outside(office: Office, path: str) -> None:
    page = await office.http.get(path)
    assert page.status_code == 200
    assert re.findall(r"https?://[^\s\"']+", page.text) == []
    assets = set(re.findall(r"(?:src|href)=\"([^\"#]+)\"", page.text))
    assert len(assets) >= 2
    for asset in assets:
        found = await office.http.get(asset)
        assert (found.status_code, len(found.content) > 0) == (200, True), asset
    assert "/openapi.json" in page.text
