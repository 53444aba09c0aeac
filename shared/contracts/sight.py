"""Who may see a case: the access list that the router computes and every case event carries (``CaseState.seen_by``).

It holds ids of units, and ids of persons with an ``@`` before them, with which no id of a unit begins. Services that
show a case only check whether a name of the viewer is in the list. That stand-ins see nothing confidential, and nothing
from which a unit is recused (they may be placed there), is decided by ``Sight`` here, and applied by queries, streams
and commands of the router.
"""

from collections.abc import Collection
from typing import NamedTuple


class Sight(NamedTuple):
    """Which cases an officer sees. ``names``: his own entries in access lists (his unit and himself). ``others``: other
    units for which he is on duty now, by a swap, a cover rule or as his home; he sees their cases, but none that is
    closed to stand-ins."""

    names: frozenset[str]
    others: frozenset[str] = frozenset()

    def sees(self, seeing: Collection[str], *, closed_to_stand_ins: bool) -> bool:
        """Whether he sees a case. ``seeing``: its access list."""
        may = self.names if closed_to_stand_ins else self.names | self.others
        return not may.isdisjoint(seeing)


def as_person(person: str) -> str:
    """The entry of a person in access lists: ``@qs-walk``."""
    return f"@{person}"


def names_of(unit: str | None, person: str | None) -> frozenset[str]:
    """The entries of an officer in access lists: of his unit, and of himself."""
    return frozenset(name for name in (unit, as_person(person) if person is not None else None) if name is not None)
