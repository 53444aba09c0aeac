"""Ends a process whose event loop stands still: it answers nobody and handles nothing, and a new one would.

Time in which the whole process was stopped does not count: the watch is a thread of it and is stopped as well.
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
    """Start watching the running loop; after ``still`` seconds without a turn of it the process ends with code 70."""
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
    """The innermost frames of what holds the loop, outermost first."""
    frame = sys._current_frames().get(thread)
    return " > ".join(f"{at.name} {at.filename}:{at.lineno}" for at in traceback.extract_stack(frame)[-FRAMES:])
