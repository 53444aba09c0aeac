"""Answers to a category's questions: checked, cleaned, kept, and shown to who handles the report."""

import time
from functools import cache
from typing import Any

import msgspec
import pytest
import yaml

from services.intake.http.report_view import report_view
from services.intake.privacy.confidential import unsealed
from services.intake.privacy.sealing import Vault
from services.intake.reports.answers import CHARACTERS_MAX
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import ReportRecord, record_of, to_doc
from services.intake.reports.validation import ReportValidator
from services.router.cases.case_views import report_view as case_report
from services.router.cases.routing import assign
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.city.sorting.questions import Questions
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.kernel.errors import Refusal
from tests.kit.made_reports import APP, NOW, SECRET, TRACE, body
from tests.kit.stack import HARBOUR

ASKED = {
    "type": "object",
    "required": ["pole"],
    "properties": {
        "pole": {"type": "string", "maxLength": 40, "title": "number on the pole"},
        "lamps": {"type": "integer", "minimum": 1, "maximum": 9},
        "light": {"enum": ["none", "flickers"]},
    },
}
CATEGORY = "street_light"


@cache
def asking() -> Pack:
    """The harbour, whose street lights have questions."""
    files = dict(read_folder(HARBOUR))
    content: dict[str, Any] = yaml.safe_load(files["categories.yaml"])
    for category in content["categories"]:
        if category["code"] == CATEGORY:
            category["questions"] = ASKED
    return read_pack({**files, "categories.yaml": yaml.safe_dump(content, allow_unicode=True)})


def taken(**fields: Any) -> Any:
    return ReportValidator(SECRET).submission(body(**fields), APP, "k1", asking(), NOW)


def recorded(**fields: Any) -> ReportRecord:
    return record_of(taken(**fields), TRACE, NOW)


def refused(answers: dict[str, Any], category: str | None = CATEGORY) -> set[str]:
    with pytest.raises(Refusal) as refusal:
        taken(category=category, answers=answers)
    assert refusal.value.status == 422
    return {error.pointer for error in refusal.value.errors}


@pytest.mark.parametrize(
    ("answers", "pointers"),
    [
        ({"pole": 5}, {"/answers/pole"}),
        ({"pole": "x" * 41}, {"/answers/pole"}),
        ({"pole": "1", "lamps": 0}, {"/answers/lamps"}),
        ({"pole": "1", "lamps": True}, {"/answers/lamps"}),
        ({"pole": "1", "light": "喷水"}, {"/answers/light"}),
        ({"pole": "1", "flow": "喷水"}, {"/answers/flow"}),
        ({"lamps": 1}, {"/answers/pole"}),
        ({"pole": "a\x07"}, {"/answers/pole"}),
        ({"pole": None, "light": "none"}, {"/answers/pole"}),
        ({"a/b~c": 1, "light": "x"}, {"/answers/a~1b~0c", "/answers/light", "/answers/pole"}),
    ],
)
def test_an_answer_that_no_question_asks_for_is_named(answers: dict[str, Any], pointers: set[str]) -> None:
    """B51: they were taken with 202, checked against nothing and kept nowhere."""
    assert refused(answers) == pointers


def test_answers_are_kept_and_reach_who_handles_the_report() -> None:
    """B51."""
    answers = {"pole": "0513201", "lamps": 2, "light": "none"}
    report = recorded(category=CATEGORY, answers=answers)
    assert to_doc(report)["answers"] == answers
    assert report_view(ReportStatus(report), asking(), report.received_at).answers == answers
    event = decode(submitted_event(report), ReportSubmitted)
    assert event.answers == answers
    case, _ = assign(event, "harbour", asking())
    assert case_report(case.reports[0], confidential=False).answers == answers


def test_where_no_category_is_said_or_it_asks_nothing_answers_are_kept_as_said() -> None:
    said = {"pole": "0513201", "flow": "喷水", "wet": True, "depth": 0.5, "nothing": None}
    for category in (None, "other"):
        assert taken(category=category, answers=said).answers == {k: v for k, v in said.items() if v is not None}
    assert taken(category=CATEGORY, answers={}).answers is None
    assert taken(category=CATEGORY).answers is None


