"""Parses ``areas.geojson``: features with a unit, a period and a polygon in WGS-84 degrees (RFC 7946).

Parsing is done in bulk, so that tens of thousands of polygons take seconds. Properties and members of editors are
ignored, except those that name a coordinate system: RFC 7946 allows only WGS-84, and a map in another system is off by
65 m (Beijing 54, Xian 80) to 500 m (GCJ-02), which is another community.
"""

import re
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely

from shared.city.model.ground import AreaProperties
from shared.city.place.areas import Area
from shared.city.problems import pointer

Fault = tuple[str, str, str]
_POLYGONS = (3, 6)
_OWN = ("unit", "valid_from", "valid_to")
_SYSTEM = frozenset({"crs", "srs", "srid", "epsg", "datum", "coordinate_system", "coordinatesystem", "coord_system"})
"""Names of members that state the coordinate system, in lower case."""
_WGS84 = re.compile(r"(?:^|[:/#])(?:crs84|4326|4490|wgs[ _-]?(?:19)?84|cgcs[ _-]?2000)$", re.IGNORECASE)
"""Names of WGS-84, and of CGCS2000, which is the same within a metre."""
AREAS_MAX = 20_000
VERTICES_MAX = 400_000
"""Corners of all areas of a city: 20,000 grids of 20 corners. A million corners take 370 MB in each service."""
PERIODS_MAX = 60
"""Most days on which the map changes: each period between two has an index in memory."""


class _Feature(msgspec.Struct):
    properties: msgspec.Raw = msgspec.Raw(b"null")
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class _Collection(msgspec.Struct):
    type: str
    features: list[msgspec.Raw]


class ReadAreas(NamedTuple):
    """The valid areas, the parsed file, and problems and warnings as (JSON pointer, message, hint)."""

    areas: tuple[Area, ...]
    content: Any
    problems: list[Fault]
    warnings: list[Fault]


def read_areas(text: str) -> ReadAreas:
    """Parse every feature of the file; a wrong one does not stop the others."""
    problems: list[Fault] = []
    warnings: list[Fault] = []
    try:
        collection = msgspec.json.decode(text, type=_Collection)
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        hint = "expected a FeatureCollection: https://www.rfc-editor.org/rfc/rfc7946"
        return ReadAreas((), None, [("", str(error), hint)], [])
    if collection.type != "FeatureCollection":
        problems.append(("/type", f"expected FeatureCollection, got {collection.type!r}", ""))
    if len(collection.features) > AREAS_MAX:
        return ReadAreas((), content, [("/features", f"more than {AREAS_MAX} areas", "one area for a unit")], [])
    problems += _other_systems(content, ())
    numbers: list[int] = []
    properties: list[AreaProperties] = []
    shapes: list[str] = []
    for number, raw in enumerate(collection.features):
        try:
            feature = msgspec.json.decode(raw, type=_Feature)
            properties.append(msgspec.json.decode(feature.properties, type=AreaProperties))
        except msgspec.DecodeError as error:
            problems.append((pointer("features", number), f"properties: {error}", "each feature names its unit"))
            continue
        numbers.append(number)
        shapes.append(bytes(feature.geometry).decode())
        feature_content = content["features"][number]
        warnings += _misspelt(feature_content.get("properties"), number)
        problems += _other_systems(feature_content, ("features", number))
        for part in ("properties", "geometry"):
            problems += _other_systems(feature_content.get(part), ("features", number, part))
    geometries = shapely.from_geojson(np.array(shapes, dtype=object), on_invalid="ignore")
    faults = _faults(geometries)
    problems += _too_much(geometries, properties)
    areas = []
    for number, said, shape, fault in zip(numbers, properties, geometries, faults, strict=True):
        if fault:
            problems.append((pointer("features", number, "geometry"), *fault))
        elif said.valid_from and said.valid_to and said.valid_from >= said.valid_to:
            at = pointer("features", number, "properties", "valid_to")
            problems.append((at, "not after valid_from", "valid_to is the first day on which it no longer holds"))
        else:
            areas.append(Area(said.unit, said.valid_from, said.valid_to, shape, number))
    return ReadAreas(tuple(areas), content, problems, warnings)


def _faults(shapes: Any) -> list[tuple[str, str] | None]:
    """(message, hint) for each wrong shape; None for valid ones."""
    found: list[tuple[str, str] | None] = [None] * len(shapes)
    if not len(shapes):
        return found
    kinds, valid, bounds = shapely.get_type_id(shapes), shapely.is_valid(shapes), shapely.bounds(shapes)
    off_earth = (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    for i, shape in enumerate(shapes):
        if shape is None:
            found[i] = ("not a GeoJSON geometry", "")
        elif kinds[i] not in _POLYGONS:
            found[i] = (f"expected Polygon or MultiPolygon, got {shape.geom_type}", "")
        elif shape.is_empty:
            found[i] = ("the polygon is empty", "")
        elif off_earth[i]:
            found[i] = ("not in degrees", "WGS-84 longitude, latitude; is it projected?")
        elif not valid[i]:
            found[i] = (f"not a valid polygon: {shapely.is_valid_reason(shape)}", "mend it with an editor's tool")
    return found


def _other_systems(content: Any, at: tuple[str | int, ...]) -> list[Fault]:
    """Faults for members of ``content`` that name a coordinate system other than WGS-84."""
    if not isinstance(content, dict):
        return []
    hint = "convert the file to WGS-84 (EPSG:4326) and leave the member out"
    return [
        (pointer(*at, key), f"says that it is in {name[:80]!r}, not in WGS-84", hint)
        for key, value in content.items()
        if key.lower() in _SYSTEM and (name := _system(value)) is not None and not _WGS84.search(name)
    ]


def _system(value: Any) -> str | None:
    """The name of a coordinate system: written as a string, a number, or GeoJSON 2008's object; None: not stated."""
    if isinstance(value, dict):
        value = value.get("properties", value)
        value = next((value[key] for key in ("name", "code", "href") if key in value), "an unnamed system")
    return None if value is None else str(value).strip()


def _too_much(shapes: Any, properties: list[AreaProperties]) -> list[Fault]:
    """Faults for more corners or periods than allowed."""
    found: list[Fault] = []
    vertices = int(shapely.get_num_coordinates(shapes).sum()) if len(shapes) else 0
    if vertices > VERTICES_MAX:
        says = f"{vertices} corners, more than {VERTICES_MAX}"
        found.append(("/features", says, "simplify the polygons: a metre is enough"))
    days = {day for said in properties for day in (said.valid_from, said.valid_to) if day is not None}
    if len(days) > PERIODS_MAX:
        found.append(("/features", f"the map changes on {len(days)} days, more than {PERIODS_MAX}", "drop old periods"))
    return found


def _misspelt(properties: Any, number: int) -> list[Fault]:
    """Warnings for properties that look like misspelt ones of ours."""
    return [
        (pointer("features", number, "properties", key), "not used", f"did you mean one of {', '.join(_OWN)}?")
        for key in properties
        if key not in _OWN and key.replace("-", "_").lower().startswith(("valid", "unit"))
    ]
