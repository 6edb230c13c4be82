"""The day's allowance, the sample, and how far first ratings flatter."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calls import (
    FirstCall,
    NewSecondCall,
    Sample,
    check_allowance,
    check_second,
    compared,
    is_drawn,
    local_day,
    month_named,
    paired_difference,
)
from domain.commands import CallbackResult, Rating, RecordCallback
from domain.errors import Invalid, NotFound, Refused

NOW = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)  # half past midnight on December 1st in Haikou
FIRST = FirstCall(
    case_id="a", seq=6, at=NOW, by="WA-01", department="w", result=CallbackResult.SATISFIED, rating=Rating.SATISFIED
)
ALL = Sample(month=NOW.date().replace(day=1), percent=100, seed=7, by="DC-01", at=NOW)


def test_the_thirty_first_is_refused_until_the_next_local_day() -> None:
    since, until = local_day(NOW, "Asia/Shanghai")
    assert since <= NOW < until
    assert since.isoformat() == "2026-12-01T00:00:00+08:00"
    check_allowance("WA-01", 29, 30, until)
    with pytest.raises(Refused, match=r"callbacks-used-up.*2026-12-02T00:00:00"):
        check_allowance("WA-01", 30, 30, until)


@pytest.mark.parametrize(("rating", "result"), list(product(Rating, CallbackResult)))
def test_a_rating_fits_one_result_only(rating: Rating, result: CallbackResult) -> None:
    if rating.result is result:
        assert RecordCallback(result=result, rating=rating, by="WA-01").rating is rating
    else:
        with pytest.raises(ValidationError, match="rating"):
            RecordCallback(result=result, rating=rating, by="WA-01")


@pytest.mark.parametrize("name", ["2026", "2026-13", "2026Q4", "2026-1", "november"])
def test_a_month_that_is_none(name: str) -> None:
    with pytest.raises(Invalid, match="month-unknown"):
        month_named(name, "Asia/Shanghai")


@given(st.integers(0, 2**31 - 1), st.integers(1, 99))
def test_a_sample_has_about_its_share_and_a_smaller_one_lies_inside(seed: int, percent: int) -> None:
    cases = [f"case-{number}" for number in range(2000)]
    drawn = {case for case in cases if is_drawn(seed, case, percent)}
    assert abs(len(drawn) - 20 * percent) < 130  # six standard errors at most
    assert {case for case in cases if is_drawn(seed, case, percent - 1)} <= drawn
    assert all(is_drawn(seed, case, 100) for case in cases)


def test_another_seed_draws_other_cases() -> None:
    cases = [f"case-{number}" for number in range(200)]
    assert [is_drawn(1, case, 50) for case in cases] != [is_drawn(2, case, 50) for case in cases]


def test_second_calls_that_may_not_be() -> None:
    new = NewSecondCall(case_id="a", by="DC-02", rating=Rating.UNSATISFIED)
    check_second(new, FIRST, ALL, None)
    with pytest.raises(NotFound, match="never-called-back"):
        check_second(new, None, ALL, None)
    with pytest.raises(Refused, match="not-in-sample"):
        check_second(new, FIRST, None, None)
    with pytest.raises(Refused, match="second-caller-same"):
        check_second(new.model_copy(update={"by": "WA-01"}), FIRST, ALL, None)
    with pytest.raises(ValidationError):
        NewSecondCall(case_id="a", by="DC-02")


@pytest.mark.parametrize(
    ("cells", "low", "high"), [((36, 12, 2, 0), 0.0569, 0.3404), ((14, 5, 0, 22), 0.011, 0.226)], ids=["1998", "2000"]
)
def test_the_interval_is_that_of_the_published_examples(
    cells: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10; Altman and others, "Statistics with Confidence" (2000), table 6.2."""
    found = paired_difference(*cells)
    assert (round(found.low, 4), round(found.high, 4)) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any))
def test_the_interval_holds_the_difference_and_mirrors(cells: tuple[int, int, int, int]) -> None:
    both, first, second, neither = cells
    low, high = paired_difference(*cells)
    assert -1 - 1e-9 <= low <= (first - second) / sum(cells) + 1e-9
    assert (first - second) / sum(cells) - 1e-9 <= high <= 1 + 1e-9
    mirrored = paired_difference(both, second, first, neither)
    assert (mirrored.low, mirrored.high) == (pytest.approx(-high), pytest.approx(-low))


def test_pairs_are_counted_by_what_each_caller_was_told() -> None:
    good, bad = CallbackResult.SATISFIED, CallbackResult.UNSATISFIED
    pairs = [(good, Rating.SATISFIED), (good, Rating.UNSATISFIED), (good, Rating.VERY_UNSATISFIED)]
    found = compared([*pairs, (bad, Rating.FAIRLY_SATISFIED), (bad, Rating.UNSATISFIED)])
    assert (found.both, found.only_first, found.only_second, found.neither) == (1, 2, 1, 1)
    assert found.difference == pytest.approx(0.2)
    assert compared([]).interval is None
