"""Marks and custody written with the facts, exclusions entered and undone, and figures summed up from them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from records import START, at, fact, order, record

from desk.assessment import assess
from domain.assessment import Assessment, By, Exclusion, ExclusionReason, NewExclusion, Period, Share
from domain.case import Closing, Status
from domain.errors import NotFound, Refused
from domain.ladder import Rung
from domain.ledger import Fact, FactKind
from domain.marks import Figure
from domain.order import Order
from storage import assessment, ledger
from storage.database import Pool

NOVEMBER = Period(first=date(2026, 11, 1), end=date(2026, 12, 1), zone="Asia/Shanghai")
WATER = "HK-water"


def solved(case_id: str, *, happy: bool = True, department: str = WATER) -> tuple[list[Fact], list[Order]]:
    """Sent, acknowledged, replied, called back; closed, or gone up."""
    asked = order(case_id, department=department, acknowledged_at=at(20))
    left = {"station": "callback", "outcome": "satisfied" if happy else "unsatisfied"}
    facts = [
        fact(1),
        fact(2, kind=FactKind.ORDER_SENT, order_id=asked.order_id, payload={"role": "lead", "department": department}),
        fact(3, kind=FactKind.ORDER_ACKNOWLEDGED, order_id=asked.order_id),
        fact(4, kind=FactKind.ORDER_REPLIED, order_id=asked.order_id),
        fact(5, kind=FactKind.RUNG_LEFT, payload=left),
    ]
    if happy:
        return [*facts, fact(6, kind=FactKind.CASE_CLOSED, at=at(5), payload={"closing": "resolved"})], [asked]
    return [*facts, fact(6, at=at(5), rung=Rung.SUPERVISED, payload={"reason": "unsatisfied"})], [asked]


async def write(pool: Pool, case_id: str, *, happy: bool = True, department: str = WATER) -> None:
    facts, orders = solved(case_id, happy=happy, department=department)
    ended: dict[str, Any] = {"status": Status.CLOSED, "closing": Closing.RESOLVED} if happy else {}
    await ledger.write(pool, record(case_id, facts, orders=orders, lead=department, **ended))


async def exclude(pool: Pool, case_id: str, *, excluded: bool = True, by: str = "王敏") -> Exclusion:
    words = {"reason": ExclusionReason.LEGAL_WAY, "approved_by": "陈主任", "remark": "已起诉"}
    return await assessment.enter(
        pool, NewExclusion.model_validate({"case_id": case_id, "excluded": excluded, "by": by} | words)
    )


async def assessed(pool: Pool, by: By = By.DEPARTMENT, period: Period = NOVEMBER) -> Assessment:
    return await assess(pool, period, period.year_before(), by, START)


def share(good: int, total: int) -> Share:
    return Share(good=good, total=total)


async def test_figures_of_a_small_town_by_hand(pool: Pool) -> None:
    for number in range(3):
        await write(pool, f"good-{number}")
    await write(pool, "bad", happy=False)
    await write(pool, "other", department="HK-gas")
    found = await assessed(pool)
    assert [part.group for part in found.groups] == ["HK-gas", WATER, None]
    water = found.groups[1]
    assert water.raw == {
        Figure.LED: share(4, 4),
        Figure.RESPONSE: share(4, 4),
        Figure.TIMELY: share(4, 4),
        Figure.SATISFACTION: share(3, 4),
        Figure.SOLUTION: share(3, 4),
        Figure.FIRST_GO: share(3, 4),
    }
    assert found.groups[2].raw == {Figure.ACCEPTED: share(5, 5)}
    assert found.whole.pair(Figure.SOLUTION) == (share(4, 5), share(4, 5))
    assert found.whole_before.raw == {}


async def test_an_excluded_case_leaves_the_adjusted_figures_only(pool: Pool) -> None:
    await write(pool, "good")
    await write(pool, "bad", happy=False)
    entered = await exclude(pool, "bad")
    found = await assessed(pool)
    assert found.whole.pair(Figure.SOLUTION) == (share(1, 2), share(1, 1))
    assert found.whole.pair(Figure.ACCEPTED) == (share(2, 2), share(1, 1))
    assert found.exclusions == (entered,)
    assert (entered.reason, entered.approved_by, entered.by) == (ExclusionReason.LEGAL_WAY, "陈主任", "王敏")
    for by in By:
        assert (await assessed(pool, by)).whole == found.whole, "however it is broken down"

    await exclude(pool, "bad", excluded=False)
    found = await assessed(pool)
    assert found.whole.raw == found.whole.adjusted
    assert found.exclusions == ()


async def test_an_exclusion_that_may_not_be_changes_nothing(pool: Pool) -> None:
    await write(pool, "bad", happy=False)
    with pytest.raises(NotFound, match="case-unknown"):
        await exclude(pool, "nobody")
    with pytest.raises(Refused, match="exclusion-by-one"):
        await exclude(pool, "bad", by="陈主任")
    with pytest.raises(Refused, match="exclusion-none"):
        await exclude(pool, "bad", excluded=False)
    await exclude(pool, "bad")
    with pytest.raises(Refused, match="exclusion-known"):
        await exclude(pool, "bad")
    assert await pool.fetchval("SELECT count(*) FROM exclusion") == 1


@pytest.mark.parametrize("change", ["UPDATE exclusion SET reason = 'x'", "DELETE FROM exclusion", "TRUNCATE exclusion"])
async def test_an_exclusion_is_never_changed(pool: Pool, change: str) -> None:
    await write(pool, "bad", happy=False)
    await exclude(pool, "bad")
    with pytest.raises(asyncpg.RestrictViolationError):
        await pool.execute(change)


async def test_every_mark_of_a_figure_is_shown_with_its_entry_those_against_first(pool: Pool) -> None:
    await write(pool, "a")
    await write(pool, "b", happy=False)
    await write(pool, "c", department="HK-gas")
    await exclude(pool, "b")
    lines = await assessment.behind(pool, NOVEMBER, Figure.SOLUTION, department=WATER, district=None, limit=9)
    assert [(line.case_id, line.seq, line.good, line.excluded) for line in lines] == [
        ("b", 5, False, ExclusionReason.LEGAL_WAY),
        ("a", 6, True, None),
    ]
    entries = {entry.fact.seq: entry.fact.kind for entry in await ledger.entries_of(pool, "b")}
    assert entries[lines[0].seq] is FactKind.RUNG_LEFT
    everybody = await assessment.behind(pool, NOVEMBER, Figure.SOLUTION, department=None, district="460106", limit=9)
    assert [line.case_id for line in everybody] == ["b", "a", "c"]


async def test_a_period_takes_its_first_instant_and_not_its_last(pool: Pool) -> None:
    await write(pool, "a")
    (mark, *_) = await assessment.behind(pool, NOVEMBER, Figure.ACCEPTED, department=None, district=None, limit=1)
    for begins, counted in ((mark.at, 1), (mark.at + timedelta(microseconds=1), 0)):
        query = f"SELECT count(*) FROM ({assessment.BY_DEPARTMENT}) AS one WHERE figure = 'accepted'"  # noqa: S608
        assert await pool.fetchval(query, begins, at(999)) == counted
        assert await pool.fetchval(query, START, begins) == 1 - counted


async def marks_of(pool: Pool) -> Sequence[tuple[object, ...]]:
    marks = await pool.fetch("SELECT * FROM mark ORDER BY case_id, seq, figure")
    custody = await pool.fetch("SELECT * FROM custody ORDER BY case_id, hands, department")
    return [tuple(row) for row in (*marks, *custody)]


async def test_everything_is_made_again_from_the_facts(pool: Pool) -> None:
    await write(pool, "a")
    await write(pool, "b", happy=False)
    before = await marks_of(pool)
    await pool.execute("DELETE FROM mark WHERE case_id = 'a'")
    await pool.execute("UPDATE custody SET clock = clock * 2")
    await pool.execute("UPDATE mark SET good = NOT good")
    done: list[str] = []
    assert await ledger.assess_anew(pool, lambda: done.append("case")) == len(done) == 2
    assert await marks_of(pool) == before


async def test_custody_adds_up_to_the_life_of_a_closed_case(pool: Pool) -> None:
    await write(pool, "a")
    await write(pool, "open", happy=False)
    booked = await assessment.custody(pool, NOVEMBER)
    assert {(one.hands, one.department): one.cases for one in booked} == {
        ("hotline", None): 1,
        ("department", WATER): 1,
    }
    assert sum((one.clock for one in booked), timedelta(0)) == at(5) - at(1)


async def test_the_same_facts_again_count_nothing_twice(pool: Pool) -> None:
    await write(pool, "a")
    before = await marks_of(pool)
    await write(pool, "a")
    assert await marks_of(pool) == before
