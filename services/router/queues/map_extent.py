"""Which cases of a queue a map shows: those with a point that may be shown, in a box of the map's own datum."""

from typing import Any

from services.router.queues.case_search import INDEX as WORDS
from shared.city.place.datum import Crs, to_wgs84
from shared.kernel.cells import cells_in
from shared.kernel.errors import FieldError, invalid

MARGIN = 1e-5
"""Degrees added to a box that was converted: a metre."""
PLACED: dict[str, Any] = {"location.lon": {"$ne": None}, "sensitive": None}
"""Where a sensitive case (敏感件) lies is on no map, so that no box tells it either."""
PLACELESS: dict[str, Any] = {"$or": [{"location.lon": None}, {"sensitive": {"$ne": None}}]}


def within(
    city: str, bbox: str | None, crs: Crs, index: str, *, placed: bool | None, open_only: bool
) -> tuple[dict[str, Any], str]:
    """The further filter and the index: of a small box its cells. ``placed``: with a point, or without one.

    Raises ``Refusal`` 422 for what is no box."""
    if bbox is None:
        return ({} if placed is None else PLACED if placed else PLACELESS), index
    west, south, east, north = _box(bbox, crs)
    inside: dict[str, Any] = {
        "location.lon": {"$gte": west, "$lte": east},
        "location.lat": {"$gte": south, "$lte": north},
    }
    both = [inside, PLACED, *([PLACELESS] if placed is False else [])]
    cells = cells_in(city, (west, south, east, north))
    if cells is None or index == WORDS or not open_only:  # cells are of open cases
        return {"$and": both}, index
    return {"$and": [*both, {"location.cell": {"$in": cells}, "open": True}]}, "cell"


def _box(text: str, crs: Crs) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        corners = [to_wgs84(lon, lat, crs) for lon in (west, east) for lat in (south, north)]
    except ValueError as wrong:
        raise invalid(FieldError("?bbox", "is west,south,east,north in degrees, in the crs")) from wrong
    if west > east or south > north:
        raise invalid(FieldError("?bbox", "is west,south,east,north: west is not east of east, nor south north of it"))
    lon, lat = [at[0] for at in corners], [at[1] for at in corners]
    return min(lon) - MARGIN, min(lat) - MARGIN, max(lon) + MARGIN, max(lat) + MARGIN
