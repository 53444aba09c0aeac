"""Logs: one line per unit of work, structured, with the trace, without personal data."""

import contextlib
import io
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

from shared.kernel.personal import without_personal_numbers

_TOKEN = re.compile(r"whk_\w+|whsec_[\w+/=]+|Bearer\s+\S+")
_SECRET_NAMES = frozenset({"token", "secret", "authorization", "password", "phone", "name", "key"})
_MAX_VALUE = 2000
REPEAT_SECONDS = 10.0
REMEMBERED_MAX = 500


def scrub(text: str) -> str:
    """``text`` without phone numbers, identity numbers (GB 11643) and tokens."""
    return _TOKEN.sub("[token]", without_personal_numbers(text))


def _redact(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in line.items():
        if name in _SECRET_NAMES:
            line[name] = "[redacted]"
        elif isinstance(value, str):
            line[name] = scrub(value)[:_MAX_VALUE]
    return line


class RepeatFilter(logging.Filter):
    """Drops a library's log line that came already within ``REPEAT_SECONDS``, as during an outage of a server."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        what = (record.name, str(record.msg))
        if record.created - self._said.get(what, 0.0) < REPEAT_SECONDS:
            return False
        if len(self._said) > REMEMBERED_MAX:
            self._said.clear()
        self._said[what] = record.created
        return True


class _Output(io.TextIOBase):
    """Standard output that drops lines which cannot be written, for instance to a full disk.

    An ``OSError`` from logging would look like an outage to the code that logs, which would retry for ever.
    """

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stdout.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.flush()


def set_up_logs(service: str, style: str) -> None:
    """Send all log lines, also those of libraries, to standard output. ``style``: ``json`` or ``console``."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    end: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, end],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Output())),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, end],
        )
    )
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
