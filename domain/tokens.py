"""The secrets that departments, clerks, citizens' channels and grid workers prove themselves with.

A department signs (Standard Webhooks) with a secret that is derived from the gateway's key: none is stored, and
each has a serial, so that one can follow another. A person or a channel carries a token; only its hash is kept.
"""

import base64
import hashlib
import hmac
from enum import StrEnum

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from domain.values import Instant, PersonName, Token, Value


def department_secret(key: str, department: str, serial: int) -> str:
    """The department's signing secret of that serial, as Standard Webhooks writes it: ``whsec_`` and 32 bytes."""
    digest = hmac.new(key.encode(), f"department:{department}:{serial}".encode(), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"


class TokenKind(StrEnum):
    """What a token opens."""

    CLERK = "clerk"
    """A person of a department: its inbox, and answering its orders."""
    CLIENT = "client"
    """A citizens' channel (an app, a web page): the Open311 door. Its token is the ``api_key``."""
    GRID = "grid"
    """A grid worker 网格员: opening cases that name several departments."""


class AccessToken(Value):
    """What is known of a token that was issued; never the token itself."""

    token_id: Token
    kind: TokenKind
    holder: PersonName
    """Who carries it: the name or staff number of an official, or the name of a channel."""
    department: Token | None = None
    created_at: Instant
    revoked_at: Instant | None = None

    @model_validator(mode="after")
    def _clerks_have_departments(self) -> "AccessToken":
        if (self.kind is TokenKind.CLERK) != (self.department is not None):
            raise PydanticCustomError("token-department", "a clerk's token names a department, no other one does")
        return self


class Caller(Value):
    """Who has proved to be at the door."""

    kind: TokenKind | None
    """None: a department's own system, by its signature."""
    name: str
    """The department's code, or the token's holder."""
    department: Token | None = None
    token_id: Token | None = None
    message_id: Token | None = None
    """The signed message's own id."""


PREFIX = "ldt"


def token_text(token_id: str, secret: str) -> str:
    """What the holder is given, once."""
    return f"{PREFIX}_{token_id}_{secret}"


def taken_apart(text: str) -> tuple[str, str] | None:
    """The id and the secret of what a caller shows as a token; None where it is none."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    known = prefix == PREFIX and token_id.isascii() and token_id.isalnum() and len(token_id) <= 40 and secret
    return (token_id, secret) if known else None


def token_hash(secret: str) -> str:
    """SHA-256 in hex: the secret is random and long, so no slow hash is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def same_secret(secret: str, stored_hash: str) -> bool:
    """Whether ``secret`` is the one that was hashed; takes the same time for any wrong one."""
    return hmac.compare_digest(token_hash(secret), stored_hash)
