"""A policy's limits: which one counts for which case."""

from datetime import date, time, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support import rules

from domain.calendar import Shift, WorkCalendar
from domain.clock import Basis, Span, Unit
from domain.demand import Nature, Urgency
from domain.policy import Handling, Limit, Policy

CALENDAR = WorkCalendar(
    name="test",
    zone="Asia/Shanghai",
    shifts=(Shift(start=time(9), end=time(17)),),
    working_day=timedelta(hours=8),
    horizon=date(2026, 12, 31),
    source="made for the test",
)
HAIKOU = rules("haikou").policy
URGENT = [Urgency.DANGER, Urgency.UTILITY]


def limit(value: int, unit: Unit = Unit.WORKING_DAYS) -> Limit:
    return Limit.model_validate({"rule": "P5", "source": "made for the test", "confidence": "C"} | span(value, unit))


def span(value: int, unit: Unit) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def policy(**changes: object) -> Policy:
    return HAIKOU.model_copy(update=changes)


def handling(**urgent: Limit) -> Handling:
    return Handling(consultation=limit(2), request=limit(5), complaint=limit(15), **urgent)


@pytest.mark.parametrize(("nature", "days"), [(Nature.CONSULTATION, 2), (Nature.REQUEST, 5), (Nature.COMPLAINT, 15)])
@pytest.mark.parametrize("urgency", Urgency)
def test_the_lead_has_as_long_as_the_nature_of_the_case_allows(nature: Nature, days: int, urgency: Urgency) -> None:
    found = policy(handle=handling()).handle_limit(nature, urgency)
    assert found.span == Span(value=days, unit=Unit.WORKING_DAYS)


@pytest.mark.parametrize(("nature", "urgency"), list(product(Nature, Urgency)))
def test_an_urgent_case_has_a_limit_of_its_own_where_the_policy_has_one(nature: Nature, urgency: Urgency) -> None:
    urgent = {"danger": limit(30, Unit.CLOCK_MINUTES), "utility": limit(4, Unit.CLOCK_HOURS)}
    found = policy(handle=handling(**urgent)).handle_limit(nature, urgency)
    assert found == urgent.get(urgency.value, policy(handle=handling()).handle_limit(nature, urgency))


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [
        (Urgency.DANGER, span(15, Unit.CLOCK_MINUTES)),
        (Urgency.UTILITY, span(30, Unit.CLOCK_MINUTES)),
        (Urgency.NORMAL, span(1, Unit.WORKING_DAYS)),
    ],
)
def test_how_soon_an_order_is_acknowledged_depends_on_the_urgency(urgency: Urgency, expected: dict[str, Any]) -> None:
    assert HAIKOU.acknowledge_limit(urgency).span == Span.model_validate(expected)


@pytest.mark.parametrize(("nature", "days"), [(Nature.CONSULTATION, 1), (Nature.REQUEST, 1), (Nature.COMPLAINT, 2)])
def test_a_complex_matter_may_be_returned_for_longer(nature: Nature, days: int) -> None:
    assert HAIKOU.return_window(nature).span == Span(value=days, unit=Unit.WORKING_DAYS)


@given(
    st.sampled_from(Nature),
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_HOURS]),
)
def test_a_supervised_order_has_half_of_the_time_but_not_less_than_the_least(
    nature: Nature, original: int, least: int, unit: Unit
) -> None:
    given = policy(
        handle=Handling(consultation=limit(original), request=limit(original), complaint=limit(original)),
        supervised=HAIKOU.supervised.model_copy(update={"at_least": limit(least, unit)}),
    )
    basis, budget = given.supervised_budget(nature, Urgency.NORMAL, CALENDAR)
    assert basis is Basis.WORKING
    assert budget == max(original * timedelta(hours=4), Span(value=least, unit=unit).amount(CALENDAR))


@pytest.mark.parametrize("urgency", URGENT)
def test_half_of_a_clock_is_not_compared_with_working_days(urgency: Urgency) -> None:
    urgent = {urgency.value: limit(30, Unit.CLOCK_MINUTES)}
    basis, budget = policy(handle=handling(**urgent)).supervised_budget(Nature.REQUEST, urgency, CALENDAR)
    assert (basis, budget) == (Basis.WORKING, timedelta(hours=8))


@pytest.mark.parametrize("value", [0, -1, 10_000])
def test_a_limit_is_longer_than_nothing_and_shorter_than_ten_years(value: int) -> None:
    with pytest.raises(ValidationError):
        limit(value)


@pytest.mark.parametrize("field", ["rule", "source", "confidence"])
def test_a_limit_says_where_it_comes_from(field: str) -> None:
    given = limit(1).model_dump(exclude={field})
    with pytest.raises(ValidationError):
        Limit.model_validate(given)


def test_a_misspelt_limit_is_refused() -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(HAIKOU.model_dump() | {"dispach": limit(30, Unit.CLOCK_MINUTES)})


def test_a_policy_that_was_pinned_to_a_case_reads_the_same() -> None:
    assert Policy.model_validate_json(HAIKOU.model_dump_json()) == HAIKOU
