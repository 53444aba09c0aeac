"""Standard texts: what a reporter reads at each step, in the city's own words where its pack gives them.

A text is a template: literal words and ``{name}``, nothing else. It is split once, when the pack is read; what is
filled in is never read for names, and there are no formats, attributes or calls.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.city.model.entry import Entry, Word
from shared.city.texts.reporter_steps import ReporterStep, built_in_message, joined_message, plain_message, word

LONGEST_SENTENCE = 200
"""Characters of a template: what a telephone shows of a notice."""
_NAME = re.compile(r"\{([^{}]*)\}")

Sentence = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": LONGEST_SENTENCE})]
"""Its length is checked in ``check_texts``, which can say in which language it is too long."""


class Wording(Entry, frozen=True, kw_only=True):
    """``texts.yaml``: what a reporter reads in a state, by language; ``category``: in cases of these only."""

    state: ReporterStep
    category: str | Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    says: dict[Word, Sentence]

    @property
    def categories(self) -> tuple[str | None, ...]:
        """The categories that it is for; None: every one that has no text of its own."""
        return self.category if isinstance(self.category, tuple) else (self.category,)


class Template(msgspec.Struct, frozen=True):
    """``parts``: literal words at even places, names at odd ones."""

    parts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def has_stray_brace(self) -> bool:
        """Whether a brace stands outside a placeholder."""
        return any(brace in literal for literal in self.parts[::2] for brace in "{}")

    def fill(self, values: Mapping[str, str]) -> str | None:
        """The sentence; None when it names something that ``values`` do not have."""
        if any(name not in values for name in self.names):
            return None
        return "".join(values[part] if at % 2 else part for at, part in enumerate(self.parts))


def template(text: str) -> Template:
    """``text`` split into literal words and names; whether the names are known is for ``check_texts``."""
    return Template(tuple(_NAME.split(text)))


class Texts:
    """The texts of one pack; without wordings the built-in ones."""

    def __init__(self, wordings: Iterable[Wording] = ()) -> None:
        self._says = {
            (wording.state, category): {language: template(text) for language, text in wording.says.items()}
            for wording in wordings
            for category in wording.categories
        }

    def own(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str | None:
        """The pack's text: the category's, else the general one; None when it has none that can be filled."""
        for of in (category, None):
            text = self._says.get((state, of), {}).get(language)
            if text is not None and (filled := text.fill(values)) is not None:
                return filled
        return None

    def step(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """A line of the steps: the pack's text, else the built-in word."""
        return self.own(state, language, category, values) or word(state, language)

    def message(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """The sentence that says where a report stands now: the pack's text, else the built-in sentence."""
        own = self.own(state, language, category, values)
        if own is not None:
            return own
        known = {"unit": "", **values, "word": word(state, language)}
        built_in = template(built_in_message(state, language)).fill(known)
        return built_in or template(plain_message(language)).fill(known) or ""

    def joined(self, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """The sentence for a report of what others reported too: the pack's text for ``merged``, else the built-in."""
        own = self.own("merged", language, category, values)
        return own or template(joined_message(language)).fill({"reports": "1", **values}) or ""


BUILT_IN = Texts()
