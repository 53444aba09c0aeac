"""The live stream of a unit's queue, as a page in a browser reads it."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from tests.kit.stack import Person


class Listening:
    """A stream read in a thread; its events as they come."""

    def __init__(self, person: Person, unit: str, **query: str) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self._client = httpx.Client(timeout=httpx.Timeout(5.0, read=30.0))
        url = person.stack.urls["router"] + f"/v1/queues/{unit}/stream"
        headers = {"authorization": f"Bearer {person.token}"}
        request = self._client.build_request("GET", url, params=query, headers=headers)
        self._answer = self._client.send(request, stream=True)
        assert self._answer.status_code == 200
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for event in _frames(self._answer.iter_lines()):
                self.events.append(event)
        except httpx.HTTPError:
            return

    def of(self, case: str) -> list[tuple[str, str, dict[str, Any]]]:
        return [event for event in self.events if event[2].get("id") == case]

    def close(self) -> None:
        self._client.close()


def _frames(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if not line:
            if "id" in found:  # a beat has none
                yield found["event"], found["id"], msgspec.json.decode(found["data"])
            found = {}
            continue
        name, _, value = line.partition(": ")
        found[name] = value
