"""What goes wrong, and how often, in one seed: drawn once for each kind of fault, so that seeds differ in character."""

import random
from collections.abc import Callable
from typing import Any

RATES = (0.0, 0.0, 0.02, 0.08, 0.2)
"""Of each kind some seeds see none, some little, some a storm."""

WRITES = ("refused", "lost", "late", "unconfirmed")
"""A write fails before it is done; is done and its answer lost; is done after its caller gave up; times out waiting
for a majority."""
PUBLISHED = ("refused", "lost", "twice")
CONSUMED = ("uncommitted", "twice_at_once")
"""A batch is done and its offsets are not kept; a batch is handled by two members at once."""


class Weather:
    """Draws faults until it is ``calm``. ``note`` gets a line for each that happens."""

    def __init__(self, chance: random.Random, note: Callable[[str], None]) -> None:
        self._chance = chance
        self._note = note
        self.calm = False
        self.under_way = 0.02
        """Seconds; 0 where time is real."""
        kinds = [f"{place}.{kind}" for place, names in _PLACES.items() for kind in names]
        self.rates = {kind: chance.choice(RATES) for kind in kinds}
        self.slow = chance.choice((0.0, 0.0, 0.05))

    def strikes(self, place: str) -> str | None:
        """The kind of fault that happens at ``place`` now, if any does."""
        if self.calm:
            return None
        for kind in _PLACES[place]:
            if self._chance.random() < self.rates[f"{place}.{kind}"]:
                self._note(f"fault: {place} {kind}")
                return kind
        return None

    def delay(self) -> float:
        """Seconds that a message is under way: some milliseconds, now and then seconds."""
        if not self.calm and self._chance.random() < self.slow:
            return self._chance.random() * 6.0
        return (0.05 + self._chance.random()) * self.under_way

    def late(self) -> float:
        """Seconds until something that was given up happens after all."""
        return self._chance.random() * 5.0

    def coin(self) -> bool:
        return self._chance.random() < 0.5

    def shuffled(self, things: list[Any]) -> list[Any]:
        """In any order, while it is not calm."""
        if not self.calm:
            self._chance.shuffle(things)
        return things

    def up_to(self, most: int) -> int:
        """1 to ``most``."""
        return 1 + int(self._chance.random() * most)


_PLACES: dict[str, tuple[str, ...]] = {
    "store.write": WRITES,
    "store.read": ("refused",),
    "broker.publish": PUBLISHED,
    "broker.batch": CONSUMED,
    "http": ("refused", "lost"),
}
