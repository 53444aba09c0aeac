"""Services started by the fork server (``fork_server.py``), seen from the supervisor."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deploy.local.process import TETHER, Process, begin_log

MODULE = "deploy.local.fork_server"


class Forked:
    """A fork, as ``asyncio.subprocess.Process`` shows a child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """Exit code (negative: the signal that ended it)."""
        await self._ended.wait()
        return self.returncode if self.returncode is not None else -signal.SIGKILL

    def terminate(self) -> None:
        """SIGTERM. ``ProcessLookupError`` where it has ended."""
        os.kill(self.pid, signal.SIGTERM)

    def end(self, code: int) -> None:
        """It is known to have ended so."""
        self.returncode = code
        self._ended.set()


class ForkServer:
    """Starts services as forks of a process that ends with us. Where that process died, all forks did, and the next
    start begins another. ``log``: what it prints itself."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._server: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._asked: deque[asyncio.Future[Forked]] = deque()
        self._living: dict[int, Forked] = {}

    async def open(self) -> None:
        """Begin with the imports; ``start`` need not be awaited for it. OSError if there is no such process."""
        async with self._opening:
            if self._server is None or self._server.returncode is not None:
                await self._begin()

    async def start(self, module: str, log: Path, env: Mapping[str, str]) -> Process:
        """Run ``python -m module`` with ``env`` added to ours, its output appended to ``log``. OSError if the fork
        server ended meanwhile."""
        await self.open()
        begin_log(log)
        server = self._server
        assert server is not None and server.stdin is not None  # noqa: S101 - open() has made them
        asked: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        order = {"module": module, "env": dict(env), "log": str(log)}
        server.stdin.write(json.dumps(order).encode() + b"\n")
        return Process(await asked, log)

    async def close(self) -> None:
        """End the process; services should have been stopped before."""
        if self._server is not None and self._server.stdin is not None and self._reader is not None:
            self._server.stdin.close()
            await self._reader

    async def _begin(self) -> None:
        with begin_log(self._log).open("ab", buffering=0) as output:
            self._server = server = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), sys.executable, "-m", MODULE),
                stdin=PIPE,
                stdout=PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._reader = asyncio.create_task(self._listen(server))

    async def _listen(self, server: asyncio.subprocess.Process) -> None:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        async for line in server.stdout:
            self._hear(json.loads(line))
        await server.wait()
        for living in self._living.values():
            living.end(-signal.SIGKILL)
        self._living.clear()
        while self._asked:
            if not (asked := self._asked.popleft()).done():
                asked.set_exception(OSError(f"{MODULE} ended with code {server.returncode} (log: {self._log})"))

    def _hear(self, message: dict[str, Any]) -> None:
        if "pid" in message:
            self._living[message["pid"]] = forked = Forked(message["pid"])
            if not (asked := self._asked.popleft()).done():
                asked.set_result(forked)
        elif (ended := self._living.pop(message["ended"], None)) is not None:
            ended.end(message["code"])


@asynccontextmanager
async def fork_server(log: Path) -> AsyncIterator[ForkServer]:
    """One that begins with its imports at once, and ends with the block."""
    server = ForkServer(log)
    await server.open()
    try:
        yield server
    finally:
        await server.close()
