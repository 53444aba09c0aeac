"""A report's answers to its category's questions: checked where the category was given, and cleaned like all words."""

import re

from services.intake.domain.submission import clean_words
from services.intake.reports.bodies import NAME, ReportBody
from shared.city.pack import Pack
from shared.city.sorting.questions import Answer
from shared.kernel.errors import FieldError
from shared.runtime.http_server.field_errors import pointer

CHARACTERS_MAX = 4000
"""Of all answers together, as of the description."""


def answers_of(body: ReportBody, pack: Pack, errors: list[FieldError]) -> dict[str, Answer]:
    """The answers by the question's name; null counts as no answer. Errors are added to ``errors``.

    Without a category, or where the category asks nothing, all answers are kept unchecked.
    """
    given = {name: answer for name, answer in (body.answers or {}).items() if answer is not None}
    if sum(len(answer) for answer in given.values() if isinstance(answer, str)) > CHARACTERS_MAX:
        errors.append(FieldError("/answers", f"more than {CHARACTERS_MAX} characters together"))
        return {}
    questions = pack.questions.get(body.category or "")
    if given and questions is not None:
        errors += questions.errors(given)
    cleaned: dict[str, Answer] = {}
    for name, answer in given.items():
        kept_as = _clean_name(name, errors)
        if kept_as in cleaned:
            errors.append(
                FieldError(pointer(["answers", name]), "is the name of another answer too, once it is cleaned")
            )
        cleaned[kept_as] = _clean(name, answer, errors)
    return cleaned


def _clean_name(name: str, errors: list[FieldError]) -> str:
    """In one spelling, and still a name then: of ＄where the store would read an operator."""
    cleaned = clean_words(name, pointer(["answers", name]), errors)
    if not re.fullmatch(NAME, cleaned):
        errors.append(
            FieldError(pointer(["answers", name]), "is no name of an answer: it has $ or . in it, or nothing")
        )
    return cleaned


def _clean(name: str, answer: Answer, errors: list[FieldError]) -> Answer:
    """Without personal numbers; a whole number may be one as well: 13812345678, and 1.3812345678e10."""
    if isinstance(answer, bool) or (isinstance(answer, float) and not answer.is_integer()):
        return answer
    written = answer if isinstance(answer, str) else str(int(answer))
    said = clean_words(written, pointer(["answers", name]), errors)
    return answer if said == written else said
