"""The names of a city's people, units and categories, asked for once while its pack holds.

They are the same for everybody who works in the city. They are kept only while the live feed says which pack holds;
where it does not, they are asked for each time.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from services.console.live.feed import Feed
from services.console.router_client import NAMES_MAX, Categories, NamesTold, Services
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(minutes=10)
IDS_MAX = 20_000


class CityNames:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services, feed: Feed) -> None:
        self._services = services
        self._feed = feed
        self._cities: dict[str, _Known] = {}

    async def told(self, token: str, city: str, *, people: Sequence[str] = (), units: Sequence[str] = ()) -> NamesTold:
        """At least these, and the city's time zone. What the pack does not have is left out."""
        known = self._known(city)
        await known.learn(people, units, lambda some, more: self._services.names(token, people=some, units=more))
        return known.names

    async def categories(self, token: str, city: str) -> Categories:
        known = self._known(city)
        if known.categories is None:
            known.categories = await self._services.categories(token)
        return known.categories

    def _known(self, city: str) -> "_Known":
        now, version = self._feed.now, self._feed.packs.get(city, "")
        if now is None or not self._feed.is_live:
            return _Known(version, real_now())
        known = self._cities.get(city)
        if known is None or not known.holds(version, now):
            known = self._cities[city] = _Known(version, now)
        return known


class _Known:
    """What is known of one version of a pack. ``asked``: ids, also those that the pack does not have."""

    def __init__(self, version: str, since: datetime) -> None:
        self._version = version
        self._since = since
        self._people: set[str] = set()
        self._units: set[str] = set()
        self.categories: Categories | None = None
        self.names = NamesTold()

    def holds(self, version: str, now: datetime) -> bool:
        few = len(self._people) + len(self._units) < IDS_MAX
        return few and self._version == version and timedelta(0) <= now - self._since < KEPT

    async def learn(
        self,
        people: Sequence[str],
        units: Sequence[str],
        ask: Callable[[list[str], list[str]], Awaitable[NamesTold]],
    ) -> None:
        """Asks for what is missing, in calls of sixty."""
        some = [one for one in dict.fromkeys(people) if one not in self._people]
        more = [one for one in dict.fromkeys(units) if one not in self._units]
        calls = max(-(-len(some) // NAMES_MAX), -(-len(more) // NAMES_MAX), not self.names.timezone)
        for at in range(0, calls * NAMES_MAX, NAMES_MAX):
            these, those = some[at : at + NAMES_MAX], more[at : at + NAMES_MAX]
            told, was = await ask(these, those), self.names
            self._people.update(these)
            self._units.update(those)
            self.names = NamesTold(told.timezone, {**was.people, **told.people}, {**was.units, **told.units})
