"""What an officer is shown while he enters a report: where it is, what it may be, and open cases around."""

from dataclasses import dataclass, replace

import msgspec

from services.console.case.answers import DrawnPlace, Geometry, Near, NearCases
from services.console.case.situation_map import HEIGHT, WIDTH, SituationMap, framed, situation_map
from services.console.enter.draft import Draft
from services.console.frame.visit import Visit
from services.console.router_client import Services
from shared.kernel.errors import Refusal

NEAR_METRES = 200
NEAR_MAX = 8
PLACES_MAX = 300


class Suggested(msgspec.Struct, frozen=True):
    """What the words mean: ``services/router/http/suggest_routes.py``."""

    category: str | None = None
    unit: str = ""
    within: str | None = None
    by: str = ""
    place: str | None = None
    lon: float | None = None
    lat: float | None = None


class Accepted(msgspec.Struct, frozen=True):
    """The receipt; ``elsewhere``: who deals with it instead, then nothing is stored."""

    id: str = ""
    emergency: str | None = None
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """``places``: names that the address may be. ``framed``: what the map shows, said again with a press on it."""

    draft: Draft
    suggested: Suggested
    near: tuple[Near, ...]
    map: SituationMap | None
    framed: str
    places: tuple[DrawnPlace, ...]


async def around(services: Services, visit: Visit, draft: Draft) -> Around:
    """Raises ``Refusal``."""
    ground = await _geometry(services, visit.token, visit.me.unit)
    draft = _picked(draft, ground, visit.me.unit)
    suggested = await _suggested(services, visit.token, draft)
    point = draft.point
    if point is None and suggested.lon is not None and suggested.lat is not None:
        point = (suggested.lon, suggested.lat)
    near = await _near(services, visit.token, point)
    offered, chosen = suggested.category or "", draft.category if draft.category != draft.offered else ""
    draft = replace(draft, point=point, category=chosen or offered, offered=offered)
    within = suggested.within if suggested.unit == visit.me.unit else None
    drawn = situation_map(ground, visit.me.unit, within, point, visit.language.code)
    return Around(
        draft=draft,
        suggested=suggested,
        near=near,
        map=drawn,
        framed=_frame(within, point),
        places=ground.places[:PLACES_MAX],
    )


def _frame(within: str | None, point: tuple[float, float] | None) -> str:
    """What a map was drawn from: ``grid-1;120.1,33.7``."""
    return f"{within or ''};{f'{point[0]},{point[1]}' if point is not None else ''}"


def _picked(draft: Draft, ground: Geometry, unit: str) -> Draft:
    """The draft with the point at which the map was pressed."""
    if draft.pick is None:
        return draft
    within, _, at = draft.framed.partition(";")
    lon, _, lat = at.partition(",")
    try:
        point = (float(lon), float(lat)) if at else None
    except ValueError:
        return draft
    projection = framed(ground, unit, within or None, point)
    if projection is None:
        return draft
    return replace(draft, point=projection.back(draft.pick[0] * WIDTH, draft.pick[1] * HEIGHT), pick=None)


async def _geometry(services: Services, token: str, unit: str) -> Geometry:
    try:
        path = f"/v1/units/{unit}/geometry?places=true&simplify=5"
        return msgspec.json.decode((await services.answer("router", "GET", path, token)).content, type=Geometry)
    except Refusal:
        return Geometry()


async def _suggested(services: Services, token: str, draft: Draft) -> Suggested:
    if not (draft.text or draft.address or draft.point):
        return Suggested()
    asked: dict[str, object] = {"text": draft.text[:4000], "address": draft.address[:500]}
    if draft.point is not None:
        asked |= {"lon": draft.point[0], "lat": draft.point[1], "crs": "wgs84"}
    answer = await services.answer("router", "POST", "/v1/cases:suggest", token, json=asked)
    return msgspec.json.decode(answer.content, type=Suggested)


async def _near(services: Services, token: str, point: tuple[float, float] | None) -> tuple[Near, ...]:
    if point is None:
        return ()
    query = f"lon={point[0]}&lat={point[1]}&crs=wgs84&radius={NEAR_METRES}"
    answer = await services.answer("router", "GET", f"/v1/cases:nearby?{query}", token)
    return msgspec.json.decode(answer.content, type=NearCases).items[:NEAR_MAX]
