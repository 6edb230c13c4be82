"""What lint finds: every finding by Haikou's policy with one thing changed."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from domain.clock import Basis
from domain.ladder import Rung
from policies.files import PolicyFile, read, rules_of, shipped
from policies.findings import Finding, Severity
from policies.lint import ACTS_ON, YEAR, Comparison, lint, rung_above, worst_case

HAIKOU = Path(__file__).parents[2] / "policies" / "haikou.toml"
NONE: dict[str, str | int] = {}
DAY = timedelta(hours=6, minutes=30)
"""Haikou's working day."""


def haikou(changes: Mapping[str, object]) -> PolicyFile:
    """Haikou's policy with other values at these keys; None takes the key away."""
    table = tomllib.loads(HAIKOU.read_text("utf-8"))
    for key, value in changes.items():
        *path, last = key.split(".")
        part: Any = table
        for name in path:
            part = part[int(name)] if name.isdecimal() else part.setdefault(name, {})
        if value is None:
            del part[last]
        else:
            part[last] = value
    return PolicyFile.model_validate(table)


def limit(value: int, unit: str) -> dict[str, object]:
    return {"value": value, "unit": unit, "rule": "P0", "source": "made up", "confidence": "C"}


def clock(*keys: str, value: int = 20) -> dict[str, object]:
    """These limits in days of the clock."""
    return {key: limit(value, "clock_days") for key in keys}


def found(changes: Mapping[str, object]) -> list[Finding]:
    return lint(haikou(changes))


def ladder(*ways: str) -> dict[str, object]:
    """A ladder of ``rung>up`` entries, each with an owner that can act there."""
    steps: list[dict[str, str]] = []
    for way in ways:
        rung, _, up = way.partition(">")
        owner = min(ACTS_ON[Rung(rung)])
        steps.append({"rung": rung, "owner": owner} | ({"up": up} if up else {}))
    return {"ladder": steps}


DISPATCH, SUPERVISED, MEETING, REFERRAL, RECTIFICATION = (
    "dispatch>supervised",
    "supervised>joint_meeting",
    "joint_meeting>referral",
    "referral>rectification",
    "rectification",
)


# -- what is sound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_policy_is_clean(name: str) -> None:
    assert lint(read(name)) == []


def test_the_ladder_of_the_tests_is_clean() -> None:
    assert found(ladder(DISPATCH, SUPERVISED, MEETING, REFERRAL, RECTIFICATION)) == []


def test_the_way_up_is_that_of_the_transitions() -> None:
    rungs = list(Rung)
    assert [rung_above(rung) for rung in rungs] == [*rungs[1:], None]


