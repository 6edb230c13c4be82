"""Whom we may call: a department's endpoint is a public address, unless a setting allows its network.

An address is checked after its name was resolved, and that very address is called: a name that points somewhere
else a moment later leads nowhere.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


_WRAPPING: Final = tuple(IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96", "::/96"))
"""Mapped (RFC 4291), translated (NAT64, RFC 6052), and the old compatible addresses: their last 32 bits are IPv4."""


class AddressRefused(httpx.ConnectError):
    """The name leads to an address that is not public, and that no setting allows."""


def may_call(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an endpoint may lie at ``address``."""
    address = _meant(address)
    public = address.is_global and not address.is_multicast
    return public or any(address.version == network.version and address in network for network in allowed)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps, where that is what it does: whoever unwraps it on the way
    would call that one."""
    if not isinstance(address, IPv6Address):
        return address
    if address.sixtofour is not None:
        return address.sixtofour
    wraps = any(address in network for network in _WRAPPING) and int(address) > 1  # :: and ::1 wrap nothing
    return IPv4Address(int(address) & 0xFFFF_FFFF) if wraps else address


class CheckedTransport(httpx.AsyncBaseTransport):
    """Calls only where ``may_call`` says so. Connections are not kept: one that was opened, and verified, for a name
    must not serve another name at the same address."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=500, max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = await self._address(host, request.url.port or 0, request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=str(address))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _address(self, host: str, port: int, request: httpx.Request) -> Address:
        for address in await _resolved(host, port, request):
            if may_call(address, self._allowed):
                return address
        raise AddressRefused("not a public address", request=request)


async def _resolved(host: str, port: int, request: httpx.Request) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("the name cannot be resolved", request=request) from error
    return [ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
