"""A process whose loop stands still ends; one that was only stopped goes on."""

import os
import signal
import subprocess
import sys
import time

from tests.kit.stack import ROOT

STILL = 2
_PROGRAM = """
import asyncio, time
from shared.runtime.health.loop_watch import watch_loop

def endless_work():
    time.sleep(60)

async def main():
    watch_loop({still})
    print("started", flush=True)
    await asyncio.sleep({lives})
    {then}

asyncio.run(main())
"""


def _started(then: str, lives: float) -> subprocess.Popen[str]:
    program = _PROGRAM.format(still=STILL, lives=lives, then=then)
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    return child


def test_a_loop_that_stands_still_ends_the_process_and_says_where() -> None:
    said, _ = (child := _started("endless_work()", lives=0.0)).communicate(timeout=30)
    assert child.returncode == 70
    assert "loop.blocked" in said
    assert "endless_work" in said


def test_a_process_that_was_stopped_for_longer_goes_on() -> None:
    child = _started("pass", lives=STILL)
    os.kill(child.pid, signal.SIGSTOP)
    time.sleep(2 * STILL)  # the fault itself: the process is stopped for as long
    os.kill(child.pid, signal.SIGCONT)
    assert child.wait(30) == 0
