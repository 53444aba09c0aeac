"""Mail and some 170 services through Apprise (https://github.com/caronc/apprise, BSD-2-Clause).

Apprise blocks while it sends and opens its connections itself. It therefore runs in separate processes
(``apprise_process``); each sends one message at a time and is ended if it takes too long.
"""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

import msgspec

from services.notifier.channels.apprise_process import SECONDS_MAX, SendRequest
from services.notifier.channels.channel import Message
from services.notifier.channels.json_post import SETTINGS_SECONDS
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver

TEXT_MAX = 4000
PROCESSES_MAX = 6
START_SECONDS = 5
MODULE = "services.notifier.channels.apprise_process"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""The processes' whole environment: none of the notifier's secrets, no proxy."""
_WAITS = {"settings": SETTINGS_SECONDS, "refused_address": SETTINGS_SECONDS}


class Apprise:
    """At most ``PROCESSES_MAX`` processes, started when they are needed and used again."""

    pace = Pace(20)
    seconds = float(START_SECONDS + SECONDS_MAX)

    def __init__(self, allow: str) -> None:
        self._allow = allow
        self._gate = asyncio.Semaphore(PROCESSES_MAX)
        self._idle: list[Process] = []

    def fits(self, receiver: Receiver, text: str) -> bool:
        return len(text) <= TEXT_MAX

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        title, _, body = message.text.partition("\n")
        async with self._gate:
            process = await self._process()
            outcome = ""
            try:
                async with asyncio.timeout(self.seconds):
                    outcome = await _exchange(process, SendRequest(receiver.url, title, body or title))
            except (TimeoutError, OSError):
                outcome = ""
            finally:
                if outcome:
                    self._idle.append(process)
                else:
                    _end(process)
        return Outcome(outcome or "unreachable", wait=_WAITS.get(outcome))

    async def _process(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", MODULE, self._allow, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=ENVIRONMENT
        )

    def close(self) -> None:
        """Ends the processes that wait for work."""
        while self._idle:
            _end(self._idle.pop())


async def _exchange(process: Process, request: SendRequest) -> str:
    """The process's outcome for ``request``; empty if the process ended instead of answering."""
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipe to the process")
    process.stdin.write(msgspec.json.encode(request) + b"\n")
    await process.stdin.drain()
    return (await process.stdout.readline()).decode().strip()


def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
