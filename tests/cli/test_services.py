"""Services and edges: worker and gateway as processes, the doctor, Ctrl-C, a reader that has had enough."""

import asyncio
import signal
import socket
import sys

import asyncpg
import httpx
import psutil
from cli_process import ROOT, Cli


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until_said(process: asyncio.subprocess.Process, words: str) -> None:
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while words not in (line := (await process.stderr.readline()).decode()):
            assert line, f"{words} was never said"


async def _until_healthy(port: int) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/health")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                assert answer.is_success
                return


async def _until_it_waits(pid: int) -> None:
    """Until the process has nothing to do for half a second: it reads."""
    quiet, watched = 0, psutil.Process(pid)
    async with asyncio.timeout(60):
        while quiet < 10:
            quiet = quiet + 1 if watched.status() == psutil.STATUS_SLEEPING else 0
            await asyncio.sleep(0.05)


async def test_worker_and_gateway_serve_until_they_are_told_to_stop(online: Cli) -> None:
    port = _free_port()
    services = online.where(LIANDONG_TASK_QUEUE=f"queue-{port}", LIANDONG_GATEWAY_PORT=str(port))
    before = await services("doctor", "--output", "json")
    assert before.code == 8
    found = {finding["check"]: finding["code"] for finding in before.data}
    assert found == {
        **dict.fromkeys(["settings", "programs", "servers", "database", "schema", "temporal", "attributes"]),
        "worker": "no-worker",
        "gateway": "gateway-unreachable",
        "directory": "directory-is-empty",
        "differences": None,
    }
    worker, gateway = await services.start("worker"), await services.start("gateway")
    await asyncio.gather(_until_said(worker, "at work"), _until_healthy(port))
    taken, imported = await services.all(("gateway",), ("department", "import", "haikou"))
    taken.refused(5, str(port), "LIANDONG_GATEWAY_PORT")
    assert imported.code == 0
    after = await services("--lang", "zh", "doctor")
    assert (after.code, after.out.splitlines()[-1]) == (0, "一切正常。"), after
    for process, how in ((worker, signal.SIGTERM), (gateway, signal.SIGINT)):
        process.send_signal(how)
        _, err = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in err


async def test_no_service_starts_on_a_policy_that_does_not_exist(plain: Cli) -> None:
    told = await plain.all(("up", "--policy", "nonesuch"), ("worker", "--policy", "nonesuch"))
    for done in told:
        done.refused(3, "nonesuch")


async def test_the_doctor_without_servers(plain: Cli) -> None:
    done = await plain("doctor")
    assert done.code == 8
    assert "Start it with: liandong up." in done.out
    assert "not looked at" in done.out


async def test_a_ledger_that_was_changed(hotline: Cli, database_url: str) -> None:
    opened = await hotline("case", "open", "--description", "a hole in the road", "--output", "json")
    case = opened.data["case_id"]
    await hotline("case", "withdraw", case, "--reason", "x")
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only")
    await connection.execute("UPDATE ledger SET actor = 'nobody' WHERE case_id = $1 AND seq = 2", case)
    await connection.close()
    told, data = await hotline.all(("ledger", "verify"), ("ledger", "verify", "--output", "json"))
    assert told.code == 8
    assert f"case {case}, entry 2: its content is not what its hash vouches for" in told.out
    assert (data.code, data.data["misfit"]["seq"]) == (8, 2)


async def test_migrate(online: Cli) -> None:
    done = await online("migrate")
    assert done.code == 0
    assert "as it should be" in done.out


async def test_ctrl_c_is_quiet(plain: Cli) -> None:
    process = await plain.start("case", "open", "--description", "-", stdin=asyncio.subprocess.PIPE)
    await _until_it_waits(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_a_reader_that_has_had_enough(plain: Cli) -> None:
    command = f"{sys.executable} -m cli.main case open --help | head -1; exit ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", command),
        cwd=ROOT,
        env=plain.environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode().count("\n") == 1
