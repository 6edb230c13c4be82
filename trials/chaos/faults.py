"""What goes wrong when: drawn from a seed, so that a run can be repeated."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from trials.chaos.house import Name

PAUSE = (4.0, 8.0)
"""Seconds between everything being well again and the next fault."""

DOWN = (0.5, 4.0)
"""Seconds that killed parts stay away: the demo's limits are two to eight, so deadlines pass meanwhile."""


@dataclass(frozen=True)
class Fault:
    """Parts that are killed together."""

    parts: tuple[Name, ...]
    pause: float
    """Seconds of peace before."""
    down_for: float


def each_once(seed: int) -> Sequence[Fault]:
    """Every part once."""
    return _faults([(name,) for name in Name], seed)


def in_turn_and_together(seed: int) -> Sequence[Fault]:
    """Every part alone, then two of them, three of them, and everything at once."""
    chance = random.Random(f"faults:{seed}")  # noqa: S311 - a script, not a secret
    groups: list[tuple[Name, ...]] = [(name,) for name in Name]
    groups += chance.sample(list(combinations(Name, 2)), 2)
    groups += chance.sample(list(combinations(Name, 3)), 1)
    groups.append(tuple(Name))
    return _faults(groups, seed)


def _faults(groups: Sequence[tuple[Name, ...]], seed: int) -> list[Fault]:
    chance = random.Random(f"times:{seed}")  # noqa: S311
    return [Fault(group, chance.uniform(*PAUSE), chance.uniform(*DOWN)) for group in groups]
