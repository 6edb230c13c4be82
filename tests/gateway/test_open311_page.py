"""docs/open311.md as it is written: every command of it, and the two clients from PyPI as they come."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from office import Office

from domain.ledger import FactKind
from domain.tokens import TokenKind

PAGE = (Path(__file__).parents[2] / "docs" / "open311.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


async def ran(*program: str, office: Office, folder: Path) -> str:
    """What a program of the page prints, with the page's variables set and nothing else of the surroundings."""
    known = {
        "GATEWAY": str(office.http.base_url).rstrip("/"),
        "KEY": await office.token(TokenKind.CLIENT, "my-app"),
        "GRID": await office.token(TokenKind.GRID, "网格员3号"),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONUTF8": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *program, cwd=folder, env=known, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told, errors = await process.communicate()
    assert process.returncode == 0, f"{told.decode()}\n{errors.decode()}"
    return told.decode()


@pytest.fixture(scope="module", autouse=True)
async def numbers(office: Office) -> None:
    """Every database begins to number its cases anew, and all tests share one Temporal."""
    await office.desk.pool.execute("SELECT setval('case_number', (random() * 9e8)::bigint + 1)")


async def test_the_exchange_by_curl(office: Office, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("sh") is None:
        pytest.skip("curl is not needed for anything else")
    script = "set -eu\n" + "".join(blocks("sh"))
    told = await ran("sh", "-c", script, office=office, folder=tmp_path)
    for said in (
        '"service_name":"Street lamp"',
        "<service_code>street-lamp</service_code>",
        "<service_notice>已交海口市路灯管理所办理。</service_notice>",
        '"agency_responsible":',
        '"token":"my-app-0001"',
        '[{"code":400,"description":"lat: it is out of range."}]',
        '{"department":"meilan-justice","role":"assisting"}],"outcome":"opened"}',
        '"place":"怡心路 7 号楼顶"',
    ):
        assert said in told


async def test_the_clients_open_and_read_cases_as_they_come(office: Office, tmp_path: Path) -> None:
    three, georeport = blocks("python")
    opening = await ran(sys.executable, "-c", three, office=office, folder=tmp_path)
    assert opening.startswith("open 海口市市政管理局 ")
    assert opening.splitlines()[1] == "1 of 90 services"
    case_id = await office.desk.pool.fetchval("SELECT case_id FROM demand WHERE place = '龙昆南路'")
    await office.recorded(case_id, FactKind.ORDER_SENT)
    reading = (await ran(sys.executable, "-c", georeport, office=office, folder=tmp_path)).splitlines()
    assert reading[0].startswith("道路、人行道与桥梁破损 海口市市政管理局")
    assert reading[1] == "open 90"
