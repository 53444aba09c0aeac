"""Words that report nothing new: it is mended, or thanks."""

from collections.abc import Iterable
from typing import Literal

from shared.city.model.sorting import Feedback
from shared.city.words import Phrases, plain

Meant = Literal["fixed", "thanks"]


class Words:
    """The ``feedback`` of one pack."""

    def __init__(self, entries: Iterable[Feedback]) -> None:
        entries = tuple(entries)
        said = [(word, entry.means, False) for entry in entries for word in entry.words]
        said += [(word, entry.means, True) for entry in entries for word in entry.not_]
        self._meaning = [(means, forbids) for _, means, forbids in said]
        self._phrases = Phrases(word for word, _, _ in said)

    def meant(self, text: str) -> Meant | None:
        """``fixed`` before ``thanks``; None when the words say neither, or what takes it back."""
        if not self._meaning:
            return None
        said = {self._meaning[hit.number] for hit in self._phrases.find(plain(text))}
        if ("fixed", False) in said and ("fixed", True) not in said:
            return "fixed"
        return "thanks" if ("thanks", False) in said and ("thanks", True) not in said else None
