"""Keeps one part running: starts it, watches it, starts it again with back-off when it ends."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from deploy.local.part import Part, Probe, until
from deploy.local.process import Process, limit
from deploy.local.state import Board, State

Say = Callable[[str], None]
"""Tells the person at the terminal one line."""

LOOK_EVERY_S, LOOK_SOON_S = 10.0, 0.5
"""Of a part that is well, and of one that is not; that its process ended is seen at once."""
START_WITHIN_S = 60.0


class BackOff:
    """How long to wait before a part that ended is started again: doubling, anew after a healthy while. Seconds."""

    def __init__(self, first: float = 0.2, most: float = 10.0, healthy: float = 30.0) -> None:
        self._first, self._most, self._healthy = first, most, healthy
        self._next = first

    def after(self, ran: float) -> float:
        """The wait after a run of `ran` seconds."""
        if ran >= self._healthy:
            self._next = self._first
        wait = self._next
        self._next = min(self._next * 2, self._most)
        return wait


class Keeper:
    """The life of one part. `open` once, then `keep` as a task, `close` at the end."""

    def __init__(self, part: Part, board: Board, say: Say, after: asyncio.Event | None = None) -> None:
        self.part = part
        self.up = asyncio.Event()
        self._after = after
        self._board = board
        self._say = say
        self._process: Process | None = None
        self._announce = False
        board.enter(part.name, part.url, part.log)

    async def open(self) -> None:
        """Start the part, once what it comes `after` is up, and wait until it is alive; PartFailed if it is not."""
        if self._after is not None:
            await self._after.wait()
        began = time.monotonic()
        await self._start("starting")
        self.up.set()
        self._say(f"{self.part.name} is up after {time.monotonic() - began:.1f} s")

    async def ready(self, within: float = START_WITHIN_S) -> None:
        """Wait until the part says that it is ready; PartFailed names its reason if it does not."""
        process = self._opened()
        await until(self.part, process, self.part.ready, within)
        self._board.set(self.part.name, "ready", process.pid)
        self._announce = True  # from here on a change is news

    async def keep(self) -> None:
        """Watch and restart, for ever; ends by being cancelled.

        A part that comes up too slowly the second time is not ended for it: a broker may be mending its log.
        """
        back_off = BackOff()
        while True:
            began = time.monotonic()
            how = await self._watch()
            wait = back_off.after(time.monotonic() - began)
            self._board.set(self.part.name, "restarting", None)
            self._say(f"{self.part.name} {how}; starting it again in {wait:.1f} s (log: {self.part.log})")
            await asyncio.sleep(wait)
            try:
                await self._start("restarting")
            except Exception as failure:  # whatever it is: said, and tried again
                self._say(f"{self.part.name} did not come up: {failure}")

    async def close(self) -> None:
        """Stop the part: SIGTERM, its grace, SIGKILL."""
        if self._process is not None:
            await self._process.stop(self.part.grace)
        self._board.set(self.part.name, "stopped", None)

    def _opened(self) -> Process:
        if self._process is None:
            raise RuntimeError(f"{self.part.name}: open() comes first")
        return self._process

    async def _start(self, state: State) -> None:
        await self.part.prepare()
        self._process = process = await self.part.begin(self.part)
        self._board.set(self.part.name, state, process.pid)
        await until(self.part, process, self.part.alive, START_WITHIN_S)

    async def _watch(self) -> str:
        """Look at the part every few seconds until it ends; how it ended."""
        process, pause = self._opened(), LOOK_SOON_S
        ended = asyncio.create_task(process.wait())
        try:
            while not (await asyncio.wait({ended}, timeout=pause))[0]:
                problem = await self.part.ready()
                if ended.done():
                    break
                self._note(process, problem)
                pause = LOOK_EVERY_S if problem is None else LOOK_SOON_S
                await asyncio.to_thread(limit, self.part.log)
            code = await ended
        finally:
            ended.cancel()
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def _note(self, process: Process, problem: str | None) -> None:
        news = self._board.set(self.part.name, "ready" if problem is None else "degraded", process.pid)
        if news and self._announce:
            self._say(f"{self.part.name} is {'ready' if problem is None else f'degraded: {problem}'}")


class ServerAway(Exception):
    """A server that WHISTLE_KAFKA or WHISTLE_MONGO names does not answer."""


class Elsewhere:
    """A server that somebody else runs: looked at, never started or stopped."""

    def __init__(self, name: str, url: str, probe: Probe, board: Board, say: Say) -> None:
        self.up = asyncio.Event()
        self._name, self._probe, self._board, self._say = name, probe, board, say
        board.enter(name, url, None)

    async def open(self) -> None:
        """ServerAway if it does not answer."""
        if (problem := await self._probe()) is not None:
            raise ServerAway(f"{self._name} (WHISTLE_{self._name.upper()}) does not answer: {problem}")
        self.up.set()
        self._board.set(self._name, "ready", None)

    async def keep(self) -> None:
        """Look at it every few seconds, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            problem = await self._probe()
            if self._board.set(self._name, "ready" if problem is None else "degraded", None):
                self._say(f"{self._name} is {'ready' if problem is None else f'degraded: {problem}'}")

    async def close(self) -> None:
        self._board.set(self._name, "stopped", None)


class Kept(Protocol):
    """What the supervisor does with a part, wherever it runs; `up` is set once `open` has found it alive."""

    up: asyncio.Event

    async def open(self) -> None: ...
    async def keep(self) -> None: ...
    async def close(self) -> None: ...
