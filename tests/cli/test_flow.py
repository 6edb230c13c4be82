"""A case from the first call to the last callback, by hand, in both languages."""

import secrets
from pathlib import Path

from cli_process import Cli

GATE = "小区大门被车堵住，请打 13800138000 找我"


async def test_from_open_to_closed(hotline: Cli) -> None:
    opened = await hotline(
        *("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--description", "-"),
        *("--name", "李四", "--phone", "13800138000", "--reported-at", "2026-11-23 08:00"),
        stdin=GATE.encode(),
    )
    assert opened.code == 0, opened
    case = opened.out.split()[1]
    order, police = f"{case}.1", "hk-traffic-police"
    assert f"liandong order acknowledge {order} --department {police} --by NAME" in opened.out

    inbox, listed, stuck = await hotline.all(
        ("order", "inbox", police),
        ("case", "list", "--rung", "dispatch", "--status", "handling", "--department", police, "--output", "json"),
        ("--lang", "zh", "stuck", "--all"),
    )
    assert "李四, 13800138000" in inbox.out
    assert "One open order" in inbox.out
    assert [row["case_id"] for row in listed.data] == [case]
    assert listed.data[0]["opened_at"].endswith("Z")
    assert f"\n    liandong order acknowledge {order} --department {police} --by 姓名\n" in stuck.out

    done = await hotline("order", "acknowledge", order, "--department", police, "--by", "chen")
    assert done.code == 0
    assert f"Order {order} is acknowledged." in done.out
    assert "order reply" in done.out, "the next step is that of the case after the command"

    reply = (
        "order",
        "reply",
        order,
        "--department",
        police,
        "--result",
        "resolved",
        "--statement",
        "已挪车 13800138000",
    )
    done = await hotline(*reply)
    assert done.out.startswith(f"The reply to order {order} was received in time.")
    assert f"liandong callback record {case} --result satisfied --by NAME" in done.out
    again, otherwise, by_another, early = await hotline.all(
        reply,
        (*reply[:-1], "something else"),
        ("order", "acknowledge", order, "--department", "hk-housing"),
        ("case", "assign", case, police),
    )
    assert (again.code, "nothing was changed" in again.out) == (0, True)
    otherwise.refused(4, order, "another content")
    by_another.refused(4, order, "hk-housing")
    early.refused(4, "callback", "Possible now: merge, record the callback, withdraw")

    to_call = await hotline("case", "show", case)
    assert "李四, 13800138000" in to_call.out, "who calls back reads whom to call"
    assert all(words in to_call.out for words in ("blocked-gate", "460106003", "phone")), to_call

    done = await hotline("--lang=zh", "callback", "record", case, "--result", "satisfied", "--by", "王工")
    assert done.code == 0, done
    assert done.out == f"办件 {case} 的回访已记录：满意。\n办件 {case} 已办结：已解决。\n"

    shown, data, trail, facts, closed, nothing = await hotline.all(
        ("--lang", "zh", "case", "show", case),
        ("case", "show", case, "--output", "json"),
        ("case", "trail", case),
        ("case", "trail", case, "--output", "json"),
        ("case", "withdraw", case, "--reason", "x"),
        ("stuck", "--output", "json"),
    )
    assert "13800138000" not in shown.out + str(data.data)
    for words in ("常规派单 / 已办结 (已解决)", "hk-traffic-police 海口市公安局交通警察支队", "+08:00"):
        assert words in shown.out
    assert (data.data["status"], data.data["closing"]) == ("closed", "resolved")
    assert data.data["orders"][0]["reply"]["statement"].startswith("已挪车")
    for said in (shown.out, data.out, trail.out, facts.out):
        assert "13800138000" not in said
        assert "李四" not in said
    assert [fact["seq"] for fact in facts.data["entries"]] == list(range(1, len(facts.data["entries"]) + 1))
    assert facts.data["entries"][0]["hash"] == facts.data["entries"][1]["prev_hash"]
    assert "Haikou Traffic Police" in trail.out
    assert "order replied: " in trail.out
    closed.refused(4, case, "resolved", "withdraw")
    assert {name: nothing.data[name] for name in ("number", "groups", "within")} == {
        "number": 0,
        "groups": [],
        "within": [],
    }
    assert (nothing.code, nothing.data["engine_asked"]) == (0, True)


