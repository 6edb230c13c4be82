"""What two policies differ in, key by key."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, JsonValue

from domain.values import Value

NAMES = ("rung", "reason")
"""What the tables of a list are told apart by, where each of them has another: else by their position."""

Leaf = str | int | float | bool | None


class Change(Value):
    """One key that two policies differ in; None where it is not there."""

    key: str
    before: Leaf
    after: Leaf


def difference(before: BaseModel, after: BaseModel) -> list[Change]:
    """What became of every key that changed, in the order of the files."""
    was, became = flattened(before), flattened(after)
    keys = dict.fromkeys([*was, *became])
    return [
        Change(key=key, before=was.get(key), after=became.get(key)) for key in keys if was.get(key) != became.get(key)
    ]


def flattened(model: BaseModel) -> dict[str, Leaf]:
    """Every value of a model by its key; a step of the ladder and a hold by their names, ``holds.appraisal.value``."""
    return {key: leaf for key, leaf in _leaves("", model.model_dump(mode="json")) if leaf is not None}


def _leaves(key: str, content: JsonValue) -> Iterator[tuple[str, Leaf]]:
    if isinstance(content, dict):
        for name, part in content.items():
            yield from _leaves(f"{key}.{name}" if key else name, part)
    elif isinstance(content, list):
        for name, part in zip(_names(content), content, strict=True):
            yield from _leaves(f"{key}.{name}", part)
    else:
        yield key, content


def _names(parts: Sequence[JsonValue]) -> list[str]:
    for field in NAMES:
        names = [str(part[field]) for part in parts if isinstance(part, dict) and field in part]
        if len(set(names)) == len(parts):
            return names
    return [str(index) for index in range(len(parts))]
