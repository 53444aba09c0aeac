"""Who sees a case: the list that the router decides and every case event carries (``CaseState.seen_by``).

It holds ids of units, and ids of persons with an ``@`` before them, which no id of a unit begins with. Whoever shows a
case to somebody asks only whether one of his names is in the list; nobody else works it out anew.
"""

from collections.abc import Collection
from typing import NamedTuple


class Sight(NamedTuple):
    """``names``: an officer's own in the list. ``others``: units where he is not placed and does duty now, by a swap, a
    cover rule or because it is his home: he sees what they see, but nothing confidential."""

    names: frozenset[str]
    others: frozenset[str] = frozenset()

    def sees(self, seeing: Collection[str], *, confidential: bool) -> bool:
        """Whether a case is his to see; ``seeing``: its list."""
        may = self.names if confidential else self.names | self.others
        return not may.isdisjoint(seeing)


def as_person(person: str) -> str:
    """How ``person`` stands in the list: ``@qs-walk``."""
    return f"@{person}"


def names_of(unit: str | None, person: str | None) -> frozenset[str]:
    """What an officer is called in the list: by his unit, and by himself."""
    return frozenset(name for name in (unit, as_person(person) if person is not None else None) if name is not None)
