"""``areas.geojson``: features with a unit, a period and a polygon in WGS-84 degrees (RFC 7946).

Read in bulk, so that tens of thousands of polygons take seconds. Editors' own properties and members are let be.
"""

from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely

from shared.city.areas import Area
from shared.city.model.ground import AreaProperties
from shared.city.problems import pointer

Fault = tuple[str, str, str]
_POLYGONS = (3, 6)
_OWN = ("unit", "valid_from", "valid_to")


class _Feature(msgspec.Struct):
    properties: msgspec.Raw = msgspec.Raw(b"null")
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class _Collection(msgspec.Struct):
    type: str
    features: list[msgspec.Raw]


class ReadAreas(NamedTuple):
    """Areas that are right, the parsed file, and faults as (JSON pointer, message, hint)."""

    areas: tuple[Area, ...]
    content: Any
    problems: list[Fault]
    warnings: list[Fault]


def read_areas(text: str) -> ReadAreas:
    """Every feature of the file; what is wrong with one does not stop the others."""
    problems: list[Fault] = []
    warnings: list[Fault] = []
    try:
        content = msgspec.json.decode(text)
        collection = msgspec.json.decode(text, type=_Collection)
    except (msgspec.DecodeError, RecursionError) as error:
        hint = "expected a FeatureCollection: https://www.rfc-editor.org/rfc/rfc7946"
        return ReadAreas((), None, [("", str(error), hint)], [])
    if collection.type != "FeatureCollection":
        problems.append(("/type", f"expected FeatureCollection, got {collection.type!r}", ""))
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
        warnings += _misspelt(content["features"][number].get("properties"), number)
    geometries = shapely.from_geojson(np.array(shapes, dtype=object), on_invalid="ignore")
    faults = _faults(geometries)
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
    """What is wrong with each shape, with a hint; None where nothing is."""
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


def _misspelt(properties: Any, number: int) -> list[Fault]:
    """Properties that look like one of ours but are not."""
    return [
        (pointer("features", number, "properties", key), "not used", f"did you mean one of {', '.join(_OWN)}?")
        for key in properties
        if key not in _OWN and key.replace("-", "_").lower().startswith(("valid", "unit"))
    ]
