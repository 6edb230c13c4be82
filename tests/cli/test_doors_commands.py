"""Departments' keys and endpoints, people's tokens, and an interim word, by hand."""

import re

import pytest
from cli_process import Cli
from support import GATEWAY_KEY

from domain.tokens import department_secret
from storage.database import Pool

BUREAU = "hk-urban-mgmt"


@pytest.fixture
def office(online: Cli, directory: None) -> Cli:
    """The shipped directory, and nobody at work."""
    del directory
    return online


def secret(serial: int) -> str:
    return department_secret(GATEWAY_KEY, BUREAU, serial)


async def test_a_departments_keys_are_shown_changed_and_ended(office: Cli) -> None:
    key = ("department", "key")
    shown = await office(*key, "show", BUREAU)
    assert shown.out == f"Key 1 (in force): {secret(1)}\n"
    rotated = await office(*key, "rotate", BUREAU, "--overlap", "2")
    first, second = rotated.out.splitlines()
    assert re.fullmatch(rf"Key 1 \(.*\d\d:\d\d.*\): {re.escape(secret(1))}", first), "until when it counts on"
    assert second == f"Key 2 (in force): {secret(2)}"
    (await office(*key, "rotate", BUREAU)).refused(4, "two keys", "--overlap 0")
    unknown, malformed = await office.all((*key, "revoke", BUREAU, "7"), (*key, "revoke", BUREAU, "one"))
    unknown.refused(3, BUREAU, "7", "department key show")
    assert malformed.code in (2, 5), malformed
    revoked = await office(*key, "revoke", BUREAU, "1", "--output", "json")
    assert [(one["serial"], one["secret"], one["valid_until"]) for one in revoked.data] == [(2, secret(2), None)]
    (await office(*key, "revoke", BUREAU, "2")).refused(4, "no other key", "rotate --overlap 0")
    (await office(*key, "revoke", BUREAU, "1")).refused(3, "1")
    at_once = await office("--lang", "zh", *key, "rotate", BUREAU, "--overlap", "0")
    assert secret(3) in at_once.out
    assert secret(2) not in at_once.out
    assert len(at_once.out.splitlines()) == 1


async def test_keys_that_cannot_be_shown(office: Cli) -> None:
    nobody, too_long, keyless = await office.all(
        ("department", "key", "show", "hk-urban-mgm"),
        ("department", "key", "rotate", BUREAU, "--overlap", "721"),
        ("department", "key", "rotate", "nobody"),
    )
    nobody.refused(3, "hk-urban-mgm", BUREAU)
    assert too_long.code in (2, 5)
    keyless.refused(3, "nobody")
    without = await office.where(LIANDONG_GATEWAY_KEY="")("department", "key", "show", BUREAU)
    without.refused(without.code, "LIANDONG_GATEWAY_KEY")
    assert without.code != 0


async def test_where_a_department_takes_its_orders(office: Cli, pool: Pool) -> None:
    endpoint = ("department", "endpoint", BUREAU)
    assert "inbox" in (await office(*endpoint)).out
    url = "https://orders.example.org/in"
    done = await office(*endpoint, "--url", url, "--concurrency", "2", "--inbox-after", "45")
    for word in (BUREAU, url, "2 at a time", "45 minutes"):
        assert word in done.out
    changed = await office(*endpoint, "--concurrency", "8", "--output", "json")
    expected = {"department": BUREAU, "url": url, "concurrency": 8, "inbox_after": 2700.0}
    assert changed.data == expected, "what is not named stays"
    for wrong, code, words in (
        (("--url", "ftp://orders.example.org/"), 5, ("ftp://orders.example.org/", "http")),
        (("--url", "ftp://user:word@orders.example.org/"), 5, ("http",)),
        (("--url", "https://user:word@orders.example.org/"), 5, ("user name",)),
        (("--url", url, "--inbox"), 5, ("--url", "--inbox")),
        (("--url", ""), 5, ("http",)),
    ):
        refused = await office(*endpoint, *wrong)
        refused.refused(code, *words)
        assert "word@" not in refused.err
    for wrong in (("--concurrency", "0"), ("--concurrency", "65"), ("--inbox-after", "0")):
        assert (await office(*endpoint, *wrong)).code in (2, 5), wrong
    assert (await office(*endpoint, "--output", "json")).data == expected, "nothing was changed by what was refused"
    await office(*endpoint, "--inbox")
    assert await pool.fetchval("SELECT endpoint FROM department WHERE code = $1", BUREAU) is None
    (await office("department", "endpoint", "nobody", "--url", url)).refused(3, "nobody")