# -- the ladder ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        pytest.param(
            (DISPATCH, SUPERVISED, SUPERVISED, MEETING, REFERRAL, RECTIFICATION),
            [("ladder.2.rung", "rung-twice", {"rung": "supervised", "first": 2})],
            id="a rung named twice",
        ),
        pytest.param(
            (DISPATCH, SUPERVISED, "joint_meeting>supervised", REFERRAL, RECTIFICATION),
            [
                ("ladder.2.up", "ladder-loop", {"rung": "joint_meeting", "up": "supervised"}),
                ("ladder.3.rung", "rung-unreachable", {"rung": "referral"}),
                ("ladder.4.rung", "rung-unreachable", {"rung": "rectification"}),
            ],
            id="a loop",
        ),
        pytest.param(
            (DISPATCH, SUPERVISED, MEETING, REFERRAL, "rectification>dispatch"),
            [("ladder.4.up", "ladder-loop", {"rung": "rectification", "up": "dispatch"})],
            id="a loop through all",
        ),
        pytest.param(
            ("dispatch>joint_meeting", SUPERVISED, MEETING, REFERRAL, RECTIFICATION),
            [
                ("ladder.0.up", "rung-leads-past", {"rung": "dispatch", "up": "joint_meeting", "next": "supervised"}),
                ("ladder.1.rung", "rung-unreachable", {"rung": "supervised"}),
            ],
            id="a rung nobody can reach",
        ),
        pytest.param(
            (DISPATCH, SUPERVISED, "joint_meeting", REFERRAL, RECTIFICATION),
            [
                ("ladder.2", "rung-leads-nowhere", {"rung": "joint_meeting"}),
                ("ladder.3.rung", "rung-unreachable", {"rung": "referral"}),
                ("ladder.4.rung", "rung-unreachable", {"rung": "rectification"}),
            ],
            id="a rung without a way up",
        ),
        pytest.param(
            (DISPATCH, SUPERVISED, MEETING, "referral>referral", RECTIFICATION),
            [
                ("ladder.3.up", "rung-leads-to-itself", {"rung": "referral"}),
                ("ladder.4.rung", "rung-unreachable", {"rung": "rectification"}),
            ],
            id="a rung that leads to itself",
        ),
        pytest.param(
            ("dispatch", SUPERVISED, MEETING, REFERRAL, "rectification>dispatch"),
            [
                ("ladder.0", "rung-leads-nowhere", {"rung": "dispatch"}),
                ("ladder.1.rung", "rung-unreachable", {"rung": "supervised"}),
                ("ladder.2.rung", "rung-unreachable", {"rung": "joint_meeting"}),
                ("ladder.3.rung", "rung-unreachable", {"rung": "referral"}),
                ("ladder.4.rung", "rung-unreachable", {"rung": "rectification"}),
                ("ladder.4.up", "rung-leads-down", {"rung": "rectification", "up": "dispatch"}),
            ],
            id="a rung that leads down",
        ),
        pytest.param(
            (DISPATCH, SUPERVISED, MEETING, REFERRAL),
            [
                ("ladder", "rung-missing", {"rung": "rectification"}),
                ("ladder.3.up", "rung-leads-outside", {"rung": "referral", "up": "rectification"}),
            ],
            id="a rung that leads out of the file",
        ),
        pytest.param(
            (DISPATCH, MEETING, SUPERVISED, REFERRAL, RECTIFICATION),
            [("ladder.2.rung", "rung-out-of-order", {"rung": "supervised", "after": "joint_meeting"})],
            id="another order",
        ),
        pytest.param((), [("ladder", "ladder-missing", NONE)], id="no rung, so nobody answers for any"),
    ],
)
def test_a_ladder_that_cannot_be_climbed(ways: tuple[str, ...], expected: list[tuple[str, str, object]]) -> None:
    findings = found(ladder(*ways))
    assert [(finding.key, finding.code, finding.params) for finding in findings] == expected
    assert all(finding.refuses for finding in findings)


@pytest.mark.parametrize(
    ("rung", "owner", "allowed"),
    [
        ("dispatch", "commission", "department, operator, supervisor"),
        ("supervised", "department", "operator, supervisor"),
        ("joint_meeting", "department", "supervisor"),
        ("referral", "department", "commission"),
        ("rectification", "operator", "commission, supervisor"),
    ],
)
def test_an_owner_who_cannot_act_there(rung: str, owner: str, allowed: str) -> None:
    index = Rung(rung).height
    assert found({f"ladder.{index}.owner": owner}) == [
        Finding(
            key=f"ladder.{index}.owner",
            code="owner-cannot-act",
            params={"rung": rung, "owner": owner, "allowed": allowed},
        )
    ]


