"""The staff directory as commands: from the first administrator on only those may act who are in it."""

from cli_process import Cli

from storage.database import Pool

POLICE = "hk-traffic-police"
CASE = ("--matter", "blocked-gate", "--street", "460106003", "--description", "堵门")


async def test_from_nobody_to_a_table_that_is_kept(hotline: Cli, pool: Pool) -> None:
    def staff(*words: str) -> tuple[str, ...]:
        return ("staff", *words, "--by", "root")

    case = (await hotline("case", "open", *CASE)).out.split()[1]
    assert "puts the table in force" in (await hotline("staff", "list")).out
    (await hotline(*staff("add", "zhao", "--role", "operator"))).refused(4, "administrator")
    first = await hotline(*staff("add", "root", "--role", "administrator"))
    assert first.code == 0, first

    escalate = ("case", "escalate", case, "--reason", "群体投诉", "--by")
    before = await pool.fetchval("SELECT count(*) FROM ledger WHERE case_id = $1", case)
    (await hotline(*escalate, "zhao")).refused(4, "zhao", "liandong staff add")
    for name, role in (("zhao", "supervisor"), ("qian", "commission")):
        assert (await hotline(*staff("add", name, "--role", role))).code == 0
    assert (await hotline(*staff("add", "tp-09", "--role", "officer", "--department", POLICE))).code == 0
    (await hotline(*escalate, "qian")).refused(4, "qian", "operator, supervisor")
    (await hotline(*staff("add", "zhao", "--role", "supervisor"))).refused(4, "already")
    (await hotline("staff", "add", "sun", "--role", "operator", "--by", "zhao")).refused(4, "administrator")
    (await hotline(*staff("retire", "root", "--role", "administrator"))).refused(4, "last administrator")
    (await hotline(*staff("add", "sun", "--role", "officer"))).refused(4, "--department")
    assert await pool.fetchval("SELECT count(*) FROM ledger WHERE case_id = $1", case) == before

    order = ("--department", POLICE, "--by")
    (await hotline("order", "acknowledge", f"{case}.1", *order, "zhao")).refused(4, "officer")
    assert (await hotline("order", "acknowledge", f"{case}.1", *order, "tp-09")).code == 0
    water = ("order", "progress", f"{case}.1", "--department", "hk-water-affairs", "--statement", "…", "--by", "tp-09")
    (await hotline(*water)).refused(4, "hk-water-affairs")
    assert (await hotline(*escalate, "zhao")).code == 0
    actor = "SELECT actor FROM ledger WHERE case_id = $1 AND kind = 'case.escalated'"
    assert await pool.fetchval(actor, case) == "supervisor:zhao"

    yes, no, mine, table = await hotline.all(
        ("staff", "can", "zhao", "escalate"),
        ("staff", "can", "zhao", "decide"),
        ("staff", "can", "zhao", "--output", "json"),
        ("--lang", "zh", "staff", "can"),
    )
    assert (yes.code, no.code) == (0, 8)
    assert "commission member" in no.out
    assert set(mine.data["may"]) >= {"escalate", "verify"}
    assert "decide" not in mine.data["may"]
    assert "纪委监委人员" in table.out
    assert (await hotline(*staff("retire", "zhao", "--role", "supervisor"))).code == 0
    (await hotline("case", "withdraw", case, "--reason", "撤回", "--by", "zhao")).refused(4, "zhao")


async def test_a_department_s_people_act_for_their_own_department(hotline: Cli) -> None:
    case = (await hotline("case", "open", *CASE)).out.split()[1]
    for name, role in (("root", "administrator"), ("zhao", "supervisor")):
        assert (await hotline("staff", "add", name, "--role", role, "--by", "root")).code == 0
    for name, department in (("tp-09", POLICE), ("wa-01", "hk-water-affairs")):
        given = ("--role", "officer", "--department", department, "--by", "root")
        assert (await hotline("staff", "add", name, *given)).code == 0
    reply = ("order", "reply", f"{case}.1", "--department", POLICE, "--result", "resolved", "--statement", "已清理")
    assert (await hotline(*reply, "--by", "tp-09")).code == 0
    callback = ("callback", "record", case, "--result", "satisfied", "--by")
    (await hotline(*callback, "wa-01")).refused(4, "wa-01", POLICE)
    assert (await hotline(*callback, "tp-09")).code == 0
    sign = ("meeting", "sign", "m-1", "--department", POLICE, "--by")
    refused = await hotline.all(
        ("meeting", "minutes", "m-1", "--text", "…", "--by", "tp-09"), (*sign, "zhao"), (*sign, "wa-01")
    )
    for answer, words in zip(refused, (("supervisor",), ("department officer",), (POLICE,)), strict=True):
        assert answer.code == 4, answer
        assert all(word in answer.err for word in words), answer
