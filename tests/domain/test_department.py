"""The directory: codes, places, and the rule that picks a department."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.demand import Nature, Urgency
from domain.department import Department, Directory, Level, Matter, MatterClass, Matters
from domain.errors import NotFound


def department(
    code: str,
    level: Level,
    *matters: str,
    district: str | None = None,
    street: str | None = None,
    endpoint: str | None = None,
) -> Department:
    return Department(
        code=code,
        name=f"{code}单位",
        name_en=code,
        level=level,
        district=district,
        street=street,
        matters=matters,
        endpoint=endpoint,
    )


CITY = department("hk-urban-mgmt", Level.MUNICIPAL, "street-vending", "illegal-building")
EAST = department("east-urban-mgmt", Level.DISTRICT, "street-vending", "illegal-building", district="E")
WEST = department("west-urban-mgmt", Level.DISTRICT, "street-vending", district="W")
STREET = department("street-E1", Level.STREET, "street-vending", district="E", street="E1")
WATER = department("hk-water", Level.UTILITY, "water-supply")
WATER_EAST = department("z-east-water", Level.UTILITY, "water-supply", district="E")
PORT = department("site-port", Level.SITE, "port-service", district="E", street="E1")
TRANSPORT = department("hk-transport", Level.MUNICIPAL, "port-service", "water-supply")
DIRECTORY = Directory(departments=(CITY, WEST, TRANSPORT, EAST, WATER, STREET, PORT, WATER_EAST))


def chosen(matter: str | None, district: str | None, street: str | None, *excluding: str) -> str | None:
    found = DIRECTORY.choose(matter, district, street, frozenset(excluding))
    return found.code if found else None


@pytest.mark.parametrize(
    ("matter", "district", "street", "expected"),
    [
        ("street-vending", "E", "E1", "street-E1"),
        ("street-vending", None, "E1", "street-E1"),
        ("street-vending", "E", "E2", "east-urban-mgmt"),
        ("street-vending", "W", None, "west-urban-mgmt"),
        ("street-vending", None, None, "hk-urban-mgmt"),
        ("street-vending", "N", "N1", "hk-urban-mgmt"),
        ("illegal-building", "E", "E1", "east-urban-mgmt"),
        ("illegal-building", None, "E1", "east-urban-mgmt"),
        ("illegal-building", "W", "W1", "hk-urban-mgmt"),
        ("water-supply", "E", "E1", "z-east-water"),
        ("water-supply", "W", None, "hk-water"),
        ("port-service", "E", "E1", "site-port"),
        ("port-service", None, None, "hk-transport"),
        ("praise", "E", "E1", None),
        (None, "E", "E1", None),
    ],
)
def test_the_most_local_department_that_handles_the_matter_is_chosen(
    matter: str | None, district: str | None, street: str | None, expected: str | None
) -> None:
    assert chosen(matter, district, street) == expected


def test_a_street_counts_for_more_than_the_district_that_was_given() -> None:
    assert chosen("street-vending", "W", "E1") == "street-E1"


def test_an_excluded_department_makes_way_for_the_next() -> None:
    assert chosen("street-vending", "E", "E1", "street-E1") == "east-urban-mgmt"
    assert chosen("street-vending", "E", "E1", "street-E1", "east-urban-mgmt") == "hk-urban-mgmt"
    assert chosen("street-vending", "E", "E1", "street-E1", "east-urban-mgmt", "hk-urban-mgmt") is None


def test_candidates_are_in_the_order_of_choice() -> None:
    codes = [found.code for found in DIRECTORY.candidates("street-vending", "E", "E1")]
    assert codes == ["street-E1", "east-urban-mgmt", "hk-urban-mgmt"]


def test_a_tie_goes_to_the_code_that_sorts_first() -> None:
    one, two = department("b", Level.MUNICIPAL, "m"), department("a", Level.MUNICIPAL, "m")
    found = Directory(departments=(one, two)).choose("m", None, None)
    assert found is not None
    assert found.code == "a"


@given(order=st.permutations(DIRECTORY.departments), street=st.sampled_from([None, "E1", "E2", "W1"]))
def test_the_order_of_the_directory_changes_nothing(order: list[Department], street: str | None) -> None:
    shuffled = Directory(departments=tuple(order))
    for matter in ("street-vending", "illegal-building", "water-supply", "port-service"):
        assert shuffled.choose(matter, "E", street) == DIRECTORY.choose(matter, "E", street)


@pytest.mark.parametrize(
    ("asked", "guess"),
    [("hk-urban-mgnt", "hk-urban-mgmt"), ("hk-transport单位", "hk-transport"), ("完全不相干", "")],
)
def test_an_unknown_department_is_named_with_a_guess(asked: str, guess: str) -> None:
    with pytest.raises(NotFound) as refused:
        DIRECTORY.get(asked)
    assert refused.value.code == "department-unknown"
    assert refused.value.params == {"department": asked, "did_you_mean": guess}


def test_known_codes_are_found() -> None:
    assert DIRECTORY.get("street-E1") is STREET
    assert DIRECTORY.district_of("E1") == "E"
    assert DIRECTORY.district_of("E2") is None


def test_a_code_may_not_occur_twice() -> None:
    with pytest.raises(ValidationError, match="occurs twice"):
        Directory(departments=(CITY, CITY))
    with pytest.raises(ValidationError, match="occurs twice"):
        Matters(matters=(MATTER, MATTER))


@pytest.mark.parametrize(
    ("level", "district", "street"),
    [
        (Level.MUNICIPAL, "E", None),
        (Level.MUNICIPAL, None, "E1"),
        (Level.DISTRICT, None, None),
        (Level.DISTRICT, "E", "E1"),
        (Level.STREET, "E", None),
        (Level.STREET, None, "E1"),
    ],
)
def test_a_level_has_its_kind_of_place(level: Level, district: str | None, street: str | None) -> None:
    with pytest.raises(ValidationError) as refused:
        department("x", level, district=district, street=street)
    assert refused.value.errors()[0]["type"] == "level-place"


@pytest.mark.parametrize(
    "endpoint", ["https://chengguan.example.cn/orders", "http://127.0.0.1:8080", "http://[::1]/orders?v=1"]
)
def test_an_endpoint_is_kept_as_written(endpoint: str) -> None:
    assert department("x", Level.MUNICIPAL, endpoint=endpoint).endpoint == endpoint


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("", "endpoint-malformed"),
        ("chengguan.example.cn", "endpoint-malformed"),
        ("ftp://chengguan.example.cn", "endpoint-malformed"),
        ("file:///etc/passwd", "endpoint-malformed"),
        ("https://", "endpoint-malformed"),
        ("https://[::1", "endpoint-malformed"),
        ("https://a.cn:99999/", "endpoint-malformed"),
        (" https://a.cn/", "endpoint-malformed"),
        ("https://a.cn/\nX: y", "endpoint-malformed"),
        ("https://user:word@a.cn/", "endpoint-credentials"),
        ("https://user@a.cn/", "endpoint-credentials"),
        ("https://a.cn/" + "x" * 2000, "string_too_long"),
    ],
)
def test_what_is_no_endpoint_is_refused(endpoint: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        department("x", Level.MUNICIPAL, endpoint=endpoint)
    assert refused.value.errors()[0]["type"] == code


MATTER = Matter(
    code="gas-leak",
    name="燃气泄漏",
    name_en="Gas leak",
    matter_class=MatterClass.CITY_MANAGEMENT,
    nature=Nature.REQUEST,
    urgency=Urgency.DANGER,
)


def test_matters_are_found_or_named_with_a_guess() -> None:
    matters = Matters(matters=(MATTER,))
    assert matters.get("gas-leak") is MATTER
    with pytest.raises(NotFound) as refused:
        matters.get("gas-leek")
    assert refused.value.code == "matter-unknown"
    assert refused.value.params == {"matter": "gas-leek", "did_you_mean": "gas-leak"}
