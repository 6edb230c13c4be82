"""The citizen's own words about himself, kept out of everything but their one table."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import JsonValue, StringConstraints

from domain.values import PRINTABLE, Text, Value

_PHONE = r"^\+?[0-9][0-9 -]{5,18}[0-9]$"
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=_PHONE)]
"""A telephone number: 7 to 20 digits, blanks and hyphens; may begin with ``+``."""

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$"),
]
"""An address for electronic mail; that it exists is not looked into."""

BLOT = "██"
"""What stands where something about the citizen was blotted out; never longer than what it covers."""

SPOKEN = frozenset(
    {
        "basis",
        "comment",
        "minutes",
        "position",
        "reason",
        "reference",
        "remark",
        "statement",
        "task",
        "told_citizen",
    }
)
"""The fields in which officials write freely, and might name a citizen. Others hold codes and officials' names."""

_NARROW = str.maketrans("０１２３４５６７８９ｘＸ－　＋（）", "0123456789xX- +()")
"""Chinese input methods write wide digits; read as narrow ones, character by character."""

_GAP = "[ ()-]{0,2}"
_COUNTRY = rf"(?:(?:\+|00)?86{_GAP})?"
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d\d)(?=\d{7})")

_NUMBERS = re.compile(rf"(?<!\d)(?:{_COUNTRY}1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|\d{{17}}[\dXx])(?!\d)")
"""Mobile numbers and identity card numbers of mainland China."""


class Citizen(Value):
    """Who called. Stored once, read by whoever sends an order or calls back, and by nobody else."""

    name: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTABLE)] | None
    ) = None
    phone: Phone | None = None
    address: Text | None = None
    email: Email | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What must not be said elsewhere, longest first."""
        words = [word for word in (self.name, self.phone, self.address, self.email) if word and len(word) > 1]
        return tuple(sorted(words, key=len, reverse=True))


def blot_out(text: str, words: Sequence[str]) -> str:
    """``text`` without the citizen's words, and without anything that looks like a mobile or identity number.

    A telephone number is found however it is divided, and without its area code.
    """
    for pattern in (*map(_said, words), _NUMBERS):
        for found in reversed(list(pattern.finditer(text.translate(_NARROW)))):
            text = text[: found.start()] + BLOT + text[found.end() :]
    return text


def _said(word: str) -> re.Pattern[str]:
    """How a word may be said: a name in any case but not inside a longer word, a number in any grouping."""
    if re.match(_PHONE, word):
        return _dialled(word)
    return re.compile(rf"(?<![A-Za-z]){re.escape(word.translate(_NARROW))}(?![A-Za-z])", re.IGNORECASE)


def _dialled(phone: str) -> re.Pattern[str]:
    digits = re.sub(r"\D", "", re.sub(r"^(?:\+|00)86", "", phone))
    found = _AREA.match(digits)
    area, number = (found[0], digits[found.end() :]) if found else ("", digits)
    before = rf"(?:{_GAP.join(area)}{_GAP})?" if area else ""
    return re.compile(rf"(?<!\d){_COUNTRY}{before}{_GAP.join(number)}(?!\d)")


def blot_out_all(value: JsonValue, words: Sequence[str], *, spoken: bool = False) -> JsonValue:
    """The same for every text that somebody wrote inside a JSON value."""
    if isinstance(value, str):
        return blot_out(value, words) if spoken else value
    if isinstance(value, Mapping):
        return {key: blot_out_all(item, words, spoken=key in SPOKEN) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [blot_out_all(item, words, spoken=spoken) for item in value]
    return value
