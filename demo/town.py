"""The departments of the demo: simulated ones that behave as the plan of each case says."""

from collections.abc import Callable, Sequence

from demo.plans import LATE_BY, Conduct, Manner, Plan
from domain.ladder import Rung
from domain.order import Result, Role
from simulator.conduct import STATEMENT, Reception, Step, acknowledged, replied, returned
from simulator.wire import OrderData

EXPLAINED = "经核查，现有条件下无法解决，已说明原因与依据。"
ON_RUNG = {Rung.REFERRAL: "经再次核查，认定违法事实成立。", Rung.RECTIFICATION: "已按期整改到位，申请复核。"}
"""What a department that did its part says on the rungs where that is a finding or a rectification."""


class Town:
    """Everybody's conduct; ``plan_of`` says how each department behaves in a case."""

    def __init__(self, plan_of: Callable[[str], Plan]) -> None:
        self._plan_of = plan_of
        self._returned: set[str] = set()

    def receive(self, department: str, order: OrderData, attempt: int) -> Reception:
        """Every system of the demo works."""
        del department, order, attempt
        return Reception.TAKE

    def answer(self, department: str, order: OrderData) -> Sequence[Step]:
        """What the plan has; an order is given back once a case, by its lead."""
        conduct = self._plan_of(order.case_id).of(department, order.rung)
        if order.role is Role.ASSISTING and conduct.manner is Manner.RETURNS:
            conduct = Conduct()
        if conduct.manner is Manner.SILENT:
            return ()
        if conduct.manner is Manner.RETURNS and order.returnable and order.case_id not in self._returned:
            self._returned.add(order.case_id)
            return (returned(conduct.acknowledges),)
        if order.acknowledge_by:
            return acknowledged(conduct.acknowledges), _reply(conduct, order.rung, conduct.replies)
        return (_reply(conduct, order.rung, conduct.acknowledges + conduct.replies),)


def _reply(conduct: Conduct, rung: Rung, after: float) -> Step:
    late = conduct.manner is Manner.LATE
    return replied(
        LATE_BY if late else after,
        result=conduct.result,
        statement=EXPLAINED if conduct.result is Result.EXPLAINED else ON_RUNG.get(rung, STATEMENT),
        limit_days=conduct.limit_days,
        past_due=late,
    )
