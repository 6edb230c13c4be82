"""Whom we may call."""

from ipaddress import ip_address, ip_network

import httpx
import pytest

from outbox.addresses import AddressRefused, may_call
from worker import department_http

INWARD = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - called, not bound
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "::127.0.0.1",
]


@pytest.mark.parametrize("address", INWARD)
def test_an_address_that_leads_inwards_is_not_called(address: str) -> None:
    assert not may_call(ip_address(address), [])


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:223.5.5.5"])
def test_a_public_address_is_called(address: str) -> None:
    assert may_call(ip_address(address), [])


@pytest.mark.parametrize(
    ("address", "network", "allowed"),
    [
        ("10.20.3.4", "10.20.0.0/16", True),
        ("10.21.3.4", "10.20.0.0/16", False),
        ("::ffff:10.20.3.4", "10.20.0.0/16", True),
        ("fd00::5", "fd00::/8", True),
        ("fd00::5", "10.20.0.0/16", False),
        ("127.0.0.1", "::/0", False),
    ],
)
def test_a_setting_allows_networks(address: str, network: str, allowed: bool) -> None:
    assert may_call(ip_address(address), [ip_network(network)]) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://0:9/",
        "http://0x7f000001:9/",
        "http://2130706433:9/",
        "http://127.1:9/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
async def test_other_ways_to_write_it_lead_nowhere_either(url: str) -> None:
    async with department_http([]) as http:
        with pytest.raises(AddressRefused):
            await http.post(url, content=b"{}")


async def test_a_name_that_nobody_knows_is_no_connection() -> None:
    async with department_http([]) as http:
        for url in ("http://no-such-host.invalid/", f"http://{'a' * 64}.example/"):
            with pytest.raises(httpx.ConnectError):
                await http.post(url, content=b"{}")
