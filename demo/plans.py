"""What the departments and people around one case will do. Drawn from a seed, so that a demo can be repeated."""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from domain.commands import CallbackResult
from domain.ladder import Rung
from domain.order import Result


class Manner(StrEnum):
    """How a department deals with an order."""

    PROMPT = "prompt"
    LATE = "late"
    """Acknowledges, and replies only when the order's time has passed."""
    SILENT = "silent"
    RETURNS = "returns"


@dataclass(frozen=True)
class Conduct:
    """One department's conduct on one rung; times in seconds after the order arrived."""

    manner: Manner = Manner.PROMPT
    acknowledges: float = 0.3
    replies: float = 1.2
    result: Result = Result.RESOLVED
    limit_days: int | None = None


@dataclass(frozen=True)
class Plan:
    """Everybody's conduct in one case."""

    conduct: dict[Rung, Conduct] = field(default_factory=dict[Rung, Conduct])
    """What the lead does on each rung; prompt where nothing is said."""
    by_department: dict[str, Conduct] = field(default_factory=dict[str, Conduct])
    """What a named department does whatever its part; goes before ``conduct``."""
    concludes: bool = True
    """Whether the joint meeting comes to a conclusion."""
    callbacks: tuple[CallbackResult, ...] = (CallbackResult.SATISFIED,)
    """What the citizen says at each callback; the last one from then on."""

    def of(self, department: str, rung: Rung) -> Conduct:
        return self.by_department.get(department) or self.conduct.get(rung, Conduct())


SATISFIED, UNSATISFIED, UNREACHED = CallbackResult.SATISFIED, CallbackResult.UNSATISFIED, CallbackResult.UNREACHED

LATE_BY = 2.0
"""Seconds after its limit that a late department replies."""


def draw(seed: int, case_id: str) -> Plan:
    """A plan for one of the crowd: most departments are prompt, some late, silent, or return what they get."""
    chance = random.Random(f"{seed}:{case_id}")  # noqa: S311 - a script, not a secret
    kind = chance.choices(("prompt", "explains", "late", "silent", "returns", "stubborn"), (62, 6, 12, 9, 8, 3))[0]
    prompt = Conduct(acknowledges=chance.uniform(0.1, 0.8), replies=chance.uniform(0.8, 3.0))
    said = chance.choices(
        (
            (CallbackResult.SATISFIED,),
            (CallbackResult.UNSATISFIED, CallbackResult.SATISFIED),
            (CallbackResult.UNREACHED,),
        ),
        (91, 7, 2),
    )[0]
    conducts: dict[str, dict[Rung, Conduct]] = {
        "prompt": {Rung.DISPATCH: prompt},
        "explains": {Rung.DISPATCH: Conduct(replies=prompt.replies, result=Result.EXPLAINED)},
        "late": {Rung.DISPATCH: Conduct(Manner.LATE)},
        "silent": {Rung.DISPATCH: Conduct(Manner.SILENT)},
        "returns": {Rung.DISPATCH: Conduct(Manner.RETURNS)},
        "stubborn": {Rung.DISPATCH: Conduct(Manner.SILENT), Rung.SUPERVISED: Conduct(Manner.LATE)},
    }
    return Plan(conduct=conducts[kind], callbacks=said, concludes=chance.random() < 0.8)
