"""How long one deadline takes. Run with ``pytest tests/benchmarks/bench_clock.py``."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from calendars.china import china_calendar
from domain.calendar import WorkCalendar
from domain.clock import Basis, Span, TimeLimit, Unit

START = datetime(2026, 1, 23, 2, 17, 31, 250_000, tzinfo=UTC)
LIMITS = {
    "30 clock minutes": Span(value=30, unit=Unit.CLOCK_MINUTES),
    "5 working days": Span(value=5, unit=Unit.WORKING_DAYS),
    "15 working days": Span(value=15, unit=Unit.WORKING_DAYS),
    "60 working days": Span(value=60, unit=Unit.WORKING_DAYS),
}


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return china_calendar(date(2025, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize("days", [5, 15, 60])
def test_after(benchmark: BenchmarkFixture, calendar: WorkCalendar, days: int) -> None:
    benchmark(calendar.after, START, days * calendar.working_day)


@pytest.mark.parametrize("name", LIMITS)
def test_deadline(benchmark: BenchmarkFixture, calendar: WorkCalendar, name: str) -> None:
    span = LIMITS[name]
    limit = TimeLimit(basis=span.unit.basis, budget=span.amount(calendar)).started(START)
    assert benchmark(limit.deadline, calendar) is not None


def test_elapsed(benchmark: BenchmarkFixture, calendar: WorkCalendar) -> None:
    limit = TimeLimit(basis=Basis.WORKING, budget=timedelta(hours=97.5)).started(START)
    assert benchmark(limit.elapsed, START + timedelta(days=20), calendar) > timedelta(0)


def test_first_deadline_after_decoding(benchmark: BenchmarkFixture, calendar: WorkCalendar) -> None:
    """What a workflow pays once: the calendar is decoded and its tables are compiled."""
    text, amount = calendar.model_dump_json(), timedelta(hours=32.5)
    benchmark(lambda: WorkCalendar.model_validate_json(text).after(START, amount))
