"""What is near a point, in words: direction, rounded distance, and no search beyond what helps."""

import math

import pytest

from shared.city.model.ground import Place
from shared.city.place.areas import METRES_PER_DEGREE
from shared.city.place.nearest_place import PLACE_METRES, ROAD_METRES, NearestPlaces

GATE = (120.25, 33.76)
EAST_GATE = Place(name="建华园东门", name_en="Jianhuayuan East Gate", point=GATE)
ROAD = Place(name="交通路", name_en="Jiaotong Road", kind="road", point=GATE)


def at(east: float, north: float) -> tuple[float, float]:
    """The point so many metres from the gate."""
    scale = METRES_PER_DEGREE * math.cos(math.radians(GATE[1]))
    return GATE[0] + east / scale, GATE[1] + north / METRES_PER_DEGREE


def words(places: list[Place], point: tuple[float, float], *, chinese: bool = True) -> str | None:
    (said,) = NearestPlaces(places).words_each([point], chinese=chinese)
    return said


@pytest.mark.parametrize(
    ("east", "north", "chinese", "english"),
    [
        (0, 61, "建华园东门以北约60米", "about 60 m north of Jianhuayuan East Gate"),
        (50, 50, "建华园东门东北方向约70米", "about 70 m north-east of Jianhuayuan East Gate"),
        (104, 0, "建华园东门以东约100米", "about 100 m east of Jianhuayuan East Gate"),
        (0, -430, "建华园东门以南约450米", "about 450 m south of Jianhuayuan East Gate"),
        (-90, 5, "建华园东门以西约90米", "about 90 m west of Jianhuayuan East Gate"),
        (-3, 4, "建华园东门旁", "by Jianhuayuan East Gate"),
    ],
)
def test_direction_and_distance_are_said_in_both_languages(
    east: float, north: float, chinese: str, english: str
) -> None:
    assert words([EAST_GATE], at(east, north)) == chinese
    assert words([EAST_GATE], at(east, north), chinese=False) == english


def test_the_road_is_said_where_the_gazetteer_has_one_there() -> None:
    assert words([EAST_GATE, ROAD], at(0, 60)) == "交通路，建华园东门以北约60米"
    assert words([EAST_GATE, ROAD], at(0, ROAD_METRES + 1)) == "建华园东门以北约100米"
    assert words([ROAD], at(0, 60)) == "交通路"


def test_what_is_too_far_or_has_no_point_is_not_named() -> None:
    assert words([EAST_GATE], at(0, PLACE_METRES + 10)) is None
    assert words([Place(name="老街")], at(0, 0)) is None
    assert words([], at(0, 0)) is None


def test_of_places_at_one_point_the_first_of_the_pack_is_named() -> None:
    twin = Place(name="东门岗亭", point=GATE)
    assert words([EAST_GATE, twin], at(0, 60)) == "建华园东门以北约60米"
    assert words([twin, EAST_GATE], at(0, 60)) == "东门岗亭以北约60米"


def test_a_building_with_a_point_of_its_own_is_a_place() -> None:
    estate = Place(name="建华园", name_en="Jianhuayuan", buildings={"2": GATE, "3": None})
    assert words([estate], at(0, 60)) == "建华园2号楼以北约60米"
    assert words([estate], at(0, 60), chinese=False) == "about 60 m north of Jianhuayuan 2"
