"""From a point and words to one unit: borders, overlaps, outside, unknown points, names that repeat, time."""

import math
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.city.pack import Pack
from shared.city.place.datum import from_wgs84, to_wgs84
from shared.city.place.gazetteer import building_number, normal
from shared.city.place.locating import LocateRequest
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR, SHEYANG, pack_of

METRES = 1 / 111_195
EAST = METRES / math.cos(math.radians(52.135))


def square(unit: str, west: float, south: float, size: float, **period: str) -> dict[str, object]:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return {
        "type": "Feature",
        "properties": {"unit": unit, **period},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def ground(units: str, *features: dict[str, object], city: str = "", places: str = "") -> Pack:
    """The harbour pack with other units and areas, and nothing that names the old ones."""
    files = read_folder(HARBOUR)
    for name in ("posts.yaml", "commitments.yaml", "places.yaml", "rules.yaml", "bridges.yaml"):
        del files[name]
    files["commitments.yaml"] = "- {class: default, acknowledge: PT1H, resolve: P1D}"
    files["places.yaml"] = places or "[]"
    files["city.yaml"] = (
        files["city.yaml"].replace("root: oosterhaven", "root: top").replace("about_root: works\n", "") + city
    )
    categories = files["categories.yaml"].splitlines(keepends=True)
    files["categories.yaml"] = "".join(line for line in categories if "about_us" not in line)
    files["units.yaml"] = "- {id: top, level: city, name: Top}\n" + units
    files["areas.geojson"] = msgspec.json.encode({"type": "FeatureCollection", "features": features}).decode()
    return read_pack(files)


def test_a_point_belongs_to_the_deepest_unit_that_covers_it() -> None:
    pack = pack_of(HARBOUR)
    found = pack.locate((4.32, 52.12))
    assert (found.unit, found.by, found.path) == ("quayside", "area", ("oosterhaven", "quayside"))
    assert (found.near_border, found.flags) == (False, ())
    assert pack.locate((4.42, 52.12)).unit == "oosterhaven"


def test_a_grid_owns_no_queue_but_is_named() -> None:
    pack = pack_of(SHEYANG)
    place = next(place for place in pack.places if place.name == "建华园")
    found = pack.locate(place.point)
    assert found.unit == "jiaotonglu"
    assert found.within is not None
    assert pack.units[found.within].level == "grid"
    assert pack.people_at(found.within, post="B")


@pytest.mark.parametrize(("metres", "near"), [(24.0, True), (26.0, False), (-24.0, True), (-26.0, False), (0.0, True)])
def test_within_25_metres_of_another_unit_is_said(metres: float, near: bool) -> None:
    found = pack_of(HARBOUR).locate((4.35 + metres * EAST, 52.12))
    assert found.near_border is near
    if metres:
        assert found.unit == ("millfield" if metres > 0 else "quayside")


def test_on_the_border_the_smallest_id_holds_and_always_the_same() -> None:
    found = [pack_of(HARBOUR).locate((4.35, 52.12)) for _ in range(3)]
    assert {one.unit for one in found} == {"millfield"}
    assert found[0].near == ("quayside",)


def test_the_outer_edge_is_a_border_too() -> None:
    assert pack_of(HARBOUR).locate((4.3 + 10 * EAST, 52.12)).near_border
    assert pack_of(HARBOUR).locate((4.3 - 10 * EAST, 52.12)).near == ("quayside",)


def test_in_an_overlap_the_deeper_then_the_smaller_then_the_first_id_holds() -> None:
    units = "".join(f"- {{id: {unit}, level: ward, parent: top, name: W}}\n" for unit in "abc")
    pack = ground(units, square("a", 4.30, 52.10, 0.04), square("b", 4.31, 52.11, 0.01), square("c", 4.31, 52.11, 0.01))
    found = pack.locate((4.315, 52.115))
    assert (found.unit, found.near_border, found.near) == ("b", True, ("a", "c"))


def test_outside_all_areas_the_nearest_level_that_answers_for_the_rest_holds() -> None:
    units = """- {id: north, level: town, parent: top, name: North, answers_for: rest}
- {id: n1, level: ward, parent: north, name: N1}
- {id: south, level: town, parent: top, name: South}
- {id: s1, level: ward, parent: south, name: S1}
"""
    pack = ground(units, square("n1", 4.30, 52.15, 0.01), square("s1", 4.30, 52.10, 0.01))
    assert (pack.locate((4.325, 52.155)).unit, pack.locate((4.325, 52.155)).flags) == ("north", ("outside_all",))
    assert pack.locate((4.325, 52.105)).unit == "top"
    assert pack.locate((10.0, 50.0)).unit == "top"
    assert pack.locate((10.0, 50.0)).by == "fallback"


def test_a_unit_answers_for_the_ground_of_others() -> None:
    units = """- {id: ward, level: ward, parent: top, name: W}
- {id: keeper, level: property, parent: ward, name: Keeper, answers_for: [court]}
- {id: court, level: estate, parent: ward, name: Court}
- {id: yard, level: estate, parent: ward, name: Yard}
"""
    pack = ground(units, square("court", 4.30, 52.10, 0.01), square("yard", 4.32, 52.10, 0.01))
    assert pack.locate((4.305, 52.105)).unit == "keeper"
    assert pack.locate((4.325, 52.105)).unit == "ward"


def test_a_pack_may_say_which_levels_own_queues() -> None:
    units = "- {id: g, level: grid, parent: top, name: G}\n"
    areas = square("g", 4.30, 52.10, 0.01)
    assert ground(units, areas).locate((4.305, 52.105)).unit == "top"
    assert ground(units, areas, city="queue_levels: [grid]\n").locate((4.305, 52.105)).unit == "g"


def test_areas_hold_for_their_time() -> None:
    units = "- {id: a, level: ward, parent: top, name: A}\n- {id: b, level: ward, parent: top, name: B}\n"
    pack = ground(
        units,
        square("a", 4.30, 52.10, 0.01, valid_to="2026-01-01"),
        square("b", 4.30, 52.10, 0.01, valid_from="2026-01-01"),
    )
    point = (4.305, 52.105)
    assert pack.locate(point, on=date(2025, 12, 31)).unit == "a"
    assert pack.locate(point, on=date(2026, 1, 1)).unit == "b"
    assert pack.locate(point).unit == "b"


def test_other_layers_cover_the_same_ground_and_do_not_decide() -> None:
    units = "- {id: a, level: ward, parent: top, name: A}\n- {id: t, level: trade, parent: a, name: T, layer: trades}\n"
    pack = ground(units, square("a", 4.30, 52.10, 0.01), square("t", 4.30, 52.10, 0.01))
    assert pack.locate((4.305, 52.105)).within == "a"
    assert pack.covering((4.305, 52.105), "trades") == ("t",)
    assert pack.covering((4.305, 52.105), "none such") == ()


@pytest.mark.parametrize("point", [None, (0.0, 0.0), (4.36, 52.11), (4.3602, 52.1101), (math.nan, 52.0), (999.0, 1.0)])
def test_without_a_usable_point_words_then_unit_then_the_sorting_queue(point: tuple[float, float] | None) -> None:
    pack = pack_of(HARBOUR)
    flag = () if point is None else ("no_location_point",)
    words = pack.locate(point, "a lamp near the Old Mill", "quayside")
    assert (words.unit, words.by, words.place) == ("millfield", "place", "Old Mill")
    assert words.flags == (*flag, "unit_disagrees")
    unit = pack.locate(point, "somewhere", "quayside")
    assert (unit.unit, unit.by, unit.flags) == ("quayside", "unit", flag)
    none = pack.locate(point, "somewhere", "no-such-unit")
    assert (none.unit, none.by) == ("oosterhaven", "fallback")
    assert set(none.flags) == {*flag, "unknown_unit", "sorting_queue"}


def test_a_point_and_words_that_disagree_keep_the_points_unit() -> None:
    pack = pack_of(HARBOUR)
    found = pack.locate((4.32, 52.12), "Old Mill, lamp out")
    assert (found.unit, found.flags) == ("quayside", ("words_disagree",))
    assert pack.locate((4.38, 52.13), "Old Mill").flags == ()
    assert pack.locate((4.32, 52.12), "Station Road").flags == (), "a road lies in many units"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("建华园2号楼这边水管爆了", "建华园2号楼"),
        ("建华园12幢门口", "建华园12号楼"),
        ("建华园二号楼", "建华园2号楼"),
        ("建华园十二栋楼下", "建华园12号楼"),
        ("建华园小区 02栋 3单元", "建华园2号楼"),
        ("12#楼 在建华园里面", "建华园12号楼"),
        ("建华12座", "建华园12号楼"),
        ("3号楼对面 建华园2号楼", "建华园2号楼"),
        ("Jianhuayuan building 2", "建华园2号楼"),
        ("建华园１２号楼", "建华园12号楼"),
        ("三小门口", "第三小学"),
        ("建华园2楼", "建华园"),
    ],
)
def test_buildings_are_matched_by_their_whole_number(text: str, place: str) -> None:
    found = pack_of(SHEYANG).locate(None, text)
    assert (found.unit, found.place, found.flags) == ("jiaotonglu", place, ())


