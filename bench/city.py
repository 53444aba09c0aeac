"""A made-up city of any size: square communities side by side, one officer each, so that a case tells one person."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDE = 0.01
"""Degrees of one community: about a kilometre."""
WEST, SOUTH = 4.0, 50.0
PER_STREET = 50
PRIORITIES = ("normal", "low", "urgent", "danger")
KINDS = 40
"""Categories beside the street light, their priorities in turn; each case of ``bench.filling`` has one of them."""


@dataclass(frozen=True)
class Made:
    """``communities`` squares in rows of ``across``, in streets of fifty under one city."""

    communities: int
    across: int
    same: bool = False
    """Whether reports of one thing are grouped; desks are the streets' then."""

    def centre(self, number: int) -> tuple[float, float]:
        """Longitude and latitude (WGS-84) of a community's middle."""
        row, column = divmod(number % self.communities, self.across)
        return WEST + (column + 0.5) * SIDE, SOUTH + (row + 0.5) * SIDE

    def spot(self, number: int) -> tuple[float, float]:
        """A point in a community, another one each time round, spread evenly (additive recurrence, Roberts 2018)."""
        lon, lat = self.centre(number)
        turn = number // self.communities
        east, north = (0.5 + turn * 0.7548776662) % 1, (0.5 + turn * 0.5698402910) % 1
        return lon + (east - 0.5) * SIDE * 0.98, lat + (north - 0.5) * SIDE * 0.98

    def square(self, number: int) -> list[list[float]]:
        lon, lat = self.centre(number)
        half = SIDE / 2
        corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
        return [[round(lon + x, 6), round(lat + y, 6)] for x, y in corners]

    def write(self, folder: Path) -> Path:
        """The pack's files; the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = self.communities // self.across + 1
        extent = [WEST - SIDE, SOUTH - SIDE, WEST + (self.across + 1) * SIDE, SOUTH + (rows + 1) * SIDE]
        for name, text in self._files(extent).items():
            (folder / name).write_text(text)
        return folder

    def _files(self, extent: list[float]) -> dict[str, str]:
        streets = range(-(-self.communities // PER_STREET))
        units = [{"id": "metropolis", "level": "city", "name": "Metropolis", "answers_for": "rest"}]
        units += [{"id": f"s{n}", "level": "street", "parent": "metropolis", "name": f"Street {n}"} for n in streets]
        people = [{"id": "root-desk", "name": "Root desk", "unit": "metropolis", "role": "duty_officer", "post": "A"}]
        if self.same:  # ten thousand communities need no ten thousand tokens
            people += [_desk(f"desk-s{n}", f"s{n}") for n in streets]
        features: list[dict[str, Any]] = []
        for n in range(self.communities):
            parent = f"s{n // PER_STREET}"
            units.append({"id": f"c{n}", "level": "community", "parent": parent, "name": f"Community {n}"})
            if not self.same:
                people.append(_desk(f"desk{n}", f"c{n}"))
            geometry = {"type": "Polygon", "coordinates": [self.square(n)]}
            features.append({"type": "Feature", "properties": {"unit": f"c{n}"}, "geometry": geometry})
        ladder = [{"at": "+PT30M", "tell": "parent"}, {"at": "+PT2H", "move_to": "city"}]
        promise = {"acknowledge": "PT30M", "resolve": "P3D", "warn_at": [], "made_up": True, "ladder": ladder}
        light: dict[str, Any] = {
            "code": "street_light",
            "name": "Street light",
            "priority": "normal",
            "keywords": ["street light"],
        }
        if self.same:
            rising = [{"reports": 5, "priority": "urgent", "tell": "city"}]
            light["same"] = {"radius_m": 60, "window": "P1D", "rising": rising, "made_up": True}
        other = {"code": "other", "name": "Something else", "priority": "normal"}
        city = {
            "id": "metropolis",
            "name": "Metropolis",
            "timezone": "Europe/Amsterdam",
            "languages": ["en"],
            "root": "metropolis",
            "extent": extent,
            "retention": {"reports": "P3Y", "photos": "P1Y"},
            "level_names": {"city": "city", "street": "street", "community": "community"},
        }
        kinds = [
            {"code": f"k{n}", "name": f"Kind {n}", "priority": PRIORITIES[n % 4], "keywords": [f"word{n}"]}
            for n in range(KINDS)
        ]
        files = {
            "city": city,
            "units": {"units": units},
            "categories": {"categories": [light, other, *kinds]},
            "commitments": {"commitments": [{"class": "default", **promise}]},
            "posts": {"people": people},
        }
        yaml = {f"{name}.yaml": json.dumps(content) for name, content in files.items()}
        return {**yaml, "areas.geojson": json.dumps({"type": "FeatureCollection", "features": features})}


def _desk(id_: str, unit: str) -> dict[str, str]:
    return {"id": id_, "name": f"The desk of {unit}", "unit": unit, "role": "duty_officer", "post": "A"}
