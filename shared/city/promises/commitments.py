"""Finds the commitment that applies: the deeper unit first, then category, class, priority, ``default``; of those for
the same, the one with more conditions (``priority``, ``kind``) that hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from shared.city.model.promises import CommitmentEntry
from shared.city.model.sorting import Category

DEFAULT = "default"
Key = tuple[str | None, str, str]


class Commitments:
    """The commitments of one pack; of two with as many conditions that hold, the first in the file applies."""

    def __init__(self, commitments: Iterable[CommitmentEntry], categories: Mapping[str, Category]) -> None:
        self._categories = categories
        by_key: dict[Key, list[CommitmentEntry]] = defaultdict(list)
        for commitment in commitments:
            by_key[key_of(commitment)].append(commitment)
        self._by_key = {key: sorted(found, key=_conditions, reverse=True) for key, found in by_key.items()}

    def find(
        self, category: str, unit_path: tuple[str, ...], priority: str | None = None, kind: str | None = None
    ) -> CommitmentEntry | None:
        """The commitment for ``category`` in the last unit of ``unit_path`` (root first); None when none applies.

        ``priority``: the case's, where it differs from the category's. ``kind``: of the report; None where it is not
        known, which is no kind.
        """
        known = self._categories.get(category)
        of = priority or (known.priority if known is not None else None)
        asked = [("category", category)]
        if known is not None and known.class_:
            asked.append(("class", known.class_))
        if of:
            asked.append(("class", of))
        asked.append(("class", DEFAULT))
        for unit in (*reversed(unit_path), None):
            for what, word in asked:
                for found in self._by_key.get((unit, what, word), ()):
                    if _holds(found.priority, of) and _holds(found.kind, kind):
                        return found
        return None


def key_of(commitment: CommitmentEntry) -> Key:
    """(unit, ``category`` or ``class``, its name): what a commitment is for."""
    if commitment.category is not None:
        return commitment.unit, "category", commitment.category
    return commitment.unit, "class", commitment.class_ or DEFAULT


def conditions_of(commitment: CommitmentEntry) -> tuple[frozenset[str], frozenset[str]]:
    """The priorities and the kinds of report that it is for; empty: all."""
    return frozenset(_each(commitment.priority)), frozenset(_each(commitment.kind))


def _conditions(commitment: CommitmentEntry) -> int:
    return (commitment.priority is not None) + (commitment.kind is not None)


def _holds(condition: str | tuple[str, ...] | None, of: str | None) -> bool:
    return condition is None or of in _each(condition)


def _each(condition: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if condition is None else (condition,) if isinstance(condition, str) else condition
