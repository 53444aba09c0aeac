"""The console before services that are made up, in this process: what is measured is the page."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import uvicorn

from services.console.live.feed import Feed
from shared.runtime.settings import Settings
from tests.kit.console_door import ConsoleDoor
from tests.kit.live_changes import wake
from tests.kit.made_router import MadeRouter

BEAT_SECONDS = 15.0


@dataclass(frozen=True)
class MadeDesk:
    """``feed``: what its live streams tell."""

    router: MadeRouter
    feed: Feed
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextlib.asynccontextmanager
async def made_desk(
    answers: Callable[[httpx.Request], httpx.Response] | None = None, settings: Settings | None = None
) -> AsyncIterator[MadeDesk]:
    """``answers``: of the services, where they are not the officers' ones."""
    router = MadeRouter()
    listening = socket.create_server(("127.0.0.1", 0))
    app = ConsoleDoor(answers or router, settings).app
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    beating = asyncio.create_task(_beats(app.site.feed))
    yield MadeDesk(router, app.site.feed, f"http://127.0.0.1:{listening.getsockname()[1]}")
    beating.cancel()
    app.site.feed.close()
    server.should_exit = True
    await serving


async def _beats(feed: Feed) -> None:
    while True:
        wake(feed)
        await asyncio.sleep(BEAT_SECONDS)
