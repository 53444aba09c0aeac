"""Looks up a platform's codes and words (``bridges.yaml``) in both directions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.city.model.bridges import Bridge, BridgeField, BridgeState, CategoryCode
from shared.city.model.ground import Unit
from shared.kernel.vocabulary import How, StateName

DIGITS = 12
"""Of a unit's code: county 6, street 3, community 3; those above a community end with zeros."""


@dataclass(frozen=True, slots=True)
class PlatformState:
    """A word of the platform. ``order``: its place in the list, which follows the work."""

    order: int
    entry: BridgeState


class BridgeLookup:
    """One bridge of a pack. ``app``: the app under whose name its new rows are reported."""

    def __init__(self, bridge: Bridge, units: Mapping[str, Unit]) -> None:
        self.entry = bridge
        self.app = f"bridge.{bridge.id}"
        self.columns: Mapping[BridgeField, str] = {column.shows: column.name for column in bridge.columns}
        self._units = units
        self._codes = {code.category: code for code in bridge.categories}
        self._unit_codes = {unit.id: unit.code.ljust(DIGITS, "0") for unit in units.values() if unit.code}
        self._unit_codes |= {code.unit: code.code for code in bridge.units}
        self._grid_codes = {code.unit: code.code for code in bridge.grids}
        self._coded = {code: unit for known in (self._unit_codes, self._grid_codes) for unit, code in known.items()}
        self._named = _unambiguous((unit.name, unit.id) for unit in units.values())
        self._states = {state.theirs: PlatformState(n, state) for n, state in enumerate(bridge.states)}
        self._words = {name: state for state in self._states.values() for name in state.entry.ours}
        self._outcomes = {outcome.how: outcome.theirs for outcome in bridge.outcomes}

    def codes(self, category: str) -> CategoryCode | None:
        """How the platform names a category."""
        return self._codes.get(category)

    def category(self, said: Mapping[BridgeField, str]) -> str | None:
        """The first category that all given codes and names fit; None if none does."""
        for code in self.entry.categories:
            if all(getattr(code, field) == value for field, value in said.items()):
                return code.category
        return None

    def unit_code(self, unit: str) -> str:
        """The twelve digits of ``unit``, or of the nearest unit above that has some."""
        path = self._units[unit].path if unit in self._units else ()
        return next((self._unit_codes[up] for up in reversed(path) if up in self._unit_codes), "")

    def grid_code(self, unit: str | None) -> str:
        """The code of the 单元网格; empty where it has none."""
        return self._grid_codes.get(unit or "", "")

    def unit(self, code_or_name: str) -> str | None:
        """The unit or grid of a code, or of a name that only one has."""
        return self._coded.get(code_or_name) or self._named.get(code_or_name)

    def of_state(self, state: StateName) -> PlatformState:
        """The platform's word for one of our states: every state has one (``checks.bridges``)."""
        return self._words[state]

    def state(self, theirs: str) -> PlatformState | None:
        return self._states.get(theirs)

    @property
    def state_words(self) -> list[str]:
        return list(self._states)

    def outcome_word(self, how: str | None) -> str:
        """The platform's word for how a case was resolved; empty where it has none."""
        return next((theirs for known, theirs in self._outcomes.items() if known == how), "")

    def how(self, theirs: str) -> How | None:
        """The outcome of a word; of an empty one the first of the list."""
        if not theirs:
            return next(iter(self._outcomes), None)
        return next((how for how, word in self._outcomes.items() if word == theirs), None)

    @property
    def outcome_words(self) -> list[str]:
        return list(self._outcomes.values())


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name → id, without names that several have."""
    found: dict[str, set[str]] = {}
    for name, id_ in pairs:
        found.setdefault(name, set()).add(id_)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
