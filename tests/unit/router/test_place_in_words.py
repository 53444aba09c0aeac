"""A report with a point alone has a place in words; a given address stays; of a confidential one nothing is said."""

from typing import Any

import msgspec
import pytest

from services.router.cases.published_events import to_state
from services.router.cases.routing import assign, assign_each
from shared.contracts.catalogue import decode
from shared.contracts.reports import Place, ReportSubmitted
from tests.kit.made_reports import submitted
from tests.packs import SHEYANG, pack_of

PACK = pack_of(SHEYANG)
BUILDING_2 = (120.248534, 33.762318)
NORTH_60 = 60 / 111_195.08


def placed(words: str, point: tuple[float, float] | None = None, **fields: Any) -> ReportSubmitted:
    report = decode(submitted("k1", description=words), ReportSubmitted)
    lon, lat = point or (None, None)
    place = Place(lon=lon, lat=lat, address=fields.pop("address", None))
    return msgspec.structs.replace(report, place=place, category=None, **fields)


def place_of(report: ReportSubmitted) -> str | None:
    return assign(report, "sheyang", PACK)[0].location.place


def north_of_the_estate(metres: float) -> tuple[float, float]:
    """North of 建华园's northern row of buildings, whose last is number 11."""
    return 120.249034, 33.763118 + metres / 111_195.08


def test_a_point_alone_is_said_by_grid_and_the_nearest_place_with_direction_and_distance() -> None:
    place = place_of(placed("水管爆了", north_of_the_estate(60)))
    assert place is not None
    assert place.endswith("，建华园11号楼以北约60米")
    assert place.startswith("第")
    assert "网格" in place.split("，")[0]


def test_a_point_at_a_building_is_beside_it() -> None:
    assert (place_of(placed("水管爆了", BUILDING_2)) or "").endswith("，建华园2号楼旁")


def test_what_the_reporter_names_stays_and_a_road_alone_is_completed() -> None:
    assert place_of(placed("建华园2号楼水管爆了", BUILDING_2)) == "建华园2号楼"
    road = place_of(placed("交通路水管爆了", north_of_the_estate(60))) or ""
    assert road.endswith("，交通路，建华园11号楼以北约60米")


def test_a_given_address_stays_and_is_the_place_that_others_are_told() -> None:
    case, _ = assign(placed("水管爆了", BUILDING_2, address="后门小花园"), "sheyang", PACK)
    assert case.location.place is None
    assert to_state(case).place == "后门小花园"


def test_words_that_name_a_place_elsewhere_do_not_hide_where_the_point_is() -> None:
    assert (place_of(placed("望湖佳苑水管爆了", BUILDING_2)) or "").endswith("建华园2号楼旁")


def test_of_a_confidential_report_no_place_is_worked_out() -> None:
    confidential = placed("水管爆了", BUILDING_2, confidential=True, address="后门小花园")
    case, _ = assign(confidential, "sheyang", PACK)
    assert case.location.place is None
    assert to_state(case).place is None


UNKNOWN = (120.2516, 33.7762)


def test_a_point_that_stands_for_unknown_is_near_nothing() -> None:
    assert place_of(placed("水管爆了", UNKNOWN)) is None


@pytest.mark.parametrize("point", [UNKNOWN, (0.0, 0.0)], ids=["the pack's", "null island"])
def test_a_point_that_stands_for_unknown_is_no_point_of_the_case_and_its_words_stay(point: tuple[float, float]) -> None:
    case, _ = assign(placed("水管爆了", point, address="后门小花园"), "sheyang", PACK)
    assert (case.location.lon, case.location.lat) == (None, None)
    assert (to_state(case).lon, to_state(case).lat) == (None, None)
    assert to_state(case).place == "后门小花园"


def test_many_reports_are_placed_as_each_alone() -> None:
    reports = [placed("水管爆了", north_of_the_estate(metres)) for metres in (0, 15, 60, 190, 420, 1900)]
    together = [case.location.place for case, _ in assign_each(reports, "sheyang", PACK)]
    assert together == [place_of(report) for report in reports]
