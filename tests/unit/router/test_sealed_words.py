"""Words of confidential cases: every free text is sealed unless it is a listed code; handlers alone read it."""

import dataclasses
from typing import Any

import msgspec
import pytest

from services.router.cases.case_views import answer, row
from services.router.cases.sealed_words import SealedWords, without_words
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.domain.case import Case, Question, State
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.work import Consultation
from services.router.domain.values import replace
from services.router.visits.bodies import HoldBody, VisitBody
from tests.kit.free_texts import filled
from tests.kit.made_cases import COUNTY, DESK, SECOND, T0, opened
from tests.kit.made_reports import SECRET
from tests.packs import HARBOUR, pack_of

WORDS = SealedWords(SECRET)
HANDLER, COLLEAGUE = dataclasses.replace(DESK, trusted=True), SECOND
CODES: dict[str, Any] = {
    **dict.fromkeys(("to", "part", "into", "category", "body", "unit", "case", "place", "report", "suggest"), "c1"),
    **{name: ["u"] for name in ("units", "parties", "invited", "came")},
    "reports": ["r1"],
    "photos": ["f1"],
}
ALL_BODIES: dict[str, type[msgspec.Struct]] = {**BODIES, "visit": VisitBody, "hold": HoldBody}


def sealed_case() -> Case:
    return replace(opened(), confidential=True, description="", photos=())


@pytest.mark.parametrize("name", ALL_BODIES)
def test_every_free_text_of_a_command_is_sealed_and_opens_again(name: str) -> None:
    """B70."""
    codes = {**CODES, **({"reason": "part_ordered"} if name in ("pause", "return", "reject") else {})}
    made, words = filled(name, ALL_BODIES[name], codes)
    body = msgspec.convert(made, ALL_BODIES[name])
    sealed = WORDS.body(sealed_case(), body)
    kept = msgspec.json.encode(sealed).decode()
    assert not [word for word in words if word in kept]
    assert [word for word in words if word not in WORDS.opened(kept)] == []
    assert WORDS.body(opened(), body) == body


def test_a_shape_of_which_it_is_not_known_where_its_words_are_is_refused() -> None:
    class Later(msgspec.Struct):
        answers: dict[str, str]

    with pytest.raises(TypeError, match="say where the words are"):
        WORDS.body(sealed_case(), Later({"who": "Jan"}))


def test_what_an_older_version_kept_in_plain_is_shown_to_handlers_alone() -> None:
    """B70: question, consultation, history, second matter."""
    case = replace(
        sealed_case(),
        description="OLDMATTER",
        state=State.WAITING_REPORTER,
        question=Question(T0, "OLDQUESTION", "desk", T0, State.CLAIMED),
        consultation=Consultation(COUNTY, ("power",), "OLDCONSULT", "desk", T0, "OLDCONCLUSION"),
        history=(Entry(T0, 1, "case.noted", by="desk", text="OLDNOTE"),),
    )
    told = str([WORDS.shown(case, actor, answer(case, actor, pack_of(HARBOUR))) for actor in (None, COLLEAGUE)]) + str(
        row(case)
    )
    assert "OLD" not in told
    assert "asked_by='desk'" in told
    shown = str(WORDS.shown(case, HANDLER, answer(case, HANDLER, pack_of(HARBOUR))))
    for word in ("OLDMATTER", "OLDQUESTION", "OLDCONSULT", "OLDCONCLUSION", "OLDNOTE"):
        assert word in shown


def test_a_field_that_nobody_listed_is_words() -> None:
    view = {"unit": "police", "outcome": "WORDS", "more": {"state": "held", "later": ["WORDS", 3]}, "parties": ["a"]}
    assert without_words(view) == {"unit": "police", "more": {"state": "held", "later": [3]}, "parties": ["a"]}


def test_a_sealed_word_opens_with_the_installations_secret_alone_and_unaltered() -> None:
    kept = WORDS.seal("c1", "who paid")
    assert WORDS.opened(f"a visit: {kept}") == "a visit: who paid"
    for other in (kept.replace("c1", "c2"), kept[:-9] + "AAAA" + kept[-5:]):
        assert "who paid" not in WORDS.opened(other)
    assert "who paid" not in SealedWords("another secret of thirty-two characters").opened(kept)
