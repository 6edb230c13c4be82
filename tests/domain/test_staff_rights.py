"""The one table of rights: whole, and what it refuses."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain import commands
from domain.commands import Asked, Command
from domain.errors import LiandongError
from domain.staff import MAY, OF_DEPARTMENTS, Act, Member, NewMember, StaffRole, check_member, check_role, right, usual

FROM_US = {Command.NOTE_LATE_REPLY, Command.NOTE_UNDELIVERED}
"""What no person says."""


def member(role: StaffRole, department: str | None = None) -> Member:
    return Member(name="zhao", role=role, department=department, entered_by="root", at=datetime(2026, 9, 1, tzinfo=UTC))


def refusal(*roles: Member, act: Act, department: str | None = None) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(LiandongError) as refused:
        right(act, "zhao", roles, department)
    return refused.value.code, dict(refused.value.params)


def test_every_act_has_somebody_and_every_command_is_an_act() -> None:
    assert set(MAY) == set(Act)
    assert all(MAY.values())
    assert {command.value for command in Command} - {act.value for act in Act} == {one.value for one in FROM_US}
    assert {role for roles in MAY.values() for role in roles} == set(StaffRole)


def test_every_command_that_a_person_asks_by_role_carries_it() -> None:
    asked = {one.__name__ for one in vars(commands).values() if isinstance(one, type) and issubclass(one, Asked)}
    of_departments = {"Acknowledge", "NoteProgress", "ReturnOrder", "ExtendOrder"}
    own = {name: one for name, one in vars(commands).items() if getattr(one, "__module__", "") == commands.__name__}
    assert {name for name, one in own.items() if "by" in getattr(one, "model_fields", {})} == (asked | of_departments)


@pytest.mark.parametrize("act", Act)
def test_exactly_the_roles_of_the_table_may(act: Act) -> None:
    for role in StaffRole:
        department = "water" if role in OF_DEPARTMENTS else None
        if role in MAY[act]:
            assert right(act, "zhao", [member(role, department)], department) is role
            check_role(act, role, "zhao")
        else:
            code, told = refusal(member(role, department), act=act, department=department)
            assert (code, told["role"], told["allowed"]) == ("role-may-not", role, ", ".join(MAY[act]))
    with pytest.raises(LiandongError, match="role-may-not"):
        check_role(act, None, "zhao")


def test_nobody_acts_for_another_department_and_a_stranger_for_none() -> None:
    officer = member(StaffRole.OFFICER, "water")
    assert refusal(officer, act=Act.REPLY, department="police")[0] == "not-of-department"
    assert refusal(act=Act.REPLY, department="police")[0] == "not-on-staff"
    both = [officer, member(StaffRole.OFFICER, "police")]
    assert right(Act.REPLY, "zhao", both, "police") is StaffRole.OFFICER
    two = [member(StaffRole.SUPERVISOR), member(StaffRole.OPERATOR)]
    assert right(Act.ASSIGN, "zhao", two, None) is usual(Act.ASSIGN) is StaffRole.OPERATOR


def test_an_officer_has_a_department_and_a_supervisor_none() -> None:
    for role in StaffRole:
        fits, other = ("water", None) if role in OF_DEPARTMENTS else (None, "water")
        check_member(NewMember(name="zhao", role=role, department=fits))
        with pytest.raises(LiandongError, match="role-w"):
            check_member(NewMember(name="zhao", role=role, department=other))


def test_the_page_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/staff.md").read_text("utf-8")
    rows = {line.split("`")[1]: line.split("|")[3:-1] for line in page.splitlines() if line.startswith("| `")}
    shown = {
        act: {role for role, cell in zip(StaffRole, cells, strict=True) if cell.strip()} for act, cells in rows.items()
    }
    assert shown == {act.value: set(roles) for act, roles in MAY.items()}