async def test_tokens_are_issued_listed_and_ended(office: Cli, pool: Pool) -> None:
    issued = await office("token", "issue", "--kind", "clerk", "--holder", "chen", "--department", BUREAU)
    said, token = issued.out.splitlines()
    token_id = token.split("_")[1]
    assert token_id in said
    assert "chen" in said
    app = await office("token", "issue", "--kind", "client", "--holder", "city app", "--output", "json")
    assert app.data["token"].split("_")[1] == app.data["token_id"]
    assert "hash" not in app.data
    everything = str([dict(row) for row in await pool.fetch("SELECT * FROM access_token")])
    for text in (token, app.data["token"]):
        assert text.split("_", 2)[2] not in everything, "only a hash is kept"

    listed, clerks, chinese, first = await office.all(
        ("token", "list"),
        ("token", "list", "--kind", "clerk", "--department", BUREAU, "--output", "json"),
        ("--lang", "zh", "token", "list"),
        ("token", "list", "--limit", "1", "--output", "json"),
    )
    for word in (token_id, app.data["token_id"], "chen", "city app", BUREAU):
        assert word in listed.out
        assert word in chinese.out
    assert [one["token_id"] for one in clerks.data] == [token_id]
    assert len(first.data) == 1
    assert token.split("_", 2)[2] not in listed.out + str(clerks.data)

    revoked = await office("token", "revoke", token_id)
    assert (revoked.code, token_id in revoked.out) == (0, True)
    again, nobody, whole = await office.all(
        ("token", "revoke", token_id), ("token", "revoke", "0123456789"), ("token", "revoke", app.data["token"])
    )
    again.refused(4, token_id, "already")
    nobody.refused(3, "0123456789")
    whole.refused(3, "token list")
    assert app.data["token"].split("_", 2)[2] not in whole.err, "a token that is typed in full is not repeated"


@pytest.mark.parametrize(
    ("words", "code", "names"),
    [
        (("--kind", "clerk", "--holder", "chen"), 5, "department"),
        (("--kind", "client", "--holder", "app", "--department", BUREAU), 5, "department"),
        (("--kind", "clerk", "--holder", "chen", "--department", "hk-urban-mgm"), 3, BUREAU),
        (("--kind", "boss", "--holder", "chen"), 5, "clerk, client, grid"),
        (("--kind", "grid", "--holder", " "), 5, "missing"),
        (("--kind", "grid", "--holder", "长" * 61), 5, "60"),
    ],
)
async def test_a_token_that_cannot_be_issued(
    office: Cli, pool: Pool, words: tuple[str, ...], code: int, names: str
) -> None:
    (await office("token", "issue", *words)).refused(code, names)
    assert await pool.fetchval("SELECT count(*) FROM access_token") == 0


async def test_an_interim_word_by_hand(hotline: Cli) -> None:
    opened = await hotline(
        "case", "open", "--department", BUREAU, "--description", "a shed on a roof", "--output", "json"
    )
    case = opened.data["case_id"]
    words = ("order", "progress", f"{case}.1", "--department", BUREAU, "--by", "chen")
    done = await hotline(*words, "--statement", "been there, nobody at home")
    assert done.code == 0, done
    assert f"{case}.1" in done.out
    again, other, empty, nobody, data, trail = await hotline.all(
        (*words, "--statement", "been there, nobody at home"),
        ("order", "progress", f"{case}.1", "--department", "hk-housing", "--by", "li", "--statement", "x"),
        (*words, "--statement", " "),
        ("order", "progress", "nothing.1", "--department", BUREAU, "--by", "chen", "--statement", "x"),
        (*words, "--statement", "the shed is measured", "--callback-id", "p-2", "--output", "json"),
        ("--lang", "zh", "case", "trail", case),
    )
    assert (again.code, "nothing was changed" in again.out) == (0, True), again
    other.refused(4, "hk-housing")
    empty.refused(5, "missing")
    nobody.refused(3, "nothing.1")
    assert (data.data["callback_id"], data.data["kind"], data.data["outcome"]) == ("p-2", "progress", "accepted")
    assert trail.code == 0
    facts = await hotline("case", "trail", case, "--output", "json")
    said = [entry.get("fact", entry) for entry in facts.data["entries"]]
    statements = [fact["payload"]["statement"] for fact in said if fact["kind"] == "order.progress"]
    assert statements == ["been there, nobody at home", "the shed is measured"]
