"""The secret a department proves itself with: derived from the gateway's key, so none is stored."""

import hashlib
import hmac


def department_token(key: str, department: str) -> str:
    """The department's bearer token, 64 hex digits."""
    return hmac.new(key.encode(), f"department:{department}".encode(), hashlib.sha256).hexdigest()


def is_department_token(key: str, department: str, token: str) -> bool:
    """Whether ``token`` is the department's; takes the same time for any wrong one."""
    return hmac.compare_digest(department_token(key, department).encode(), token.encode())


def signature(token: str, body: bytes) -> str:
    """What Liandong signs an order with: HMAC-SHA256 of the body under the department's token, in hex."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
