"""Where the checks write down what they find."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from shared.city.entries import Entries, PackParser
from shared.city.model.entry import Entry
from shared.city.model.ground import UnitEntry
from shared.city.problems import Problem, pointer


class Findings:
    """Errors and warnings of a pack, added to what reading its files had found."""

    def __init__(self, entries: Entries, reading: PackParser) -> None:
        self.entries = entries
        self.content = reading.content
        self._reading = reading
        self.unit_ids = self.names(UnitEntry)
        self.levels = frozenset(unit.level for unit in entries.units)

    def names(self, kind: type[Entry]) -> frozenset[str]:
        """The ids of that kind of entry, those of entries that could not be read too."""
        return frozenset(self._reading.named.get(kind, ()))

    def error(self, entry: tuple[type[Entry], int], *below: str | int, says: str, hint: str = "") -> None:
        """Entry ``(kind, number)`` is wrong, at the field ``below``."""
        self._reading.problems.append(self._problem(entry, below, says, hint))

    def warn(self, entry: tuple[type[Entry], int], *below: str | int, says: str, hint: str = "") -> None:
        """Entry ``(kind, number)`` can be used, but somebody should look."""
        self._reading.warnings.append(self._problem(entry, below, says, hint))

    def error_at(self, file: str, *place: str | int, says: str, hint: str = "") -> None:
        """A file is wrong at a place that is no entry's."""
        self._reading.problems.append(Problem(file, pointer(*place), says, hint))

    def warn_at(self, file: str, *place: str | int, says: str, hint: str = "") -> None:
        """A file can be used, but somebody should look."""
        self._reading.warnings.append(Problem(file, pointer(*place), says, hint))

    def check_unique(self, kind: type[Entry], field: str, values: Sequence[str | None]) -> None:
        """No two entries of ``kind`` have the same value of ``field``."""
        counts = Counter(value for value in values if value is not None)
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value is not None and counts[value] > 1:
                if value in seen:
                    self.error((kind, number), field, says=f"{value!r} is given {counts[value]} times")
                seen.add(value)

    def check_units(self, entry: tuple[type[Entry], int], field: str, units: Iterable[str]) -> None:
        """Each of ``units`` exists."""
        for unit in units:
            if unit not in self.unit_ids:
                self.error(entry, field, says=f"no unit {unit!r} in units.yaml")

    def check_target(self, entry: tuple[type[Entry], int], *below: str | int, word: str | None) -> None:
        """``word`` is own, parent, a level word or a unit's id."""
        if word is None or word in ("own", "parent") or word in self.levels or word in self.unit_ids:
            return
        says = f"{word!r} is neither own, parent, a level word of this pack nor a unit"
        self.error(entry, *below, says=says, hint=f"levels: {', '.join(sorted(self.levels))}")

    def _problem(self, entry: tuple[type[Entry], int], below: tuple[str | int, ...], says: str, hint: str) -> Problem:
        kind, number = entry
        place: list[Any] = self._reading.places[kind][number]
        return Problem(place[0], pointer(*place[1:], *below), says, hint)
