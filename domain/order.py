"""Orders: one case asking one department to act, and what the department can answer."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.evidence import Attached
from domain.ladder import Rung
from domain.values import Instant, Text, Token, Value


class Role(StrEnum):
    """A department's part in a case."""

    LEAD = "lead"
    """主办: its reply decides."""
    ASSISTING = "assisting"
    """协办: helps; its silence is recorded and counts against it."""


class OrderStatus(StrEnum):
    """Where an order stands. Only ``sent`` and ``acknowledged`` orders are open."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    """Taken back: the case was re-assigned, withdrawn, merged or closed."""
    SUPERSEDED = "superseded"
    """The case climbed on. A late reply is kept and shown, but decides nothing."""


OPEN_STATUSES = frozenset({OrderStatus.SENT, OrderStatus.ACKNOWLEDGED})


class Result(StrEnum):
    """The two words a department's reply can be."""

    RESOLVED = "resolved"
    EXPLAINED = "explained"


class Reply(Value):
    """The department's final word on an order; the typed result of ``request_department``.

    On a verification order (referral) ``resolved`` means that the violation was found, ``explained`` that
    there is none; ``limit_days`` is then the time limit the issuing body sets for the rectification.
    """

    callback_id: Token
    """Unique id of the callback that brought it; a second delivery of the same id changes nothing."""
    result: Result
    statement: Text
    by: Text
    limit_days: Annotated[int, Field(gt=0, le=365)] | None = None
    basis: Text | None = None
    """On a verification order: the legal basis of the finding."""
    evidence: Attached = ()
    received_at: Instant


class Order(Value):
    """One case asking one department to act. Times are instants (UTC)."""

    order_id: Token
    """``<case_id>.<n>``; also the id of the activity that waits for the reply."""
    department: Token
    role: Role
    rung: Rung
    task: Text | None = None
    """What a meeting or the commission asked for; on a plain dispatch the demand itself is the task."""
    returnable: bool
    sent_at: Instant
    acknowledge_by: Instant | None
    limit: Token
    """The name of the case's time limit that the order runs under."""
    due_at: Instant
    """The limit as printed on the order (P11)."""
    return_by: Instant | None = None
    """Until when "not ours" is a return; who has not returned it by then has accepted it (P9)."""
    provisional: bool = False
    """The limit rests on working days that are not published yet."""
    status: OrderStatus = OrderStatus.SENT
    acknowledged_at: Instant | None = None
    ended_at: Instant | None = None
    reply: Reply | None = None
    late_reply: Reply | None = None
    warned: bool = False
    """The yellow warning has been given (P12)."""
    undelivered: bool = False
    """Its department's system did not take it in time: it waits in the inbox."""
    silent: bool = False
    """A limit passed without the acknowledgement or reply that was due."""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class OrderRequest(Value):
    """What ``request_department`` sends out. Who the citizen is, and what he said, the activity reads itself."""

    case_id: Token
    order: Order


class WithdrawalReason(StrEnum):
    """Why an order is taken back."""

    RETURNED = "returned"
    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class OrderWithdrawal(Value):
    """What ``withdraw_order`` takes back, and why."""

    case_id: Token
    order_id: Token
    department: Token
    reason: WithdrawalReason


def case_id_of(order_id: str) -> str:
    """The case an order id belongs to."""
    return order_id.rpartition(".")[0]
