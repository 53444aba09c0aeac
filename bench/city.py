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

    def centre(self, number: int) -> tuple[float, float]:
        """Longitude and latitude (WGS-84) of a community's middle."""
        row, column = divmod(number % self.communities, self.across)
        return WEST + (column + 0.5) * SIDE, SOUTH + (row + 0.5) * SIDE

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
        features: list[dict[str, Any]] = []
        for n in range(self.communities):
            parent = f"s{n // PER_STREET}"
            units.append({"id": f"c{n}", "level": "community", "parent": parent, "name": f"Community {n}"})
            people.append({"id": f"desk{n}", "name": f"Desk {n}", "unit": f"c{n}", "role": "duty_officer", "post": "A"})
            geometry = {"type": "Polygon", "coordinates": [self.square(n)]}
            features.append({"type": "Feature", "properties": {"unit": f"c{n}"}, "geometry": geometry})
        ladder = [{"at": "+PT30M", "tell": "parent"}, {"at": "+PT2H", "move_to": "city"}]
        promise = {"acknowledge": "PT30M", "resolve": "P3D", "warn_at": [], "made_up": True, "ladder": ladder}
        light = {"code": "street_light", "name": "Street light", "priority": "normal", "keywords": ["street light"]}
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
