"""A duty screen: a queue read once, then followed by its server-sent events."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.cli.api import Api


@dataclass(frozen=True)
class Told:
    """One server-sent event: ``case``, ``left`` or ``reset``."""

    event: str
    data: dict[str, Any]


@dataclass
class Screen:
    """What the stream of a queue has told so far."""

    unit: str
    told: list[Told] = field(default_factory=list)

    def of(self, case: str, event: str = "case") -> dict[str, Any] | None:
        """The newest ``event`` about a case, if there was one."""
        return next((t.data for t in reversed(self.told) if t.event == event and t.data["id"] == case), None)


@contextmanager
def watching(officer: Api, unit: str) -> Iterator[Screen]:
    """Follow a unit's queue from now on, in the background."""
    start = officer.get("router", f"/v1/queues/{unit}/cases")["stream_from"]
    screen = Screen(unit)
    url = f"{officer.urls['router']}/v1/queues/{unit}/stream"
    headers = {"authorization": f"Bearer {officer.token}"}
    waits = httpx.Timeout(10.0, read=60.0)
    with (
        httpx.Client(timeout=waits, trust_env=False) as client,
        client.stream("GET", url, params={"from": start}, headers=headers) as answer,
    ):
        reader = threading.Thread(target=_read, args=(answer, screen), daemon=True)
        reader.start()
        try:
            yield screen
        finally:
            answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            reader.join()


def _read(answer: httpx.Response, screen: Screen) -> None:
    """Events until the connection ends; a comment or an id is passed over."""
    event = ""
    try:
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                screen.told.append(Told(event, json.loads(value)))
    except httpx.HTTPError:
        return
