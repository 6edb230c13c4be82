"""Delays: what is drawn, and the instant that comes of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import WorkCalendar
from domain.clock import Unit
from policies.files import read, rules_of
from rehearsal.delays import LONGEST, Delay, Exponential, Fixed, Lognormal, Uniform, end_of

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Haikou
HOURS = Unit.CLOCK_HOURS


def office() -> WorkCalendar:
    return rules_of(read("haikou"), date(2026, 11, 23)).calendar


@pytest.mark.parametrize(
    ("delay", "median", "long"),
    [
        (Fixed(kind="fixed", value=3, unit=HOURS), 3, 3),
        (Uniform(kind="uniform", low=2, high=4, unit=HOURS), 3, 3.8),
        (Exponential(kind="exponential", mean=1, unit=HOURS), 0.6931, 2.3026),
        (Lognormal(kind="lognormal", median=2, sigma=1, unit=HOURS), 2, 7.2044),
    ],
)
def test_half_are_shorter_than_the_median(delay: Delay, median: float, long: float) -> None:
    assert delay.at(0.5) == pytest.approx(median, abs=1e-4)
    assert delay.at(0.9) == pytest.approx(long, abs=1e-4)


def test_working_time_passes_on_the_calendar() -> None:
    day = Fixed(kind="fixed", value=1, unit=Unit.WORKING_DAYS)
    assert end_of(day, 0.5, MONDAY, office()) == MONDAY + timedelta(days=1)
    friday = MONDAY + timedelta(days=4)
    assert end_of(day, 0.5, friday, office()) == friday + timedelta(days=3)
    assert end_of(day, 0.5, friday, office(), pace=0.5) == datetime(2026, 11, 27, 6, 45, tzinfo=UTC)


delays = st.one_of(
    st.builds(Fixed, kind=st.just("fixed"), value=st.floats(0, 1e5), unit=st.sampled_from(Unit)),
    st.builds(Exponential, kind=st.just("exponential"), mean=st.floats(0, 1e5), unit=st.sampled_from(Unit)),
    st.builds(
        Lognormal,
        kind=st.just("lognormal"),
        median=st.floats(0, 1e5),
        sigma=st.floats(0, 5),
        unit=st.sampled_from(Unit),
    ),
)


@given(delay=delays, share=st.floats(0, 1), pace=st.floats(0.01, 100))
def test_every_draw_ends_some_time(delay: Delay, share: float, pace: float) -> None:
    end = end_of(delay, share, MONDAY, office(), pace=pace)
    assert MONDAY <= end <= MONDAY + 10 * LONGEST
