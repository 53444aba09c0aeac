"""What is played, and where: found in the city pack, so that any pack can be played.

For Sheyang it is the published case: a pipe bursts at building 2 of 建华园. For other packs it is the place, the
category and the unit with which most can be shown: somebody on duty, somebody on the ground, a ladder that climbs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from deploy.demo.expect import Unmet
from shared.city.model.promises import CommitmentEntry
from shared.city.model.sorting import Category
from shared.city.pack import Pack
from shared.city.place.datum import from_wgs84

SPOTS_MAX = 200
PUBLISHED = {
    "sheyang": (
        ("建华园", "2", "建华园2号楼这边水管爆了"),
        ("福满里", "3", "福满里3号楼门口窨井盖没了，差点掉进去"),
    )
}
"""City → estate, building and words of both reports."""


@dataclass(frozen=True)
class Spot:
    """Somewhere to report from: its name, and its point (lon, lat, WGS-84) or, where there is none, its unit."""

    name: str
    point: tuple[float, float] | None = None
    unit: str | None = None

    @property
    def location(self) -> dict[str, Any]:
        """As a phone sends it: in GCJ-02 where that differs from WGS-84."""
        if self.point is None:
            return {"unit": self.unit}
        lon, lat = from_wgs84(*self.point, "gcj02")
        if (lon, lat) == self.point:
            return {"lon": lon, "lat": lat, "crs": "wgs84"}
        return {"lon": round(lon, 6), "lat": round(lat, 6), "crs": "gcj02"}


@dataclass(frozen=True)
class Scene:
    """A report to make, and what the pack says will become of it."""

    spot: Spot
    words: str
    category: Category
    given: bool
    """The words do not tell the category, so that the report names it."""
    unit: str
    within: str | None
    commitment: CommitmentEntry

    @property
    def report(self) -> dict[str, Any]:
        """The body of ``POST /v1/reports``."""
        body = {"kind": "hazard", "description": self.words, "location": self.spot.location}
        return {**body, "category": self.category.code} if self.given else body


def scenes(pack: Pack, at: datetime) -> tuple[Scene, Scene]:
    """The report that is seen to, and another in the same unit that is left alone. Unmet if the pack has no place."""
    published = [_published(pack, *told) for told in PUBLISHED.get(pack.city.id, ())]
    if len(published) == 2 and published[0] and published[1]:
        return published[0], published[1]
    found = list(_possible(pack))
    if not found:
        raise Unmet(f"a place and a category to report in the pack {pack.city.id}")
    first = max(found, key=lambda scene: _shows(pack, scene, at))
    there = [scene for scene in found if scene.unit == first.unit]
    second = max(there, key=lambda scene: (_climbs(pack, scene), scene.spot != first.spot))
    return first, second


def _published(pack: Pack, estate: str, building: str, words: str) -> Scene | None:
    for place in pack.places:
        if place.name == estate and (point := place.buildings.get(building)) is not None:
            return _scene(pack, Spot(f"{estate}{building}号楼", point), words, pack.classify(words).code)
    return None


def _possible(pack: Pack) -> Iterator[Scene]:
    for spot in islice(_spots(pack), SPOTS_MAX):
        for category in pack.categories.values():
            word = next((k for k in category.keywords if "*" not in k), category.name)
            yield _scene(pack, spot, f"{spot.name}: {word}", category.code)


def _spots(pack: Pack) -> Iterator[Spot]:
    """Buildings first, then other places, then units as such."""
    for place in pack.places:
        for number, point in place.buildings.items():
            if point is not None:
                yield Spot(f"{place.name} {number}", point)
    yield from (Spot(place.name, place.point) for place in pack.places if place.point is not None)
    yield from (Spot(unit.name, None, unit.id) for unit in pack.units.values() if len(unit.path) > 1)
    yield Spot(pack.root.name, None, pack.root.id)


def _scene(pack: Pack, spot: Spot, words: str, code: str) -> Scene:
    """The scene as the pack's rules make it; the router decides the same and is asked when it is played."""
    category = pack.categories[code]
    located = pack.locate(spot.point, words, spot.unit)
    rule = pack.rule_for(code, "hazard", "rider-app", words, located.path, category.priority)
    then = rule.then if rule is not None else None
    to = (then.goes_to if then else None) or category.goes_to
    unit = (then.unit if then else None) or (pack.target(to, located.unit) if to else None) or located.unit
    return Scene(
        spot=spot,
        words=words,
        category=pack.categories[then.category] if then and then.category else category,
        given=pack.classify(words).code != code,
        unit=unit,
        within=located.within,
        commitment=pack.commitment_for(code, pack.units[unit].path, then.priority if then else None, "hazard"),
    )


def _climbs(pack: Pack, scene: Scene) -> bool:
    """Whether an unsigned case moves to another unit in time."""
    return any(
        step.move_to is not None
        and "acknowledge" in step.clock
        and pack.target(step.move_to, scene.unit) not in (None, scene.unit)
        for step in scene.commitment.ladder
    )


def _shows(pack: Pack, scene: Scene, at: datetime) -> tuple[int, ...]:
    """How much can be shown with a scene, the weightiest first."""
    ground = scene.within or scene.unit
    return (
        len(pack.units[scene.unit].path) > 1,
        bool(pack.on_duty(scene.unit, at, "A")),
        _climbs(pack, scene),
        bool(pack.on_duty(ground, at, "B")),
        scene.commitment.on_site is not None,
        scene.spot.point is not None,
        not scene.given,
    )
