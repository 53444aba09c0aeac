"""Units on the way from the root to who has a case."""

import msgspec


class UnitOnPath(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit between the root and the owner."""

    id: str
    level: str