def test_a_building_that_an_estate_does_not_have_is_said() -> None:
    found = pack_of(SHEYANG).locate(None, "建华园22号楼")
    assert (found.unit, found.place, found.flags) == ("jiaotonglu", "建华园", ("unknown_building",))


def test_a_name_that_repeats_goes_to_a_person_who_knows_unless_the_unit_is_given() -> None:
    pack = pack_of(SHEYANG)
    found = pack.locate(None, "幸福小区3号楼电梯停了")
    assert (found.unit, found.flags) == ("hede", ("ambiguous_place",))
    assert pack.locate(None, "幸福小区3号楼", "hongya").unit == "hongya"
    here = next(place.point for place in pack.places if place.name == "幸福家园")
    assert pack.locate(here, "幸福小区3号楼").flags == ()


def test_numbered_gates_and_roads_are_whole_numbers_too() -> None:
    units = "- {id: a, level: ward, parent: top, name: A}\n- {id: b, level: ward, parent: top, name: B}\n"
    places = """- {name: 健民路2号, unit: a}
- {name: 健民路12号, unit: b}
- {name: 东苑2号楼, unit: a}
- {name: 东苑12号楼, unit: b}
"""
    pack = ground(units, places=places)
    for text, unit in {
        "健民路12号": "b",
        "健民路2号": "a",
        "东苑小区12栋": "b",
        "东苑2幢": "a",
        "东苑 2 号楼": "a",
    }.items():
        assert pack.locate(None, text).unit == unit, text
    assert pack.locate(None, "健民路22号").flags == ("sorting_queue",)


