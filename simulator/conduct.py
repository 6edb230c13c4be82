"""How a department behaves: what it does with an order that comes in, and what it says about it, and when.

Every decision is drawn from a seed and the order's id, so a run can be repeated. Times are seconds.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domain.order import Result, Role
from simulator.wire import OrderData, Word


class Reception(StrEnum):
    """What an endpoint does with an order that comes in."""

    TAKE = "take"
    FAIL = "fail"
    """500."""
    BUSY = "busy"
    """429, with ``Retry-After``."""
    REDIRECT = "redirect"
    SLOW = "slow"
    """Takes it, long after the sender has stopped waiting."""
    DOWN = "down"
    """503."""


class Twist(StrEnum):
    """How something is said wrong."""

    TWICE = "twice"
    """Two deliveries of one id at the same moment: allowed, and must count once."""
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - the name of a mistake
    UNSIGNED = "unsigned"
    STALE = "stale"
    """Signed six minutes ago."""
    ALTERED = "altered"
    """The body was changed after it was signed."""
    FOREIGN = "foreign"
    """About somebody else's order."""
    BROKEN_JSON = "broken_json"
    BROKEN_TEXT = "broken_text"
    """Bytes that are no UTF-8."""
    UNKNOWN_FIELD = "unknown_field"
    HUGE = "huge"
    """10 MB."""
    SLOW = "slow"
    """The body drips in: allowed."""


@dataclass(frozen=True)
class Step:
    """One thing that a department says. ``twist`` is how it is said wrong."""

    word: Word
    content: Mapping[str, object]
    """The body without the order's id."""
    after: float
    """Seconds after the step before, or after the order came in."""
    past_due: bool = False
    """``after`` counts from the order's limit."""
    twist: Twist | None = None


class Conduct(Protocol):
    """What one or more departments decide."""

    def receive(self, department: str, order: OrderData, attempt: int) -> Reception:
        """What the endpoint does with the order; ``attempt`` counts from 1."""
        ...

    def answer(self, department: str, order: OrderData) -> Sequence[Step]:
        """What the department says about an order that it has taken."""
        ...


class Name(StrEnum):
    """The conducts that can be asked for by name."""

    OBEDIENT = "obedient"
    """Acknowledges, tells of its progress, replies in time."""
    LATE = "late"
    """Acknowledges, and replies after the order's limit."""
    SILENT = "silent"
    """Takes every order and says nothing."""
    RETURNS = "returns"
    """Gives back whatever can be given back; else obedient."""
    DOUBLE = "double"
    """Says everything twice, at the same moment."""
    WRONG_SIGNATURE = "wrong-signature"
    """Everything first with a signature that must be refused, then rightly."""
    WRONG_ORDER = "wrong-order"
    """Everything first about somebody else's order, then about its own."""
    GARBAGE = "garbage"
    """First broken JSON, broken text, an unknown field or 10 MB, then rightly."""
    SLOW_BODY = "slow-body"
    """Sends its words drop by drop."""
    FAILING = "failing"
    """Answers 500 to an order once or twice before it takes it."""
    BUSY = "busy"
    """Answers 429 with ``Retry-After`` once or twice before it takes an order."""
    REDIRECT = "redirect"
    """Sends every order elsewhere."""
    SLOW_ANSWER = "slow-answer"
    """Lets the sender wait at the first try, longer than it will."""
    DOWN = "down"
    """Answers 503 to everything."""
    MIXED = "mixed"
    """Each order is met with one of the others; obediently in more than half of all."""


WRONGLY: dict[Name, tuple[Twist, ...]] = {
    Name.WRONG_SIGNATURE: (Twist.WRONG_SECRET, Twist.UNSIGNED, Twist.STALE, Twist.ALTERED),
    Name.WRONG_ORDER: (Twist.FOREIGN,),
    Name.GARBAGE: (Twist.BROKEN_JSON, Twist.BROKEN_TEXT, Twist.UNKNOWN_FIELD, Twist.HUGE),
}
"""How things are said wrong before they are said rightly."""

