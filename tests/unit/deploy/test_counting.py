"""Promise: the command says one of a thing and several of it as English does, wherever it counts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.counting import counted
from deploy.local.running import left_undone

ROOT = Path(__file__).parents[3]
PLURAL = re.compile(r" ([a-z]+ )?(?P<word>[a-z]{2,}s)\b")
"""What a figure is followed by where it is not ``counted``: " messages", " open cases"."""
NO_PLURALS = frozenset(["is", "was", "has", "does", "says", "this", "holds"])
FIGURE = re.compile(r"len\(|count|figure|number|total|records|many|met\b|\[['\"](cases|entries|units|rewrapped)['\"]\]")


@pytest.mark.parametrize(("number", "said"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (1250, "1,250 cases")])
def test_one_of_a_thing_is_said_as_one(number: int, said: str) -> None:
    assert counted(number, "case") == said


def test_a_word_with_a_plural_of_its_own_has_it() -> None:
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(
    ("metric", "figure", "said"),
    [
        ("whistle_parked_records", 1, "1 message could not be handled"),
        ("whistle_parked_records", 2, "2 messages could not be handled"),
        ("whistle_due_cases", 1, "1 case is due and no clock fires"),
        ("whistle_due_cases", 2, "2 cases are due and no clock fires"),
        ("whistle_webhook_open_circuits", 1, "1 webhook of an app keeps failing and is left alone"),
        ("whistle_webhook_open_circuits", 2, "2 webhooks of apps keep failing and are left alone"),
        ("whistle_channel_open_circuits", 1, "1 robot, telephone or mailbox keeps failing and is left alone"),
        ("whistle_channel_open_circuits", 2, "2 robots, telephones or mailboxes keep failing and are left alone"),
    ],
)
def test_the_doctor_says_one_and_several_as_english_does(
    monkeypatch: pytest.MonkeyPatch, metric: str, figure: int, said: str
) -> None:
    monkeypatch.setattr("deploy.local.running.read_metrics", lambda _: {metric: float(figure)})
    (found,) = left_undone("router", "http://127.0.0.1:1", lambda _: None)
    assert found.seen == said


def test_no_text_of_the_command_has_a_figure_before_a_plural_of_its_own() -> None:
    """``counted`` says both; a constant that is never one may stand before its plural."""
    assert not list(_plurals_behind_figures()), "say it with deploy.counting.counted"


def _plurals_behind_figures() -> Iterator[str]:
    for path in sorted((ROOT / "deploy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            for figure, text in zip(node.values, node.values[1:], strict=False):
                if not isinstance(figure, ast.FormattedValue) or not isinstance(text, ast.Constant):
                    continue
                found = PLURAL.match(str(text.value))
                asked = ast.unparse(figure.value)
                if found and found["word"] not in NO_PLURALS and FIGURE.search(asked) and not asked.isupper():
                    yield f"{path.relative_to(ROOT)}:{node.lineno}: {{{asked}}}{found.group()}"
