"""Shares, intervals, periods and exclusions."""

from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import START

from domain.assessment import (
    NOTHING,
    Z_95,
    Exclusion,
    ExclusionReason,
    NewExclusion,
    Period,
    Share,
    Sum,
    check_exclusion,
    figures_of,
    grouped,
    period_between,
    period_named,
    wilson,
)
from domain.errors import Invalid, Refused
from domain.marks import Figure

ZONE = "Asia/Shanghai"


# -- intervals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
    ids=["81/263", "15/148", "0/20", "1/29"],
)
def test_the_interval_is_that_of_the_published_examples(good: int, total: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3: score without continuity correction."""
    assert wilson(good, total) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


shares = st.integers(1, 10_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(shares)
def test_the_ends_of_the_interval_are_where_the_score_is_z(share: tuple[int, int]) -> None:
    """By the definition: the shares from which the observed one is just z standard errors away."""
    good, total = share
    observed = good / total
    for end in wilson(good, total):
        assert 0 <= end <= 1
        error = sqrt(end * (1 - end) / total)
        if 0 < end < 1:
            assert abs(observed - end) == pytest.approx(Z_95 * error, rel=1e-6, abs=1e-9)
        else:
            assert observed == end


@given(shares)
def test_the_interval_holds_the_share_and_mirrors(share: tuple[int, int]) -> None:
    good, total = share
    low, high = wilson(good, total)
    assert low <= good / total <= high
    mirrored = wilson(total - good, total)
    assert (1 - high, 1 - low) == (pytest.approx(mirrored.low, abs=1e-12), pytest.approx(mirrored.high, abs=1e-12))


@pytest.mark.parametrize(("good", "total"), [(0, 0), (2, 1), (-1, 5)])
def test_what_is_no_share_has_no_interval(good: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(good, total)


def test_nothing_has_no_rate() -> None:
    assert (NOTHING.rate, NOTHING.interval) == (None, None)


# -- sums ------------------------------------------------------------------------------------------------


def sums() -> st.SearchStrategy[list[Sum]]:
    share = st.integers(0, 50).flatmap(lambda n: st.builds(Share, good=st.integers(0, n), total=st.just(n)))
    one = st.builds(
        Sum, group=st.sampled_from(["a", "b", None]), figure=st.sampled_from(Figure), raw=share, adjusted=share
    )
    return st.lists(one)


@given(sums())
def test_groups_add_up_to_the_whole(found: list[Sum]) -> None:
    whole, parts = figures_of(None, found), grouped(found)
    for figure in Figure:
        raw, adjusted = whole.pair(figure)
        assert raw == sum((part.pair(figure)[0] for part in parts), NOTHING)
        assert adjusted == sum((part.pair(figure)[1] for part in parts), NOTHING)
        slowly = Fraction(sum(one.raw.good for one in found if one.figure is figure), raw.total) if raw.total else None
        assert raw.rate == (None if slowly is None else pytest.approx(float(slowly)))


def test_groups_are_ranked_by_nothing_but_their_codes() -> None:
    worse, better = Share(good=0, total=9), Share(good=9, total=9)
    given_sums = [
        Sum(group=None, figure=Figure.TIMELY, raw=better, adjusted=better),
        Sum(group="b", figure=Figure.TIMELY, raw=better, adjusted=better),
        Sum(group="a", figure=Figure.TIMELY, raw=worse, adjusted=worse),
    ]
    assert [figures.group for figures in grouped(given_sums)] == ["a", "b", None]


# -- periods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_by_name(name: str, first: date, last: date) -> None:
    period = period_named(name, ZONE)
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize(
    "name", ["2026-13", "2026-00", "2026Q5", "2026Q0", "26", "", "2026-1", "november", "0000", "9999-12"]
)
def test_what_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        period_named(name, ZONE)
    assert (refused.value.code, refused.value.params) == ("period-unknown", {"period": name})


def test_a_period_begins_at_midnight_of_its_zone() -> None:
    period = period_named("2026-11", ZONE)
    assert period.since.isoformat() == "2026-11-01T00:00:00+08:00"
    assert period.until.isoformat() == "2026-12-01T00:00:00+08:00"


def test_the_same_period_of_the_year_before() -> None:
    assert period_named("2026-11", ZONE).year_before() == period_named("2025-11", ZONE)
    assert period_named("2026Q4", ZONE).year_before() == period_named("2025Q4", ZONE)
    leap = period_between(date(2028, 2, 1), date(2028, 2, 29), ZONE).year_before()
    assert (leap.first, leap.last) == (date(2027, 2, 1), date(2027, 2, 28))


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 4000))
def test_a_day_belongs_to_exactly_one_of_two_neighbouring_periods(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    here, there = period_between(first, last, ZONE), period_between(here_after(last), here_after(last), ZONE)
    assert here.until == there.since


def here_after(day: date) -> date:
    return day + timedelta(days=1)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid, match="period-backwards"):
        period_between(date(2026, 11, 2), date(2026, 11, 1), ZONE)
    assert period_between(date(2026, 11, 2), date(2026, 11, 2), ZONE) == Period(
        first=date(2026, 11, 2), end=date(2026, 11, 3), zone=ZONE
    )


# -- exclusions ------------------------------------------------------------------------------------------


def new(*, excluded: bool = True, by: str = "王敏", approved_by: str = "陈主任") -> NewExclusion:
    return NewExclusion(
        case_id="a", excluded=excluded, reason=ExclusionReason.LEGAL_WAY, approved_by=approved_by, by=by
    )


def on_record(*, excluded: bool) -> Exclusion:
    return Exclusion(**new(excluded=excluded).model_dump(), number=1, at=START)


@pytest.mark.parametrize(
    ("given_new", "last", "code"),
    [
        (new(by="陈主任"), None, "exclusion-by-one"),
        (new(), on_record(excluded=True), "exclusion-known"),
        (new(excluded=False), None, "exclusion-none"),
        (new(excluded=False), on_record(excluded=False), "exclusion-none"),
    ],
)
def test_an_exclusion_that_may_not_be(given_new: NewExclusion, last: Exclusion | None, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_exclusion(given_new, last)
    assert refused.value.code == code


def test_an_exclusion_that_may_be() -> None:
    check_exclusion(new(), None)
    check_exclusion(new(), on_record(excluded=False))
    check_exclusion(new(excluded=False), on_record(excluded=True))
