"""``whistle locate``: which unit answers for a point or for words, and why; asked of a pack or of a running stack."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deploy.cli.api import Failed, JsonObject, connect
from deploy.cli.city import describe
from deploy.cli.installing import only_city
from deploy.cli.screen import show_json
from deploy.cli.terminal import out
from shared.city.pack import Pack
from shared.city.place.datum import to_wgs84
from shared.city.place.locating import Located
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack


def locate(
    lon: float | None,
    lat: float | None,
    crs: str,
    text: str | None,
    on: date | None,
    city: str | None,
    data: Path,
    as_json: bool,
) -> None:
    """``city``: a pack's folder, asked here; else the id of a loaded city, asked of the stack on ``data``."""
    if text is None and (lon is None or lat is None):
        raise Failed("give a point (LON LAT, degrees) or --text WORDS")
    if city is not None and Path(city).is_dir():
        told = _of_pack(_read(Path(city)), lon, lat, crs, text, on)
    else:
        told = _of_stack(lon, lat, crs, text, on, city, data)
    if as_json:
        show_json(told)
        return
    out.print(f"{told['unit']['name']} ({told['unit']['id']}, {told['unit']['level']})")
    for line in describe(_located(told)):
        out.print(f"  {line}")


def _read(folder: Path) -> Pack:
    try:
        return read_pack(read_folder(folder))
    except PackProblems as problems:
        raise Failed(f"{problems}\n`whistle city check {folder}`") from problems


def _of_pack(
    pack: Pack, lon: float | None, lat: float | None, crs: str, text: str | None, on: date | None
) -> JsonObject:
    try:
        point = None if lon is None or lat is None else to_wgs84(lon, lat, crs)
    except ValueError as wrong:
        raise Failed(str(wrong)) from wrong
    found = pack.locate(point, text, on=on or pack.day(datetime.now(UTC)))
    unit = pack.units[found.unit]
    told: JsonObject = {"unit": {"id": unit.id, "name": unit.name, "level": unit.level}}
    kept = ("within", "path", "by", "near_border", "near", "flags", "place", "why")
    return {**told, **{name: getattr(found, name) for name in kept}}


def _of_stack(
    lon: float | None, lat: float | None, crs: str, text: str | None, on: date | None, city: str | None, data: Path
) -> JsonObject:
    try:
        api = connect(data)
    except Failed as none:
        raise Failed(f"{none}\nor ask a pack itself: --city DIR") from none
    point = None if lon is None or lat is None else f"{lon},{lat}"
    day = on.isoformat() if on is not None else None
    asked = city or only_city(api)
    told: JsonObject = api.get("router", "/v1/units", point=point, crs=crs, text=text, on=day, city=asked)
    return told


def _located(told: JsonObject) -> Located:
    fields: dict[str, Any] = {name: told.get(name) for name in Located.__struct_fields__ if name in told}
    tuples = {name: tuple(value) for name, value in fields.items() if isinstance(value, list | tuple)}
    return Located(**{**fields, **tuples, "unit": told["unit"]["id"]})
