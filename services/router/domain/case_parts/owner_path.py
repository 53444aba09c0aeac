"""Units on the way from the root to who has a case."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnitOnPath:
    """A unit between the root and the owner."""

    id: str
    level: str
