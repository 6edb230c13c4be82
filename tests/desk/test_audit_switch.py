"""The dead man's switch: touched by a clean audit, held by one that finds something; a failure is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from desk.audit import audit_on_record, touch
from domain.audit_chain import AuditKind
from storage import audit_chain
from storage.database import Pool


@asynccontextmanager
async def listener(status: str) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Somebody who answers every request with this status; the requests' first lines."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/secret", asked


async def test_a_file_gets_a_new_time(tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    assert await touch(str(switch), clean=True) == "touched"
    before = switch.stat().st_mtime_ns
    await asyncio.sleep(0.02)
    assert await touch(str(switch), clean=False) == "held"
    assert switch.stat().st_mtime_ns == before
    assert await touch(str(switch), clean=True) == "touched"
    assert switch.stat().st_mtime_ns > before


async def test_a_url_is_sent_a_post() -> None:
    async with listener("200 OK") as (url, asked):
        assert await touch(url, clean=True) == "touched"
        assert await touch(url, clean=False) == "held"
    assert asked == [b"POST /ping/secret HTTP/1.1\r\n"]


@pytest.mark.parametrize("switch", ["/nonexistent/folder/switch", "http://127.0.0.1:1/x", "http://[broken"])
async def test_what_cannot_be_touched_is_told_and_the_audit_is_on_record_all_the_same(
    switch: str, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    made = await audit_on_record(pool, switch)
    (entry,) = await audit_chain.last(pool, AuditKind.AUDIT)
    assert made.switch == entry.content["switch"]
    assert str(made.switch).startswith("failed:")
    assert "could not be touched" in caplog.text
    assert switch not in caplog.text


async def test_a_url_that_refuses_is_told() -> None:
    async with listener("503 Service Unavailable") as (url, _):
        assert await touch(url, clean=True) == "failed:HTTPStatusError"
