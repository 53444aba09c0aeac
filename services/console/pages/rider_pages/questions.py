"""A category's questions as fields of the rider's page, and the answers that come back. The service checks them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from services.console.frame.forms import Form
from services.console.rider_client import RiderCategory
from shared.kernel.ids import plain_id

SHOWN_MAX = 80
"""Questions that one page asks: a form has a limit of fields. Those of the chosen category come first."""
ANSWER_MAX = 500

QuestionKind = Literal["choice", "number", "text"]


@dataclass(frozen=True, slots=True)
class Question:
    """``field``: the name and id of its field. ``options``: value as JSON, and what stands there."""

    field: str
    name: str
    title: str
    hint: str
    kind: QuestionKind
    options: tuple[tuple[str, str], ...]
    required: bool


def questions_of(category: RiderCategory, yes_no: tuple[str, str]) -> list[Question]:
    """``yes_no``: the words for true and false."""
    asked: Mapping[str, Any] = category.questions.get("properties", {})
    required = category.questions.get("required", ())
    return [_question(category.code, name, about, name in required, yes_no) for name, about in asked.items()]


def shown(each: Mapping[str, list[Question]], chosen: str) -> dict[str, list[Question]]:
    """By category, as many as a page may ask."""
    left, found = SHOWN_MAX, dict[str, list[Question]]()
    for code in sorted(each, key=lambda code: code != chosen):
        found[code] = each[code][:left]
        left -= len(found[code])
    return found


def answers_of(form: Form, questions: Iterable[Question]) -> dict[str, Any]:
    """What was answered, by the question's name; of what cannot be read the words, which the service refuses."""
    given = ((one, form.get(one.field)[:ANSWER_MAX]) for one in questions)
    return {one.name: _value(one, text) for one, text in given if text}


def said_to(category: RiderCategory, answers: Mapping[str, Any], yes_no: tuple[str, str]) -> list[tuple[str, str]]:
    """Answers as they are read: the question, and what was answered; what the pack asks no more by its name."""
    titles = {one.name: one.title for one in questions_of(category, yes_no)}
    yes, no = yes_no
    said = {True: yes, False: no}
    return [(titles.get(name, name), said[one] if isinstance(one, bool) else str(one)) for name, one in answers.items()]


def field_of(questions: Iterable[Question], pointer: str) -> str:
    """The field of the question that a refused ``/answers/…`` is about; empty: of none."""
    name = pointer.removeprefix("/answers/").replace("~1", "/").replace("~0", "~")
    return next((one.field for one in questions if one.name == name), "")


def _question(code: str, name: str, about: Mapping[str, Any], required: bool, yes_no: tuple[str, str]) -> Question:
    title, hint = str(about.get("title") or name), str(about.get("description") or "")
    kind, options = _kind(about, yes_no)
    return Question(plain_id("q", code, name), name, title, hint, kind, options, required)


def _kind(about: Mapping[str, Any], yes_no: tuple[str, str]) -> tuple[QuestionKind, tuple[tuple[str, str], ...]]:
    if isinstance(values := about.get("enum"), list):
        return "choice", tuple((msgspec.json.encode(one).decode(), str(one)) for one in values)
    types = about.get("type")
    of = types if isinstance(types, list) else [types]
    if "boolean" in of:
        return "choice", (("true", yes_no[0]), ("false", yes_no[1]))
    return ("number" if {"integer", "number"} & set(of) else "text"), ()


def _value(question: Question, text: str) -> Any:
    if question.kind == "text":
        return text
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
