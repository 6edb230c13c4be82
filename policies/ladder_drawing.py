"""A policy drawn as its ladder: rung by rung who answers, where it leads, and every limit with its source.

Data only, in no language: windows put words and lines to it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from domain.clock import Unit
from domain.ladder import End, Rung
from domain.party import Party
from domain.policy import Cited, Confidence, Count, Exhausted, Limit, Policy
from domain.values import Value


class Row(Value):
    """One rule of a policy."""

    what: str
    """Its key in the policy file, ``handle.request``; a hold by its reason, ``holds.appraisal``."""
    value: int | tuple[Rung, ...]
    """How much or how often; or the rungs that are meant."""
    unit: Unit | None
    """None where nothing is timed."""
    rule: str
    source: str
    confidence: Confidence


class Station(Value):
    """A rung, the callback, or (None) what holds wherever a case is; with the rules that count there."""

    station: Rung | End | None
    owner: Party | None
    up: Rung | None
    rows: tuple[Row, ...]


_PLACES: Final[Mapping[str, Rung | End]] = MappingProxyType(
    {
        "dispatch": Rung.DISPATCH,
        "acknowledge": Rung.DISPATCH,
        "handle": Rung.DISPATCH,
        "returns": Rung.DISPATCH,
        "supervised": Rung.SUPERVISED,
        "meeting": Rung.JOINT_MEETING,
        "referral_within": Rung.REFERRAL,
        "referral": Rung.REFERRAL,
        "rectification": Rung.RECTIFICATION,
        "callback": End.CALLBACK,
    }
)
"""Where the rules of a policy's parts count; those of the others count everywhere."""


def drawing(policy: Policy) -> list[Station]:
    """The stations in the order of the file, lowest first, then the callback, then what holds everywhere."""
    steps = {step.rung: step for step in policy.ladder}
    rows = list(rows_of(policy))

    def station(at: Rung | End | None) -> Station:
        step = steps.get(at) if isinstance(at, Rung) else None
        here = tuple(row for row in rows if _PLACES.get(row.what.partition(".")[0]) is at)
        return Station(station=at, owner=step and step.owner, up=step and step.up, rows=here)

    return [station(at) for at in (*(steps or Rung), End.CALLBACK, None)]


def rows_of(policy: Policy) -> Iterator[Row]:
    """Every rule of a policy, in the order of its keys."""
    for name in Policy.model_fields:
        if name != "holds":
            yield from _rows(name, getattr(policy, name))
    for hold in policy.holds:
        yield from _rows(f"holds.{hold.reason}", hold)


def _rows(key: str, part: object) -> Iterator[Row]:
    if isinstance(part, Cited):
        cited = part.model_dump(include={"rule", "source", "confidence"})
        yield Row(what=key, value=_value(part), unit=part.unit if isinstance(part, Limit) else None, **cited)
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _rows(f"{key}.{name}", getattr(part, name))


def _value(part: Cited) -> int | tuple[Rung, ...]:
    match part:
        case Limit(value=value) | Count(value=value):
            return value
        case Exhausted(rungs=rungs):
            return rungs
        case _:
            raise TypeError(type(part).__name__)
