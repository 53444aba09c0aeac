"""Generates the JSON Schema of each file of a pack from the Structs that parse it.

``python -m shared.city.schemas FOLDER`` writes them. They are kept under docs/reference/pack; a test compares them.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from shared.city.model.channels import COMMON_FIELDS, KINDS, ChannelKind, ChannelSettings
from shared.city.model.city import City
from shared.city.model.ground import AreaProperties
from shared.city.pack_files import AREAS, LISTS

_REF = "#/$defs/{name}"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """File name (``units.schema.json``) → text, for every file with typed entries."""
    made = {name.replace(".yaml", ".schema.json"): _of_lists(name) for name in LISTS}
    (city,), defs = _components(City)
    made["city.schema.json"] = {"title": "city.yaml", **city, "$defs": defs}
    made["areas.schema.json"] = _of_areas()
    return {
        name: msgspec.json.format(msgspec.json.encode({"$schema": DIALECT, **made[name]}), indent=2).decode() + "\n"
        for name in sorted(made)
    }


def _of_lists(name: str) -> dict[str, Any]:
    """Lists under their keys, or the first list alone."""
    keys = LISTS[name]
    shapes, defs = _components(*keys.values())
    lists = {key: {"type": "array", "items": shape} for key, shape in zip(keys, shapes, strict=True)}
    alone = next(iter(lists.values()))
    return {
        "title": name,
        "anyOf": [{"type": "object", "properties": lists, "additionalProperties": False}, alone],
        "$defs": defs,
    }


def _of_areas() -> dict[str, Any]:
    (properties,), defs = _components(AreaProperties)
    geometry = {
        "type": "object",
        "properties": {"type": {"enum": ["Polygon", "MultiPolygon"]}, "coordinates": {"type": "array"}},
        "required": ["type", "coordinates"],
    }
    feature = {
        "type": "object",
        "properties": {"type": {"const": "Feature"}, "properties": properties, "geometry": geometry},
        "required": ["type", "properties", "geometry"],
    }
    return {
        "title": AREAS,
        "type": "object",
        "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": feature}},
        "required": ["type", "features"],
        "$defs": defs,
    }


def _components(*shapes: type[msgspec.Struct]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found, defs = msgspec.json.schema_components(shapes, ref_template=_REF)
    if ChannelSettings.__name__ in defs:
        _tell_kinds_of_channels_apart(defs)
    return list(found), defs


def _tell_kinds_of_channels_apart(defs: dict[str, Any]) -> None:
    """Gives each kind of channel a shape with its own fields; the type ``ChannelSettings`` has those of all kinds."""
    channel = defs.pop(ChannelSettings.__name__)
    for kind, own in KINDS.items():
        names = {*own.required, *own.optional, *COMMON_FIELDS}
        properties = {name: shape for name, shape in channel["properties"].items() if name in names}
        defs[_shape_name(kind)] = {**channel, "title": _shape_name(kind), "properties": properties}
    owners = [shape["properties"]["channels"] for shape in defs.values() if "channels" in shape.get("properties", {})]
    for channels in owners:
        texts = [shape for shape in channels["additionalProperties"].get("anyOf", []) if shape.get("type") == "string"]
        kinds = {kind: {"anyOf": [*texts, {"$ref": _REF.format(name=_shape_name(kind))}]} for kind in KINDS}
        channels |= {"properties": kinds, "additionalProperties": False}


def _shape_name(kind: ChannelKind) -> str:
    return f"{ChannelSettings.__name__}_{kind}"


def write(folder: Path) -> None:
    """Write every schema into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
