"""One child process: tethered to us, in a session of its own, its output in a log file of bounded size."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

TETHER = Path(__file__).with_name("tether.py")
LOG_LIMIT_BYTES = 20 * 1024 * 1024
STARTED = "=== started "
"""Begins the line that parts the runs of a program in its log."""


class Child(Protocol):
    """What is asked of a child, whoever forked it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def terminate(self) -> None: ...


@dataclass(frozen=True)
class Process:
    """A running child. Its pid is its process group too, so that what it forked can be ended with it."""

    child: Child
    log: Path

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def running(self) -> bool:
        return self.child.returncode is None

    async def wait(self) -> int:
        """Exit code of the child (negative: the signal that ended it); leftovers of its group are killed."""
        code = await self.child.wait()
        self._signal(signal.SIGKILL)
        return code

    async def stop(self, grace: float) -> None:
        """SIGTERM to the child alone, `grace` seconds to end by itself, then SIGKILL to its whole group."""
        if self.running:
            with suppress(ProcessLookupError):
                self.child.terminate()
        try:
            await asyncio.wait_for(self.child.wait(), grace)
        except TimeoutError:
            pass
        finally:
            self._signal(signal.SIGKILL)
        await self.child.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def spawn(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, nice: int = 0) -> Process:
    """Start `argv` with `env` added to ours; both outputs are appended to `log`. OSError if it cannot be started.

    Call it from the thread that lives as long as the program (see tether): the event loop of the main thread.
    """
    prefix = ("nice", "-n", str(nice)) if nice else ()
    with begin_log(log).open("ab", buffering=0) as output:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *prefix, *argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    return Process(child, log)


def begin_log(log: Path) -> Path:
    """Write the line that begins a run; the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab", buffering=0) as output, suppress(OSError):
        # A disk without space for a log keeps no program from starting.
        output.write(f"{STARTED}{datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
    return log


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of the last run in a log, for an error message; empty if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        told = file.read().decode(errors="replace")
    last_run = told.rpartition(STARTED)[2]
    return "\n".join(last_run.splitlines()[1 if last_run != told else 0 :][-lines:])


def limit(log: Path, most: int = LOG_LIMIT_BYTES) -> bool:
    """Keep a log below `most` bytes: what it holds moves to `<log>.1` and it begins anew; True if that happened.

    The child appends, so truncating under it is safe; lines written between copy and truncate are lost.
    """
    if not log.exists() or log.stat().st_size <= most:
        return False
    with suppress(OSError):  # no space for both: that is what the limit is for
        shutil.copyfile(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)
    return True
