"""What ``city check`` says of a map: ground given twice, another datum, places outside their units, too much of it."""

import json
from typing import Any

import pytest

from shared.city import limits
from shared.city.checks import sizes
from shared.city.pack import Pack
from shared.city.place import geojson
from shared.city.problems import PackProblems, Problem
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR

FAR = 1 / 111_195
"""A metre, in degrees of latitude."""


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(unit: str, geometry: dict[str, Any], **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"unit": unit, **properties}, "geometry": geometry}


TOWN = feature("oosterhaven", box(4.29, 52.09, 4.45, 52.18))


def pack(*features: dict[str, Any], members: dict[str, Any] | None = None, **files: str) -> Pack:
    collection = {"type": "FeatureCollection", **(members or {}), "features": [TOWN, *features]}
    changed = {f"{name}.yaml": text for name, text in {"places": "[]", **files}.items()}
    return read_pack({**read_folder(HARBOUR), "areas.geojson": json.dumps(collection), **changed})


def problems(*features: dict[str, Any], members: dict[str, Any] | None = None, **files: str) -> list[Problem]:
    with pytest.raises(PackProblems) as found:
        pack(*features, members=members, **files)
    return found.value.problems


def warnings(*features: dict[str, Any], **files: str) -> list[str]:
    return [problem.message for problem in pack(*features, members=None, **files).warnings]


QUAY, MILL = box(4.3, 52.1, 4.35, 52.15), box(4.35, 52.1, 4.4, 52.15)


def test_two_units_on_the_same_ground_are_both_named_and_who_gets_all_of_it() -> None:
    [warning] = pack(feature("quayside", QUAY), feature("millfield", QUAY)).warnings
    assert (warning.file, warning.place) == ("areas.geojson", "/features/2")
    assert "quayside" in warning.message and "millfield" in warning.message and "100%" in warning.message
    assert "'millfield'" in (warning.hint or ""), "of equal areas the first id holds"


def test_a_part_of_the_ground_given_twice_is_said_a_slip_along_the_border_is_not() -> None:
    assert warnings(feature("quayside", QUAY), feature("millfield", MILL)) == []
    slip = box(4.3499, 52.1, 4.4, 52.15)
    assert warnings(feature("quayside", QUAY), feature("millfield", slip)) == []
    [message] = warnings(feature("quayside", QUAY), feature("millfield", box(4.34, 52.1, 4.4, 52.15)))
    assert message.startswith("20% ")


def test_the_ground_of_one_unit_given_twice_is_said() -> None:
    [message] = warnings(feature("quayside", QUAY), feature("quayside", QUAY))
    assert "another of its" in message


def test_the_same_ground_at_different_times_is_a_changed_map() -> None:
    before = feature("quayside", QUAY, valid_to="2026-07-01")
    assert warnings(before, feature("millfield", QUAY, valid_from="2026-07-01")) == []
    assert warnings(before, feature("millfield", QUAY, valid_from="2026-06-30")) != []


def test_a_child_that_sticks_out_of_its_parent_only_in_an_earlier_period_is_said() -> None:
    out = feature("quayside", box(4.2, 52.1, 4.3, 52.15), valid_to="2026-07-01")
    assert any("outside that of 'oosterhaven'" in message for message in warnings(out))


def test_layers_may_lie_upon_each_other() -> None:
    units = read_folder(HARBOUR)["units.yaml"].replace("name: Millfield}", "name: Millfield, layer: trades}")
    assert warnings(feature("quayside", QUAY), feature("millfield", QUAY), units=units) == []


@pytest.mark.parametrize(
    "said",
    [
        "GCJ-02",
        "EPSG:4214",
        4214,
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4214"}},
        {"type": "EPSG", "properties": {"code": 4610}},
        {"type": "link", "properties": {"href": "http://www.opengis.net/def/crs/EPSG/0/32650"}},
        "WGS 84 / UTM zone 50N",
        {},
    ],
)
@pytest.mark.parametrize("name", ["crs", "srid", "coordinate_system"])
def test_a_file_that_says_it_is_not_wgs84_is_refused(said: Any, name: str) -> None:
    [problem] = problems(members={name: said})
    assert problem.place == f"/{name}" and "not in WGS-84" in problem.message


