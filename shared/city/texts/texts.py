"""The texts that reporters read at each step: the pack's own where it has them, else the built-in ones.

A text is a template of literal words and ``{name}`` placeholders, with no formats, attributes or calls. It is split
once, when the pack is read; inserted values are not searched for placeholders.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.city.model.entry import Entry, Word
from shared.city.texts.reporter_steps import ReporterStep, built_in_messages, built_in_step, joined_message, word

LONGEST_SENTENCE = 200
"""Most characters of a template: what a phone shows of a notification."""
_NAME = re.compile(r"\{([^{}]*)\}")

Sentence = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": LONGEST_SENTENCE})]
"""``check_texts`` checks the length, since it can say in which language a text is too long."""


class Wording(Entry, frozen=True, kw_only=True):
    """``texts.yaml``: what a reporter reads in a state, by language. ``category``: only for cases of these."""

    state: ReporterStep
    category: str | Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    says: dict[Word, Sentence]

    @property
    def categories(self) -> tuple[str | None, ...]:
        """The categories that it is for; None stands for all without a text of their own."""
        return self.category if isinstance(self.category, tuple) else (self.category,)


class Template(msgspec.Struct, frozen=True):
    """A split text. ``parts``: literal words at even indexes, names of placeholders at odd ones."""

    parts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def has_stray_brace(self) -> bool:
        """Whether a brace stands outside a placeholder."""
        return any(brace in literal for literal in self.parts[::2] for brace in "{}")

    def fill(self, values: Mapping[str, str]) -> str | None:
        """The sentence; None when ``values`` lacks a placeholder."""
        if any(name not in values for name in self.names):
            return None
        return "".join(values[part] if at % 2 else part for at, part in enumerate(self.parts))


def template(text: str) -> Template:
    """``text`` split into literal words and names; ``check_texts`` checks that the names are known."""
    return Template(tuple(_NAME.split(text)))


class Texts:
    """The texts of one pack, with the built-in ones where it has none."""

    def __init__(self, wordings: Iterable[Wording] = ()) -> None:
        self._says = {
            (wording.state, category): {language: template(text) for language, text in wording.says.items()}
            for wording in wordings
            for category in wording.categories
        }

    def own(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str | None:
        """The pack's text for the category, else its general one; None when it has none that can be filled."""
        for of in (category, None):
            text = self._says.get((state, of), {}).get(language)
            if text is not None and (filled := text.fill(values)) is not None:
                return filled
        return None

    def step(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """A line among the steps: the pack's text, else the built-in word."""
        own = self.own(state, language, category, values)
        built_in = built_in_step(state, language)
        said = template(built_in).fill(values) if own is None and built_in is not None else own
        return said or word(state, language)

    def message(self, state: ReporterStep, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """The sentence on the report's present status: the pack's text, else the built-in sentence."""
        own = self.own(state, language, category, values)
        if own is not None:
            return own
        known = {"unit": "", **values, "word": word(state, language)}
        said = (template(text).fill(known) for text in built_in_messages(state, language))
        return next((sentence for sentence in said if sentence is not None), "")

    def joined(self, language: str, category: str | None, values: Mapping[str, str]) -> str:
        """The sentence for a report attached to a case of others: the pack's text for ``merged``, else the built-in."""
        own = self.own("merged", language, category, values)
        return own or template(joined_message(language)).fill({"reports": "1", **values}) or ""


BUILT_IN = Texts()
