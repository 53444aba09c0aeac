"""A service's process: its tasks, and whether it lives. Killed, its tasks end and its calls reach nobody."""

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import Any

running_in: ContextVar["Process | None"] = ContextVar("running_in", default=None)
"""The process whose code runs; None for the world outside."""
TASKS_KEPT = 200


class Process:
    """One start of a service."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.context: Context = copy_context()
        self.context.run(running_in.set, self)
        self.serving = False
        self.stopping = asyncio.Event()
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def kill(self) -> None:
        """As ``kill -9``: what it did not write is gone."""
        self.alive = False
        self.serving = False
        for task in list(self._tasks):
            task.cancel()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """``task`` ends with the process."""
        if len(self._tasks) > TASKS_KEPT:
            self._tasks = {kept: None for kept in self._tasks if not kept.done()}
        self._tasks[task] = None

    def breathes(self) -> None:
        """Raises ``CancelledError`` in a process that was killed: its code may not act any more."""
        if not self.alive:
            raise asyncio.CancelledError


def adopted(task: asyncio.Task[Any], context: Context | None) -> None:
    """A new task belongs to the process whose code made it, or that it is made for."""
    process = running_in.get() if context is None else context.get(running_in)
    if process is not None:
        process.adopt(task)
