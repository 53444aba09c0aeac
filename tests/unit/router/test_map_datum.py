"""A case lies on the same corner of every base map, and a press there leads back to the same unit."""

import math
from datetime import date
from typing import Any

import msgspec
import pytest

from services.router.http import unit_geometry
from services.router.http.unit_geometry import drawn
from services.router.queues.map_extent import within
from shared.city.model.basemap import Basemap
from shared.city.place.datum import from_wgs84, to_wgs84
from shared.city.reading import read_folder, read_pack
from shared.kernel.errors import Refusal
from tests.kit.stack import ROOT

SHEYANG = ROOT / "deploy" / "cities" / "sheyang"
DAY = date(2026, 3, 2)
METRES_MAX = 2.0


@pytest.fixture(scope="module")
def pack() -> Any:
    return read_pack(read_folder(SHEYANG))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, one[1] - other[1]) * 111_320


def test_a_case_on_a_corner_lies_on_that_corner_in_both_datums_and_a_press_there_is_the_same_unit(pack: Any) -> None:
    unit = pack.units["jiaotonglu"]
    plain = drawn(pack, unit, DAY, "wgs84", 0, places=True)
    shifted = drawn(pack, unit, DAY, "gcj02", 0, places=True)
    assert plain.features
    moved = 0.0
    for one, other in zip(plain.features, shifted.features, strict=True):
        for corner, drawn_at in zip(one.geometry.coordinates[0][0], other.geometry.coordinates[0][0], strict=True):
            case = from_wgs84(corner[0], corner[1], "gcj02")
            assert metres(case, (drawn_at[0], drawn_at[1])) <= METRES_MAX
            assert metres(to_wgs84(*case, "gcj02"), (corner[0], corner[1])) <= METRES_MAX
            moved = max(moved, metres(case, (corner[0], corner[1])))
    assert moved > 100, "the datums differ by hundreds of metres there"
    known = 0
    for place, pressed in zip(plain.places, shifted.places, strict=True):
        back = to_wgs84(pressed.lon, pressed.lat, "gcj02")
        assert metres(back, (place.lon, place.lat)) <= METRES_MAX
        found = pack.locate((place.lon, place.lat), "")
        if not found.near_border:
            known += 1
            assert pack.locate(back, "").unit == found.unit
    assert known


@pytest.mark.parametrize(("datum", "crs"), [("gcj02", "gcj02"), ("cgcs2000", "wgs84"), ("wgs84", "wgs84")])
def test_the_datum_of_the_base_map_is_told_with_it(pack: Any, datum: Any, crs: str, monkeypatch: Any) -> None:
    basemap = Basemap(kind="xyz", url="https://tiles.example/{z}/{x}/{y}", datum=datum, attribution="somebody")
    monkeypatch.setattr(pack, "city", msgspec.structs.replace(pack.city, basemap=basemap))
    assert unit_geometry._datum(pack) == crs
    told = unit_geometry._basemap(pack)
    assert told is not None
    assert told.crs == crs


def test_a_box_of_another_datum_has_the_same_cases_and_never_a_sensitive_one() -> None:
    where, _ = within("sheyang", "120.2,33.7,120.3,33.8", "gcj02", "queue", placed=None, open_only=False)
    [inside, placed] = where["$and"]
    west = inside["location.lon"]["$gte"]
    assert metres((west, 33.75), (to_wgs84(120.2, 33.75, "gcj02")[0], 33.75)) < 100
    assert placed["sensitive"] is None
    with pytest.raises(Refusal):
        within("sheyang", "1,2,3", "wgs84", "queue", placed=None, open_only=True)
