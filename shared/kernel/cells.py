"""Cells of 1/100 degree: 1.1 km north to south, about 0.9 km east to west in the middle of China. Reports of one cell
keep their order in Kafka, and what is near is looked for in the nine cells around."""

import math

CELLS_PER_DEGREE = 100
EARTH_METRES = 6_371_000.0


def cell_of(city: str, lon: float | None, lat: float | None, otherwise: str) -> str:
    """The Kafka key of a report: city and cell, or without a point city and ``otherwise``."""
    if lon is None or lat is None:
        return f"{city}:{otherwise}"
    return f"{city}:{int(lon * CELLS_PER_DEGREE // 1)}:{int(lat * CELLS_PER_DEGREE // 1)}"


def cells_around(city: str, lon: float, lat: float) -> list[str]:
    """The cell of a point and the eight around it: whatever is within a kilometre, where a cell is no narrower."""
    steps = (-1 / CELLS_PER_DEGREE, 0.0, 1 / CELLS_PER_DEGREE)
    return sorted({cell_of(city, lon + dx, lat + dy, "") for dx in steps for dy in steps})


CELLS_MAX = 200
"""Of a box that is looked at cell by cell."""


def cells_in(city: str, box: tuple[float, float, float, float]) -> list[str] | None:
    """The cells of a box (west, south, east, north); None where they are more than ``CELLS_MAX``."""
    west, south, east, north = (int(degrees * CELLS_PER_DEGREE // 1) for degrees in box)
    if (east - west + 1) * (north - south + 1) > CELLS_MAX:
        return None
    return [f"{city}:{x}:{y}" for x in range(west, east + 1) for y in range(south, north + 1)]


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Equirectangular distance: exact to a millimetre over a kilometre."""
    dx = math.radians(other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return EARTH_METRES * math.hypot(dx, math.radians(other_lat - lat))