async def test_a_case_without_a_department_waits_for_the_operator(hotline: Cli) -> None:
    opened = await hotline("case", "open", "--description", "somebody should do something", "--output", "json")
    case = opened.data["case_id"]
    assert opened.data["lead"] is None
    english, chinese = await hotline.all(("stuck",), ("--lang", "zh", "case", "list"))
    assert english.code == 8
    assert english.out.startswith("In the operator's queue (1); to act: operator\n")
    assert f"\n    liandong case assign {case} DEPARTMENT --by NAME\n" in english.out
    assert "待话务员指派" in chinese.out
    unknown, merged = await hotline.all(
        ("case", "assign", case, "hk-trafic-police"), ("case", "merge", case, "nobody", "--reason", "x")
    )
    unknown.refused(3, "hk-trafic-police", "hk-traffic-police")
    merged.refused(4, "nobody")
    done = await hotline("case", "assign", case, "hk-housing")
    assert f"liandong order acknowledge {case}.1 --department hk-housing --by NAME" in done.out
    done = await hotline(
        *("order", "return", f"{case}.1", "--department", "hk-housing", "--reason", "not ours", "--basis", "rule 9"),
        *("--suggests", "hk-traffic-police"),
    )
    assert f"Order {case}.1 is returned." in done.out
    assert f"liandong order acknowledge {case}.2 --department hk-traffic-police" in done.out
    done = await hotline("case", "withdraw", case, "--reason", "the citizen has found out", "--output", "json")
    assert (done.data["status"], done.data["closing"]) == ("closed", "withdrawn")


