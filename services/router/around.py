"""Cases around reports: found by the cells that their circles touch, and read only where they lie near enough.

Everything that may be compared with a batch is had with one query. Each report then looks into its own cells alone: a
look at all that was found, for each, took the router ten seconds for a thousand new cases in a dense city.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from services.router.domain.grouping import Known
from services.router.domain.likeness import Traits, metres_between
from services.router.store import Nearby

BESIDE_MAX = 50_000
"""Half a minute of a city in which 1,600 new cases a second are of things that are compared."""


class Around:
    """Cell → cases in it, by id; what was near once is kept as it was read."""

    def __init__(self, found: Iterable[Nearby]) -> None:
        self._cells: dict[str, dict[str, Known | Nearby]] = defaultdict(dict)
        for case in found:
            self._cells[case.key][case.id] = case

    def put(self, known: Known) -> None:
        """A case that is new, or has changed."""
        self._cells[known.traits.key][known.id] = known

    def drop(self, known: Known) -> None:
        self._cells[known.traits.key].pop(known.id, None)
        if not self._cells[known.traits.key]:
            del self._cells[known.traits.key]

    def near(self, traits: Traits, keys: Sequence[str], radius_m: float) -> Iterator[Known]:
        """Those in the cells ``keys`` within ``radius_m`` of where ``traits`` are."""
        for key in keys:
            cell = self._cells.get(key, {})
            for id_, case in cell.items():
                if isinstance(case, Nearby):
                    if metres_between(traits.lon, traits.lat, case.lon, case.lat) > radius_m:
                        continue
                    case = cell[id_] = case.known()
                yield case


class Beside:
    """Cases that were stored lately, by cell."""

    def __init__(self) -> None:
        self.around = Around(())
        self._stored: deque[tuple[datetime, Known]] = deque()

    def add(self, stored: Iterable[tuple[datetime, Known]]) -> None:
        """In the order in which they were stored."""
        for at, known in stored:
            self.around.put(known)
            self._stored.append((at, known))

    def forget_before(self, moment: datetime) -> None:
        while self._stored and (self._stored[0][0] < moment or len(self._stored) > BESIDE_MAX):
            self.around.drop(self._stored.popleft()[1])
