"""Whose need it is decides where it goes: a rider's own to the trade, a resident's told at a desk to the place."""

from typing import Any

import pytest

from services.router.cases.routing import assign
from services.router.domain.case import Case
from shared.city.pack import Pack
from shared.contracts.reports import Place, ReportSubmitted
from tests.kit.duty import MORNING
from tests.packs import HARBOUR, SHEYANG, pack_of


def need(pack: Pack, words: str, **fields: Any) -> Case:
    given: dict[str, Any] = {"app": "some-app", "place": Place(), **fields}
    report = ReportSubmitted(
        report="r1",
        kind="need",
        description=words,
        cell="x:1:1",
        received_at=MORNING,
        pack_version=pack.version,
        **given,
    )
    return assign(report, pack.city.id, pack)[0]


@pytest.mark.parametrize("place", [Place(), Place(address="建华园2号楼"), Place(lon=120.2478, lat=33.7626)])
def test_a_riders_own_need_goes_to_the_trade_wherever_he_is(place: Place) -> None:
    case = need(pack_of(SHEYANG), "我要换个雨披，哪里能领", place=place)
    assert (case.unit, case.category, case.routing.rule) == ("courier-alliance", "rider_need", "own-need")
    assert [unit.id for unit in case.path] == ["sheyang", "courier-alliance"], "it climbs the trade"


def test_it_begins_at_the_firm_whose_app_it_came_from_and_climbs_from_there() -> None:
    pack = pack_of(HARBOUR)
    path = [unit.id for unit in need(pack, "my bag has no place to dry", app="rider-app").path]
    assert path == ["oosterhaven", "dockers", "couriers"]
    assert need(pack, "my bag has no place to dry", app="another").unit == "dockers"


@pytest.mark.parametrize("channel", ["window", "phone", "visit", "group", "hotline"])
def test_a_residents_need_that_a_desk_writes_down_goes_to_the_community(channel: str) -> None:
    said: dict[str, Any] = {"app": "@desks", "channel": channel, "entered_by": "jiaotonglu.duty1"}
    case = need(pack_of(SHEYANG), "想领个雨披", **said)
    assert (case.unit, case.category) == ("jiaotonglu", "other"), "of the desk where it was told"
    elsewhere = need(pack_of(SHEYANG), "想领个雨披", place=Place(address="幸福花苑3号楼"), **said)
    assert elsewhere.unit == "hongya", "of the place that it names"
    harbour = need(pack_of(HARBOUR), "a bag to dry", app="@desks", channel=channel, entered_by="qs-desk")
    assert harbour.unit == "quayside"