async def test_the_ladder_by_hand(hotline: Cli, tmp_path: Path) -> None:
    number = secrets.token_hex(4)
    reference, case = f"grid:{number}", f"grid-{number}"
    opened = await hotline(
        *("case", "open", "--matter", "illegal-building", "--district", "460106", "--description", "a sixth floor"),
        *("--urgency", "normal", "--channel", "grid", "--reference", reference, "--output", "json"),
    )
    assert opened.data == {"case_id": case, "lead": opened.data["lead"], "new": True}
    lead = opened.data["lead"]
    done, again = await hotline.all(
        ("case", "escalate", case, "--to", "joint_meeting", "--reason", "stuck"),
        ("case", "open", "--reference", reference, "--description", "a sixth floor"),
    )
    assert f"liandong meeting convene {case} --members DEPARTMENT,DEPARTMENT --by NAME" in done.out
    assert "was opened before" in again.out

    members = f"{lead},hk-housing"
    done = await hotline("meeting", "convene", case, "--members", members, "--by", "director")
    assert f"liandong meeting conclude {case} --lead DEPARTMENT" in done.out
    done = await hotline("meeting", "conclude", case, "--minutes", "no agreement", "--no-conclusion")
    assert f"liandong referral decide {case} --accept" in done.out

    gate = await hotline("referral", "show", case)
    assert gate.code == 0, gate
    assert "UNMET" in gate.out
    assert "minutes of the meeting" in gate.out
    decide = ("referral", "decide", case, "--accept", "--reason", "nobody moves")
    printed = ("referral", "document", case)
    (await hotline(*printed)).refused(5, "--html FILE, --pdf FILE")
    letter, print_of_it = tmp_path / "referral.html", tmp_path / "referral.pdf"
    (await hotline(*printed, "--html", str(letter))).refused(4, "not enough people", case)
    assert not letter.exists()
    refused = await hotline(*decide)
    refused.refused(4, "supervised order", "--grounds breach")
    await hotline(*decide, "--grounds", "breach")
    (await hotline(*printed, "--html", str(letter))).refused(4, "not enough people", case)
    twice = await hotline(*decide, "--grounds", "breach")
    twice.refused(4, "wang")
    done = await hotline(*decide, "--grounds", "breach", "--by", "liu")
    assert f"liandong referral answer {case} --accept" in done.out

    answer = ("referral", "answer", case, "--reason", "as it stands")
    (await hotline(*answer)).refused(5, "--accept, --decline, --more")
    (await hotline(*answer, "--accept", "--more")).refused(5, "--accept, --decline, --more")
    (await hotline(*answer, "--accept", "--by", "liu")).refused(4, "liu", "somebody else")
    done = await hotline(*answer, "--more", "--by", "lin")
    assert f"liandong referral supply {case} --paper FILE" in done.out
    missing = await hotline("referral", "supply", case, "--paper", str(tmp_path / "nothing.jpg"))
    missing.refused(5, "nothing.jpg")
    photo = tmp_path / "roof.jpg"
    photo.write_bytes(b"a roof")
    done = await hotline("referral", "supply", case, "--paper", str(photo))
    assert f"liandong referral answer {case} --accept" in done.out
    done = await hotline(*answer, "--accept", "--by", "lin")
    gate = await hotline("referral", "show", case)
    assert "wants papers" in gate.out
    assert "one paper" in gate.out
    assert "has taken the case on" in gate.out
    assert (await hotline("--lang", "zh", *printed, "--html", str(letter), "--pdf", str(print_of_it))).code == 0
    page = letter.read_text(encoding="utf-8")
    assert [word for word in ("督办", "未满足", "liu", "roof.jpg", "受理", case) if word not in page] == []
    assert print_of_it.read_bytes()[:5] == b"%PDF-"
    (await hotline("rectification", "document", case, "--html", str(letter))).refused(4, "no rectification order")
    other = tmp_path / "other.html"
    (await hotline(*printed, "--html", str(other), "--pdf", str(print_of_it))).refused(4, "referral.pdf")
    assert not other.exists(), "both or neither"
    order = done.out.split("liandong order reply ")[1].split()[0]
    done = await hotline(
        *("order", "reply", order, "--department", lead, "--result", "resolved", "--statement", "it is illegal"),
        *("--limit-days", "5", "--basis", "Article 64"),
    )
    assert f"liandong rectification verify {case} --passed" in done.out
    verify = ("rectification", "verify", case, "--passed", "--remark", "it is gone")
    done = await hotline(
        *("order", "reply", f"{case}.3", "--department", lead, "--result", "resolved", "--statement", "torn down"),
        *("--evidence", str(photo)),
    )
    (await hotline(*verify)).refused(4, "wang", "outside the department")
    done = await hotline(*verify, "--by", "zhou", "--evidence", str(photo))
    assert "is verified" in done.out
    order_of_it = tmp_path / "order.html"
    to_files = ("--html", str(order_of_it), "--pdf", str(tmp_path / "order.pdf"))
    assert (await hotline("rectification", "document", case, *to_files)).code == 0
    page = order_of_it.read_text(encoding="utf-8")
    assert [word for word in ("it is illegal", "Article 64", "5 working days", "zhou") if word not in page] == []
    assert "roof.jpg (SHA-256 " in page
    done = await hotline("callback", "record", case, "--result", "satisfied")
    assert f"Case {case} is closed: resolved." in done.out
    late, verified = await hotline.all(
        ("order", "reply", f"{case}.1", "--department", lead, "--result", "explained", "--statement", "too late"),
        ("ledger", "verify"),
    )
    assert late.code == 4
    assert f"Case {case} is closed (resolved); it is no longer possible to reply." in late.err
    assert verified.out.startswith("Every chain fits: 1 cases")
    trail = await hotline("--lang", "zh", "case", "trail", case)
    assert "限期整改" in trail.out
    assert trail.out.count("roof.jpg") == 3  # for the commission, by the department, by who looked
