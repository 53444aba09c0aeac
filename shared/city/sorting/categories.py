"""Finds the category of a text by keywords. The same text always has the same category.

Each keyword found counts twice its length (at least 4), each hint its length; the highest sum wins, then the higher
priority, then the earlier in the file. A shorter word inside a longer one of any category is not counted (消防 in
消防车道), and a category one of whose ``not`` words is found is out. No word found: ``other``.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from shared.city.model.sorting import Category
from shared.city.words.phrases import Hit, Phrases, plain
from shared.kernel.vocabulary import PRIORITIES

OTHER = "other"
_OUT = -(10**6)


class Classification(msgspec.Struct, frozen=True):
    """The category; ``by``: whether keywords were found; ``matched``: which."""

    code: str
    by: Literal["keywords", "other"]
    matched: tuple[str, ...] = ()


class Classifier:
    """The keywords of one pack. ``classify`` takes some tens of microseconds for a text of usual length."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self._codes: list[str] = []
        self._ranks: list[int] = []
        self._words: list[tuple[str, int, int]] = []
        for number, category in enumerate(categories):
            self._codes.append(category.code)
            self._ranks.append(PRIORITIES.index(category.priority))
            self._words += [(word, number, 2 * max(2, _length(word))) for word in category.keywords]
            self._words += [(word, number, _length(word)) for word in category.hints]
            self._words += [(word, number, _OUT) for word in category.not_]
        self._phrases = Phrases(word for word, _, _ in self._words)
        self._whole = ["*" not in word for word, _, _ in self._words]

    def classify(self, text: str) -> Classification:
        """The category of ``text``; ``other`` when no keyword is found."""
        sums: dict[int, int] = {}
        seen: set[int] = set()
        for hit in self._outermost(self._phrases.find(plain(text))):
            if hit.number in seen:
                continue
            seen.add(hit.number)
            _, category, weight = self._words[hit.number]
            sums[category] = sums.get(category, 0) + weight
        if not sums:
            return Classification(OTHER, "other")
        best = min(sums, key=lambda category: (-sums[category], self._ranks[category], category))
        if sums[best] <= 0:
            return Classification(OTHER, "other")
        matched = tuple(self._words[number][0] for number in sorted(seen) if self._words[number][1] == best)
        return Classification(self._codes[best], "keywords", matched)

    def _outermost(self, hits: list[Hit]) -> list[Hit]:
        """Hits without those inside a longer word. Phrases with ``*`` hide no others; ``not`` words always stay."""
        if len(hits) < 2:
            return hits
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        kept = []
        cover = (-1, -1)
        for hit in hits:
            start, end, number = hit
            weight = self._words[number][2]
            if weight > 0 and end <= cover[1] and (start, end) != cover:
                continue
            if weight > 0 and self._whole[number] and end > cover[1]:
                cover = (start, end)
            kept.append(hit)
        return kept


def _length(word: str) -> int:
    return len(plain(word).replace("*", ""))
