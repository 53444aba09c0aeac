"""The tree of units: which unit is above which, which own a queue, and which answers for a piece of ground."""

from collections.abc import Iterable, Mapping

from shared.city.model.ground import Unit, UnitEntry

NO_QUEUE_LEVELS = frozenset({"grid", "microgrid", "building", "estate", "hub_household"})
"""Levels whose units own no queue by default; their cases go to the nearest unit above that owns one."""


class Tree:
    """The units of one pack. They must form a tree: one root, existing parents, no cycles (``checks`` ensures it)."""

    def __init__(self, units: Mapping[str, Unit], root: str, queue_levels: Iterable[str] | None) -> None:
        self.units = units
        self.root = units[root]
        self._queue_levels = None if queue_levels is None else frozenset(queue_levels)
        self._stand_in = {
            ground: unit.id
            for unit in sorted(units.values(), key=lambda unit: unit.id)
            if isinstance(unit.answers_for, tuple)
            for ground in unit.answers_for
        }
        self._answering = {unit.id: self._find_answering(unit) for unit in units.values()}

    def owns_queue(self, unit: str) -> bool:
        """Whether ``unit`` owns a queue. The root always does."""
        level = self.units[unit].level
        if unit == self.root.id:
            return True
        return level not in NO_QUEUE_LEVELS if self._queue_levels is None else level in self._queue_levels

    def answering(self, unit: str) -> str:
        """The unit whose queue gets what happens on ``unit``'s ground: one that ``answers_for`` it, or the nearest with
        a queue at or above it."""
        return self._answering[unit]

    def answering_for_rest(self, unit: str) -> str:
        """The nearest unit at or above ``unit`` with ``answers_for: rest``; else the root."""
        above = (above for above in reversed(self.units[unit].path) if self.units[above].answers_for == "rest")
        return next(above, self.root.id)

    def related(self, one: str, other: str) -> bool:
        """Whether the two are equal or one is above the other."""
        return one in self.units[other].path or other in self.units[one].path

    def common(self, units: Iterable[str]) -> str:
        """The deepest unit at or above all of ``units``."""
        shared = self.root.id
        for level in zip(*(self.units[unit].path for unit in units), strict=False):
            if len(set(level)) > 1:
                break
            shared = level[0]
        return shared

    def target(self, word: str, unit: str) -> str | None:
        """The unit that ``word`` means, seen from ``unit``: ``own`` itself, ``parent`` the next unit above that owns a
        queue, a level word the nearest unit of that level at or above it, or a unit's id. None when there is none.
        """
        if word == "own":
            return unit
        above = self.units[unit].path[-2::-1]
        if word == "parent":
            return next((up for up in above if self.owns_queue(up)), None)
        if word in self.units:
            return word
        return next((up for up in (unit, *above) if self.units[up].level == word), None)

    def _find_answering(self, unit: Unit) -> str:
        for up in reversed(unit.path):
            if up in self._stand_in:
                return self._stand_in[up]
            if self.owns_queue(up):
                return up
        return self.root.id


def units_of(entries: Iterable[UnitEntry]) -> dict[str, Unit]:
    """Id → unit with its path. Parents must exist, without cycles."""
    known = {entry.id: entry for entry in entries}
    paths: dict[str, tuple[str, ...]] = {}

    def path_of(unit: str) -> tuple[str, ...]:
        if unit not in paths:
            parent = known[unit].parent
            paths[unit] = (*(path_of(parent) if parent else ()), unit)
        return paths[unit]

    return {
        entry.id: Unit(**{name: getattr(entry, name) for name in entry.__struct_fields__}, path=path_of(entry.id))
        for entry in known.values()
    }
