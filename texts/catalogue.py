"""The catalogue: sentences by key in the reader's language.

```python
text = Catalogue(language_of(os.environ, explicit=None))
text.say("closed", closing=Closing.RESOLVED)  # enum members become words, times local times
text.error(Refused("not-allowed-here", asked="assign", step="referral", allowed="decide"))
```

The keys: ``error-<code>`` for every error and for what is wrong with a row, ``<enum>-<member>`` for every
token that people see, ``field-<name>`` for what is entered, ``reason-<code>`` for reasons inside errors,
``finding-<code>`` for what is wrong with a policy.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import fluent_number

from domain.errors import LiandongError
from texts.moments import local, local_if_moment

LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}
SEPARATORS: Final = {"zh": ("、", "，", "；"), "en": (", ", ", ", "; ")}
"""Between words of a list, parts of a sentence, and sentences."""
PARTS: Final = (
    "",
    "demo.",
    "rules.",
    "doors.",
    "simulate.",
    "dossier.",
    "assess.",
    "letters.",
    "meeting.",
    "referral.",
    "roster.",
    "staff.",
    "stuck.",
)
"""What the names of the files begin with."""
LANGUAGE_VARIABLES: Final = ("LIANDONG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Which variables say the language, the first that is set decides."""

TOKENS: Final[Mapping[str, tuple[str, ...]]] = {
    "asked": ("command",),
    "allowed": ("command", "rung", "staff-role"),
    "act": ("act",),
    "role": ("staff-role", "role"),
    "step": ("rung", "end"),
    "rung": ("rung",),
    "to": ("rung",),
    "unmet": ("rung",),
    "status": ("order-status",),
    "closing": ("closing",),
}
"""Parameters of errors that hold tokens, one or several with commas between, and which enums name them."""

MOMENTS: Final = frozenset({"at", "until"})
"""Parameters of errors that hold an instant."""

Param = str | int | datetime | StrEnum | None
"""What a sentence can be given."""


def language_of(environ: Mapping[str, str], explicit: str | None) -> str:
    """``zh`` or ``en``: what was asked for explicitly, else what the environment says. Any Chinese is zh."""
    wanted = explicit or next((value for name in LANGUAGE_VARIABLES if (value := environ.get(name))), "")
    return "zh" if wanted.lower().startswith("zh") else "en"


def key_of(member: StrEnum) -> str:
    """The key of an enum member's label: ``order-status-sent`` for ``OrderStatus.SENT``."""
    return f"{_kebab(type(member).__name__)}-{_tail(member.value)}"


class Catalogue:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._bundle = _bundle(self.language)

    def knows(self, key: str) -> bool:
        """Whether there is a sentence with this key."""
        return bool(self._bundle.has_message(key))

    def say(self, key: str, /, **params: Param) -> str:
        """The sentence with this key. Raises KeyError where there is none."""
        given = {name: self._shown(value) for name, value in params.items()}
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        text, _ = cast("tuple[str, list[Exception]]", self._bundle.format_pattern(pattern, given))
        return text

    def label(self, member: StrEnum) -> str:
        """The word for an enum member."""
        return self.say(key_of(member))

    def field(self, name: str) -> str:
        """The word for a field that can be entered; its name where it has none."""
        key = f"field-{_tail(name)}"
        return self.say(key) if self.knows(key) else name

    def error(self, error: LiandongError) -> str:
        """The sentence for an error."""
        return self.problem(error.code, error.params)

    def problem(self, code: str, params: Mapping[str, str | int]) -> str:
        """The sentence for a code with its parameters: an error's, or that of a wrong row."""
        key = f"error-{code}"
        if not self.knows(key):  # of a newer version, for instance a worker's
            told = ", ".join(f"{name} {value}" for name, value in params.items())
            return self.say("unknown-code", code=code, params=told or "-")
        told = {name: self._told(name, value) for name, value in params.items()}
        if self.knows(finding := f"finding-{_tail(str(params.get('reason', '')))}"):
            told["reason"] = self.say(finding, **told)
        return self.say(key, **told)

    def words(self, tokens: str, enums: tuple[str, ...]) -> str:
        """Tokens with commas between in words; what is no token of these enums stays as it is."""
        if tokens == "-":
            return self.say("nothing")
        return SEPARATORS[self.language][0].join(self._word(token.strip(), enums) for token in tokens.split(","))

    def parts(self, parts: Iterable[str]) -> str:
        """Parts of a sentence with commas between."""
        return SEPARATORS[self.language][1].join(parts)

    def clauses(self, clauses: Iterable[str]) -> str:
        """Clauses with semicolons between."""
        return SEPARATORS[self.language][2].join(clauses)

    def _word(self, token: str, enums: tuple[str, ...]) -> str:
        keys = (f"{enum}-{_tail(token)}" for enum in enums)
        return next((self.say(key) for key in keys if self.knows(key)), token)

    def _told(self, name: str, value: str | int) -> str | int:
        """A parameter of an error as people read it."""
        if isinstance(value, int):
            return value
        if name in TOKENS:
            return self.words(value, TOKENS[name])
        if name == "did_you_mean":
            return value or "none"
        if name in MOMENTS:
            return local_if_moment(value)
        if name == "field":
            return self.field(value)
        if name == "reason" and self.knows(key := f"reason-{_tail(value)}"):
            return self.say(key)
        return value

    def _shown(self, value: Param) -> Any:
        if value is None:
            return "-"
        if isinstance(value, StrEnum):
            return self.label(value)
        if isinstance(value, datetime):
            return local(value)
        return fluent_number(value, useGrouping=False) if isinstance(value, int) else value


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([LANGUAGES[language]], use_isolating=False)
    for part in PARTS:
        bundle.add_resource(FluentResource((files("texts") / f"{part}{language}.ftl").read_text(encoding="utf-8")))
    return bundle


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _tail(token: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", token.lower())
