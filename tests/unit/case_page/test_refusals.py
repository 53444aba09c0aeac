"""Every refusal that the router can answer has a sentence of its own, in both languages."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from shared.case_page.refusals import FIELDS, KINDS, REASONS, why
from shared.case_page.words import Words
from shared.kernel.errors import FieldError, Refusal, conflict, invalid
from shared.kernel.vocabulary import RefusalReason
from tests.kit.stack import ROOT

COMMANDS = [
    *(ROOT / "services/router/command_handling").glob("*.py"),
    *(ROOT / "services/router/cases").glob("*.py"),
    *(ROOT / "services/router/domain/commands").rglob("*.py"),
    *(ROOT / "services/router/http").glob("command_routes.py"),
    *(ROOT / "services/router/http").glob("kept_answers.py"),
    ROOT / "shared/runtime/http_server/on_behalf.py",
]
"""Everything that a command passes through at the router."""
WORDS = Words("zh"), Words("en")


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """The name of each called function, with the call."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            yield name, node


def kinds_said(path: Path) -> set[str]:
    """Kinds that a module names itself, and those of the functions that it uses."""
    made = {
        "forbidden": "forbidden",
        "not_found": "not-found",
        "invalid": "invalid",
        "key_reused": "idempotency-key-reused",
        "unavailable": "unavailable",
        "second_factor": "second-factor",
        "too_many": "too-many",
        "unauthorized": "unauthorized",
        "may_not": "forbidden",
        "wrong": "invalid",
        "required": "invalid",
    }
    found = set()
    for name, call in calls(path):
        place = {"Refusal": 1, "conflict": 0, "bad_request": 0}.get(name)
        if place is not None and len(call.args) > place and isinstance(call.args[place], ast.Constant):
            found.add(str(call.args[place].value))  # type: ignore[attr-defined]
        elif name in made:
            found.add(made[name])
    return found


def reasons_said() -> set[str]:
    """The reasons that the router's code names."""
    found = set()
    for path in COMMANDS:
        for name, call in calls(path):
            if name in ("WhyNot", "may_not") and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
            found |= {
                str(k.value.value) for k in call.keywords if k.arg == "reason" and isinstance(k.value, ast.Constant)
            }
    return found


def test_every_kind_of_refusal_that_a_command_meets_has_words() -> None:
    said = {kind for path in COMMANDS for kind in kinds_said(path)}
    assert {"not-open", "stale", "not-found", "forbidden", "invalid", "unavailable"} <= said, "the search finds them"
    assert said <= set(KINDS)


def test_every_reason_is_said_by_the_router_and_has_words() -> None:
    assert set(get_args(RefusalReason)) == set(REASONS)
    assert set(REASONS) == reasons_said()


@pytest.mark.parametrize("table", [REASONS, KINDS, FIELDS], ids=["reasons", "kinds", "fields"])
def test_sentences_are_whole_in_both_languages_and_say_the_same_values(table: dict[str, tuple[str, str]]) -> None:
    for name, (chinese, english) in table.items():
        assert chinese.endswith("。"), name
        assert english.endswith((".", "?")), name
        named = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (chinese, english)]
        assert named[0] == named[1], name
        assert named[0] <= {"unit", "state", "holder", "offered"}, name


def test_no_two_reasons_are_said_alike() -> None:
    for language in (0, 1):
        sentences = [pair[language] for pair in REASONS.values()]
        assert len(set(sentences)) == len(sentences)


def test_a_reason_goes_before_its_kind_and_names_who_has_it() -> None:
    refusal = conflict("not-open", "Somebody has it already.", reason="taken")
    assert [why(words, refusal, holder="X") for words in WORDS] == ["已由X接单。", "X has it now."]


def test_a_wrong_field_is_said_by_its_name() -> None:
    refusal = invalid(FieldError("/photos", "a photo of what was done is required in this category"))
    assert why(WORDS[0], refusal) == "该类工单须附一张处置后照片。"


@pytest.mark.parametrize("kind", ["unavailable", "a-kind-of-a-newer-version"])
def test_what_is_not_known_is_not_recorded(kind: str) -> None:
    assert why(WORDS[0], Refusal(503, kind, "")) == "暂未记录，请再按一次。"
