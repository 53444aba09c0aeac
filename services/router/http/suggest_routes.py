"""``POST /v1/cases:suggest``: what the words and the place of a report mean, before an officer sends it for somebody.

Nothing is stored, and the words stand in no address that is logged.
"""

from typing import Annotated, Literal

import msgspec

from shared.city.pack import Pack
from shared.city.place.datum import from_wgs84, to_wgs84
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.pack_library import PackLibrary


class SuggestBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``text``: the words of the report; ``address``: those of its place; ``lon``, ``lat`` in ``crs``."""

    text: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    address: Annotated[str, msgspec.Meta(max_length=500)] = ""
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """``category``: null where the words name none. ``unit``: whose queue it would be in; ``within``: the deepest unit
    there. ``lon``, ``lat``: of the place, in the crs that was asked in; null where it is not one place. ``by``:
    ``fallback``: nothing was found, and somebody has to sort it."""

    category: str | None
    unit: str
    within: str | None
    by: str
    place: str | None
    lon: float | None
    lat: float | None
    flags: list[str]


class SuggestRoutes:
    """The route."""

    def __init__(self, packs: PackLibrary, clock: Clock) -> None:
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/cases:suggest",
                self.suggest,
                "Category, unit and place that the words of a report mean, before it is sent",
                roles=frozenset({"officer"}),
                body=SuggestBody,
                answers={200: Suggested},
            )
        ]

    async def suggest(self, call: Call) -> Answer:
        body = call.body_as(SuggestBody)
        if (body.lon is None) != (body.lat is None):
            raise invalid(FieldError("/lat", "a point has lon and lat"))
        pack = self._packs.current(call.principal.city)
        return Answer(suggested(body, pack, self._clock))


def suggested(body: SuggestBody, pack: Pack, clock: Clock) -> Suggested:
    """As the router would find it."""
    found = pack.classify(body.text)
    point = to_wgs84(body.lon, body.lat, body.crs) if body.lon is not None and body.lat is not None else None
    words = body.address or body.text
    located = pack.locate(point, words or None, on=pack.day(clock.now()))
    at = point or located.spot
    shown = from_wgs84(*at, body.crs) if at is not None else (None, None)
    return Suggested(
        category=found.code if found.by == "keywords" else None,
        unit=located.unit,
        within=located.within,
        by=located.by,
        place=located.place,
        lon=shown[0],
        lat=shown[1],
        flags=list(located.flags),
    )
