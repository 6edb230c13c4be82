"""The connection to Temporal, and what is made ready there."""

from dataclasses import replace

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

from domain.errors import DoesNotFit, Invalid, Unavailable
from runtime.settings import Servers
from runtime.temporal import EVERY_ATTRIBUTE, connect, ensure_namespace, ensure_search_attributes, understands


def in_namespace(servers: Servers, namespace: str) -> Servers:
    return replace(servers, temporal={**servers.temporal, "namespace": namespace})


def at(servers: Servers, address: str) -> Servers:
    return replace(servers, temporal={"target_host": address})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nobody.invalid:7233"])
async def test_nobody_there_is_told_with_the_address(servers: Servers, address: str) -> None:
    with pytest.raises(Unavailable) as failure:
        await connect(at(servers, address))
    assert failure.value.code == "temporal-unreachable"
    assert failure.value.params["address"] == address


async def test_an_address_that_is_none_is_refused(servers: Servers) -> None:
    with pytest.raises(Invalid) as refusal:
        await connect(at(servers, "not an address"))
    assert refusal.value.code == "temporal-address"


async def test_a_lazy_client_connects_later(servers: Servers) -> None:
    await connect(at(servers, "127.0.0.1:1"), lazy=True)


async def test_a_namespace_is_made_ready_once(servers: Servers) -> None:
    client = await connect(in_namespace(servers, "fresh"))
    for _ in range(2):
        await ensure_namespace(client)
        await ensure_search_attributes(client)
    assert await understands(client, EVERY_ATTRIBUTE)
    assert not await understands(client, "LiandongNothing IS NULL")


async def test_a_search_attribute_of_another_type_is_refused(servers: Servers) -> None:
    client = await connect(in_namespace(servers, "crooked"))
    await ensure_namespace(client)
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace="crooked",
            search_attributes={"LiandongRung": IndexedValueType.INDEXED_VALUE_TYPE_INT},
        )
    )
    with pytest.raises(DoesNotFit) as failure:
        await ensure_search_attributes(client)
    assert failure.value.params["name"] == "LiandongRung"


async def test_everything_is_there_in_the_embedded_namespace(servers: Servers) -> None:
    client = await connect(servers)
    await ensure_namespace(client)
    await ensure_search_attributes(client)
