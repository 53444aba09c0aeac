"""Ends a process whose event loop is blocked, so that the supervisor starts one that works.

A thread watches the loop. It is stopped together with the process (SIGSTOP, a frozen machine), so such time does not
count.
"""

import asyncio
import contextvars
import os
import sys
import threading
import time
import traceback

import structlog

log = structlog.get_logger()

STILL_SECONDS = 20
CHECK_SECONDS = 1.0
FRAMES = 6


def watch_loop(still: int = STILL_SECONDS) -> None:
    """Start watching the running loop. When it runs no callback for ``still`` seconds, the process exits with 70."""
    loop, thread = asyncio.get_running_loop(), threading.get_ident()
    context = contextvars.copy_context()  # the log lines' names
    watch = threading.Thread(target=context.run, args=(_watch, loop, thread, still), name="loop-watch", daemon=True)
    watch.start()


def _watch(loop: asyncio.AbstractEventLoop, thread: int, still: int) -> None:
    turned = threading.Event()
    while not loop.is_closed():
        turned.clear()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # closed just now
            return
        if not any(turned.wait(1.0) for _ in range(still)):
            log.critical("loop.blocked", seconds=still, at=_where(thread))
            os._exit(70)
        time.sleep(CHECK_SECONDS)


def _where(thread: int) -> str:
    """The innermost frames of the code that blocks the loop, outermost first."""
    frame = sys._current_frames().get(thread)
    return " > ".join(f"{at.name} {at.filename}:{at.lineno}" for at in traceback.extract_stack(frame)[-FRAMES:])
