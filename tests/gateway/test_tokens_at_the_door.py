"""Clerks of departments without a system: the same operations, by personal token."""

import json
from typing import Any

import httpx
import pytest
from office import BUREAU, NEIGHBOUR, Office, Servers, office_of, reply_body

from domain.ledger import FactKind
from domain.order import OrderStatus
from domain.staff import NewMember, StaffRole
from domain.tokens import TokenKind
from storage import access, staff
from worker import build_worker

WHO = "经办人 12"


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in more.items()}}


async def say(office: Office, order: str, what: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    return await office.http.post(f"/v1/orders/{order}/{what}", json={"order_id": order, **body}, headers=headers)


def code_of(answer: httpx.Response) -> str:
    return answer.json().get("type", "").removeprefix("urn:liandong:")


async def test_a_clerk_does_all_that_a_system_does(office: Office) -> None:
    case_id, clerk = await office.open(), bearer(await office.token())
    order = f"{case_id}.1"
    inbox = await office.http.get("/v1/orders", headers=clerk)
    assert order in {item["order"]["order_id"] for item in inbox.json()["orders"]}
    said: list[tuple[str, dict[str, Any]]] = [
        ("acknowledge", {}),
        ("progress", {"statement": "已到现场"}),
        ("extension", {"days": 5, "reason": "须走拆除程序", "told_citizen": "电话告知"}),
        ("reply", {"result": "resolved", "statement": "棚已拆除"}),
    ]
    for what, body in said:
        answer = await say(office, order, what, body, clerk)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted"), answer.text
    (replied,) = await office.recorded(case_id, FactKind.ORDER_REPLIED)
    assert replied.payload["by"] == WHO, "who says it is the token's holder, though nobody said so"
    again = await say(office, order, *said[-1], clerk)
    assert again.json()["repeated"] is True, "the same words are the same callback"
    other = await office.open()
    returned = await say(office, f"{other}.1", "return", {"reason": "非本单位", "basis": "三定方案"}, clerk)
    assert returned.json()["outcome"] == "accepted"
    assert (await office.order(f"{other}.1")).status is OrderStatus.RETURNED


async def test_the_inbox_has_what_is_due_first_first(office: Office) -> None:
    department, clerk = "hk-housing", bearer(await office.token(of="hk-housing"))
    cases = [
        await office.open(department=department, nature=nature) for nature in ("complaint", "consultation", "request")
    ]
    answer = await office.http.get("/v1/orders", headers=clerk, params={"limit": 500})
    orders = answer.json()["orders"]
    assert set(cases) <= {item["case_id"] for item in orders}
    due = [item["order"]["due_at"] for item in orders]
    assert due == sorted(due)
    assert len(set(due)) > 1
    one = await office.http.get("/v1/orders", headers=clerk, params={"limit": 1})
    assert [item["order"]["due_at"] for item in one.json()["orders"]] == due[:1]


async def test_the_idempotency_key_is_the_callbacks_id(office: Office) -> None:
    case_id, token = await office.open(), await office.token()
    order, body = f"{case_id}.1", {"result": "resolved", "statement": "棚已拆除"}
    first = await say(office, order, "reply", body, bearer(token, Idempotency_Key='"k-7"'))
    assert (first.json()["callback_id"], first.json()["repeated"]) == ("k-7", False)
    second = await say(office, order, "reply", body, bearer(token, Idempotency_Key="k-7"))
    assert (second.json()["callback_id"], second.json()["repeated"]) == ("k-7", True)
    otherwise = await say(
        office, order, "reply", {**body, "statement": "别的说法"}, bearer(token, Idempotency_Key="k-7")
    )
    assert (otherwise.status_code, code_of(otherwise)) == (409, "callback-id-used")


async def test_nobody_speaks_for_somebody_else(office: Office) -> None:
    case_id, clerk = await office.open(), bearer(await office.token())
    other = await say(office, f"{case_id}.1", "acknowledge", {"by": "别人"}, clerk)
    assert (other.status_code, other.json()["params"]) == (422, {"field": "by", "reason": "contradicts_token"})
    theirs = await say(office, f"{case_id}.1", "acknowledge", {}, bearer(await office.token(of=NEIGHBOUR)))
    assert (theirs.status_code, code_of(theirs)) == (403, "order-not-yours")
    assert (await office.folder(case_id)).callbacks == ()
    own = await say(office, f"{case_id}.1", "acknowledge", {"by": WHO}, clerk)
    assert own.status_code == 200, own.text


async def test_a_token_ends_at_once_when_it_is_revoked(office: Office) -> None:
    case_id, token = await office.open(), await office.token()
    assert (await office.http.get("/v1/orders", headers=bearer(token))).status_code == 200
    assert await access.revoke(office.desk.pool, token.split("_")[1])
    for answer in (
        await office.http.get("/v1/orders", headers=bearer(token)),
        await say(office, f"{case_id}.1", "acknowledge", {}, bearer(token)),
    ):
        assert (answer.status_code, code_of(answer)) == (401, "token-revoked")
    assert (await office.folder(case_id)).callbacks == ()
    wrong = await office.http.get("/v1/orders", headers=bearer(token[:-1] + "x"))
    assert code_of(wrong) == "not-authenticated", "only who carries it learns that it was revoked"


@pytest.mark.parametrize("kind", [TokenKind.CLIENT, TokenKind.GRID])
async def test_a_token_opens_its_own_door(office: Office, kind: TokenKind) -> None:
    case_id, token = await office.open(), await office.token(kind)
    for answer in (
        await office.http.get("/v1/orders", headers=bearer(token)),
        await say(office, f"{case_id}.1", "acknowledge", {"by": WHO}, bearer(token)),
    ):
        assert (answer.status_code, code_of(answer)) == (403, "token-opens-another-door")
        assert answer.json()["params"] == {"kind": kind.value}
    assert (await office.folder(case_id)).callbacks == ()


async def test_a_signature_goes_before_a_token(office: Office) -> None:
    """Who signs is judged by the signature: a good token does not mend a wrong one."""
    case_id, token = await office.open(), await office.token()
    body = json.dumps(reply_body(f"{case_id}.1")).encode()
    headers = bearer(token, Content_Type="application/json", webhook_signature="v1,AAAA", webhook_id="x")
    answer = await office.http.post(f"/v1/orders/{case_id}.1/reply", content=body, headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "signature-wrong")


async def test_what_is_stored_of_a_token_does_not_open_anything(office: Office) -> None:
    token = await office.token()
    row = dict(
        await office.desk.pool.fetchrow("SELECT * FROM access_token WHERE token_id = $1", token.split("_")[1]) or {}
    )
    assert token.rpartition("_")[2] not in str(row)
    forged = f"ldt_{row['token_id']}_{row['hash']}"
    assert code_of(await office.http.get("/v1/orders", headers=bearer(forged))) == "not-authenticated"
    assert row["department"] == BUREAU


async def test_a_clerk_who_is_not_on_the_staff_of_the_department_is_refused(embedded: Servers) -> None:
    """A token proves who somebody is; what he may, the staff directory says."""
    async with office_of(embedded) as office, build_worker(office.outside):
        case_id = await office.open()
        for new in (
            NewMember(name="管理员 1", role=StaffRole.ADMINISTRATOR),
            NewMember(name="经办人 12", role=StaffRole.OFFICER, department=BUREAU),
            NewMember(name="经办人 13", role=StaffRole.OFFICER, department=NEIGHBOUR),
        ):
            await staff.enter(office.desk.pool, new, "管理员 1")
        codes: list[str] = []
        for holder in ("经办人 99", "经办人 13", "经办人 12"):
            token = await office.token(holder=holder)
            codes.append(code_of(await say(office, f"{case_id}.1", "acknowledge", {}, bearer(token))))
        assert codes == ["not-on-staff", "not-of-department", ""]
        (kept,) = (await office.folder(case_id)).callbacks
        assert kept.content["by"] == "经办人 12"
