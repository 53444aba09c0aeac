"""The stack that a demo is played on: its own data, its own ports, stopped at the end whatever happened."""

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

from deploy.cli.detached import up_detached
from deploy.cli.foreground import fetch_jars
from deploy.cli.terminal import err
from deploy.demo.expect import Unmet
from deploy.local.ports import taken
from deploy.local.servers.jars import JarsMissing
from deploy.local.state import holder

PORTS = range(20_000, 32_000, 20)
"""Bases to try: below the range from which the kernel hands out ports."""
UP_WITHIN_S, DOWN_WITHIN_S = 180.0, 60.0
OURS = ("KAFKA", "MONGO", "NAMESPACE", "DEV_TOKENS", "PUBLIC_URL", "WEBHOOK_ALLOW", "DATA", "SECRET")
"""Settings of another installation: the demo has its own."""


@contextmanager
def stage(city: Path, keep: bool, begins: datetime) -> Iterator[Path]:
    """A stack with the pack in ``city``, ready; its data directory. Unmet, with the reason, if it does not come up.

    Its clock begins at ``begins``, so that the same people are on duty whenever it is played; ``WHISTLE_TEST_AT``
    says another moment.

    With ``keep`` it is left running; otherwise it is stopped and its data removed, unless the demo failed: then the
    logs stay.
    """
    for name in OURS:
        os.environ.pop(f"WHISTLE_{name}", None)
    os.environ["WHISTLE_TEST_AT"] = os.environ.get("WHISTLE_TEST_AT") or begins.isoformat()
    data = Path(tempfile.mkdtemp(prefix="whistle-demo-"))
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        fetch_jars()
        problem = up_detached(data, _free_base(), [city], err, within=UP_WITHIN_S, tied=not keep)
        if problem is not None:
            raise Unmet("a running stack", problem)
        yield data
    except JarsMissing as missing:
        raise Unmet("Kafka's jars", missing) from missing
    except BaseException:
        _stop(data)
        for server in ("kafka", "mongo"):
            shutil.rmtree(data / server, ignore_errors=True)
        err.print(f"logs: {data / 'logs'}")
        raise
    if not keep:
        _stop(data)
        shutil.rmtree(data, ignore_errors=True)


def _free_base() -> int:
    while True:
        base = random.choice(PORTS)
        if not any(taken(base + offset) for offset in range(14)):
            return base


def _stop(data: Path) -> None:
    """End the stack on ``data`` and wait until it has let go."""
    pid = holder(data)
    ends = time.monotonic() + DOWN_WITHIN_S
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    while holder(data) is not None and time.monotonic() < ends:
        time.sleep(0.05)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
