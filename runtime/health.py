"""``python -m runtime.health gateway|worker``: exit status 0 if that one works here. For containers.

The gateway is asked for ``/health``. A worker listens nowhere: it is well while Temporal has seen a worker
of this host ask for work in the last minutes.
"""

import asyncio
import socket
import sys

import httpx
from temporalio.service import RPCError

from domain.errors import LiandongError
from runtime.settings import http_url, load_settings, locate
from runtime.temporal import connect, pollers


async def gateway_works() -> bool:
    """Whether the gateway of this host answers."""
    settings = load_settings()
    url = http_url(settings.gateway_host, settings.gateway_port)
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=5) as client:
            return (await client.get("/health")).is_success
    except httpx.TransportError:
        return False


async def worker_works() -> bool:
    """Whether a worker of this host is at work."""
    settings = load_settings()
    try:
        client = await connect(locate(settings))
        names = await pollers(client, settings.task_queue)
    except (LiandongError, RPCError):
        return False
    return any(name.endswith(f"@{socket.gethostname()}") for name in names)


def main() -> int:
    """See the module."""
    checks = {"gateway": gateway_works, "worker": worker_works}
    check = checks.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if check is None:
        return 2
    return 0 if asyncio.run(check()) else 1


if __name__ == "__main__":
    sys.exit(main())
