"""A case as a row, and a row as what it says: golden columns, faults by name, new rows as reports."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.report import Report
from services.router.domain.case_parts.work import Outcome
from services.router.domain.values import replace
from services.router.exchange.case_rows import Item, headings, row_of
from services.router.exchange.sheet_files import Table
from services.router.exchange.sheet_rows import Faults, Row, read_rows
from services.router.exchange.words import OUTCOMES, RESULT_HEADINGS, SAYS, Texts
from shared.contracts.persons import KnownReporter
from shared.kernel.errors import Refusal
from tests.kit.made_cases import T0, do, opened
from tests.kit.stack import ROOT
from tests.packs import HARBOUR, SHEYANG, pack_of

GOLDEN = ROOT / "tests" / "golden" / "sheets"
SHEYANG_PACK, HARBOUR_PACK = pack_of(SHEYANG), pack_of(HARBOUR)
COUNTY, TOWN = SHEYANG_PACK.bridges["county_platform"], HARBOUR_PACK.bridges["town_desk"]
JIAOTONGLU = (UnitOnPath("sheyang", "county"), UnitOnPath("hede", "town"), UnitOnPath("jiaotonglu", "community"))


def burst_pipe() -> Case:
    """A case of a community, resolved, that the platform knows as 2026030200017."""
    case = opened(path=JIAOTONGLU, description="=建华园2号楼水管爆了\n喷得很高")
    came = (
        Report("r0", "@desks", T0, channel="phone", outside_number="another system's"),
        Report("r1", COUNTY.app, T0, channel="hotline", outside_number="2026030200017"),
    )
    case = replace(case, category="water_pipe", within="jiaotonglu-g3", reports=came)
    done = Outcome(at=T0, how="repair", text="已换管")
    return replace(case, state=State.RESOLVED, resolved_how="repair", outcome=done)


def lines(heads: list[str], row: list[str]) -> str:
    return "".join(f"{head}: {text!r}\n" for head, text in zip(heads, row, strict=True))


@pytest.mark.parametrize("name", ["county_platform", "town_desk"])
def test_the_columns_are_as_the_golden_file_has_them(name: str) -> None:
    """Every column of the shipped bridges. Look at a difference; if it is meant, write the file again by hand."""
    bridge, pack = (COUNTY, SHEYANG_PACK) if name == "county_platform" else (TOWN, HARBOUR_PACK)
    case = burst_pipe()
    if name == "town_desk":
        path = (UnitOnPath("oosterhaven", "municipality"), UnitOnPath("quayside", "district"))
        case = replace(case, city="harbour", path=path, category="street_light", within=None)
    item = Item(case, KnownReporter(app="app", name="Jan", phone="+31 6 1234"))
    assert lines(headings(bridge), row_of(item, bridge, pack)) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def read(
    *rows: list[str], heads: list[str] | None = None, rounded: frozenset[tuple[int, int]] = frozenset()
) -> list[Row]:
    table = Table([heads or headings(TOWN), *rows], rounded)
    return read_rows(table, TOWN, HARBOUR_PACK, Faults(TOWN, Texts("en")))


def cells(**said: str) -> list[str]:
    given = {
        "state": "open",
        "outside_number": "T-1",
        "description": "the lamp is dark",
        "unit_code": "900000001001",
    } | said
    return [given.get(shows, "") for shows in TOWN.columns]


def codes(row: Row) -> list[tuple[str, str]]:
    return [(problem.code, problem.column) for problem in [*row.problems, *row.new_problems]]


def test_what_went_out_is_understood_when_it_comes_back() -> None:
    (row,) = read_rows(
        Table([headings(COUNTY), row_of(Item(burst_pipe()), COUNTY, SHEYANG_PACK)]),
        COUNTY,
        SHEYANG_PACK,
        Faults(COUNTY, Texts("zh")),
    )
    assert codes(row) == []
    assert (row.number, row.id, row.how, row.result) == ("2026030200017", "c1", "repair", "已换管")
    assert row.state == COUNTY.of_state("resolved")
    assert row.body["category"] == "water_pipe"
    where: Any = row.body["location"]
    assert where["unit"] == "jiaotonglu-g3"
    assert where["address"] == "建华园2号楼"
    assert (where["lon"], where["crs"]) == (pytest.approx(120.265, abs=0.01), "gcj02")
    assert row.body["received_at"] == T0
    assert str(row.body["description"]).startswith("=建华园2号楼水管爆了\n")


@pytest.mark.parametrize(
    ("said", "code", "column"),
    [
        ({"outside_number": ""}, "no_number", "Ticket"),
        ({"outside_number": "T 1"}, "number_wrong", "Ticket"),
        ({"outside_number": "9" * 61}, "number_wrong", "Ticket"),
        ({"state": ""}, "state_missing", "State"),
        ({"state": "on the moon"}, "state_unknown", "State"),
        ({"how": "prayer"}, "how_unknown", "How"),
        ({"state_at": "yesterday"}, "date_wrong", "Since"),
        ({"reported_at": "31/02/2026 10:00:00"}, "date_wrong", "Reported"),
        ({"item_code": "9999"}, "category_unknown", "Item code"),
        ({"unit_code": "123"}, "unit_unknown", "Unit code"),
        ({"lon": "4.3", "lat": "north"}, "point_wrong", "Lat"),
        ({"lon": "400", "lat": "52"}, "point_wrong", "Lon"),
        ({"lon": "nan", "lat": "52"}, "point_wrong", "Lon"),
        ({"description": "x" * 4001}, "too_long", "Words"),
        ({"result": "x" * 2001}, "too_long", "Result"),
        ({"reporter_phone": "0" * 41}, "too_long", "Phone"),
    ],
)
def test_every_fault_of_a_row_is_named_with_its_column_and_what_to_do(
    said: dict[str, str], code: str, column: str
) -> None:
    (row,) = read(cells(**said))
    assert (code, column) in codes(row)
    problem = [*row.problems, *row.new_problems][0]
    assert problem.says.endswith(".")
    assert problem.do


def test_a_bad_row_stops_no_good_one_and_rows_are_counted_as_the_program_shows_them() -> None:
    rows = read(
        cells(),
        ["", "  "],
        cells(outside_number="T-2", state="?"),
        cells(outside_number="T-1"),
        cells(outside_number="T-3"),
    )
    assert [row.row for row in rows] == [2, 4, 5, 6]
    assert [bool(row.problems) for row in rows] == [False, True, True, False]
    assert codes(rows[2]) == [("number_twice", "Ticket")]
    assert "Row 2" in rows[2].problems[0].says


def test_a_rounded_number_is_not_taken_for_the_ticket() -> None:
    (row,) = read(cells(outside_number="20260302000000124"), rounded=frozenset({(1, 0)}))
    assert codes(row) == [("number_rounded", "Ticket")]


def test_headings_are_found_below_titles_in_any_order_and_other_columns_are_left_alone() -> None:
    table = Table([["Register of March"], [], ["Colour", " State ", "Ticket"], ["red", "open", "T-9"]])
    (row,) = read_rows(table, TOWN, HARBOUR_PACK, Faults(TOWN, Texts("en")))
    assert (row.row, row.number, row.problems) == (4, "T-9", [])


@pytest.mark.parametrize(
    ("heads", "words"),
    [
        (["Ticket", "Words"], "Ticket, Whistle id, State"),
        (["State", "Words"], "are not those of Town desk's register"),
        (["Ticket", "State", "State"], "the column State is there twice"),
    ],
)
def test_a_file_without_the_headings_is_refused_whole(heads: list[str], words: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(["T-1"], heads=heads)
    assert refused.value.status == 422
    assert words in refused.value.errors[0].detail
    assert "Nothing was taken" in refused.value.errors[0].detail


def test_times_of_excel_and_of_the_platform_are_in_the_citys_zone() -> None:
    own, excels = read(
        cells(state_at="02/03/2026 09:00:00"), cells(outside_number="T-2", state_at="2026-03-02T09:00:00")
    )
    assert own.state_at == excels.state_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_a_caller_without_a_number_is_nobody_elses() -> None:
    one, two = read(cells(reporter_name="Jan"), cells(outside_number="T-2", reporter_name="Jan"))
    assert one.body["reporter"] != two.body["reporter"]
    phoned = [
        row.body["reporter"]
        for row in read(cells(reporter_phone="06 1"), cells(outside_number="T-2", reporter_phone="06 1"))
    ]
    assert phoned[0] == phoned[1] == {"ref": "06 1", "phone": "06 1"}


def test_the_same_row_has_the_same_digest_and_any_other_word_another() -> None:
    same, again, other = read(cells(), cells(), cells(result="done"))
    assert same.digest == again.digest != other.digest


def test_every_problem_and_outcome_is_said_in_both_languages() -> None:
    for pair in (*(text for both in SAYS.values() for text in both), *OUTCOMES.values(), *RESULT_HEADINGS):
        zh, en = pair
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en.isascii()
    for code in SAYS:
        assert "{" not in "".join(Texts("zh").problem(code, "v", "f"))


def test_a_claimed_case_goes_out_as_in_hand() -> None:
    case = replace(
        do(opened(), "claim"), city="harbour", category="street_light", path=(UnitOnPath("quayside", "district"),)
    )
    row = dict(zip(headings(TOWN), row_of(Item(case), TOWN, HARBOUR_PACK), strict=True))
    assert (row["State"], row["Ticket"], row["Caller"]) == ("in hand", "", "")
    assert msgspec.json.encode(row)
