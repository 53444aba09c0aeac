"""Streams that are open: how many there may be, and whether whoever holds one may still read.

Rights are looked up for all of them at once, every two seconds and whenever a pack is loaded: a token that was revoked,
a person who left the pack or was moved, a unit that lies elsewhere now, end a stream within five seconds. So does a
directory that cannot be asked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.router.stream.cursors import Cursor
from services.router.stream.live_events import Listener, LiveEvents
from shared.kernel.errors import Refusal, unavailable
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

LOOK_SECONDS = 2.0
ASK_SECONDS = 1.0
UNKNOWN_SECONDS = 2.5
"""Who could not be asked about so long after the last answer is let go: the next one might come after five."""


@dataclass(eq=False)
class _Held:
    """A stream that is open."""

    listener: Listener
    token: str
    """Its hash."""
    who: Principal
    may: Callable[[], bool]
    """Whether the queue is still one that the holder may follow."""


class Streams:
    """Opens streams and ends them."""

    def __init__(self, tail: LiveEvents, directory: Directory, *, most: int, each: int) -> None:
        self._tail = tail
        self._directory = directory
        self._most = most
        self._each = each
        self._held: set[_Held] = set()
        self._of: Counter[tuple[str, str, str]] = Counter()
        self._wake = asyncio.Event()
        self._looked_at = time.monotonic()

    def open(
        self, token: str, who: Principal, listener: Listener, cursor: Cursor | None, may: Callable[[], bool]
    ) -> StreamingResponse:
        """The answer that follows ``listener``'s queue. Raises ``Refusal`` 429 and 503: somebody has enough of them."""
        whose = (who.kind, who.city, who.who)
        if self._of[whose] >= self._each:
            raise Refusal(429, "too-many-streams", f"At most {self._each} streams a person.", retry_after=5)
        if len(self._held) >= self._most:
            raise unavailable("Too many streams are open here.", retry_after=5)
        held = _Held(listener, token_hash(token), who, may)
        self._held.add(held)
        self._of[whose] += 1

        def ended() -> None:
            self._held.discard(held)
            self._of[whose] -= 1
            if not self._of[whose]:
                del self._of[whose]

        return _Stream(self._tail, listener, cursor, ended)

    def wake(self) -> None:
        """Look at once: a pack was loaded."""
        self._wake.set()

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, and after a pack was loaded, until it is cancelled."""
        while True:
            await self.end_forbidden()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def end_forbidden(self) -> None:
        """End the streams of those who may not read any more."""
        held = list(self._held)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                holders = await self._directory.holders({one.token for one in held})
        except (MongoError, TimeoutError) as error:
            log.warning("streams.rights_unknown", error=str(error), kind=type(error).__name__)
            if time.monotonic() - self._looked_at > UNKNOWN_SECONDS:
                self._end(list(self._held))
            return
        self._looked_at = time.monotonic()
        self._end([one for one in held if holders.get(one.token) != one.who or not one.may()])

    def _end(self, held: list[_Held]) -> None:
        for one in held:
            one.listener.end()
        if held:
            log.info("streams.ended", count=len(held))


class _Stream(StreamingResponse):
    """Gives its place back however it ends, begun or not."""

    def __init__(self, tail: LiveEvents, listener: Listener, cursor: Cursor | None, ended: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(tail.follow(listener, cursor), headers=headers, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