def test_numbers_of_persons_are_taken_out_of_answers_too() -> None:
    said = {"who": "call 13812345678", "number": 13812345678, "13812345678": "me"}
    assert taken(answers=said).answers == {"who": "call [电话]", "number": "[电话]", "[电话]": "me"}


@pytest.mark.parametrize("names", [("pole", "ｐｏｌｅ"), ("pole", "po\u200ble"), ("13812345678", "13912345678")])
def test_of_two_names_that_become_one_the_second_is_named(names: tuple[str, str]) -> None:
    """One of the two answers was kept nowhere."""
    assert refused(dict.fromkeys(names, "x"), category=None) == {f"/answers/{names[1]}"}


def test_answers_are_bounded() -> None:
    """B50."""
    assert refused({f"q{n}": "x" * 500 for n in range(9)}, None) == {"/answers"}
    assert CHARACTERS_MAX == 4000
    for wrong in ({f"q{n}": 1 for n in range(51)}, {"q": "x" * 501}, {"$gt": 1}, {"a.b": 1}, {"q": 2**63}, {"": 1}):
        with pytest.raises(Refusal):
            taken(answers=wrong)


@pytest.mark.parametrize("name", ["＄where", "a．b", "﹩ne", "\u200b", " ", "＄a．b"])
def test_a_name_that_becomes_an_operator_in_one_spelling_is_refused(name: str) -> None:
    """B88: the pattern was looked at before the spelling was made one."""
    assert refused({name: "x"}, category=None) == {f"/answers/{name}"}
    assert taken(category=None, answers={"Ｐole": "x"}).answers == {"Pole": "x"}


def test_answers_of_a_confidential_report_are_sealed() -> None:
    """B51."""
    fields = {"category": CATEGORY, "answers": {"pole": "SECRETPOLE"}, "reporter": {"ref": "r", "confidential": True}}
    report = recorded(**fields)
    assert report.sealed is not None
    assert "answers" not in to_doc(report)
    assert b"SECRETPOLE" not in msgspec.json.encode(submitted_event(report))
    assert unsealed(report.id, report.sealed, Vault(SECRET))["answers"] == {"pole": "SECRETPOLE"}


def test_a_question_costs_no_more_than_its_answer_is_long() -> None:
    """B50: a pattern of the pack, a reference or a question inside an answer is not looked at."""
    question = {"type": "string", "pattern": "^(a+)+$", "$ref": "#", "anyOf": [{"pattern": "(a|a)*b"}]}
    began = time.process_time()
    assert not list(Questions({"properties": {"q": question}}).errors({"q": "a" * 400 + "!"}))
    assert time.process_time() - began < 5


def test_a_question_that_asks_what_nobody_looks_at_is_warned_of() -> None:
    files = dict(read_folder(HARBOUR))
    content: dict[str, Any] = yaml.safe_load(files["categories.yaml"])
    asked = {"properties": {"pole": {"type": "string", "pattern": "^(a+)+$"}}, "allOf": [{}]}
    content["categories"][0]["questions"] = asked
    pack = read_pack({**files, "categories.yaml": yaml.safe_dump(content, allow_unicode=True)})
    places = [warning.place.partition(" ")[0] for warning in pack.warnings]
    assert "/categories/0/questions/properties/pole/pattern" in places
    assert "/categories/0/questions/allOf" in places


@pytest.mark.parametrize("number", [13812345678, 13812345678.0, 1.3812345678e10])
def test_a_telephone_is_none_however_the_number_is_written(number: float) -> None:
    """B118: 13812345678.0 was kept."""
    assert recorded(answers={"pole": number}).answers == {"pole": "[电话]"}
    kept = {"lamps": 2, "deep": 2.5, "wide": 3.0, "light": False}
    assert recorded(answers=kept).answers == kept
