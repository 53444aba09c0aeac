"""Finds the commitment that applies: the deeper unit first, then category, class, priority, ``default``."""

from collections.abc import Iterable, Mapping

from shared.city.model.promises import CommitmentEntry
from shared.city.model.sorting import Category

DEFAULT = "default"


class Commitments:
    """The commitments of one pack; of two for the same unit and category or class, the first in the file applies."""

    def __init__(self, commitments: Iterable[CommitmentEntry], categories: Mapping[str, Category]) -> None:
        self._categories = categories
        self._by_key: dict[tuple[str | None, str, str], CommitmentEntry] = {}
        for commitment in commitments:
            self._by_key.setdefault(key_of(commitment), commitment)

    def find(self, category: str, unit_path: tuple[str, ...], priority: str | None = None) -> CommitmentEntry | None:
        """The commitment for ``category`` in the last unit of ``unit_path`` (root first); None when none applies.

        ``priority``: the case's, where it differs from the category's.
        """
        known = self._categories.get(category)
        asked = [("category", category)]
        if known is not None:
            asked += [("class", known.class_)] if known.class_ else []
            asked.append(("class", priority or known.priority))
        elif priority:
            asked.append(("class", priority))
        asked.append(("class", DEFAULT))
        for unit in (*reversed(unit_path), None):
            for what, word in asked:
                if (found := self._by_key.get((unit, what, word))) is not None:
                    return found
        return None


def key_of(commitment: CommitmentEntry) -> tuple[str | None, str, str]:
    """(unit, ``category`` or ``class``, its name): what a commitment is for."""
    if commitment.category is not None:
        return commitment.unit, "category", commitment.category
    return commitment.unit, "class", commitment.class_ or DEFAULT
