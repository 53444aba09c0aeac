"""Runs untrusted input (photos, large JSON bodies) through a function in a separate process with limits.

The work may crash, use up its memory or never end: only that process is lost. It is started at the first call and
again after it ended.
"""

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
MEMORY_MAX = 2 * 1024**3
TASKS_MAX = 200
PR_SET_PDEATHSIG = 1


class ProcessEndedError(Exception):
    """The process crashed, ran out of memory, or was killed because it took longer than ``seconds``."""


class ConfinedProcess:
    """One process that runs one call at a time; further calls wait for their turn.

    ``seconds``: time limit of a call; the process is killed after it. ``nice``: its scheduling priority, 0 to 19
    (nice(2)). ``idle_seconds``: it is ended after so long without a call; 0: never.
    """

    def __init__(self, seconds: float, *, nice: int = 19, idle_seconds: float = 0) -> None:
        self._seconds = seconds
        self._nice = nice
        self._idle_seconds = idle_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call ``work``, a module-level function, in the process and return its result or raise its exception.

        Arguments and result are pickled. Raises ``ProcessEndedError``.
        """
        async with self._turn:
            if self._closing is not None:
                self._closing.cancel()
            loop, lives = asyncio.get_running_loop(), False
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await loop.run_in_executor(self._opened(), work, *args)
                lives = True
                return answer
            except (BrokenProcessPool, TimeoutError, MemoryError) as ended:
                raise ProcessEndedError(type(ended).__name__) from ended
            except Exception:
                lives = True
                raise
            finally:
                if not lives:
                    self.close()
                elif self._idle_seconds:
                    self._closing = loop.call_later(self._idle_seconds, self.close)

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_confine,
                initargs=(self._nice,),
                max_tasks_per_child=TASKS_MAX,
            )
        return self._pool

    def pids(self) -> list[int]:
        """The id of the process; empty while none runs."""
        return list(self._pool._processes or {}) if self._pool is not None else []

    def close(self) -> None:
        """Kill the process, also in the middle of a call."""
        if self._pool is not None:
            for process in (self._pool._processes or {}).values():
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _confine(nice: int) -> None:
    """Limit the new process: scheduling priority, memory, no core files; it dies with its parent (prctl 2)."""
    os.nice(nice)  # at 0 a hundred waiting pictures doubled the reports' p99 (bench.photos)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
