"""Times and lengths of time as people read them; programs get ISO 8601 in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
"""The clock on the wall of the hotline."""


def local(at: datetime) -> str:
    """``2026-11-23 18:43:05 +08:00``."""
    here = at.astimezone(LOCAL)
    offset = f"{here:%z}"
    return f"{here:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"


def universal(at: datetime) -> str:
    """``2026-11-23T10:43:05.250000Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local_if_moment(text: str) -> str:
    """The local time where ``text`` is an instant in ISO 8601; any other text as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return local(at) if at.tzinfo else text


def length(amount: timedelta) -> str:
    """``12 ms``, ``4.218 s``, ``3 min 05 s``, ``2 h 07 min``, ``5 d 03 h``; what is before its time has a minus."""
    if amount < timedelta(0):
        return f"-{length(-amount)}"
    if amount < timedelta(seconds=1):
        return f"{amount // timedelta(milliseconds=1)} ms"
    if amount < timedelta(minutes=1):
        return f"{amount / timedelta(seconds=1):.3f} s"
    seconds = int(amount.total_seconds())
    for size, unit, part, smaller in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // part:02d} {smaller}"
    return f"{seconds} s"
