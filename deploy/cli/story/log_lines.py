"""Lines of the local services' logs that carry an id: what a refused request leaves, and nothing else keeps."""

import json
from pathlib import Path

from deploy.cli.api import SERVICES, JsonObject

READ_MAX = 64 * 1024 * 1024
"""Bytes of each log that are read, the newest."""
LINES_MAX = 50


def lines_with(data: Path, text: str) -> list[JsonObject]:
    """The newest lines with ``text``, at most ``LINES_MAX`` of each service; none where no stack logs to ``data``."""
    found: list[JsonObject] = []
    for service in SERVICES:
        log = data / "logs" / f"{service}.log"
        if log.is_file():
            found += [{"service": service, **line} for line in _lines(log, text.encode())[-LINES_MAX:]]
    return sorted(found, key=lambda line: str(line.get("timestamp", "")))


def _lines(log: Path, text: bytes) -> list[JsonObject]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_MAX))
        return [line for raw in file if text in raw and (line := _read(raw)) is not None]


def _read(raw: bytes) -> JsonObject | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