def test_names_have_one_form() -> None:
    assert normal("建华园 Ａ座") == normal("建华园a栋") == "建华园a幢"
    assert (building_number("02"), building_number("A"), building_number("十二")) == ("2", "a", "12")


sheyang_points = st.tuples(st.floats(119.9, 120.62), st.floats(33.4, 34.15))
town_points = st.tuples(st.floats(120.21, 120.29), st.floats(33.74, 33.79))


@settings(max_examples=300, deadline=None)
@given(st.one_of(sheyang_points, town_points))
@example((120.25130945385109, 33.77612969114772))
def test_any_point_has_exactly_one_owner_and_always_the_same(point: tuple[float, float]) -> None:
    pack = pack_of(SHEYANG)
    found = pack.locate(point)
    assert found == pack.locate(point)
    assert pack.tree.owns_queue(found.unit)
    assert found.path == pack.units[found.unit].path
    assert found.within is None or found.unit in pack.units[found.within].path
    many = pack.locate_many(np.array([point[0]]), np.array([point[1]]), borders=True)
    if found.by == "area":
        assert many.units[many.unit[0]] == found.unit
        assert many.units[many.within[0]] == found.within
    assert many.near_border is not None
    if "no_location_point" not in found.flags:  # the geometry knows of no point that stands for unknown
        assert bool(many.near_border[0]) is found.near_border


@settings(max_examples=200, deadline=None)
@given(
    st.none() | st.tuples(st.floats(), st.floats()),
    st.none() | st.text() | st.sampled_from(["建华园2号楼", "幸福小区", "射阳县", "*", "十" * 9]),
    st.none() | st.text(),
)
def test_whatever_is_asked_somebody_answers(
    point: tuple[float, float] | None, text: str | None, unit: str | None
) -> None:
    pack = pack_of(SHEYANG)
    found = pack.locate(point, text, unit)
    assert found.unit in pack.units
    assert found.why


@settings(max_examples=300)
@given(st.floats(75, 134), st.floats(18, 53), st.sampled_from(["gcj02", "bd09"]))
def test_coordinates_come_back_within_a_metre(lon: float, lat: float, crs: str) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, crs), crs)
    east = (back[0] - lon) / METRES * math.cos(math.radians(lat))
    assert math.hypot(east, (back[1] - lat) / METRES) < 1.0


def test_coordinate_systems_differ_by_a_different_community_and_not_at_all_abroad() -> None:
    gcj = from_wgs84(120.25, 33.77, "gcj02")
    assert 300 < math.hypot((gcj[0] - 120.25) * 92_400, (gcj[1] - 33.77) * 111_195) < 800
    assert to_wgs84(4.3, 52.1, "gcj02") == (4.3, 52.1)
    for lon, lat, crs in ((120.0, 33.0, "mars"), (181.0, 0.0, "wgs84"), (math.inf, 0.0, "gcj02")):
        with pytest.raises(ValueError, match=r"coordinate system|no point"):
            to_wgs84(lon, lat, crs)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(sheyang_points, town_points, st.none()), max_size=30), st.sampled_from(["", "建华园2号楼", "x"])
)
def test_many_questions_at_once_get_the_answers_that_each_gets_alone(
    points: list[tuple[float, float] | None], words: str
) -> None:
    pack = pack_of(SHEYANG)
    assert pack.locate_each([LocateRequest(point, words) for point in points]) == [
        pack.locate(p, words) for p in points
    ]
