"""Questions of a category as fields, and the sketch under the cross-hair: what the pack says is what is asked."""

from typing import Any

import pytest

from services.console.frame.forms import Form
from services.console.pages.rider_pages.place_map import SPANS, sketch
from services.console.pages.rider_pages.questions import SHOWN_MAX, answers_of, field_of, questions_of, said_to, shown
from services.console.rider_client import NamedPlace, RiderCategory, Surroundings

ASKED = {
    "flow": {"title": "水有多大", "enum": ["滴水", "喷水", 3]},
    "road": {"type": "boolean"},
    "floors": {"type": "integer"},
    "a/b~c": {"type": "string", "description": "on the pole"},
}
CATEGORY = RiderCategory("water_pipe", "供水", questions={"properties": ASKED, "required": ["flow"]})
QUESTIONS = questions_of(CATEGORY, ("是", "否"))


def answered(**given: str) -> dict[str, Any]:
    fields = {one.field: given[one.name] for one in QUESTIONS if one.name in given}
    return answers_of(Form(fields), QUESTIONS)


def test_each_question_is_a_field_of_its_kind() -> None:
    assert [one.kind for one in QUESTIONS] == ["choice", "choice", "number", "text"]
    assert [one.required for one in QUESTIONS] == [True, False, False, False]
    assert QUESTIONS[1].options == (("true", "是"), ("false", "否"))
    assert (QUESTIONS[3].title, QUESTIONS[3].hint) == ("a/b~c", "on the pole")
    assert all(one.field.isalnum() and len(one.field) <= 64 for one in QUESTIONS)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"flow": '"喷水"', "road": "false", "floors": "3"}, {"flow": "喷水", "road": False, "floors": 3}),
        ({"flow": "3", "floors": "many"}, {"flow": 3, "floors": "many"}),
        ({"flow": "{}", "road": "[1]", "floors": "null"}, {"flow": "{}", "road": "[1]", "floors": "null"}),
        ({"a/b~c": "12"}, {"a/b~c": "12"}),
        ({"flow": "", "road": " "}, {}),
    ],
)
def test_answers_have_the_types_of_their_questions_and_the_service_judges_the_rest(
    given: dict[str, str], read: dict[str, Any]
) -> None:
    assert answered(**given) == read


def test_answers_are_read_back_in_the_words_of_their_questions() -> None:
    given = {"flow": "喷水", "road": False, "floors": 3, "gone": "x"}
    read = [("水有多大", "喷水"), ("road", "否"), ("floors", "3"), ("gone", "x")]
    assert said_to(CATEGORY, given, ("是", "否")) == read


def test_a_refused_answer_is_found_at_its_field() -> None:
    assert field_of(QUESTIONS, "/answers/a~1b~0c") == QUESTIONS[3].field
    assert field_of(QUESTIONS, "/answers/other") == ""


def test_a_page_asks_no_more_than_a_form_may_hold_and_the_chosen_category_first() -> None:
    many = {"a": QUESTIONS * 15, "b": QUESTIONS * 15}
    found = shown(many, "b")
    assert (len(found["b"]), len(found["a"])) == (60, SHOWN_MAX - 60)


def test_the_sketch_shows_names_where_they_are_and_moves_by_links() -> None:
    places = [
        NamedPlace(n, lon, 33.76) for n, lon in (("下", 120.25), ("近", 120.2506), ("近旁", 120.25061), ("远", 120.4))
    ]
    found = sketch(Surroundings(120.25, 33.76, places, "近以西约10米"), 1, "zh")
    assert [dot.label for dot in found.dots] == ["", "近", ""], "no name covers another, or the cross-hair"
    assert found.dots[1].x == pytest.approx(160 + 55.47 * 320 / SPANS[1], abs=0.5)
    assert found.moves["n"].startswith("/r/map?at=120.250000%2C33.7606")
    assert (found.near, found.take.startswith("/r/place?at=120.250000%2C33.760000")) == ("近以西约10米", True)
    ends = [sketch(Surroundings(120.25, 33.76, []), step, "en") for step in (0, len(SPANS) - 1)]
    assert [(one.closer == "", one.farther == "") for one in ends] == [(True, False), (False, True)]
