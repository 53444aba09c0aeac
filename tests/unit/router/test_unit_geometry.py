"""Promises of geometry for maps: a unit's ground and that below it, in the map's datum, never more than fits."""

import msgspec
import pytest
import shapely
from shapely.geometry import shape

from services.router.http import unit_geometry
from services.router.http.unit_geometry import UnitGeometry, drawn
from shared.city.place.datum import to_wgs84
from tests.kit.made_reports import NOW, harbour


def ground(told: UnitGeometry, unit: str) -> object:
    found = next(feature for feature in told.features if feature.id == unit)
    return shape(msgspec.to_builtins(found.geometry))


def of(unit: str, crs: str = "wgs84", metres: float = 0, *, places: bool = False) -> UnitGeometry:
    pack = harbour()
    return drawn(pack, pack.units[unit], pack.day(NOW), crs, metres, places=places)  # type: ignore[arg-type]


def test_the_ground_is_that_of_the_unit_and_of_those_just_below() -> None:
    pack = harbour()
    told = of("quayside")
    below = {unit.id for unit in pack.units.values() if unit.parent == "quayside"}
    assert {feature.id for feature in told.features} | set(told.without) == {"quayside", *below}
    for feature in told.features:
        whole = shapely.union_all([area.shape for area in pack.areas_of(feature.id)])
        assert shapely.hausdorff_distance(ground(told, feature.id), whole) < 1e-5
    assert (told.cut, told.pack_version, told.simplified) == (False, pack.version, 0)


def test_a_map_of_another_datum_is_drawn_on_the_same_corner() -> None:
    plain, shifted = of("quayside"), of("quayside", "bd09")
    for one, other in zip(
        plain.features[0].geometry.coordinates[0][0], shifted.features[0].geometry.coordinates[0][0], strict=True
    ):
        back = to_wgs84(other[0], other[1], "bd09")
        assert abs(back[0] - one[0]) + abs(back[1] - one[1]) < 2e-5
    assert plain.features[0].geometry != shifted.features[0].geometry


def test_what_has_too_many_points_is_drawn_more_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_geometry, "POINTS_MAX", 3)
    told = of("quayside")
    assert told.simplified > 0


def test_places_of_the_pack_on_the_ground_come_where_they_are_wanted() -> None:
    assert of("quayside").places == []
    pack, told = harbour(), of("quayside", places=True)
    inside = shapely.union_all([area.shape for area in pack.areas_of("quayside")])
    known = {
        place.name for place in pack.places if place.point is not None and shapely.intersects_xy(inside, *place.point)
    }
    assert {place.name for place in told.places} == known
