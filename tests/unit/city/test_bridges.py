"""``bridges.yaml``: what the check refuses, and how codes and words are looked up in both directions."""

from typing import Any

import pytest
import yaml

from shared.city.problems import PackProblems, Problem
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR, SHEYANG, pack_of

TOWN = pack_of(HARBOUR).bridges["town_desk"]
COUNTY = pack_of(SHEYANG).bridges["county_platform"]


def problems_of(**changed: Any) -> list[Problem]:
    """What is wrong with the harbour once fields of its bridge are replaced; None takes a field out."""
    files = read_folder(HARBOUR)
    content: Any = yaml.safe_load(files["bridges.yaml"])
    bridge = {name: value for name, value in {**content["bridges"][0], **changed}.items() if value is not None}
    try:
        read_pack({**files, "bridges.yaml": yaml.safe_dump({"bridges": [bridge]}, allow_unicode=True)})
    except PackProblems as found:
        return found.problems
    return []


def said(**changed: Any) -> str:
    return "\n".join(f"{problem.place} {problem.message} {problem.hint}" for problem in problems_of(**changed))


def now(name: str) -> list[dict[str, Any]]:
    """A list of the harbour's bridge."""
    content: Any = yaml.safe_load(read_folder(HARBOUR)["bridges.yaml"])
    found: list[dict[str, Any]] = content["bridges"][0][name]
    return found


def test_the_shipped_bridges_are_valid_and_say_that_their_codes_are_made_up() -> None:
    assert problems_of() == []
    assert COUNTY.entry.made_up
    assert "虚构" in COUNTY.entry.name
    assert {code.category for code in COUNTY.entry.categories} == set(pack_of(SHEYANG).categories)
    assert len(COUNTY.entry.grids) == 108


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"columns": [*now("columns"), {"name": "Ticket", "shows": "grid_code"}]}, "'Ticket' is given twice"),
        ({"columns": [*now("columns"), {"name": "Again", "shows": "state"}]}, "'state' is given twice"),
        ({"columns": [*now("columns"), {"name": "Smell", "shows": "smell"}]}, "/bridges/0/columns/20/shows"),
        ({"columns": [{"name": "State", "shows": "state"}], "categories": []}, "belong to nothing"),
        ({"columns": [{"name": "No", "shows": "outside_number"}], "categories": []}, "no column shows state"),
        ({"channel": "patrol"}, "finds of a patrol are not brought in"),
        ({"reporters_because": ""}, "a column shows who reported"),
        ({"dates": "%Y in %B, spring"}, "does not read back"),
        ({"dates": "%Y-%m-%d %H:%M %z"}, "does not read back"),
        ({"categories": now("categories")[1:]}, "no codes for the categories street_light"),
        ({"categories": [{**now("categories")[0], "category": "lamp"}, *now("categories")]}, "no category 'lamp'"),
        ({"categories": [now("categories")[0], *now("categories")]}, "'street_light' is given twice"),
        ({"units": [*now("units"), {"unit": "nowhere", "code": "900000009999"}]}, "no unit 'nowhere'"),
        ({"units": [*now("units"), {"unit": "works", "code": "900000001001"}]}, "'900000001001' is given twice"),
        ({"units": now("units")[1:]}, "no code for oosterhaven"),
        ({"units": [{"unit": "oosterhaven", "code": "90"}]}, "/bridges/0/units/0/code"),
        ({"grids": [{"unit": "nowhere", "code": "90000000000101"}]}, "no unit 'nowhere'"),
        ({"states": now("states")[1:]}, "no word for the states queued, acknowledged"),
        ({"states": [*now("states"), {"theirs": "shut", "ours": ["closed"]}]}, "the state closed has 2 words"),
        ({"states": [*now("states"), {"theirs": "open", "ours": ["closed"]}]}, "'open' is given twice"),
        ({"states": [*now("states"), {"theirs": "lost", "ours": ["lost"]}]}, "/bridges/0/states/7/ours"),
        ({"states": [*now("states"), {"theirs": "x", "ours": ["closed"], "do": ["return"]}]}, "/bridges/0/states/7/do"),
        ({"states": [*now("states"), {"theirs": "x", "ours": ["closed"], "do": ["claim", "reject"]}]}, "stands alone"),
        ({"columns": [one for one in now("columns") if one["shows"] != "reason"]}, "no column shows reason"),
        ({"columns": [one for one in now("columns") if one["shows"] != "state_at"]}, "no column shows state_at"),
        ({"outcomes": None}, "`outcomes` is empty"),
        ({"columns": [one for one in now("columns") if one["shows"] != "result"]}, "no column shows result"),
        ({"outcomes": [*now("outcomes"), {"how": "referral", "theirs": "repaired"}]}, "'repaired' is given twice"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_what_a_bridge_gets_wrong_is_named_with_its_place(changed: dict[str, Any], words: str) -> None:
    assert words in said(**changed)


def test_codes_are_found_in_both_directions() -> None:
    lamp = COUNTY.codes("street_light")
    assert lamp is not None
    assert COUNTY.category({"class_code": lamp.class_code, "item_code": lamp.item_code}) == "street_light"
    assert COUNTY.category({"item_code": "0000"}) is None
    assert COUNTY.unit_code("jiaotonglu") == "320924100001", "of units.yaml"
    assert COUNTY.unit_code("jiaotonglu-team") == "320924100001", "of the unit above"
    assert COUNTY.unit_code("sheyang") == "320924000000"
    assert COUNTY.grid_code("jiaotonglu-g3") == "32092410000103"
    assert (COUNTY.unit("32092410000103"), COUNTY.unit("交通路社区")) == ("jiaotonglu-g3", "jiaotonglu")
    assert (COUNTY.unit("320924999999"), COUNTY.grid_code(None)) == (None, "")


def test_every_state_has_a_word_and_outcomes_read_back() -> None:
    assert [TOWN.of_state(name).entry.theirs for name in ("queued", "claimed", "closed")] == [
        "open",
        "in hand",
        "closed",
    ]
    done = TOWN.state("done")
    assert done is not None
    assert done.order > TOWN.of_state("claimed").order
    assert (TOWN.state("gone"), TOWN.how("agreed"), TOWN.how(""), TOWN.how("x")) == (None, "agreement", "repair", None)
    assert (TOWN.outcome_word("answered"), TOWN.outcome_word(None)) == ("answered", "")
