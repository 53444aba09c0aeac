"""Open streams: limits their number, and ends those whose reader may no longer read.

The rights of all readers are looked up together, every two seconds and whenever a pack is loaded. A stream ends within
five seconds when its token is revoked, its person leaves the pack or is placed elsewhere, its unit moves in the tree,
or the directory does not answer.
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
"""Streams end when the directory has not answered for this long, so that rights end within five seconds."""


@dataclass(eq=False)
class _Held:
    """A stream that is open."""

    listener: Listener
    token: str
    """Its hash."""
    who: Principal
    may: Callable[[], bool]
    """Whether the reader may still follow this queue."""


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
        """The response that streams ``listener``'s queue.

        Raises ``Refusal`` 429 if this person has too many streams open, 503 if the process has.
        """
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
        """Check rights at once, because a pack was loaded."""
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
    """Frees its place among the open streams however it ends, also if it never began."""

    def __init__(self, tail: LiveEvents, listener: Listener, cursor: Cursor | None, ended: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(tail.follow(listener, cursor), headers=headers, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
