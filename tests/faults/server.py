"""A process that a test may kill, stop, continue and start again."""

import asyncio
import os
import signal
import subprocess
import sys

from deploy.local.part import Part
from deploy.local.process import TETHER

ENDS_WITHIN = 20.0


class Server:
    """One part of the stack outside of any supervisor; it ends with the test run, however that ends.

    Start it from the main thread: the tether ends it with the thread that started it.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.paused = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.part.ports[0]}"

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def answers(self) -> bool:
        """Whether it is worth asking."""
        return self.running and not self.paused

    @property
    def pid(self) -> int:
        assert self._child is not None, f"{self.part.name} was never started"
        return self._child.pid

    def start(self) -> None:
        """Start the process; who needs it ready waits for that."""
        if self.running:
            return
        asyncio.run(self.part.prepare())
        self.part.log.parent.mkdir(parents=True, exist_ok=True)
        with self.part.log.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.part.command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.part.env},
                start_new_session=True,
            )
        self.paused = False

    def kill(self) -> None:
        """``kill -9``; gone when this returns."""
        if self._child is not None and self.running:
            self._child.kill()
            self._child.wait()
        self.paused = False

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)
        self.paused = True

    def go_on(self) -> None:
        """SIGCONT, as if nothing had happened."""
        if self.running:
            os.kill(self.pid, signal.SIGCONT)
        self.paused = False

    def end(self) -> None:
        """SIGTERM, then SIGKILL."""
        if self._child is None or not self.running:
            return
        self.go_on()
        self._child.terminate()
        try:
            self._child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
