"""``/r/map``: the neighbourhood under a fixed cross-hair, to say where it is where the phone does not know.

A sketch that the server draws, moved by links: named places and a scale; no area, no border, nothing that is fetched
from elsewhere. A script shows it inside the form; without one it is a page that leads back to the form.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from services.console.frame.visit import OpenVisit
from services.console.pages.rider_pages.reporting import point_of
from services.console.pages.rider_pages.session import RiderPage, no_device
from services.console.rider_client import Surroundings
from shared.runtime.http_server.route import Route

WIDTH, HEIGHT = 320, 240
SPANS = (120, 300, 800, 2000)
"""Metres from left to right."""
FIRST = 1
STEP = 0.25
"""Of the width, for a press on an arrow."""
SCALES = (20, 50, 100, 200, 500)
MOVES = {"n": (0.0, 1.0), "w": (-1.0, 0.0), "e": (1.0, 0.0), "s": (0.0, -1.0)}
LETTER = 12.0
DEGREE = 111_195.08
"""Metres of a degree of latitude."""


class Dot(NamedTuple):
    """A place in the sketch. ``label``: empty where another one stands there already."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """``at``: the point under the cross-hair. ``scale``: metres and how long they are drawn."""

    at: str
    near: str
    dots: list[Dot]
    scale: tuple[int, float]
    moves: dict[str, str]
    closer: str
    farther: str
    take: str
    span: int


class RiderMap(RiderPage):
    """The page."""

    def routes(self) -> list[Route]:
        return [self.open_get("/r/map", self.show, "Where it is, under a cross-hair")]

    async def show(self, visit: OpenVisit) -> Response:
        query = visit.request.query_params
        point, words = point_of(query.get("at", "")), query.get("place", "")[:200]
        step = int(query.get("span", "")) if query.get("span", "") in {str(n) for n in range(len(SPANS))} else FIRST

        async def act(token: str) -> Response:
            asks = token or await self.riders.key()
            if not asks:
                raise no_device()
            around = await self.riders.surroundings(asks, point, words, SPANS[step])
            return visit.page("rider_map.html", part="sketch", sketch=sketch(around, step, visit.language.code))

        return await self.shown(visit, act)


def sketch(around: Surroundings, step: int, language: str) -> Sketch:
    """What is drawn around the point, ``SPANS[step]`` metres wide."""
    span, chinese = SPANS[step], language == "zh"
    per_metre = WIDTH / span
    near = (around.near if chinese else around.near_en) or ""
    named = [(one.lon, one.lat, one.name if chinese else one.name_en or one.name) for one in around.places]
    east = DEGREE * math.cos(math.radians(around.lat))
    dots = [
        (WIDTH / 2 + (lon - around.lon) * east * per_metre, HEIGHT / 2 - (lat - around.lat) * DEGREE * per_metre, name)
        for lon, lat, name in named
    ]
    metres = max((one for one in SCALES if one <= span / 3), default=SCALES[0])
    way = span * STEP

    def at(east_by: float = 0.0, north_by: float = 0.0, to: int = step) -> str:
        lon, lat = around.lon + east_by * way / east, around.lat + north_by * way / DEGREE
        return f"/r/map?{urlencode({'at': f'{lon:.6f},{lat:.6f}', 'span': to})}"

    here = f"{around.lon:.6f},{around.lat:.6f}"
    return Sketch(
        at=here,
        near=near,
        dots=_labelled(dots),
        scale=(metres, round(metres * per_metre, 1)),
        moves={name: at(*by) for name, by in MOVES.items()},
        closer=at(to=step - 1) if step else "",
        farther=at(to=step + 1) if step + 1 < len(SPANS) else "",
        take=f"/r/place?{urlencode({'at': here, 'place': near, 'found': 'map'})}",
        span=span,
    )


def _labelled(dots: list[tuple[float, float, str]]) -> list[Dot]:
    """Those inside; a name that would cover the cross-hair, or one that is nearer to it, is left out."""
    found, taken = list[Dot](), [(WIDTH / 2, HEIGHT / 2 + down, 24.0) for down in (-5, 11, 27)]
    for x, y, name in dots:
        if not (4 <= x <= WIDTH - 4 and 4 <= y <= HEIGHT - 4):
            continue
        half = sum(LETTER if ord(letter) > 0x2E80 else LETTER * 0.55 for letter in name) / 2
        fits = (
            half < x < WIDTH - half
            and y > 20
            and not any(abs(x - other) < half + wide and abs(y - high) < LETTER * 1.4 for other, high, wide in taken)
        )
        if fits:
            taken.append((x, y, half))
        found.append(Dot(round(x, 1), round(y, 1), name if fits else ""))
    return found
