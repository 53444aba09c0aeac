"""State file, lock and secret of a data directory; back-off, logs and ports of its parts."""

import asyncio
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local import state
from deploy.local.keeper import BackOff
from deploy.local.part import Part, PartFailed, start
from deploy.local.ports import PortsTaken, refuse_taken_ports, taken
from deploy.local.process import STARTED, limit, spawn, tail
from deploy.local.state import Board, DataInUse, SecretRefused, hold, holder, read_rows, read_secret, write_atomically


def test_the_board_is_a_list_of_rows_with_exactly_these_fields(tmp_path: Path) -> None:
    with hold(tmp_path):
        board = Board(tmp_path)
        board.enter("kafka", "127.0.0.1:8810", tmp_path / "logs" / "kafka.log")
        assert board.set("kafka", "ready", 42)
        assert not board.set("kafka", "ready", 42)
        row = {"part": "kafka", "state": "ready", "pid": 42, "url": "127.0.0.1:8810"}
        assert read_rows(tmp_path) == [{**row, "log": str(tmp_path / "logs" / "kafka.log")}]


def test_a_board_for_which_there_is_no_space_ends_nothing_and_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board(tmp_path)
    board.enter("mongo", "mongodb://x", tmp_path / "mongo.log")

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as full:
        full.setattr(state, "write_atomically", no_space)
        assert board.set("mongo", "ready", 7)
    assert json.loads((tmp_path / "state.json").read_text())[0]["state"] == "starting"
    assert not board.set("mongo", "ready", 7)
    assert json.loads((tmp_path / "state.json").read_text())[0]["state"] == "ready"


def test_rows_of_a_stack_that_nobody_holds_are_stopped(tmp_path: Path) -> None:
    with hold(tmp_path):
        board = Board(tmp_path)
        board.enter("mongo", "mongodb://x", None)
        board.set("mongo", "ready", 42)
    assert [(row["state"], row["pid"]) for row in read_rows(tmp_path)] == [("stopped", None)]
    assert read_rows(tmp_path / "never") == []


def test_what_a_killed_stack_left_is_not_true_of_the_next(tmp_path: Path) -> None:
    with hold(tmp_path):
        Board(tmp_path).enter("kafka", "x", None, "ready")
    with hold(tmp_path):
        assert read_rows(tmp_path) == []


def test_a_data_directory_has_one_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with hold(tmp_path):
        assert holder(tmp_path) == os.getpid()
        with pytest.raises(DataInUse, match="whistle down"), hold(tmp_path):
            pass
    assert holder(tmp_path) is None


def test_the_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    secret = read_secret(tmp_path)
    assert len(bytes.fromhex(secret)) == 32
    assert read_secret(tmp_path) == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_is_given_is_taken_and_must_stay_the_same(tmp_path: Path) -> None:
    given = "given by the environment, 32 characters"
    assert read_secret(tmp_path, given) == given
    assert read_secret(tmp_path) == given, "commands and a later start without it find it in the folder"
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SecretRefused, match="WHISTLE_SECRET is not the secret"):
        read_secret(tmp_path, given + "!")
    with pytest.raises(SecretRefused, match="at least 32 characters"):
        read_secret(tmp_path / "nowhere", "short")


def test_a_data_directory_is_its_owners_alone_whoever_made_it_first(tmp_path: Path) -> None:
    data, before = tmp_path / "data", os.umask(0o022)
    try:
        (data / "logs").mkdir(parents=True)
        with hold(data):
            (data / "later").mkdir()
            (data / "log").write_text("words of a report")
        modes = [path.stat().st_mode & 0o777 for path in (data, data / "later", data / "log", data / "lock")]
    finally:
        os.umask(before)
    assert modes == [0o700, 0o700, 0o600, 0o600]


def test_an_atomic_write_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("1", "2"):
        write_atomically(path, text, mode=0o600)
    assert json.loads(path.read_text()) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_back_off_doubles_to_its_most_and_starts_anew_after_a_healthy_run() -> None:
    back_off = BackOff(first=0.2, most=10.0, healthy=30.0)
    assert [round(back_off.after(1.0), 1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert back_off.after(30.0) == 0.2
    assert back_off.after(29.9) == 0.4


def test_a_log_over_its_limit_begins_anew_and_keeps_one_before(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("a\n" * 100)
    assert not limit(log, most=200)
    assert limit(log, most=199)
    assert log.read_text() == ""
    assert (tmp_path / "part.log.1").stat().st_size == 200
    assert not limit(tmp_path / "none.log")


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_bytes(b"x" * 50_000 + b"\none\ntwo\xff\nthree\n")
    assert tail(log, 2) == "two\ufffd\nthree"
    log.write_text(f"{STARTED}2026-01-01\nold\n{STARTED}2026-01-02\nnew\nlast\n")
    assert tail(log) == "new\nlast"
    assert tail(tmp_path / "none.log") == ""


async def eventually(condition: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.02)


async def test_stopping_a_child_ends_what_it_forked(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    forking = "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    process = await spawn((sys.executable, "-c", forking), log)
    await eventually(lambda: tail(log) != "")
    grandchild = psutil.Process(int(tail(log)))
    await process.stop(grace=5)
    await eventually(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


async def test_a_child_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    process = await spawn((sys.executable, "-c", stubborn), tmp_path / "log")
    await eventually(lambda: tail(tmp_path / "log") != "")
    await process.stop(grace=0.1)
    assert await process.wait() == -9


async def test_a_part_that_never_gets_well_is_named_with_its_reason(tmp_path: Path) -> None:
    async def sick() -> str | None:
        return "no heart beat"

    command = (sys.executable, "-c", "import time; print('trying', flush=True); time.sleep(60)")
    part = Part("pump", "x", tmp_path / "pump.log", (), lambda: command, alive=sick, ready=sick)
    with pytest.raises(PartFailed, match=r"pump: not ready within 1 s: no heart beat\n  log: .*pump.log\n    trying"):
        await start(part, within=1.0)


def test_taken_ports_are_named(tmp_path: Path) -> None:
    async def well() -> str | None:
        return None

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert taken(port)
        part = Part("router", "x", tmp_path / "log", (port,), lambda: (), alive=well, ready=well)
        with pytest.raises(PortsTaken, match=rf"{port} \(for router\) is used by .*pid {os.getpid()}") as refused:
            refuse_taken_ports([part])
        assert "--port-base" in str(refused.value)
    assert not taken(port)
