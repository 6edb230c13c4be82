"""The clock from the command line: holds, extensions, custody, and what nobody may do with them."""

from datetime import UTC, datetime, timedelta

from cli_process import Cli

OPENING = ("case", "open", "--matter", "blocked-gate", "--street", "460106003", "--nature", "complaint")
POLICE = ("--department", "hk-traffic-police")
MORE = ("--days", "3", "--reason", "a survey is needed", "--told-citizen", "by phone")


def ahead(**length: int) -> str:
    return (datetime.now(UTC) + timedelta(**length)).isoformat(timespec="seconds")


async def opened(hotline: Cli) -> str:
    done = await hotline(*OPENING, "--description", "blocked", "--output", "json")
    assert done.code == 0, done
    return str(done.data["case_id"])


async def test_a_hold_has_a_listed_reason_an_approver_and_an_end(hotline: Cli) -> None:
    case = await opened(hotline)
    await hotline("order", "acknowledge", f"{case}.1", *POLICE)
    hold, approved = ("case", "hold", case), ("--approved-by", "supervisor zhao")
    before = await hotline("case", "trail", case, "--output", "json")
    endless, unlisted, over, too_long, bad, nobody = await hotline.all(
        (*hold, "--reason", "appraisal", *approved),
        (*hold, "--reason", "tired", *approved, "--until", ahead(days=2)),
        (*hold, "--reason", "appraisal", *approved, "--until", ahead(days=-1)),
        (*hold, "--reason", "appraisal", *approved, "--until", ahead(days=200)),
        (*hold, "--reason", "appraisal", *approved, "--until", "soon"),
        (*hold, "--reason", "appraisal", "--approved-by", " ", "--until", ahead(days=2)),
    )
    assert (endless.code, endless.out, "--until is missing" in endless.err) == (2, "", True)
    unlisted.refused(4, "tired", "appraisal", "awaiting_citizen", "force_majeure")
    over.refused(4, "still to come")
    too_long.refused(4, "too long for this reason", "+08:00 at the most")
    bad.refused(5, "“soon” is no time")
    nobody.refused(5, "it is missing")
    after = await hotline("case", "trail", case, "--output", "json")
    assert after.data == before.data, "nothing refused is half done"

    before_hold = await hotline("case", "show", case, "--output", "json")
    until = ahead(days=14)  # there is working time in it, whatever day it is
    held = await hotline(*hold, "--reason", "appraisal", *approved, "--until", until)
    assert held.code == 0, held
    shown, inbox = await hotline.all(
        ("case", "show", case, "--output", "json"), ("order", "inbox", "hk-traffic-police", "--output", "json")
    )
    (order,) = shown.data["orders"]
    assert order["due_at"] > before_hold.data["orders"][0]["due_at"], "the clock stands"
    assert inbox.data[0]["order"] == order, "the department sees the same limit"
    twice = await hotline(*hold, "--reason", "appraisal", *approved, "--until", ahead(days=15))
    twice.refused(4, "on hold already")
    custody = await hotline("case", "custody", case, "--output", "json")
    assert [booking["custodian"]["hands"] for booking in custody.data["bookings"]][-1] == "hold"
    released = await hotline("case", "release", case)
    assert released.code == 0, released
    (await hotline("case", "release", case)).refused(4, "hold")


async def test_an_extension_is_granted_once_and_before_expiry(hotline: Cli) -> None:
    case = await opened(hotline)
    extend = ("order", "extend", f"{case}.1", *POLICE)
    await hotline("order", "acknowledge", f"{case}.1", *POLICE)
    before = await hotline("case", "show", case, "--output", "json")
    untold, nothing, too_long, other, unknown = await hotline.all(
        (*extend, "--days", "3", "--reason", "x", "--told-citizen", " "),
        (*extend, "--days", "0", "--reason", "x", "--told-citizen", "by phone"),
        (*extend, "--days", "300", "--reason", "x", "--told-citizen", "by phone"),
        ("order", "extend", f"{case}.1", "--department", "hk-housing", *MORE),
        ("order", "extend", "nobody-1.1", *POLICE, *MORE),
    )
    untold.refused(5, "it is missing")
    assert (nothing.code, nothing.out, "--days" in nothing.err) == (2, "", True)
    too_long.refused(4, "300 days are more than the 10 working days")
    other.refused(4, "hk-housing")
    unknown.refused(3, "nobody-1.1")
    now = (await hotline("case", "show", case, "--output", "json")).data
    assert {**now, "callbacks": None} == {**before.data, "callbacks": None}
    assert [one["outcome"] for one in now["callbacks"]] == ["accepted", "refused"], "what the case refused is kept"

    done = await hotline(*extend, *MORE)
    assert done.code == 0, done
    again = await hotline("--lang", "zh", *extend, *MORE)
    assert (again.code, "以前已收到" in again.out) == (0, True), "the same words are the same callback"
    another = await hotline("--lang", "zh", *extend, *MORE, "--callback-id", "another")
    another.refused(4, f"{case}.1")
    after = await hotline("case", "show", case, "--output", "json")
    assert after.data["orders"][0]["due_at"] > before.data["orders"][0]["due_at"]


async def test_custody_adds_up_to_the_life_of_the_case(hotline: Cli) -> None:
    case = await opened(hotline)
    reply = ("--result", "resolved", "--statement", "cleared")
    await hotline("order", "acknowledge", f"{case}.1", *POLICE)
    await hotline("order", "reply", f"{case}.1", *POLICE, *reply)
    await hotline("callback", "record", case, "--result", "satisfied")
    page, data, trail = await hotline.all(
        ("--lang", "zh", "case", "custody", case),
        ("case", "custody", case, "--output", "json"),
        ("case", "trail", case, "--output", "json"),
    )
    assert data.code == 0, data
    entries = trail.data["entries"]
    life = datetime.fromisoformat(entries[-1]["at"]) - datetime.fromisoformat(entries[0]["at"])
    booked = sum(booking["clock"] for booking in data.data["bookings"])
    assert abs(booked - life.total_seconds()) < 1e-5
    assert "海口市公安局交通警察支队" in page.out
    assert "全程" in page.out
