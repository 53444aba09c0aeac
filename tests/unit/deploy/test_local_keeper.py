"""A server that somebody else runs is looked at, never started or stopped."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.keeper import Elsewhere, ServerAway
from deploy.local.state import Board, Row


class Looked:
    """A probe that answers what it is told to."""

    def __init__(self) -> None:
        self.problem: str | None = None

    async def __call__(self) -> str | None:
        return self.problem


async def until_state(board: Board, state: str) -> Row:
    for _ in range(500):
        if board.rows[0]["state"] == state:
            return board.rows[0]
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {state}: {board.rows[0]}")


async def test_a_server_elsewhere_that_goes_and_comes_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.keeper.LOOK_EVERY_S", 0.01)
    board, probe, said = Board(tmp_path), Looked(), list[str]()
    server = Elsewhere("kafka", "k:9092", probe, board, said.append)
    await server.open()
    keeping = asyncio.create_task(server.keep())
    row = await until_state(board, "ready")
    assert (row["pid"], row["log"]) == (None, None)
    probe.problem = "gone"
    await until_state(board, "degraded")
    probe.problem = None
    await until_state(board, "ready")
    keeping.cancel()
    await asyncio.wait({keeping})
    assert said == ["kafka is degraded: gone", "kafka is ready"]


async def test_a_server_elsewhere_that_is_away_is_named_by_its_setting(tmp_path: Path) -> None:
    probe = Looked()
    probe.problem = "no connection"
    with pytest.raises(ServerAway, match=r"mongo \(WHISTLE_MONGO\) does not answer: no connection"):
        await Elsewhere("mongo", "mongodb://m", probe, Board(tmp_path), print).open()
