"""A row that is new here, as the body of a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.router.exchange.words import ProblemCode
from shared.city.bridges import BridgeLookup
from shared.city.model.bridges import CODED_FIELDS, BridgeField

Wrong = tuple[ProblemCode, BridgeField, str]
UNIT_FIELDS: tuple[BridgeField, ...] = ("grid_code", "grid_name", "unit_code", "unit_name")
"""Where a unit may be named, the closest first."""


@dataclass(slots=True)
class NewReport:
    """``body``: as ``POST /v1/reports`` takes it; ``wrong``: what in the row makes it none."""

    body: dict[str, object]
    wrong: list[Wrong] = field(default_factory=list)


class NewReports:
    """Makes reports of rows for one bridge."""

    def __init__(self, bridge: BridgeLookup) -> None:
        self._bridge = bridge

    def of(self, said: Mapping[BridgeField, str], reported_at: datetime | None) -> NewReport:
        made = NewReport(
            {
                "kind": self._bridge.entry.kind,
                "channel": self._bridge.entry.channel,
                "description": said.get("description", ""),
            }
        )
        self._category(said, made)
        self._place(said, made)
        _reporter(said, made)
        if reported_at is not None:
            made.body["received_at"] = reported_at
        return made

    def _category(self, said: Mapping[BridgeField, str], made: NewReport) -> None:
        codes = {name: said[name] for name in CODED_FIELDS if said.get(name)}
        if not codes:
            return
        found = self._bridge.category(codes)
        if found is None:
            column: BridgeField = next(name for name in ("item_code", "item_name", *sorted(codes)) if name in codes)
            made.wrong.append(("category_unknown", column, codes[column]))
        else:
            made.body["category"] = found

    def _place(self, said: Mapping[BridgeField, str], made: NewReport) -> None:
        """Of point, words and unit the router takes the first that says enough."""
        where: dict[str, object] = {}
        if said.get("lon") or said.get("lat"):
            lon, lat = _degrees(said.get("lon", ""), 180), _degrees(said.get("lat", ""), 90)
            if lon is None or lat is None:
                wrong: BridgeField = "lon" if lon is None else "lat"
                made.wrong.append(("point_wrong", wrong, said.get(wrong, "")))
            else:
                where |= {"lon": lon, "lat": lat, "crs": self._bridge.entry.crs}
        if said.get("address"):
            where["address"] = said["address"]
        column = next((name for name in UNIT_FIELDS if said.get(name)), None)
        if column is not None:
            unit = self._bridge.unit(said[column])
            if unit is None:
                made.wrong.append(("unit_unknown", column, said[column]))
            else:
                where["unit"] = unit
        made.body["location"] = where


def _degrees(text: str, most: float) -> float | None:
    """A finite number of degrees; None for anything else."""
    try:
        degrees = float(text)
    except ValueError:
        return None
    return degrees if abs(degrees) <= most else None


def _reporter(said: Mapping[BridgeField, str], made: NewReport) -> None:
    """One telephone number is one reporter; without one, the ticket is."""
    name, phone = said.get("reporter_name"), said.get("reporter_phone")
    known = {key: value for key, value in (("name", name), ("phone", phone)) if value}
    if known:
        made.body["reporter"] = {"ref": phone or f"ticket {said.get('outside_number', '')}", **known}
