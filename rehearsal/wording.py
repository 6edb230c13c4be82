"""What the report of a rehearsal says: its own sentences, and the words for rungs and outcomes that everybody uses."""

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias, cast

from fluent.runtime import FluentBundle, FluentResource

from texts.catalogue import LANGUAGES, Catalogue

Lang: TypeAlias = Literal["zh", "en"]


class Wording:
    """The report's texts in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._catalogue = Catalogue(lang)
        self._bundle = _bundle(lang)

    def say(self, key: str, **params: str | int) -> str:
        """The report's sentence with this key. Raises KeyError where there is none, or a parameter is missing."""
        if not self._bundle.has_message(key):
            raise KeyError(key)
        pattern: Any = self._bundle.get_message(key).value
        given = {name: str(value) for name, value in params.items()}
        text, problems = cast("tuple[str, list[Exception]]", self._bundle.format_pattern(pattern, given))
        if problems:
            raise KeyError(key, *problems)
        return text

    def label(self, member: StrEnum) -> str:
        """The word for a rung, an outcome or a closing."""
        return self._catalogue.label(member)


@cache
def _bundle(lang: Lang) -> FluentBundle:
    bundle = FluentBundle([LANGUAGES[lang]], use_isolating=False)
    text = files("rehearsal").joinpath(f"report.{lang}.ftl").read_text(encoding="utf-8")
    bundle.add_resource(FluentResource(text))
    return bundle
