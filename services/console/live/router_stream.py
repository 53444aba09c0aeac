"""The one stream of the router that this process holds: followed for ever, from where it ended."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import structlog

from services.console.live.changes import Beat, CaseChange
from services.console.live.feed import SILENT_SECONDS, Feed
from services.console.live.service_token import ServiceToken

log = structlog.get_logger()
PAUSES = (0.2, 0.5, 1.0, 2.0)
TIMEOUT = httpx.Timeout(SILENT_SECONDS, connect=2.0)


class RouterStream:
    """Tells the feed."""

    def __init__(self, router: httpx.AsyncClient, token: ServiceToken, feed: Feed) -> None:
        self._router = router
        self._token = token
        self._feed = feed
        self._cursor = ""

    async def run(self) -> None:
        """Until it is cancelled."""
        failed = 0
        while True:
            try:
                if await self._follow():
                    failed = 0
            except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError) as away:
                log.warning("live.away", kind=type(away).__name__, error=str(away))
            await asyncio.sleep(PAUSES[min(failed, len(PAUSES) - 1)])
            failed += 1

    async def _follow(self) -> bool:
        """Whether anything was heard. Raises what httpx and msgspec do."""
        shown, heard = self._token.text, False
        headers = {"authorization": f"Bearer {shown}", **({"last-event-id": self._cursor} if self._cursor else {})}
        async with self._router.stream("GET", "/v1/stream", headers=headers, timeout=TIMEOUT) as answer:
            if answer.status_code == 401:
                self._token.refused(shown)
            if answer.status_code != 200:
                log.warning("live.refused", status=answer.status_code)
                return False
            async for event, id_, data in frames(answer.aiter_lines()):
                self._tell(event, data)
                self._cursor = id_ or self._cursor
                heard = True
        return heard

    def _tell(self, event: str, data: str) -> None:
        if event == "change":
            self._feed.take(msgspec.json.decode(data, type=CaseChange))
        elif event == "beat":
            self._feed.beat(msgspec.json.decode(data, type=Beat))
        elif event == "reset":
            self._feed.lose()


async def frames(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str, str]]:
    """Server-sent events: name, id and data."""
    found: dict[str, str] = {}
    async for line in lines:
        if not line:
            if "data" in found:
                yield found.get("event", "message"), found.get("id", ""), found["data"]
            found = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            found[name] = value.removeprefix(" ")
