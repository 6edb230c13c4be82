"""``liandong department simulate``: a department as a process, beside the others."""

import asyncio
import signal
import time

import httpx
import pytest
from cli_process import Cli

from runtime.embedded import Wish, claim_ports

CODE = "hk-urban-mgmt"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "CODE, --all"),
        ((CODE, "--all"), "CODE, --all"),
        ((CODE, "--conduct", "naughty"), "wrong-signature"),
        ((CODE, "--for", "a while"), "90s"),
        ((CODE, "--secret", "whsec_"), "whsec_"),
        ((CODE, "hk-housing", "--secret", SECRET), "--secret"),
    ],
)
async def test_what_is_typed_wrong_is_refused_in_a_sentence(plain: Cli, words: tuple[str, ...], said: str) -> None:
    (await plain("department", "simulate", *words)).refused(5, said)


async def test_a_department_that_there_is_not(hotline: Cli) -> None:
    (await hotline("department", "simulate", "hk-nobody")).refused(3, "hk-nobody")


async def test_who_registers_an_address_that_gets_no_orders_is_told(hotline: Cli) -> None:
    done = await hotline("department", "simulate", CODE, "--register", "--port", "0", "--for", "1s")
    assert "LIANDONG_ALLOWED_NETWORKS" in done.err
    allowed = hotline.where(LIANDONG_ALLOWED_NETWORKS="127.0.0.0/8")
    done = await allowed("department", "simulate", CODE, "--register", "--port", "0", "--for", "1s")
    assert "LIANDONG_ALLOWED_NETWORKS" not in done.err


async def test_with_a_secret_of_its_own_it_needs_no_server_and_ends_by_itself(plain: Cli) -> None:
    done = await plain("department", "simulate", CODE, "--secret", SECRET, "--port", "0", "--for", "1s")
    assert done.code == 0, done
    assert "/departments/CODE (obedient)" in done.err
    assert "Refused as it should be" in done.out


async def test_a_port_that_is_taken_is_named(plain: Cli) -> None:
    with_port = ("department", "simulate", CODE, "--secret", SECRET, "--host", "127.0.0.1", "--port")
    (port,) = claim_ports(Wish(0, "-"))
    first = await plain.start(*with_port, str(port))
    try:
        assert first.stderr is not None
        assert b"answers at" in await first.stderr.readline()
        (await plain(*with_port, str(port))).refused(5, str(port))
    finally:
        first.send_signal(signal.SIGTERM)
        await first.communicate()


async def _up(url: str) -> None:
    ends = time.monotonic() + 20
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.monotonic() < ends:
            try:
                if (await http.get(f"{url}/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the gateway does not come up")


async def test_it_enters_itself_answers_and_takes_itself_out_again(hotline: Cli) -> None:
    (port,) = claim_ports(Wish(0, "-"))
    url = f"http://127.0.0.1:{port}"
    gateway = await hotline.start("gateway", "--port", str(port))
    how = ("--register", "--port", "0", "--gateway", url, "--within", "0.5")
    department = await hotline.where(LIANDONG_ALLOWED_NETWORKS="127.0.0.0/8").start(
        "department", "simulate", CODE, *how
    )
    try:
        await _up(url)
        assert department.stderr is not None
        assert department.stdout is not None
        assert b"answers at" in await department.stderr.readline()
        entered = await hotline("department", "endpoint", CODE, "--output", "json")
        assert entered.data["url"].endswith(f"/departments/{CODE}")
        words = ("--description", "a shed", "--name", "符小妹", "--phone", "0898-66778899")
        opened = await hotline("case", "open", *words, "--department", CODE, "--output", "json")
        order = f"{opened.data['case_id']}.1"
        async with asyncio.timeout(30):
            lines = [(await department.stdout.readline()).decode() for _ in range(4)]
        assert "←" in lines[0]
        assert all(order in line for line in lines)
        assert [line.split()[3] for line in lines[1:]] == ["acknowledge", "progress", "reply"]
        assert all("200  accepted" in line for line in lines[1:]), lines
        department.send_signal(signal.SIGINT)
        out, err = await department.communicate()
        assert (department.returncode, err) == (0, b"")
        assert out.decode().splitlines()[-1].split() == [CODE, "1", "3", "0", "0", "0", "0"]
        assert not any("符小妹" in line or "66778899" in line for line in [*lines, out.decode()])
        left = await hotline("department", "endpoint", CODE, "--output", "json")
        assert left.data["url"] is None
    finally:
        for process in (department, gateway):
            if process.returncode is None:
                process.kill()
                await process.communicate()
