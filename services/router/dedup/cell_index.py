"""Cases near reports: found by the cells that the reports' search circles touch.

One query, answered from the index alone, gives the positions of all cases that may be compared with a batch. A second
query reads those within the radius. Each report is then compared only with cases in its own cells: comparing it with
all that were found took the router ten seconds for a thousand new cases in a dense city (decision 0019).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from services.router.cases.stored.case_document import Nearby
from services.router.domain.matching import KnownCase
from services.router.domain.same_hazard.similarity import Traits, metres_between


class CellIndex:
    """Cases by cell and id. Where a case's position is known, it is read only if it is near enough."""

    def __init__(self, places: Iterable[Nearby] = ()) -> None:
        self._places: dict[str, list[Nearby]] = defaultdict(list)
        for place in places:
            self._places[place.key].append(place)
        self._known: dict[str, dict[str, KnownCase]] = {}

    def within(self, traits: Traits, keys: Sequence[str], radius_m: float) -> Iterator[str]:
        """Ids of the cases in the cells ``keys`` that lie within ``radius_m`` metres of the position in ``traits``."""
        for key in keys:
            for place in self._places.get(key, ()):
                if metres_between(traits.lon, traits.lat, place.lon, place.lat) <= radius_m:
                    yield place.id

    def put(self, known: KnownCase) -> None:
        """Adds a case that was read, is new or has changed."""
        self._known.setdefault(known.traits.key, {})[known.id] = known

    def drop(self, known: KnownCase) -> None:
        """Removes a case with which no report is compared any more."""
        cell = self._known.get(known.traits.key, {})
        cell.pop(known.id, None)
        if not cell:
            self._known.pop(known.traits.key, None)

    def known(self, keys: Sequence[str]) -> list[KnownCase]:
        """The cases in the cells ``keys``."""
        return [known for key in keys for known in self._known.get(key, {}).values()]
