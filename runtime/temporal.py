"""The connection to Temporal, and what must exist there before a case can run."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import ApplicationErrorCategory, IndexedValueType, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
)
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import DoesNotFit, Invalid, Unavailable
from outbox.search_attributes import SEARCH_ATTRIBUTES
from runtime.settings import Servers

CONNECT_LIMIT: Final = timedelta(seconds=5)
RETENTION: Final = timedelta(days=30)
"""How long a namespace that we create keeps closed cases; the ledger keeps them for ever."""
USABLE_LIMIT: Final = timedelta(seconds=60)
"""A cluster's frontends re-read namespaces and search attributes from time to time, not at once."""

WANTED: Final = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in SEARCH_ATTRIBUTES}

EVERY_ATTRIBUTE: Final = " AND ".join(f"{name} IS NULL" for name in WANTED)
"""A query that is understood once all of them are registered."""


class Failures(DefaultFailureConverter):
    """Failures as the engine keeps them: an expected one without its trace.

    That an order is out, or that a department's system is away, is no fault of the code. A trace at each try would fill
    the history and name paths of the worker's machine; a failure that nobody expected keeps its own.
    """

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """As in the base class."""
        super().to_failure(exception, payload_converter, failure)
        if failure.application_failure_info.category == ApplicationErrorCategory.APPLICATION_ERROR_CATEGORY_BENIGN:
            failure.stack_trace = ""
            while failure.HasField("cause"):
                failure = failure.cause
                failure.stack_trace = ""


CONVERTER: Final = replace(pydantic_data_converter, failure_converter_class=Failures)


async def connect(servers: Servers, *, lazy: bool = False, interceptors: Sequence[Interceptor] = ()) -> Client:
    """A client that speaks our values. A ``lazy`` one connects at its first call, and cannot run a worker.

    Raises:
        Unavailable: ``temporal-unreachable`` within five seconds.
        Invalid: ``temporal-address`` if the address is none.
    """
    address = servers.temporal_address
    try:
        async with asyncio.timeout(CONNECT_LIMIT.total_seconds()):
            return await Client.connect(
                **servers.temporal,
                data_converter=CONVERTER,
                interceptors=interceptors,
                connect_timeout=CONNECT_LIMIT,
                lazy=lazy,
            )
    except TimeoutError:
        raise Unavailable("temporal-unreachable", address=address, reason="timeout") from None
    except RuntimeError as error:  # what the SDK raises for every failure to connect
        raise Unavailable("temporal-unreachable", address=address, reason=str(error)[:300]) from error
    except ValueError as error:
        raise Invalid("temporal-address", address=address, reason=str(error)) from error


async def ensure_namespace(client: Client) -> None:
    """Create the client's namespace if it does not exist, and wait until it can be used.

    Raises:
        Unavailable: ``namespace-missing`` where we may not create it, ``namespace-not-usable`` when it
            does not come up in time, ``temporal-unreachable``.
    """
    if await _namespace_exists(client):
        return
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    request = RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=retention)
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise _refusal(client, error, "namespace-missing", namespace=client.namespace) from error
    await _until_understood(client, "")


async def ensure_search_attributes(client: Client) -> None:
    """Register our search attributes in the client's namespace where they are missing, and wait until a
    query with them is understood.

    Raises:
        DoesNotFit: ``search-attribute-type``: one exists with another type.
        Unavailable: ``search-attributes-missing`` where we may not register them (Temporal Cloud: by its
            own console or ``tcld``), ``namespace-not-usable``, ``temporal-unreachable``.
    """
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        missing = _missing(dict(listed.custom_attributes))
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise _refusal(client, error, "search-attributes-missing", names=", ".join(WANTED)) from error
    await _until_understood(client, EVERY_ATTRIBUTE)


def _missing(
    registered: dict[str, IndexedValueType.ValueType],
) -> dict[str, IndexedValueType.ValueType]:
    """What is not registered yet. A wrong type is refused here: the server would keep it without a word."""
    for name, wanted in WANTED.items():
        found = registered.get(name, wanted)
        if found != wanted:
            raise DoesNotFit(
                "search-attribute-type",
                name=name,
                found=IndexedValueType.Name(found),
                needed=IndexedValueType.Name(wanted),
            )
    return {name: wanted for name, wanted in WANTED.items() if name not in registered}


async def _namespace_exists(client: Client) -> bool:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise _refusal(client, error, "namespace-missing", namespace=client.namespace) from error
    return True


async def understands(client: Client, query: str) -> bool:
    """Whether the namespace answers to ``query``: False while it or a search attribute is not known yet."""
    try:
        await client.count_workflows(query)
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return False
        raise _refusal(client, error, "namespace-missing", namespace=client.namespace) from error
    return True


async def pollers(client: Client, task_queue: str) -> list[str]:
    """Who has asked for workflow tasks there in the last minutes: ``pid@host`` each, unless a worker was
    given another identity.

    Raises:
        RPCError: Temporal cannot be asked now.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return [poller.identity for poller in answer.pollers]


async def _until_understood(client: Client, query: str) -> None:
    try:
        async with asyncio.timeout(USABLE_LIMIT.total_seconds()):
            while not await understands(client, query):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Unavailable(
            "namespace-not-usable", namespace=client.namespace, seconds=int(USABLE_LIMIT.total_seconds())
        ) from None


def _refusal(client: Client, error: RPCError, code: str, **params: str) -> Unavailable:
    """What an RPC's failure means: nobody there, or not allowed (``code``)."""
    if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED):
        address = client.service_client.config.target_host
        return Unavailable("temporal-unreachable", address=address, reason=error.message[:300], **params)
    return Unavailable(code, reason=error.message[:300], **params)