# -- limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "key", "code", "params"),
    [
        pytest.param(
            {"warnings.yellow.value": 2},
            "warnings.yellow",
            "warning-before-term",
            {"limit": "handle.consultation"},
            id="yellow as long as a term",
        ),
        pytest.param(
            {"handle.danger": limit(2, "clock_hours")},
            "warnings.yellow",
            "warning-before-term",
            {"limit": "handle.danger"},
            id="yellow in working time, an urgent term on the clock",
        ),
        pytest.param(
            {"warnings.yellow": limit(9, "clock_hours"), "handle.consultation.value": 1, "returns.window.value": 4}
            | {"returns.window.unit": "working_hours", "acknowledge.normal": limit(4, "working_hours")},
            "warnings.yellow",
            "warning-before-term",
            {"limit": "handle.consultation"},
            id="nine hours are as long as a working day that begins in the morning",
        ),
        pytest.param(
            {"acknowledge.normal.value": 5},
            "acknowledge.normal",
            "acknowledge-too-long",
            {"limit": "handle.consultation"},
            id="acknowledged after the term",
        ),
        pytest.param(
            {"acknowledge.danger": limit(2, "clock_days")},
            "acknowledge.danger",
            "acknowledge-too-long",
            {"limit": "handle.consultation"},
            id="two days can be longer than two working days",
        ),
        pytest.param(
            {"returns.window.value": 2},
            "returns.window",
            "window-too-long",
            {"limit": "handle.consultation"},
            id="returned as long as the term runs",
        ),
        pytest.param(
            {"returns.window_complaint.value": 15},
            "returns.window_complaint",
            "window-too-long",
            {"limit": "handle.complaint"},
            id="complaint returned as long as the term runs",
        ),
        pytest.param(
            {"referral.exhausted.rungs": ["supervised", "rectification"]},
            "referral.exhausted.rungs.1",
            "precondition-unreachable",
            {"rung": "rectification"},
            id="referred after what comes later",
        ),
        pytest.param(
            {"referral.deciders.value": 1},
            "referral.deciders.value",
            "deciders-too-few",
            {"value": 1, "least": 2},
            id="one person refers",
        ),
        pytest.param(
            {"holds.2.reason": "appraisal"},
            "holds.2.reason",
            "hold-twice",
            {"hold": "appraisal", "first": 2},
            id="two holds of one reason",
        ),
        pytest.param(
            {"holds.0.approver": "department"},
            "holds.0.approver",
            "approver-cannot-act",
            {"hold": "awaiting_citizen", "allowed": "commission, supervisor"},
            id="a department approves its own hold",
        ),
        pytest.param(
            {"referral_within.value": 57},
            "referral_within",
            "referral-too-late",
            {"total": "57.58", "bound": 57, "unit": "working_days"},
            id="later than the bound",
        ),
        pytest.param(
            {"referral_within": limit(70, "clock_days")},
            "referral_within",
            "referral-too-late",
            {"total": "92.89", "bound": 70, "unit": "clock_days"},
            id="a bound on the clock, the limits in working days",
        ),
    ],
)
def test_a_limit_that_cannot_work(
    changes: Mapping[str, object], key: str, code: str, params: dict[str, str | int]
) -> None:
    assert found(changes) == [Finding(key=key, code=code, params=params)]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"referral_within.value": 58}, id="just within the bound"),
        pytest.param({"acknowledge.normal": limit(12, "working_hours")}, id="just less than two working days"),
        pytest.param({"acknowledge.danger": limit(24, "clock_hours")}, id="a day is less than two working days"),
        pytest.param({"extension": None}, id="without extension"),
        pytest.param({"warnings": None}, id="without warnings"),
        pytest.param({"holds": []}, id="without holds"),
    ],
)
def test_a_limit_that_works(changes: Mapping[str, object]) -> None:
    assert found(changes) == []


def test_terms_on_the_clock_do_not_go_with_working_days() -> None:
    """Half of one cannot be compared with the other, nor added to it."""
    findings = found(clock("handle.request") | {"warnings.yellow": limit(4, "clock_hours")})
    assert [(finding.key, finding.code, finding.params) for finding in findings] == [
        (key, "units-mixed", {"limit": "handle.request", "unit": "working_days", "other": "clock_days"})
        for key in ("supervised.at_least", "extension.longest")
    ]


def test_urgent_terms_may_run_on_the_clock() -> None:
    """``Policy.supervised_budget`` gives them the least working time."""
    changes = {"handle.danger": limit(4, "clock_hours"), "handle.utility": limit(8, "clock_hours")}
    assert found(changes | {"warnings.yellow": limit(1, "clock_hours")}) == []


