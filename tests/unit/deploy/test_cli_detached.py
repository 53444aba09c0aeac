"""Promise: `up --detach` returns when every part is ready, or says within its time which is not."""

import time
from pathlib import Path

import pytest

from deploy.cli.detached import END_WITHIN_S, READY_WITHIN_S, unready
from deploy.local.state import Board, hold


def test_a_part_that_stumbled_is_waited_for_and_named(tmp_path: Path) -> None:
    with hold(tmp_path):
        board = Board(tmp_path)
        for part, state in (("router", "ready"), ("notifier", "restarting")):
            board.enter(part, "http://127.0.0.1:1", tmp_path / f"{part}.log")
            board.set(part, state, 1)  # type: ignore[arg-type]
        assert [row["part"] for row in unready(tmp_path, time.monotonic())] == ["notifier"]
        board.set("notifier", "ready", 2)
        assert unready(tmp_path, time.monotonic()) == []


def test_a_part_that_gets_well_meanwhile_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hold(tmp_path):
        board = Board(tmp_path)
        board.enter("router", "http://127.0.0.1:1", None)
        monkeypatch.setattr("deploy.cli.detached.time.sleep", lambda _: board.set("router", "ready", 1))
        assert unready(tmp_path, time.monotonic() + 60) == []


def test_a_stack_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    with hold(tmp_path):
        Board(tmp_path).enter("router", "http://127.0.0.1:1", None)
    began = time.monotonic()
    assert [row["state"] for row in unready(tmp_path, began + 60)] == ["stopped"]
    assert time.monotonic() - began < 30


def test_all_of_it_takes_less_than_a_minute() -> None:
    assert READY_WITHIN_S + END_WITHIN_S < 60
