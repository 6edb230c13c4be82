"""Each department's lane: how much goes out at a time, and how long it is left alone."""

import pytest

from domain.errors import Unavailable
from outbox.lanes import BUSY, FIRST_REST, LONGEST_ASKED, LONGEST_REST, Lanes, NoPlace, spread

THERE, OTHER = "hk-urban-mgmt", "hk-housing"


class Clock:
    """Seconds, turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lanes(clock: Clock) -> Lanes:
    return Lanes(clock)


def refusal(lanes: Lanes, department: str, message: str, concurrency: int = 1) -> Unavailable | None:
    try:
        with lanes.place(department, message, concurrency):
            return None
    except NoPlace as error:
        return error


def test_a_full_lane_takes_no_more_until_one_has_left(lanes: Lanes) -> None:
    with lanes.place(THERE, "a", 2):
        with lanes.place(THERE, "b", 2):
            error = refusal(lanes, THERE, "c", 2)
            assert error is not None
            assert error.params["reason"] == "busy"
            assert BUSY * 1000 <= int(error.params["retry_in_ms"]) < (BUSY + 1) * 1000
            assert refusal(lanes, OTHER, "c", 2) is None, "another department's lane is its own"
        assert refusal(lanes, THERE, "c", 2) is None
    assert refusal(lanes, THERE, "c", 1) is None


def test_one_message_is_on_its_way_once(lanes: Lanes) -> None:
    with lanes.place(THERE, "a", 4):
        assert refusal(lanes, THERE, "a", 4) is not None
    assert refusal(lanes, THERE, "a", 4) is None


def test_a_place_is_free_again_after_an_error(lanes: Lanes) -> None:
    with pytest.raises(ZeroDivisionError), lanes.place(THERE, "a", 1):
        raise ZeroDivisionError
    assert refusal(lanes, THERE, "b") is None


def test_each_failure_doubles_the_rest_up_to_a_limit(lanes: Lanes, clock: Clock) -> None:
    rests = list[float]()
    for _ in range(12):
        rests.append(lanes.went_wrong(THERE, "HTTP 503", None))
        clock.now += rests[-1]
    assert rests[:5] == [FIRST_REST * 2**n for n in range(5)]
    assert rests[-1] == LONGEST_REST
    lanes.went_well(THERE)
    assert lanes.went_wrong(THERE, "HTTP 503", None) == FIRST_REST


def test_failures_side_by_side_are_one(lanes: Lanes, clock: Clock) -> None:
    for _ in range(8):
        assert lanes.went_wrong(THERE, "HTTP 503", None) == FIRST_REST
    clock.now += FIRST_REST
    assert lanes.went_wrong(THERE, "HTTP 503", None) == FIRST_REST * 2


@pytest.mark.parametrize(
    ("asked", "rest"),
    [(7.5, 7.5), (0.0, FIRST_REST), (-86400.0, FIRST_REST), (1e9, LONGEST_ASKED)],
    ids=["asked", "at once", "a date that is over", "for ever"],
)
def test_a_department_is_left_alone_as_long_as_it_asks_within_bounds(lanes: Lanes, asked: float, rest: float) -> None:
    assert lanes.went_wrong(THERE, "HTTP 503", asked) == rest


def test_a_lane_that_rests_says_why_and_until_when(lanes: Lanes, clock: Clock) -> None:
    lanes.went_wrong(THERE, "ConnectError", 20)
    clock.now += 5
    error = refusal(lanes, THERE, "a")
    assert error is not None
    assert (error.code, error.params["reason"]) == ("department-unreachable", "ConnectError")
    assert int(error.params["retry_in_ms"]) == pytest.approx((15 + spread("a")) * 1000, abs=1)
    assert refusal(lanes, OTHER, "a") is None
    clock.now += 15
    assert refusal(lanes, THERE, "a") is None


def test_what_waited_together_does_not_come_back_together() -> None:
    spreads = [spread(f"case-{number}.1.sent") for number in range(200)]
    assert all(0 <= one < 1 for one in spreads)
    assert len({round(one, 1) for one in spreads}) >= 9
    assert spreads == [spread(f"case-{number}.1.sent") for number in range(200)]


def test_an_outage_is_told_once(lanes: Lanes) -> None:
    assert [lanes.first_alert(THERE) for _ in range(3)] == [True, False, False]
    assert lanes.first_alert(OTHER)
    lanes.went_well(THERE)
    assert lanes.first_alert(THERE)


def test_an_outage_that_nobody_could_be_told_of_is_told_again(lanes: Lanes) -> None:
    assert lanes.first_alert(THERE)
    lanes.nobody_told(THERE)
    assert [lanes.first_alert(THERE) for _ in range(2)] == [True, False]
