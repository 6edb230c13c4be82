"""``liandong audit`` and the doctor's differences, on real servers: a ledger that was tampered with is found out."""

import asyncio
import re
from typing import TYPE_CHECKING

import asyncpg
from cli_process import Cli
from support import outside_of

from desk.audit import audit_on_record
from desk.differences import compare, repair
from desk.window import Desk
from domain.audit import Down, Gap
from domain.audit_chain import AuditKind
from domain.differences import DifferenceKind, Mended
from storage import audit_chain, ledger
from storage.database import Pool
from worker import build_worker

if TYPE_CHECKING:
    from tests.conftest import Embedded


async def opened(hotline: Cli) -> str:
    done = await hotline("case", "open", "--description", "a hole in the road", "--output", "json")
    assert done.code == 0, done
    return str(done.data["case_id"])


async def tampered(database_url: str, case: str, *statements: str) -> None:
    """Do to one case's rows what nobody may."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only")
    for statement in statements:
        await connection.execute(f"{statement} case_id = $1", case)
    await connection.close()


async def test_a_case_as_it_is_and_one_of_which_a_limit_was_taken_out(hotline: Cli, database_url: str) -> None:
    case = await opened(hotline)
    await hotline("case", "withdraw", case, "--reason", "x")
    clean, data = await hotline.all(("audit", "--all"), ("audit", "--case", case, "--output", "json"))
    assert clean.code == 0, clean
    assert "Missing 0, doubled 0." in clean.out
    assert (data.code, data.data["cases"], data.data["wrong"]) == (0, 1, 0)
    # As if the last three facts had never been: the case stands in the queue, or with its department, for ever.
    await tampered(
        database_url,
        case,
        "DELETE FROM ledger WHERE seq > 3 AND",
        "UPDATE ledger SET at = at - interval '400 days' WHERE",
    )
    told, data = await hotline.all(("--lang", "zh", "audit", "--case", case), ("audit", "--output", "json"))
    assert (told.code, data.code) == (8, 8), (told, data)
    assert re.search(r"^缺失：\d", told.out, re.MULTILINE), told.out
    assert data.data["missing"] >= 1
    assert {finding["case_id"] for finding in data.data["findings"]} == {case}


async def test_bad_input(hotline: Cli) -> None:
    unknown, future, garbage = await hotline.all(
        ("audit", "--case", "nonesuch"), ("audit", "--as-of", "2999-01-01T00:00:00Z"), ("audit", "--as-of", "soon")
    )
    unknown.refused(3, "nonesuch")
    future.refused(5, "2999")
    garbage.refused(5, "soon")


async def test_an_audit_on_record_stands_in_a_chain_that_is_verified(
    hotline: Cli, pool: Pool, database_url: str
) -> None:
    await opened(hotline)
    first = await audit_on_record(pool, None)
    await audit_chain.keep_gap(pool, Gap(what=Down.WORKER, since=first.summary.as_of, until=first.summary.as_of))
    second = await audit_on_record(pool, None)
    assert (first.seq, second.seq, first.summary.whole, second.summary.whole) == (1, 3, True, False)
    (last,) = await audit_chain.last(pool, AuditKind.AUDIT)
    assert (last.seq, last.content["cases"], last.content["flaws"]) == (3, 1, {})
    assert (await ledger.verify(pool)).misfit is None
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
    await connection.execute("UPDATE audit_entry SET content = '{}' WHERE seq = 2")
    await connection.close()
    told = await hotline("ledger", "verify")
    assert told.code == 8
    assert "case audit, entry 2" in told.out


async def test_a_projection_is_written_anew_and_what_the_ledger_lacks_is_appended(
    online: Cli, embedded: "Embedded", pool: Pool, directory: None, database_url: str
) -> None:
    del directory
    async with outside_of(pool, embedded.client) as outside, build_worker(outside):
        desk = Desk(pool=pool, engine=outside.engine, rules=outside.rules)
        hotline = online.where(LIANDONG_TASK_QUEUE=outside.engine.task_queue)
        one, two, three = await asyncio.gather(*(opened(hotline) for _ in range(3)))
        assert (await compare(desk)).differences == ()
        entries = len(await ledger.entries_of(pool, two))
        await tampered(database_url, one, "UPDATE case_view SET seq = 1, status = 'closed' WHERE")
        await tampered(
            database_url,
            two,
            "DELETE FROM ledger WHERE seq > 1 AND",
            "UPDATE case_view SET seq = 1, head_hash = hash FROM (SELECT case_id AS of, hash FROM ledger) AS entry"
            " WHERE of = case_id AND",
        )
        await embedded.client.get_workflow_handle(three).terminate()
        found = {difference.case_id: difference for difference in (await compare(desk)).differences}
        assert {case: difference.kind for case, difference in found.items()} == {
            one: DifferenceKind.PROJECTION,
            two: DifferenceKind.NOT_RECORDED,
            three: DifferenceKind.NOT_IN_ENGINE,
        }
        told = await hotline("doctor", "--output", "json")
        (check,) = [finding for finding in told.data if finding["check"] == "differences"]
        assert (told.code, check["code"], len(check["differences"])) == (8, "differences-found", 3)
        mended = {case: (await repair(desk, difference)).mended for case, difference in found.items()}
        assert mended == {one: Mended.REPAIRED, two: Mended.REPAIRED, three: Mended.BEYOND_REPAIR}
        assert [difference.case_id for difference in (await compare(desk)).differences] == [three]
        assert len(await ledger.entries_of(pool, two)) == entries
        assert (await ledger.verify(pool)).misfit is None