def test_a_feature_or_a_geometry_that_says_so_is_refused_too() -> None:
    places = [
        problems({**feature("quayside", QUAY), "crs": "EPSG:4214"})[0].place,
        problems(feature("quayside", QUAY, datum="BD-09"))[0].place,
        problems(feature("quayside", {**QUAY, "crs": "EPSG:4214"}))[0].place,
    ]
    assert places == ["/features/1/crs", "/features/1/properties/datum", "/features/1/geometry/crs"]


@pytest.mark.parametrize(
    "said",
    [
        None,
        "EPSG:4326",
        "WGS 84",
        4326,
        "EPSG:4490",
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}},
    ],
)
def test_a_file_that_says_it_is_wgs84_is_taken(said: Any) -> None:
    assert pack(members={"crs": said}).warnings == ()


def test_a_place_outside_its_unit_is_said_with_the_distance() -> None:
    north = 52.15 + 400 * FAR
    places = f"- {{name: Fish market, unit: quayside, point: [4.32, {north}]}}\n"
    [message] = warnings(feature("quayside", QUAY), places=places)
    assert message == "'Fish market' lies 400 m outside the area of 'quayside'"
    near = f"- {{name: Fish market, unit: quayside, point: [4.32, {52.15 + 40 * FAR}]}}\n"
    assert warnings(feature("quayside", QUAY), places=near) == []


def test_a_building_outside_its_unit_is_said() -> None:
    places = "- {name: Crane estate, unit: quayside, buildings: {'1': [4.31, 52.11], '2': [4.36, 52.11]}}\n"
    [message] = warnings(feature("quayside", QUAY), places=places)
    assert message.startswith("building 2 of 'Crane estate' lies ")


def test_a_place_whose_unit_has_no_area_is_measured_at_the_unit_above() -> None:
    places = "- {name: Sea lock, unit: works, point: [4.28, 52.12]}\n"
    assert any("'oosterhaven'" in message for message in warnings(places=places))


def test_a_place_with_latitude_first_is_said() -> None:
    assert any("extent" in message for message in warnings(places="- {name: Lock, point: [52.12, 4.32]}\n"))


def test_a_map_with_too_many_corners_areas_or_changes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "VERTICES_MAX", 9)
    assert "corners" in problems(feature("quayside", QUAY))[0].message
    monkeypatch.setattr(geojson, "PERIODS_MAX", 1)
    changing = [feature("quayside", QUAY, valid_from=f"2026-0{month}-01") for month in (1, 2)]
    assert any("changes on 2 days" in problem.message for problem in problems(*changing))
    monkeypatch.setattr(geojson, "AREAS_MAX", 1)
    assert "areas" in problems(feature("quayside", QUAY))[0].message


def test_a_pack_with_too_many_words_or_gaps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def categories(*words: str) -> str:
        return json.dumps([{"code": "other", "name": "Other", "priority": "normal", "keywords": list(words)}])

    def said(*words: str) -> str:
        return problems(categories=categories(*words), rules="[]")[0].message

    assert "more than 3 `*`" in said("a*b*c*d*e")
    monkeypatch.setattr(sizes, "GAPPED_MAX", 2)
    assert "words with `*`" in said("a*b", "a*c", "a*d")
    monkeypatch.setattr(sizes, "WORDS_MAX", 2)
    assert "keywords" in said("a", "b", "c")


def test_a_list_with_too_many_entries_is_refused_before_anything_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.MOST, "units", 3)
    [problem] = problems()
    assert problem.file == "units.yaml" and "more than 3" in problem.message


def test_every_list_of_a_pack_has_a_limit() -> None:
    from shared.city.pack_files import LISTS

    keys = {"covers" if key == "cover" else key for kinds in LISTS.values() for key in kinds}
    assert keys == limits.MOST.keys()


def test_a_pack_that_was_loaded_stays_readable_when_a_check_gets_stricter() -> None:
    files = read_folder(HARBOUR)
    files["commitments.yaml"] = "- {class: default, acknowledge: P9Y, resolve: P10Y, calendar: sundays}\n"
    files["calendars.yaml"] = '- {id: sundays, days: [sun], hours: ["10:00-11:00"]}\n'
    with pytest.raises(PackProblems):
        read_pack(files)
    assert read_pack(files, checked=True).city.id == "harbour"
