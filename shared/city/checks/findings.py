"""Collects the errors and warnings of the checks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from shared.city.model.entry import Entry
from shared.city.model.ground import UnitEntry
from shared.city.pack_files import Entries, PackParser
from shared.city.problems import Problem, pointer


class Findings:
    """The pack's entries, and methods that add errors and warnings to those found by parsing."""

    def __init__(self, entries: Entries, reading: PackParser) -> None:
        self.entries = entries
        self.content = reading.content
        self._reading = reading
        self.unit_ids = self.names(UnitEntry)
        self.levels = frozenset(unit.level for unit in entries.units)

    def names(self, kind: type[Entry]) -> frozenset[str]:
        """The ids of that kind of entry, including entries that could not be parsed."""
        return frozenset(self._reading.named.get(kind, ()))

    def error(self, entry: tuple[type[Entry], int], *below: str | int, says: str, hint: str = "") -> None:
        """Add an error of the entry ``(kind, number)``, at the field ``below``."""
        self._reading.problems.append(self._problem(entry, below, says, hint))

    def warn(self, entry: tuple[type[Entry], int], *below: str | int, says: str, hint: str = "") -> None:
        """Add a warning about the entry ``(kind, number)``, at the field ``below``."""
        self._reading.warnings.append(self._problem(entry, below, says, hint))

    def error_at(self, file: str, *place: str | int, says: str, hint: str = "") -> None:
        """Add an error at a place of a file that belongs to no entry."""
        self._reading.problems.append(Problem(file, pointer(*place), says, hint))

    def warn_at(self, file: str, *place: str | int, says: str, hint: str = "") -> None:
        """Add a warning at a place of a file that belongs to no entry."""
        self._reading.warnings.append(Problem(file, pointer(*place), says, hint))

    def check_unique(self, kind: type[Entry], field: str, values: Sequence[str | None]) -> None:
        """Add an error for each repeated value of ``field`` among the entries of ``kind``."""
        counts = Counter(value for value in values if value is not None)
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value is not None and counts[value] > 1:
                if value in seen:
                    self.error((kind, number), field, says=f"{value!r} is given {counts[value]} times")
                seen.add(value)

    def check_units(self, entry: tuple[type[Entry], int], field: str, units: Iterable[str]) -> None:
        """Add an error for each of ``units`` that does not exist."""
        for unit in units:
            if unit not in self.unit_ids:
                self.error(entry, field, says=f"no unit {unit!r} in units.yaml")

    def check_target(self, entry: tuple[type[Entry], int], *below: str | int, word: str | None) -> None:
        """Add an error unless ``word`` is own, parent, a level word, a unit's id or None."""
        if word is None or word in ("own", "parent") or word in self.levels or word in self.unit_ids:
            return
        says = f"{word!r} is neither own, parent, a level word of this pack nor a unit"
        self.error(entry, *below, says=says, hint=f"levels: {', '.join(sorted(self.levels))}")

    def _problem(self, entry: tuple[type[Entry], int], below: tuple[str | int, ...], says: str, hint: str) -> Problem:
        kind, number = entry
        place: list[Any] = self._reading.places[kind][number]
        return Problem(place[0], pointer(*place[1:], *below), says, hint)
