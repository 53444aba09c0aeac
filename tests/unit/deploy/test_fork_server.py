"""Services as forks of one process that has imported their libraries: started, told apart, ended with it."""

import os
import signal
from pathlib import Path

import pytest

from deploy.local.forked import ForkServer, fork_server
from deploy.local.process import Process, tail

MODULE = """
import os, random, sys, time
kind = os.environ["KIND"]
print(kind, os.getpgid(0) == os.getpid(), random.random(), *sys.argv, flush=True)
if kind == "wrong":
    raise ValueError("no wheels")
if kind == "asked":
    sys.exit(7)
if kind == "stays":
    time.sleep(600)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "made_up_service.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "made_up_service"


async def test_a_fork_runs_its_module_with_its_environment_log_and_exit_code(module: str, tmp_path: Path) -> None:
    logs = {kind: tmp_path / f"{kind}.log" for kind in ("wrong", "asked", "well", "stays")}
    async with fork_server(tmp_path / "services.log") as forks:
        started = {kind: await forks.start(module, log, {"KIND": kind}) for kind, log in logs.items()}
        codes = {kind: await started[kind].wait() for kind in ("wrong", "asked", "well")}
        await started["stays"].stop(grace=20)
        assert codes | {"stays": started["stays"].child.returncode} == {
            "wrong": 1, "asked": 7, "well": 0, "stays": -signal.SIGTERM,
        }  # fmt: skip
    assert "ValueError: no wheels" in tail(logs["wrong"])
    first = {kind: tail(log, 40).splitlines()[0].split() for kind, log in logs.items() if tail(log)}
    assert [first[kind][:2] for kind in ("wrong", "asked", "well")] == [
        ["wrong", "True"], ["asked", "True"], ["well", "True"],
    ]  # fmt: skip
    assert len({line[2] for line in first.values()}) == len(first), "each has chance of its own"


async def test_forks_end_with_their_server_and_the_next_start_begins_another(module: str, tmp_path: Path) -> None:
    forks = ForkServer(tmp_path / "services.log")
    log = tmp_path / "stays.log"

    async def start() -> Process:
        return await forks.start(module, log, {"KIND": "stays"})

    first = await start()
    os.kill(_parent(first.pid), signal.SIGKILL)
    assert await first.wait() == -signal.SIGKILL
    second = await start()
    assert second.running
    assert _parent(second.pid) != os.getpid()
    await second.stop(grace=20)
    await forks.close()


def _parent(pid: int) -> int:
    line = Path(f"/proc/{pid}/stat").read_text()
    return int(line.rpartition(")")[2].split()[1])
