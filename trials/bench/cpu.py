"""CPU seconds by process, each with everything it has started."""

from collections.abc import Mapping

import psutil


def spent(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far, by name: the process, its living descendants, and those it has seen end; this process
    alone, for the others are its children."""
    own = sum(psutil.Process().cpu_times()[:2])
    return {"driver": own, **{name: sum(_seconds(one) for one in _tree(pid)) for name, pid in pids.items()}}


def since(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """What was spent between the two."""
    return {name: now[name] - before.get(name, 0.0) for name in now}


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])  # user, system, and both of children that have ended
    except psutil.NoSuchProcess:
        return 0.0
