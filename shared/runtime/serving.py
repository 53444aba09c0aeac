"""A service's process: one event loop, uvicorn, and an end that waits for open answers."""

import asyncio
import gc
import socket
from collections.abc import Callable

import uvicorn
import uvloop
from starlette.applications import Starlette

from shared.runtime.http_connection import Connection, look_at_all, open_files_as_allowed
from shared.runtime.loop_watch import watch_loop
from shared.runtime.service import GRACE_SECONDS
from shared.runtime.settings import Settings

GARBAGE_AFTER = 20_000
"""Objects made before the collector looks for cycles (700 by default): a batch makes thousands and hardly any cycle."""


class _Server(uvicorn.Server):
    """Says that it stops before it waits for open answers: live streams would never end by themselves."""

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            look_at_all(self.server_state, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for stop in self.config.app.state.on_stop:  # type: ignore[union-attr]
            stop()
        await super().shutdown(sockets)


def serve(build: Callable[[Settings], Starlette], settings: Settings, port: int) -> None:
    """Build on the loop that runs (motor's client is bound to it) and run until SIGTERM or SIGINT."""

    async def run() -> None:
        open_files_as_allowed()
        application = build(settings)
        watch_loop()
        gc.set_threshold(GARBAGE_AFTER)
        gc.freeze()
        await _Server(
            uvicorn.Config(
                application,
                host=settings.host,
                port=settings.port or port,
                http=Connection,
                ws="none",
                access_log=False,
                proxy_headers=False,
                log_level="warning",
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=30,
                backlog=4096,
            )
        ).serve()

    uvloop.run(run())