THROUGHOUT = {Name.DOUBLE: Twist.TWICE, Name.SLOW_BODY: Twist.SLOW}
"""How everything is said."""

AT_FIRST = {Name.FAILING: Reception.FAIL, Name.BUSY: Reception.BUSY}
ALWAYS = {Name.REDIRECT: Reception.REDIRECT, Name.DOWN: Reception.DOWN}

MIXTURE = {name: 80 if name is Name.OBEDIENT else 5 for name in Name if name is not Name.MIXED}

OFFICER = "经办人"
STATEMENT = "已到现场处理完毕，并与来电人沟通。"
INTERIM = "已派人到现场。"


@dataclass(frozen=True)
class Named:
    """A conduct by its name. ``within`` is the time that an obedient department takes for an order."""

    name: Name = Name.OBEDIENT
    seed: int = 1
    within: float = 10.0
    mixture: dict[Name, int] = field(default_factory=lambda: MIXTURE)

    def receive(self, department: str, order: OrderData, attempt: int) -> Reception:
        name, chance = self._drawn(department, order, "receive")
        if name in ALWAYS:
            return ALWAYS[name]
        if name in AT_FIRST and attempt <= chance.randint(1, 2):
            return AT_FIRST[name]
        return Reception.SLOW if name is Name.SLOW_ANSWER and attempt == 1 else Reception.TAKE

    def answer(self, department: str, order: OrderData) -> Sequence[Step]:
        name, chance = self._drawn(department, order, "answer")
        if name is Name.SILENT:
            return ()
        if name is Name.RETURNS and order.returnable and order.role is Role.LEAD:
            return (returned(self.within * chance.uniform(0.05, 0.3)),)
        steps: list[Step] = []
        for step in self._duty(chance, late=name is Name.LATE):
            twist = THROUGHOUT.get(name)
            if name in WRONGLY:
                twist = None
                wrong = Step(step.word, step.content, step.after, step.past_due, chance.choice(WRONGLY[name]))
                steps.append(wrong)
                step = Step(step.word, step.content, 0.0)
            steps.append(Step(step.word, step.content, step.after, step.past_due, twist))
        return steps

    def _duty(self, chance: random.Random, *, late: bool) -> tuple[Step, ...]:
        """What is due: acknowledge, progress, reply."""
        share = [self.within * chance.uniform(*of) for of in ((0.03, 0.1), (0.1, 0.3), (0.2, 0.6))]
        return (
            acknowledged(share[0]),
            Step(Word.PROGRESS, {"by": OFFICER, "statement": INTERIM}, share[1]),
            replied(share[2], past_due=late),
        )

    def _drawn(self, department: str, order: OrderData, what: str) -> tuple[Name, random.Random]:
        """The conduct towards this order, and the chance that decides the rest."""
        key = f"{self.seed}:{department}:{order.order_id}"
        name = self.name
        if name is Name.MIXED:
            mixing = random.Random(key)  # noqa: S311 - a script, not a secret
            name = mixing.choices(list(self.mixture), list(self.mixture.values()))[0]
        return name, random.Random(f"{key}:{what}")  # noqa: S311


def acknowledged(after: float) -> Step:
    return Step(Word.ACKNOWLEDGE, {"by": OFFICER}, after)


def returned(after: float) -> Step:
    reason = {"by": OFFICER, "reason": "不属于本单位职责范围", "basis": "单位职能配置规定"}
    return Step(Word.RETURN, reason, after)


def replied(
    after: float,
    *,
    result: Result = Result.RESOLVED,
    statement: str = STATEMENT,
    limit_days: int | None = None,
    past_due: bool = False,
) -> Step:
    content: dict[str, object] = {"by": OFFICER, "result": result.value, "statement": statement}
    if limit_days is not None:
        content["limit_days"] = limit_days
    return Step(Word.REPLY, content, after, past_due)
