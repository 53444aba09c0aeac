"""The entry list (准入) when a department's officer enters a report for others: what is not on it stays there."""

from typing import Any

import pytest

from services.router.cases.routing import assign
from services.router.domain.case import Case
from shared.contracts.reports import Place, ReportSubmitted
from tests.kit.duty import MORNING, gardens

ILLEGAL, DOGS, FIREWORKS = "楼顶违建", "遛狗不牵绳", "楼下有人放鞭炮"


def case_of(words: str, entered_by: str | None, **fields: Any) -> Case:
    """The case of what is said about 金港花园3号楼."""
    given: dict[str, Any] = {"kind": "hazard", "place": Place(address="金港花园3号楼"), **fields}
    report = ReportSubmitted(
        report="r1",
        app="@desks",
        description=words,
        cell="gardens:1:1",
        received_at=MORNING,
        pack_version=gardens().version,
        entered_by=entered_by,
        **given,
    )
    return assign(report, "gardens", gardens())[0]


def test_what_the_list_does_not_admit_stays_with_the_department_that_heard_it_and_says_why() -> None:
    case = case_of(ILLEGAL, "urban.field")
    assert (case.unit, case.routing.by, case.category) == ("urban-management", "entry_list", "illegal_building")
    assert "not_admitted" in case.routing.flags
    assert "准入" in case.routing.why[-1]
    assert case.path[0].id == "county", "it climbs the department's own way"
    assert case.within is not None, "where it lies is known all the same"


@pytest.mark.parametrize("place", [Place(unit="jingang"), Place(unit="jingang-branch")])
def test_so_does_what_names_the_community_or_a_unit_inside_it(place: Place) -> None:
    assert case_of(ILLEGAL, "power.desk", place=place).unit == "power"


@pytest.mark.parametrize(
    ("words", "entered_by"),
    [
        (ILLEGAL, None),
        (ILLEGAL, "jingang.duty"),
        (ILLEGAL, "town.duty"),
        (ILLEGAL, "property.desk"),
        (ILLEGAL, "nobody.known"),
        (DOGS, "urban.desk"),
        (FIREWORKS, "power.desk"),
    ],
    ids=["a rider", "the community", "a level above", "inside it", "gone since", "listed by name", "admitted for all"],
)
def test_everything_else_goes_where_it_lies(words: str, entered_by: str | None) -> None:
    case = case_of(words, entered_by)
    assert case.unit == "jingang"
    assert "not_admitted" not in case.routing.flags


def test_another_department_than_the_list_names_keeps_it() -> None:
    assert case_of(DOGS, "power.desk").unit == "power"


def test_danger_goes_to_the_ground_whatever_the_list_says() -> None:
    case = case_of(ILLEGAL, "urban.desk", priority="danger")
    assert case.unit == "jingang"
    assert case.routing.flags[-1] == "not_admitted"
    assert "危急事项仍派给" in case.routing.why[-1]


def test_what_lies_on_no_communitys_ground_is_loaded_on_nobody() -> None:
    assert case_of(ILLEGAL, "urban.desk", place=Place(unit="town")).unit == "town"
