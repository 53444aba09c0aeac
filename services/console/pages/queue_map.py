"""``/queues/{unit}/map``: the open cases of a queue on a map and in a list beside it: one set, by one filter."""

import asyncio
import re
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from services.console.frame.page import Page
from services.console.frame.security_headers import with_images_of
from services.console.frame.service_names import ServiceNames
from services.console.frame.site import Site
from services.console.frame.visit import Visit
from services.console.map.calls import MapCalls, MapGround, MapPoints
from services.console.map.picture import picture
from services.console.map.pins import LEGEND, SHAPES, tone_of
from services.console.pages.queue_filters import Filters
from services.console.pages.queue_rows import shown_row
from services.console.queue_client import QueueCalls
from shared.city.place.datum import SYSTEMS, is_on_earth, to_wgs84
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Route

_PRESSED = re.compile(r"(-?\d{1,3}(?:\.\d{1,8})?),(-?\d{1,2}(?:\.\d{1,8})?),(\w{1,8})")


class QueueMap(Page):
    """The page, and where a press on the map leads."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._calls = MapCalls(site.services)
        self._queues = QueueCalls(site.services)

    def routes(self) -> list[Route]:
        return [
            self.get("/queues/{unit}/map", self.show, "The open cases of a unit on a map"),
            self.get("/queues/{unit}/map/enter", self.enter, "Enter a report where the map was pressed"),
        ]

    async def show(self, visit: Visit) -> Response:
        unit, token, filters = visit.path["unit"], visit.token, Filters.of(visit.request.query_params)
        asked = filters.asked(visit.now)
        ground, page, categories = await asyncio.gather(
            self._calls.ground(token, unit),
            self._queues.page(token, unit, {**asked, "placed": "true"}),
            self.site.names.categories(token, visit.me.city),
        )
        people = [row.assignee for row in page.items if row.assignee is not None]
        told = await self.site.names.told(token, visit.me.city, people=people, units=[unit])
        points = await self._calls.points(token, unit, {n: v for n, v in asked.items() if n != "cursor"}, ground.crs)
        names = ServiceNames(told, categories, visit.case_words)
        response = visit.page(
            "queue_map.html",
            part="cases",
            unit=unit,
            unit_name=names.unit(unit),
            rows=[shown_row(row, names, visit.now, visit.zone) for row in page.items],
            next=filters.but(after=page.next) if page.next is not None else "",
            filters=filters,
            points=points,
            points_json=_embedded(_pins(points, names, visit)),
            ground_json=_embedded(_drawn(ground, visit)),
            ground=ground,
            picture=picture(ground, unit, points.items, visit.now, visit.language.code),
            legend=[(tone, visit._(words), SHAPES[tone]) for tone, words in LEGEND],
            cursor=visit.cursor,
        )
        if ground.basemap is not None:
            response.headers["content-security-policy"] = with_images_of(ground.basemap.url)
        return response

    async def enter(self, visit: Visit) -> Response:
        """The point comes in the datum of the map that was pressed, and says which."""
        pressed = _PRESSED.fullmatch(visit.request.query_params.get("at", ""))
        if pressed is None or pressed[3] not in SYSTEMS:
            raise not_found("point")
        lon, lat = float(pressed[1]), float(pressed[2])
        if not is_on_earth(lon, lat):
            raise not_found("point")
        lon, lat = to_wgs84(lon, lat, pressed[3])
        return visit.go(f"/enter?{urlencode({'at': f'{lon:.6f},{lat:.6f}'})}")


def _pins(points: MapPoints, names: ServiceNames, visit: Visit) -> list[dict[str, Any]]:
    """What the script draws and lists."""
    return [
        {
            "id": one.id,
            "at": [one.lat, one.lon],
            "tone": tone_of(one, visit.now),
            "danger": one.priority == "danger",
            "priority": one.priority,
            "said": visit.case_words(f"priority.{one.priority}"),
            "name": names.category(one.category),
            "due": one.due_at,
            "href": f"/cases/{quote(one.id, safe='')}",
        }
        for one in points.items
    ]


def _drawn(ground: MapGround, visit: Visit) -> dict[str, Any]:
    chinese = visit.language.code == "zh"

    def named(name: str, name_en: str) -> str:
        return name if chinese else name_en or name

    return {
        "crs": ground.crs,
        "basemap": ground.basemap,
        "areas": [
            {
                "id": one.id,
                "name": named(one.properties.name, one.properties.name_en),
                "rings": [[[(lat, lon) for lon, lat in ring] for ring in shape] for shape in one.geometry.coordinates],
            }
            for one in ground.features
        ],
        "places": [{"name": named(one.name, one.name_en), "at": [one.lat, one.lon]} for one in ground.places],
        "shapes": SHAPES,
    }


def _embedded(value: Any) -> str:
    """JSON that may stand in a page: nothing in it ends the element."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c")
