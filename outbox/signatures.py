"""Messages between Liandong and departments' systems prove where they come from: the Standard Webhooks scheme.

Both directions are signed alike. A message's id, its time and its body are under the signature; it holds for five
minutes to either side of its time.
"""

import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"


def signed(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message: one signature for each secret that counts, so that either one verifies it.

    ``at`` is an instant with a zone; the header carries whole seconds of it.
    """
    moment = at.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets]
    return {ID: message_id, TIMESTAMP: str(int(moment.timestamp())), SIGNATURE: " ".join(signatures)}


def is_signed(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the message was signed with one of ``secrets``, not more than five minutes ago or ahead."""
    given = {name: headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)}
    verdicts = [_verifies(secret, given, body) for secret in secrets]  # all are tried: a match takes as long
    return any(verdicts)


def _verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, binascii.Error, ValueError):  # a header of another form is no signature
        return False
    return True
