"""The client with which a department speaks: signs, says it again until it was heard, and takes no offence."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

import httpx

from simulator.conduct import Twist
from simulator.wire import DEPARTMENT_HEADER, signed

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two tries: doubled from the first to the longest, unless the gateway asks for another."""

AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
"""Refusals that say "later", besides the 5xx."""

AT_ONCE = 50
"""How much is being said at a time by one caller; the rest waits its turn."""

STALE = timedelta(minutes=6)
DRIPS, DRIP_PAUSE = 8, 0.1
"""Pieces of a slow body, and the seconds between two."""

STRANGE_SECRET = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldC4uLi4="  # noqa: S105 - nobody's
TEN_MB = 10_000_000


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """0 where the connection broke before an answer."""
    outcome: str | None = None
    """``accepted``, ``late``, ``after_closing`` or ``kept``; or the code of the refusal."""
    repeated: bool = False
    tries: int = 1

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


class Caller:
    """Says things to the gateway in departments' names."""

    def __init__(self, http: httpx.AsyncClient, *, patience: float = 60.0) -> None:
        """``patience``: seconds after which what was never heard is given up."""
        self._http = http
        self._patience = patience
        self._places = asyncio.Semaphore(AT_ONCE)

    async def say(
        self, url: str, department: str, secret: str, callback_id: str, body: bytes, twist: Twist | None = None
    ) -> Answer:
        """Send ``body`` until there is an answer. A new try is the same callback: same id, same body."""
        loop = asyncio.get_running_loop()
        ends, pause, tries = loop.time() + self._patience, FIRST_PAUSE, 0
        while True:
            tries += 1
            headers = {DEPARTMENT_HEADER: department, "content-type": "application/json"}
            headers |= _signed(secret, callback_id, body, twist)
            answer, wait = await self._once(url, headers, body, twist)
            if not _must_repeat(answer) or twist is Twist.HUGE or loop.time() + (wait or pause) > ends:
                return Answer(answer.status, answer.outcome, answer.repeated, tries)
            await asyncio.sleep(wait or pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _once(
        self, url: str, headers: Mapping[str, str], body: bytes, twist: Twist | None
    ) -> tuple[Answer, float | None]:
        """The answer, and after how many seconds the gateway wants to be asked again."""
        sent = body.replace(b"}", b" }") if twist is Twist.ALTERED else body
        content = _drip(sent) if twist is Twist.SLOW else sent
        try:
            async with self._places:
                response = await self._http.post(url, headers=dict(headers), content=content)
        except httpx.TransportError as error:
            return Answer(0, type(error).__name__), None
        after = response.headers.get("retry-after", "")
        return _read(response), float(after) if after.isdecimal() else None


def _signed(secret: str, callback_id: str, body: bytes, twist: Twist | None) -> dict[str, str]:
    now = datetime.now(UTC)
    match twist:
        case Twist.UNSIGNED:
            return {"webhook-id": callback_id}
        case Twist.WRONG_SECRET:
            return signed(STRANGE_SECRET, callback_id, now, body)
        case Twist.STALE:
            return signed(secret, callback_id, now - STALE, body)
        case _:
            return signed(secret, callback_id, now, body)


async def _drip(body: bytes) -> AsyncGenerator[bytes]:
    size = max(1, len(body) // DRIPS)
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(DRIP_PAUSE)


def _must_repeat(answer: Answer) -> bool:
    return answer.status == 0 or answer.status >= 500 or answer.status in AGAIN


def _read(response: httpx.Response) -> Answer:
    try:
        said: Any = response.json()
    except ValueError:
        said = None
    fields = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    outcome = fields.get("outcome") or str(fields.get("type", "")).removeprefix("urn:liandong:") or None
    return Answer(response.status_code, outcome, repeated=bool(fields.get("repeated")))


def spoilt(content: Mapping[str, object], twist: Twist | None) -> bytes:
    """The body as it is sent; with a twist of the body, spoilt."""
    body = json.dumps(content, ensure_ascii=False).encode()
    match twist:
        case Twist.BROKEN_JSON:
            return body[:-1]
        case Twist.BROKEN_TEXT:
            return body[:-1] + b',"x":"\xff\xfe"}'
        case Twist.UNKNOWN_FIELD:
            return json.dumps({**content, "nonsense": True}, ensure_ascii=False).encode()
        case Twist.HUGE:
            return body[:-1] + b',"x":"' + b"x" * TEN_MB + b'"}'
        case _:
            return body
