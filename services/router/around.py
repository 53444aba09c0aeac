"""Cases around reports: found by the cells that their circles touch, and read only where they lie near enough.

Where all lie that may be compared with a batch is one query, of an index alone; those near enough are a second one.
Each report then looks into its own cells: looking at all that was found took the router ten seconds for a thousand new
cases in a dense city (decision 0019).
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
    """Cases by cell and id. Of some it is known where they lie, and only those that are near are read."""

    def __init__(self, places: Iterable[Nearby] = ()) -> None:
        self._places: dict[str, list[Nearby]] = defaultdict(list)
        for place in places:
            self._places[place.key].append(place)
        self._known: dict[str, dict[str, Known]] = {}

    def within(self, traits: Traits, keys: Sequence[str], radius_m: float) -> Iterator[str]:
        """The ids of those in the cells ``keys`` within ``radius_m`` of where ``traits`` are."""
        for key in keys:
            for place in self._places.get(key, ()):
                if metres_between(traits.lon, traits.lat, place.lon, place.lat) <= radius_m:
                    yield place.id

    def put(self, known: Known) -> None:
        """A case that was read, is new, or has changed."""
        self._known.setdefault(known.traits.key, {})[known.id] = known

    def drop(self, known: Known) -> None:
        """A case that is of no matter any more."""
        cell = self._known.get(known.traits.key, {})
        cell.pop(known.id, None)
        if not cell:
            self._known.pop(known.traits.key, None)

    def known(self, keys: Sequence[str]) -> list[Known]:
        """What was put into the cells ``keys``."""
        return [known for key in keys for known in self._known.get(key, {}).values()]


class Beside:
    """Cases that were stored lately, by cell."""

    def __init__(self) -> None:
        self.around = Around()
        self._stored: deque[tuple[datetime, Known]] = deque()

    def add(self, stored: Iterable[tuple[datetime, Known]]) -> None:
        """In the order in which they were stored."""
        for at, known in stored:
            self.around.put(known)
            self._stored.append((at, known))

    def forget_before(self, moment: datetime) -> None:
        while self._stored and (self._stored[0][0] < moment or len(self._stored) > BESIDE_MAX):
            self.around.drop(self._stored.popleft()[1])
