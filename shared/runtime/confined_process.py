"""Work on what strangers sent, in a process of its own: it may crash, take all memory or never end, and nobody waits.

The process is made when it is first needed and replaced when it was ended.
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


class Ended(Exception):
    """The process crashed, or was ended because it took too long."""


class ConfinedProcess:
    """One process that does one thing at a time. ``seconds``: after so many the work is given up.

    ``nice``: how far it stands back for others, as the kernel counts it. ``idle_seconds``: with nothing to do for so
    long it ends; 0: it stays.
    """

    def __init__(self, seconds: float, *, nice: int = 19, idle_seconds: float = 0) -> None:
        self._seconds = seconds
        self._nice = nice
        self._idle_seconds = idle_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """What ``work``, a function of a module, answers or raises. Raises ``Ended``."""
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
                raise Ended(type(ended).__name__) from ended
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
        """The process, while there is one."""
        return list(self._pool._processes or {}) if self._pool is not None else []

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._pool is not None:
            for process in (self._pool._processes or {}).values():
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _confine(nice: int) -> None:
    """Behind others, limits on memory, no core files, no life beyond its parent (prctl 2)."""
    os.nice(nice)  # at 0 a hundred waiting pictures doubled the reports' p99 (bench.photos)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
