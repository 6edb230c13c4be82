"""Who may do what: the roles of the hotline's and the departments' people, and the one table of their rights. Pure.

``docs/staff.md`` shows the table; the workflow's update validators, the desk and the gateway go by it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import NotYours, Refused
from domain.values import Instant, PersonName, Token, Value


class StaffRole(StrEnum):
    """As what somebody acts."""

    OPERATOR = "operator"
    """Takes calls and names departments 话务员."""
    OFFICER = "officer"
    """A department's own person 经办人: acknowledges, replies, returns, calls back; for that department only."""
    SUPERVISOR = "supervisor"
    """The hotline's supervisor 督办员."""
    DUTY_HEAD = "duty_head"
    """A department's head on duty 带班领导: what an officer may, and its roster."""
    COMMISSION = "commission"
    """One of those who decide on a referral, or who answers it for the discipline commission 纪委监委."""
    ADMINISTRATOR = "administrator"
    """Keeps the system: rules, directory, keys and the staff itself 系统管理员."""


OF_DEPARTMENTS: Final = frozenset({StaffRole.OFFICER, StaffRole.DUTY_HEAD})
"""Roles that somebody has in one department, and in no other."""


class Act(StrEnum):
    """Everything that a person does by name: the commands of a case by their names, and what lies outside a case."""

    ASSIGN = "assign"
    ESCALATE = "escalate"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    ABSORB = "absorb"
    HOLD = "hold"
    RELEASE = "release"
    EXPLAIN = "explain"
    CONVENE = "convene"
    CONCLUDE = "conclude"
    SPEAK_IN_MEETING = "speak_in_meeting"
    WRITE_MINUTES = "write_minutes"
    SIGN_MINUTES = "sign_minutes"
    DECIDE = "decide"
    ANSWER_REFERRAL = "answer_referral"
    SUPPLY_PAPERS = "supply_papers"
    VERIFY = "verify"
    RECORD_CALLBACK = "record_callback"
    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    REPLY = "reply"
    RETURN = "return"
    EXTEND = "extend"
    CHANGE_RULES = "change_rules"
    PUBLISH_RULES = "publish_rules"
    CHANGE_STAFF = "change_staff"
    EXCLUDE_CASE = "exclude_case"
    CALL_AGAIN = "call_again"
    DRAW_SAMPLE = "draw_sample"
    CHANGE_ROSTER = "change_roster"
    WRITE_DIARY = "write_diary"


_HOTLINE = StaffRole.OPERATOR, StaffRole.SUPERVISOR
_SUPERVISOR = (StaffRole.SUPERVISOR,)
_COMMISSION = (StaffRole.COMMISSION,)
_DEPARTMENT = StaffRole.OFFICER, StaffRole.DUTY_HEAD
_ADMINISTRATOR = (StaffRole.ADMINISTRATOR,)

MAY: Final[Mapping[Act, tuple[StaffRole, ...]]] = MappingProxyType(
    {
        Act.ASSIGN: _HOTLINE,
        Act.ESCALATE: _HOTLINE,
        Act.WITHDRAW: _HOTLINE,
        Act.MERGE: _HOTLINE,
        Act.ABSORB: _HOTLINE,
        Act.HOLD: _HOTLINE,
        Act.RELEASE: _HOTLINE,
        Act.EXPLAIN: _SUPERVISOR,
        Act.CONVENE: _SUPERVISOR,
        Act.CONCLUDE: _SUPERVISOR,
        Act.SPEAK_IN_MEETING: _DEPARTMENT,
        Act.WRITE_MINUTES: _SUPERVISOR,
        Act.SIGN_MINUTES: _DEPARTMENT,
        Act.DECIDE: _COMMISSION,
        Act.ANSWER_REFERRAL: _COMMISSION,
        Act.SUPPLY_PAPERS: _SUPERVISOR,
        Act.VERIFY: _SUPERVISOR,
        Act.RECORD_CALLBACK: (*_DEPARTMENT, *_HOTLINE),
        Act.ACKNOWLEDGE: _DEPARTMENT,
        Act.PROGRESS: _DEPARTMENT,
        Act.REPLY: _DEPARTMENT,
        Act.RETURN: _DEPARTMENT,
        Act.EXTEND: _DEPARTMENT,
        Act.CHANGE_RULES: _ADMINISTRATOR,
        Act.PUBLISH_RULES: _ADMINISTRATOR,
        Act.CHANGE_STAFF: _ADMINISTRATOR,
        Act.EXCLUDE_CASE: _SUPERVISOR,
        Act.CALL_AGAIN: _HOTLINE,
        Act.DRAW_SAMPLE: _SUPERVISOR,
        Act.CHANGE_ROSTER: (StaffRole.DUTY_HEAD, StaffRole.SUPERVISOR),
        Act.WRITE_DIARY: (StaffRole.DUTY_HEAD, StaffRole.OFFICER),
    }
)
"""Who may do what; the first role is the one that usually does it."""


class NewMember(Value):
    """Somebody is given a role; ``name`` is what he gives as ``--by``."""

    name: PersonName
    role: StaffRole
    department: Token | None = None
    """Whose officer or head he is; None for everybody else."""


class Member(NewMember):
    """It as it is on record."""

    entered_by: PersonName
    at: Instant


def check_member(new: NewMember) -> None:
    """An officer has a department, a supervisor has none. Raises Refused."""
    if (new.role in OF_DEPARTMENTS) != (new.department is not None):
        code = "role-wants-department" if new.role in OF_DEPARTMENTS else "role-without-department"
        raise Refused(code, role=new.role.value, name=new.name)


class Asking(Value):
    """Who asks for what, outside a case or in a department's name."""

    by: PersonName
    act: Act
    department: Token | None = None


def usual(act: Act) -> StaffRole:
    """The role that an act usually takes."""
    return MAY[act][0]


def check_role(act: Act, role: StaffRole | None, by: str) -> None:
    """Whether somebody with this role may do it. Raises Refused ``role-may-not``, naming those who may."""
    if role not in MAY[act]:
        raise Refused(
            "role-may-not", by=by, role=role.value if role else "-", act=act.value, allowed=", ".join(MAY[act])
        )


def right(act: Act, by: str, roles: Sequence[Member], department: str | None) -> StaffRole:
    """As what ``by``, who has these roles, does this; ``department`` is the one whose act it is, if any.

    Raises NotYours ``not-on-staff``, Refused ``role-may-not``, NotYours ``not-of-department``.
    """
    if not roles:
        raise NotYours("not-on-staff", by=by)
    fitting = sorted((one for one in roles if one.role in MAY[act]), key=lambda one: MAY[act].index(one.role))
    if not fitting:
        check_role(act, roles[0].role, by)
    for one in fitting:
        if one.role not in OF_DEPARTMENTS or department in (None, one.department):
            return one.role
    raise NotYours("not-of-department", by=by, act=act.value, department=department or "-")
