"""Imports once what all services import, then starts each service as a fork: ``python -m deploy.local.fork_server``.

Most of a service's start is the import of its libraries, 2 to 3 s of CPU; forked, four services pay that once, and one
that ended is back at once. Modules of services are imported in the fork, so that each has its own metrics only.

Stdin brings a JSON line per start, ``{"module", "env", "log"}``. Stdout answers in the same order ``{"pid"}``, and says
``{"ended": pid, "code"}`` of each (negative: the signal). It has one thread, as what forks must. Services end with this
process, and it ends when stdin is closed.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from dataclasses import dataclass
from typing import Any

from deploy.local.tether import end_with

PR_SET_NAME = 15
IMPORTED = (
    "shared.runtime.process",
    "shared.runtime.service",
    "shared.runtime.pack_library",
    "shared.runtime.observability.logs",
    "shared.city.checks.all",
    "shared.case_page.refusals",
    "cryptography.fernet",
    "jinja2",
)
"""What most services import, with the libraries below it. What is missing here is imported by each service."""


@dataclass(frozen=True)
class _Order:
    module: str
    env: dict[str, str]
    log: str


class _ForkServer:
    """``answers``: the descriptor that answers are written to."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._wake, self._woken = os.pipe()
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._woken)
        self._read = b""

    def serve(self) -> _Order | None:
        """Returns in each fork with what it is to run; in the server None, once nobody can order any more."""
        while True:
            readable, _, _ = select.select([0, self._wake], [], [])
            if self._wake in readable:
                os.read(self._wake, 4096)
                self._reap()
            if 0 in readable:
                read = os.read(0, 65536)
                if not read:
                    return None
                *lines, self._read = (self._read + read).split(b"\n")
                for line in lines:
                    if (order := self._fork(_Order(**json.loads(line)))) is not None:
                        return order

    def _fork(self, order: _Order) -> _Order | None:
        """The order in the fork; None in the server."""
        server = os.getpid()
        if pid := os.fork():
            self._answer({"pid": pid})
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        end_with(server)
        for end in (self._wake, self._woken, self._answers):
            os.close(end)
        _redirect(order.log)
        return order

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._answer({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _answer(self, message: dict[str, Any]) -> None:
        os.write(self._answers, json.dumps(message).encode() + b"\n")


def _name_process(name: str) -> None:
    """What ``top`` and ``ps -e`` show."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def _redirect(log: str) -> None:
    """Nothing to read; both outputs are appended to ``log``."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def main() -> None:
    """Serve; in a fork, run the service as ``python -m`` would."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what an import prints is no answer
    for module in IMPORTED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    order = _ForkServer(answers).serve()
    if order is not None:
        os.environ.update(order.env)
        _name_process(order.module.rpartition(".")[2])
        sys.argv = [order.module]
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
