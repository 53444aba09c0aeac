"""A clock in words: arithmetic, verdict and ladder; lengths of time and plain tables as a person reads them."""

from datetime import datetime
from typing import Any

import pytest

from deploy.cli.clocks import arithmetic, rung, verdict
from deploy.cli.screen import show_table, span

NOW = datetime.fromisoformat("2026-11-23T00:20:00Z")
CLOCK: dict[str, Any] = {
    "kind": "acknowledge",
    "started_at": "2026-11-23T00:00:00Z",
    "counts_from": "2026-11-23T00:00:00Z",
    "target": "PT10M",
    "due_at": "2026-11-23T00:10:00Z",
    "worked_seconds": 600.0,
    "calendar": {"id": "always"},
    "state": "running",
}


def test_elapsed_time_is_start_and_target() -> None:
    assert arithmetic(CLOCK, "Asia/Shanghai") == "Mon 2026-11-23 08:00:00 + PT10M → 08:10:00"


def test_a_working_calendar_says_from_when_it_counts_and_what_lies_between() -> None:
    night = {
        **CLOCK,
        "started_at": "2026-11-21T22:00:00Z",
        "counts_from": "2026-11-23T07:30:00Z",
        "target": "P3D",
        "due_at": "2026-11-26T07:30:00Z",
        "worked_seconds": 91_800.0,
        "calendar": {"id": "office"},
    }
    told = arithmetic(night, "Europe/Amsterdam")
    assert told.startswith("Sat 2026-11-21 23:00:00, counts from Mon 2026-11-23 08:30:00 + P3D of office")
    assert told.endswith("→ Thu 2026-11-26 08:30:00 (25 h 30 min of working time)")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "met", "met_at": "2026-11-23T00:04:30Z"}, "按时 met, 5 min 30 s before it was due"),
        ({"state": "breached"}, "已超时 breached, 10 min overdue and still open"),
        ({"state": "breached", "met_at": "2026-11-23T00:12:00Z"}, "已超时 breached, done 2 min late"),
        ({"due_at": "2026-11-23T02:35:00Z"}, "计时中 running, 2 h 15 min left"),
        ({"state": "paused"}, "已挂起 paused"),
        ({"state": "void"}, "不再计时 void: the case ended first"),
    ],
)
def test_a_verdict_on_a_clock_is_told_in_words(changed: dict[str, str], words: str) -> None:
    assert verdict({**CLOCK, **changed}, NOW) == words


def test_a_rung_says_when_what_towards_whom_and_whether_it_fired() -> None:
    town = {"id": "hede", "name": "合德镇"}
    step: dict[str, Any] = {"at": "2026-11-23T00:20:00Z", "act": "move_to", "to": "parent", "unit": town}
    assert rung(step, CLOCK, "UTC") == "00:20:00 (10 min after due) move_to 合德镇: not reached"
    fired = rung({**step, "fired_at": "2026-11-23T00:20:01Z"}, CLOCK, "UTC")
    assert fired.endswith("move_to 合德镇: fired 00:20:01")
    assert "(2 min before due)" in rung({**step, "at": "2026-11-23T00:08:00Z"}, CLOCK, "UTC")
    assert "(when due)" in rung({**step, "at": CLOCK["due_at"]}, CLOCK, "UTC")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0354, "35 ms"),
        (4.2, "4.2 s"),
        (59.96, "1 min"),
        (570, "9 min 30 s"),
        (8100, "2 h 15 min"),
        (3600, "1 h"),
        (90_000, "1 d 1 h"),
        (86_401, "1 d"),
        (-90, "-1 min 30 s"),
    ],
)
def test_a_length_of_time_is_told_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_plain_table_is_aligned_where_characters_are_two_cells_wide(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("title", ("what", "+after", "who"), [("接单", "5 ms", "甲"), ("claimed", "+10 s", "b")])
    told = capsys.readouterr().out.splitlines()
    assert told[1] == "title"
    assert told[3:] == ["  接单       5 ms  甲", "  claimed   +10 s  b"]