@pytest.mark.parametrize(
    ("changes", "key", "code", "params"),
    [
        pytest.param(
            {"extension.times.value": 2, "referral_within.value": 80},
            "extension.times.value",
            "extension-repeated",
            {"value": 2},
            id="an extension twice",
        ),
        pytest.param(
            {"warnings.red.value": 2},
            "warnings.red",
            "warning-after-supervised",
            {"limit": "supervised.at_least"},
            id="red after the supervised order",
        ),
        pytest.param({"referral_within": None}, "referral_within", "bound-missing", NONE, id="no bound"),
    ],
)
def test_a_remark_refuses_nothing(
    changes: Mapping[str, object], key: str, code: str, params: dict[str, str | int]
) -> None:
    assert found(changes) == [Finding(key=key, code=code, params=params, severity=Severity.REMARK)]


def test_everything_is_found_at_once() -> None:
    findings = found({"ladder.3.owner": "department", "returns.window.value": 2, "referral_within.value": 10})
    assert [finding.code for finding in findings] == ["owner-cannot-act", "window-too-long", "referral-too-late"]


# -- from intake to referral ---------------------------------------------------------------------------


def test_the_longest_way_is_added_up_in_the_open() -> None:
    parts = [(part.rung, part.key, part.times, part.basis, part.amount) for part in worst_case(haikou({}))]
    working, answered = Basis.WORKING, [("explanation", 1, 1), ("callback.call", 3, 3)]

    def on(rung: Rung, *rows: tuple[str, int, float]) -> list[tuple[Rung, str, int, Basis, timedelta]]:
        return [(rung, key, times, working, days * DAY) for key, times, days in rows]

    meeting = [("meeting.convene", 1, 3), ("meeting.conclude", 1, 5), ("meeting.tasks", 1, 5)]
    assert parts == [
        (Rung.DISPATCH, "dispatch", 1, Basis.CLOCK, timedelta(minutes=30)),
        *on(Rung.DISPATCH, ("handle.complaint", 1, 15), ("extension.longest", 1, 10), *answered),
        *on(Rung.SUPERVISED, ("supervised", 1, 7.5), *answered),
        *on(Rung.JOINT_MEETING, *meeting, *answered),
    ]


def test_the_longest_way_is_that_of_the_slowest_kind_of_case() -> None:
    slow = worst_case(haikou({"handle.utility": limit(40, "working_days")}))
    assert ("handle.utility", 40 * DAY) in [(part.key, part.amount) for part in slow]


@pytest.mark.parametrize("hours", [0.5, 4, 6.5, 32.5, 373.75])
def test_the_extremes_of_a_length_are_those_of_all_starts(hours: float) -> None:
    """Every half hour of the year, which is where Haikou's shifts begin and end."""
    calendar, amount = rules_of(haikou({}), date(YEAR, 12, 31)).calendar, timedelta(hours=hours)
    compare = Comparison(calendar)
    starts = [
        datetime(YEAR, 1, 1, tzinfo=UTC) - timedelta(hours=8) + timedelta(minutes=30 * n) for n in range(365 * 48)
    ]
    lasting = [calendar.after(start, amount) - start for start in starts]
    assert compare.shortest(Basis.WORKING, amount) == min(lasting)
    assert compare.longest(Basis.WORKING, amount) == max(lasting)
    assert compare.shortest(Basis.CLOCK, amount) == compare.longest(Basis.CLOCK, amount) == amount
    assert compare.most_working(amount) == max(calendar.working_time(start, start + amount) for start in starts)


def test_a_way_beyond_all_calendars_is_too_late() -> None:
    far = {f"handle.{nature}.value": 3600 for nature in ("consultation", "request", "complaint")}
    findings = found(far | {"callback.attempts.value": 100, "callback.call.value": 3600} | clock("referral_within"))
    assert [finding.code for finding in findings] == ["referral-too-late"]


def test_a_finding_goes_through_json() -> None:
    finding = found({"ladder.3.owner": "department"})[0]
    assert Finding.model_validate_json(finding.model_dump_json()) == finding
    assert cast("dict[str, object]", finding.model_dump(mode="json"))["severity"] == "refuse"
