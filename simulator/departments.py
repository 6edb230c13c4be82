"""Departments' own systems: one HTTP app that takes every order, and answers each as its conduct decides."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.caller import Answer, Caller, spoilt
from simulator.conduct import Conduct, Reception, Step, Twist
from simulator.wire import SENT, Event, OrderData, Word, is_signed

SLOW_ANSWER = 15.0
"""Seconds that a slow endpoint thinks: longer than anybody waits."""

RETRY_AFTER = 1
"""Seconds after which a busy endpoint wants to be asked again."""

OVERTAKEN = frozenset({"order-ended", "case-closed", "return-window-over", "limit-passed", "not-allowed-here"})
"""Refusals that no department can help: the case went on meanwhile."""

FITTING: dict[Twist, frozenset[int]] = {
    Twist.WRONG_SECRET: frozenset({401}),
    Twist.UNSIGNED: frozenset({401}),
    Twist.STALE: frozenset({401}),
    Twist.ALTERED: frozenset({401}),
    Twist.FOREIGN: frozenset({403, 404}),
    Twist.BROKEN_JSON: frozenset({400, 422}),
    Twist.BROKEN_TEXT: frozenset({400, 401, 422}),
    Twist.UNKNOWN_FIELD: frozenset({422}),
    Twist.HUGE: frozenset({413, 0}),  # 0: refused and hung up before all of it was sent
}
"""How what is said wrong is to be refused."""


class Verdict(StrEnum):
    """What to think of an answer."""

    TAKEN = "taken"
    OVERTAKEN = "overtaken"
    RIGHTLY_REFUSED = "rightly_refused"
    UNHEARD = "unheard"
    """No answer but "later", until patience ended."""
    WRONG = "wrong"
    """Refused what is right, or taken what is wrong."""


@dataclass(frozen=True)
class Received:
    """Something came in for a department."""

    department: str
    what: str
    """The event's type without its prefix, ``-`` where it could not be read."""
    order_id: str
    status: int
    """What was answered."""
    again: bool
    """It had come before."""


@dataclass(frozen=True)
class Said:
    """A department said something, and was answered."""

    department: str
    word: Word
    order_id: str
    callback_id: str
    twist: Twist | None
    body: bytes
    """As it was sent; empty where it was spoilt."""
    answer: Answer

    @property
    def verdict(self) -> Verdict:
        """What to think of the answer."""
        status = self.answer.status
        fitting = FITTING.get(self.twist) if self.twist else None
        if fitting is not None:
            return Verdict.RIGHTLY_REFUSED if status in fitting else Verdict.WRONG
        if self.answer.is_taken:
            return Verdict.TAKEN
        if status == 0 or status >= 500:
            return Verdict.UNHEARD
        return Verdict.OVERTAKEN if self.answer.outcome in OVERTAKEN else Verdict.WRONG


Note = Received | Said
Secrets = Callable[[str], Sequence[str]]
"""A department's valid secrets, the one to sign with first; empty for a stranger."""


class Departments:
    """Any number of departments. ``told`` hears of everything that comes in and goes out."""

    def __init__(
        self,
        secrets: Secrets,
        conduct: Conduct,
        *,
        told: Callable[[Note], None] = lambda _: None,
        gateway: str | None = None,
        patience: float = 60.0,
    ) -> None:
        """``gateway`` goes before the callback address printed on an order, where that one leads nowhere from here."""
        self._secrets = secrets
        self._conduct = conduct
        self._told = told
        self._gateway = gateway.rstrip("/") if gateway else None
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)
        self._caller = Caller(self._http, patience=patience)
        self._tasks: set[asyncio.Task[None]] = set()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._taken: set[tuple[str, str]] = set()
        self._owners: dict[str, str] = {}
        """The department of every order that came in."""

    def app(self) -> Starlette:
        """What the departments' endpoints answer; each is ``/departments/<code>``."""
        return Starlette(routes=[Route("/departments/{code}", self._take, methods=["POST"])])

    @property
    def busy(self) -> int:
        """How many orders are being dealt with."""
        return len(self._tasks)

    async def close(self) -> None:
        """Everybody stops in mid-sentence."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    # -- what comes in -------------------------------------------------------------------------------

    async def _take(self, request: Request) -> Response:
        code, body = request.path_params["code"], await request.body()
        if not is_signed(self._secrets(code), request.headers, body):
            return self._answer(Received(code, "-", "-", 401, again=False))
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            return self._answer(Received(code, "-", "-", 400, again=False))
        key = code, event.id
        received = Received(code, event.type.removeprefix("liandong."), event.data.order_id, 202, key in self._taken)
        if received.again:
            return self._answer(received)
        reception = await self._receive(code, event)
        if reception in (Reception.TAKE, Reception.SLOW) and key not in self._taken:
            self._taken.add(key)
            if event.type == SENT:
                self._owners[event.data.order_id] = code
                self._start(self._deal_with(code, event.data))
        return self._answer(replace(received, status=STATUS[reception]))

    async def _receive(self, code: str, event: Event) -> Reception:
        self._attempts[code, event.id] += 1
        reception = self._conduct.receive(code, event.data, self._attempts[code, event.id])
        if reception is Reception.SLOW:
            await asyncio.sleep(SLOW_ANSWER)
        return reception

    def _answer(self, received: Received) -> Response:
        self._told(received)
        headers = {"retry-after": str(RETRY_AFTER)} if received.status == STATUS[Reception.BUSY] else {}
        if received.status == STATUS[Reception.REDIRECT]:
            headers = {"location": f"/departments/{received.department}?moved"}
        return Response(status_code=received.status, headers=headers)

    # -- what goes out -------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deal_with(self, code: str, order: OrderData) -> None:
        for step in self._conduct.answer(code, order):
            await asyncio.sleep(_pause(step, order))
            if step.twist is Twist.TWICE:
                await asyncio.gather(self._say(code, order, step), self._say(code, order, step))
            else:
                await self._say(code, order, step)

    async def _say(self, code: str, order: OrderData, step: Step) -> None:
        callback_id = f"{order.order_id}.{step.word}"
        url = self._url(order)
        order_id = order.order_id
        if step.twist is Twist.FOREIGN:
            order_id = self._strange_order(code, order)
            url = url.replace(order.order_id, order_id)
        body = spoilt({"order_id": order_id, **step.content}, step.twist)
        secret = self._secrets(code)[0]
        answer = await self._caller.say(f"{url}/{step.word}", code, secret, callback_id, body, step.twist)
        kept = b"" if step.twist in FITTING else body
        self._told(Said(code, step.word, order_id, callback_id, step.twist, kept, answer))

    def _url(self, order: OrderData) -> str:
        return f"{self._gateway}/v1/orders/{order.order_id}" if self._gateway else order.callback

    def _strange_order(self, code: str, order: OrderData) -> str:
        """An order of another department; one that nobody has where no other is known."""
        strange = (order_id for order_id, owner in reversed(self._owners.items()) if owner != code)
        return next(strange, f"{order.case_id}.999")


STATUS: dict[Reception, int] = {
    Reception.TAKE: 202,
    Reception.SLOW: 202,
    Reception.FAIL: 500,
    Reception.BUSY: 429,
    Reception.REDIRECT: 307,
    Reception.DOWN: 503,
}


def _pause(step: Step, order: OrderData) -> float:
    """Seconds until the step."""
    if not step.past_due or order.due_at is None:
        return step.after
    return max(0.0, (order.due_at - datetime.now(UTC)).total_seconds()) + step.after
