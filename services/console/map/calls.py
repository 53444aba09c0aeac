"""Calls about maps: the ground of a unit with the city's base map, and the open cases of a queue as points."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

import msgspec

from services.console.case.answers import Geometry
from services.console.router_client import Services


class Basemap(msgspec.Struct, frozen=True):
    """Tiles to draw upon. ``licence``: the number of the approved map (审图号)."""

    url: str
    attribution: str = ""
    licence: str = ""
    max_zoom: int = 18


class MapGround(Geometry, frozen=True):
    """The ground of a unit and those just below it, in the datum of the city's base map."""

    crs: str = "wgs84"
    basemap: Basemap | None = None


class MapPoint(msgspec.Struct, frozen=True):
    """A case on a map. ``clock``: the worst of those under which something is owed; None: none."""

    id: str
    lon: float
    lat: float
    priority: str
    state: str = ""
    category: str | None = None
    due_at: datetime | None = None
    clock: str | None = None
    version: int = 0


class MapPoints(msgspec.Struct, frozen=True):
    """``without``: cases of the same filter that are on no map; ``cut``: there are more."""

    items: tuple[MapPoint, ...] = ()
    without: int = 0
    cut: bool = False


class MapCalls:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ground(
        self, token: str, unit: str, *, places: bool = True, metres: int = 5, crs: str = "basemap"
    ) -> MapGround:
        """``metres``: by which a border may be drawn beside the real one."""
        query = urlencode({"crs": crs, "places": "true" if places else "false", "simplify": metres})
        path = f"/v1/units/{quote(unit, safe='')}/geometry?{query}"
        return await self._services.ask_router("GET", path, MapGround, token)

    async def points(self, token: str, unit: str, asked: Mapping[str, str], crs: str) -> MapPoints:
        """``asked``: the filters of the queue."""
        query = urlencode({"crs": crs, **{name: value for name, value in asked.items() if name != "placed"}})
        path = f"/v1/queues/{quote(unit, safe='')}/points?{query}"
        return await self._services.ask_router("GET", path, MapPoints, token)
