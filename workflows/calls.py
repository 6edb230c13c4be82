"""How each activity is called: its time limits and what a failure of it means. One row an activity."""

from datetime import timedelta
from typing import NotRequired, TypedDict

from temporalio.common import RetryPolicy

from activities.anchor import AnchorActivities
from activities.audit import AuditActivities
from activities.cases import CaseActivities
from activities.departments import DepartmentActivities
from activities.ledger import LedgerActivities
from activities.sweep import SweepActivities


class Call(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    heartbeat_timeout: NotRequired[timedelta]
    """For one that may take long: how long it may give no sign of life."""


_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
"""Until it works: the ladder never waits for these."""

CALLS: dict[str, Call] = {
    LedgerActivities.record.__name__: Call(start_to_close_timeout=timedelta(seconds=20), retry_policy=_PATIENT),
    # This is for one try. The request stays open until the department replies; people's time limits are timers.
    DepartmentActivities.request_department.__name__: Call(
        start_to_close_timeout=timedelta(seconds=30), retry_policy=_PATIENT
    ),
    DepartmentActivities.withdraw_order.__name__: Call(
        start_to_close_timeout=timedelta(seconds=30), retry_policy=_PATIENT
    ),
    DepartmentActivities.choose_department.__name__: Call(
        start_to_close_timeout=timedelta(seconds=20), retry_policy=_PATIENT
    ),
    # Somebody waits at the other end of this one.
    CaseActivities.absorb_duplicate.__name__: Call(
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(maximum_attempts=3, initial_interval=timedelta(milliseconds=200)),
    ),
    SweepActivities.hand_over_pending.__name__: Call(
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(maximum_attempts=1),
    ),
    AnchorActivities.anchor_cases.__name__: Call(start_to_close_timeout=timedelta(minutes=30), retry_policy=_PATIENT),
    AnchorActivities.publish_anchors.__name__: Call(start_to_close_timeout=timedelta(minutes=5), retry_policy=_PATIENT),
    AuditActivities.audit_record.__name__: Call(
        start_to_close_timeout=timedelta(minutes=30), retry_policy=RetryPolicy(maximum_attempts=1)
    ),
}
