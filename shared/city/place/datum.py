"""Converts the coordinate systems that phones in China send (GCJ-02, BD-09) to WGS-84.

``prcoords`` takes latitude first, all our code longitude first. Its iterative inverses ("bored") are exact to well
under a metre. Outside China GCJ-02 equals WGS-84, and BD-09 is only Baidu's own shift of it.
"""

import math
from typing import Literal, get_args

import prcoords

Crs = Literal["wgs84", "gcj02", "bd09"]
SYSTEMS: tuple[str, ...] = get_args(Crs)


def to_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """``(lon, lat)`` in degrees, WGS-84. Raises ``ValueError`` for an unknown system or a point not on Earth."""
    _on_earth(lon, lat)
    if crs == "wgs84":
        return lon, lat
    if crs == "gcj02":
        if not prcoords.sanity_in_china_p(prcoords.Coords(lat, lon)):
            return lon, lat
        found = prcoords.gcj_wgs_bored((lat, lon), False)
    elif crs == "bd09":
        found = prcoords.bd_gcj_bored((lat, lon), False)
        if prcoords.sanity_in_china_p(found):
            found = prcoords.gcj_wgs_bored(found, False)
    else:
        raise ValueError(f"unknown coordinate system {crs!r}; one of {', '.join(SYSTEMS)}")
    return float(found.lon), float(found.lat)


def from_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """A WGS-84 point in the system ``crs``, for maps that use it. Raises as ``to_wgs84``."""
    _on_earth(lon, lat)
    if crs not in SYSTEMS:
        raise ValueError(f"unknown coordinate system {crs!r}; one of {', '.join(SYSTEMS)}")
    point = prcoords.Coords(lat, lon)
    if crs != "wgs84" and prcoords.sanity_in_china_p(point):
        point = prcoords.wgs_gcj(point, False)
    if crs == "bd09":
        point = prcoords.gcj_bd(point)
    return float(point.lon), float(point.lat)


def is_on_earth(lon: float, lat: float) -> bool:
    """Finite, and within ±180 and ±90 degrees."""
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def _on_earth(lon: float, lat: float) -> None:
    if not is_on_earth(lon, lat):
        raise ValueError(f"no point on Earth: lon {lon}, lat {lat}")
