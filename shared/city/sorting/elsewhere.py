"""Matters that are not dealt with here (lawsuits, petitions, what 110 is for), and where to go with them.

Kind, category or the reporter's own word decide; the words of a report only suggest it. A danger is never turned away:
who asks about a report asks first whether it is one.
"""

from collections.abc import Iterable, Mapping

from shared.city.model.sorting import Category, Elsewhere
from shared.city.words.phrases import Phrases, plain


class ElsewhereLookup:
    """The ``elsewhere`` of one pack."""

    def __init__(self, entries: Iterable[Elsewhere], categories: Mapping[str, Category]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._categories = categories
        said = [(word, entry.id, False) for entry in self._entries.values() for word in entry.words]
        said += [(word, entry.id, True) for entry in self._entries.values() for word in entry.not_]
        self._meaning = [(id_, forbids) for _, id_, forbids in said]
        self._phrases = Phrases(word for word, _, _ in said)

    @property
    def entries(self) -> tuple[Elsewhere, ...]:
        return tuple(self._entries.values())

    def get(self, id_: str) -> Elsewhere | None:
        return self._entries.get(id_)

    def decided(self, kind: str, category: str | None, agreed: str | None = None) -> Elsewhere | None:
        """Where a report of that ``kind`` and given ``category`` belongs. ``agreed``: what its reporter agreed to."""
        if agreed is not None and agreed in self._entries:
            return self._entries[agreed]
        known = self._categories.get(category or "")
        if known is not None and known.elsewhere in self._entries:
            return self._entries[known.elsewhere]
        return next((entry for entry in self._entries.values() if kind in entry.kinds), None)

    def suggested(self, words: str, category: str) -> Elsewhere | None:
        """Where a report may belong by its ``words``, or by the ``category`` that was found from them."""
        known = self._categories.get(category)
        if known is not None and known.elsewhere in self._entries:
            return self._entries[known.elsewhere]
        if not self._meaning:
            return None
        found = {self._meaning[hit.number] for hit in self._phrases.find(plain(words))}
        return next((e for id_, e in self._entries.items() if (id_, False) in found and (id_, True) not in found), None)
