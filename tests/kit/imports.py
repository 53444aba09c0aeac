"""An importer that brings in many reports, as fast as intake takes them."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.kit.places import QUAY
from tests.kit.stack import RunningStack

BATCH = 500
SENDERS = 3
RECEIVED_AT = "2024-03-02T09:00:00Z"
LAMP = {"kind": "hazard", "description": "a lamp is dark", "location": QUAY}
UNTIL_TAKEN = 200
"""Tries of one batch; intake refuses for load and limits."""


@dataclass
class Import:
    """``count`` reports of lamps; ``historic``: of times gone by."""

    stack: RunningStack
    count: int
    historic: bool
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    ids: set[str] = field(default_factory=set)
    """What was answered 202."""

    def send(self) -> None:
        """Returns when every report was accepted."""
        with ThreadPoolExecutor(SENDERS) as senders:
            for _ in senders.map(self._sent, self._batches()):
                """Each was taken."""
        assert len(self.ids) == self.count

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        of_old = {"historic": True, "received_at": RECEIVED_AT} if self.historic else {}
        for start in range(0, self.count, BATCH):
            numbers = range(start, min(start + BATCH, self.count))
            yield [{**LAMP, **of_old, "idempotency_key": f"{self.run}-{n}"} for n in numbers]

    def _sent(self, batch: list[dict[str, Any]]) -> None:
        token = self.stack.city("harbour")["importer_key"]
        url = self.stack.urls["intake"] + "/v1/reports:batch"
        with httpx.Client(timeout=60.0, headers={"authorization": f"Bearer {token}"}) as client:
            for _ in range(UNTIL_TAKEN):
                answer = client.post(url, json=batch)
                if answer.status_code != 200:
                    continue
                items = answer.json()["items"]
                self.ids |= {item["id"] for item in items if item["status"] == 202}
                batch = [batch[item["index"]] for item in items if item["status"] in (429, 503)]
                if not batch:
                    return
        raise AssertionError(f"{len(batch)} reports were refused again and again")
