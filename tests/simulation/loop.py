"""An event loop on virtual time: what is ready runs in an order that a seed draws, and waiting costs nothing.

No selector, no sockets, no threads: whatever would need one fails at once. Work for an executor is done on the spot.
"""

import asyncio
import contextvars
import heapq
import random
from collections.abc import Callable, Coroutine
from typing import Any

from tests.simulation.processes import adopted

STEPS_MAX = 2_000_000
"""More than any seed takes; a loop that long turns in a circle."""


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address, so that a seed replays."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], **more: Any) -> None:
        self._number = number
        super().__init__(coroutine, **more)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """``time`` is virtual seconds since the epoch. It stands while anything is ready, then jumps to the next timer."""

    _ready: Any
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, chance: random.Random, starts_at: float) -> None:
        super().__init__()
        self._chance = chance
        self._now = starts_at
        self._ready = []
        self.steps = 0
        self._tasks_made = 0
        self.set_task_factory(self._made)  # type: ignore[arg-type]

    def time(self) -> float:
        return self._now

    def leap(self, to: float) -> None:
        """All that slept until then wakes late, together, as after a machine's suspension."""
        self._now = max(self._now, to)

    def _run_once(self) -> None:
        """One handle, any of those that are ready."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise RuntimeError("the simulation does not come to rest")
        scheduled, ready = self._scheduled, self._ready
        if not ready:
            while scheduled and scheduled[0].cancelled():
                heapq.heappop(scheduled)
            if not scheduled:
                raise RuntimeError("everybody waits for something that nobody will do")
            self._now = max(self._now, scheduled[0].when())
        while scheduled and (scheduled[0].cancelled() or scheduled[0].when() <= self._now):
            handle = heapq.heappop(scheduled)
            if not handle.cancelled():
                ready.append(handle)
        place = int(self._chance.random() * len(ready))
        ready[place], ready[-1] = ready[-1], ready[place]
        chosen = ready.pop()
        if not chosen.cancelled():
            chosen._run()

    def _made(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **more: Any
    ) -> asyncio.Task[Any]:
        self._tasks_made += 1
        task = NumberedTask(self._tasks_made, coroutine, loop=loop, **more)
        adopted(task, more.get("context"))
        return task

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are passed over when their time comes."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector."""

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no selector."""

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done
