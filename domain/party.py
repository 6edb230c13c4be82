"""Who takes part in a case besides the citizen."""

from enum import StrEnum


class Party(StrEnum):
    """Who can be waited for."""

    OPERATOR = "operator"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    COMMISSION = "commission"
    """The two people who decide on a referral, and the discipline commission that answers it."""
