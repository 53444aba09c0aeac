"""The process of a service: one event loop with uvicorn; at its stop it waits for open requests."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable
from types import FrameType
from typing import Protocol

import uvicorn
import uvloop
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from shared.runtime.health.loop_watch import watch_loop
from shared.runtime.http_server.slow_client_guard import Connection, check_connections, raise_open_files_limit
from shared.runtime.service import GRACE_SECONDS
from shared.runtime.settings import Settings

GARBAGE_AFTER = 20_000
"""Allocations before a garbage collection (Python's default is 700): a batch allocates thousands, with few cycles."""


TICKS_A_SECOND = 10
"""uvicorn counts ticks of 0.1 s and acts on every tenth."""


class _Server(uvicorn.Server):
    """uvicorn's server, which calls ``on_stop`` before it waits for open requests: live streams never end otherwise."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop = asyncio.get_running_loop()
        self._told_to_stop = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def main_loop(self) -> None:
        """Tick once a second, and when told to stop. uvicorn's ten a second are a third of an idle service's CPU."""
        counter = 0
        while not await self.on_tick(counter):
            counter += TICKS_A_SECOND
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._told_to_stop.wait()

    async def on_tick(self, counter: int) -> bool:
        check_connections(self.server_state, self._loop.time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for stop in self.config.app.state.on_stop:  # type: ignore[union-attr]
            stop()
        await super().shutdown(sockets)


class App(Protocol):
    """An ASGI application; ``state.on_stop``: what is called before open answers are waited for."""

    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


def serve(build: Callable[[Settings], App], settings: Settings, port: int) -> None:
    """Run a service until SIGTERM or SIGINT. ``build`` is called on the running loop: motor's client binds to it."""

    async def run() -> None:
        raise_open_files_limit()
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
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=settings.trusted_proxies or None,
                ssl_certfile=settings.tls_cert or None,
                ssl_keyfile=settings.tls_key or None,
                log_level="warning",
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=30,
                backlog=4096,
            )
        ).serve()

    uvloop.run(run())
