"""The contract from a department's side: CloudEvents that come in, signed JSON that goes back.

Signatures are Standard Webhooks' in both directions. What is read of an order is what a department needs to act;
who the citizen is stays unread here.
"""

import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict
from standardwebhooks import Webhook, WebhookVerificationError

from domain.ladder import Rung
from domain.order import Role

DEPARTMENT_HEADER = "Liandong-Department"

SENT = "liandong.order.sent"


class Word(StrEnum):
    """What a department can say about an order: the last part of the address it says it to."""

    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    REPLY = "reply"
    RETURN = "return"
    EXTENSION = "extension"


class _Read(BaseModel):
    """Fields that a department does not know are none of its business: new ones must not break it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OrderData(_Read):
    """What an order says, without the citizen. Withdrawals and warnings say less: the ids."""

    order_id: str
    case_id: str = ""
    role: Role = Role.LEAD
    rung: Rung = Rung.DISPATCH
    acknowledge_by: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    returnable: bool = False
    callback: str = ""
    """The address to which ``/acknowledge`` and so on is appended."""


class Event(_Read):
    """A CloudEvent in structured mode."""

    id: str
    type: str
    data: OrderData


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks; ``at`` in UTC."""
    text = body.decode(errors="replace")  # bytes that are no text are refused, whatever their signature
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, text),
    }


def is_signed(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the secrets signed it, within five minutes."""
    return any(_fits(secret, headers, body) for secret in secrets)


def _fits(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, binascii.Error):  # the library lets malformed ones through
        return False
    return True
