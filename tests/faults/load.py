"""Reporters who do not wait for each other, and the ledger of what each was answered.

Open loop: reports arrive at drawn moments, however slowly they are answered. Each is sent again under its key until
there is an answer, as phones do, and some are sent twice at once. A part of them comes from an importer with an hour of
receipt that makes a clock of the case run out within the next seconds, so that breaches happen all the time.
"""

import asyncio
import contextlib
import math
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from tests.kit.stack import RunningStack, until

RATE = 15.0
"""Reports a second."""
QUAYSIDE, MILLFIELD = (4.31, 52.115), (4.38, 52.13)
"""Corners of what belongs to two units of the harbour's pack."""
WAITING_MAX = 300
"""Reports without an answer; further ones do not arrive until some of these are answered."""
ANSWER_SECONDS = 15.0
GIVE_UP_SECONDS = 150.0
TWICE, LATE, DANGER = 0.1, 0.25, 0.1
BREACHES_WITHIN = 20.0
PROMISED = timedelta(minutes=30)
"""When Quayside's promise to acknowledge a dark street light runs out."""
SOME_TIME = 120.0


class Load:
    """``with Load(stack, seed) as load:`` reports arrive until the block ends; then every one has its answer."""

    def __init__(
        self, stack: RunningStack, seed: int, rate: float = RATE, corner: tuple[float, float] = QUAYSIDE
    ) -> None:
        """``corner``: longitude and latitude; reports come from some hundred metres to the north-east of it."""
        self._rider, self._importer = stack.rider().token, stack.city("harbour")["importer_key"]
        self._url = stack.urls["intake"] + "/v1/reports"
        self._chance = random.Random(seed)
        self.seed = seed
        self.rate = rate
        self._corner = corner
        self.accepted: dict[str, str] = {}
        """Key → report id, as answered."""
        self.replayed = 0
        """Answers that said that they were a repetition of the first."""
        self.given_up: set[str] = set()
        self.refused: Counter[int] = Counter()
        """Status → answers that were no receipt; 0: no answer."""
        self.took: list[tuple[int, float]] = []
        """Status and seconds of each answer."""
        self.contradictions: list[str] = []
        self.in_flight = 0
        self._shift = stack.shift()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def go_on_for(self, count: int, within: float = SOME_TIME) -> None:
        """Wait until ``count`` more reports have been accepted."""
        goal = len(self.accepted) + count
        until(lambda: len(self.accepted) >= goal, within=within, what=f"{count} more accepted reports")

    def during(self, seconds: float) -> None:
        """Reports arrive for so long, whatever becomes of them."""
        ends = time.monotonic() + seconds
        until(lambda: time.monotonic() > ends, within=seconds + 5)

    def caught(self) -> None:
        """Return while a request is on its way: what happens now happens to it."""
        until(lambda: self.in_flight > 0, within=SOME_TIME, what="a request in flight")

    def burst(self, count: int) -> None:
        """``count`` reports at the same moment."""
        for _ in range(count):
            self._loop.call_soon_threadsafe(self._begin)
        until(lambda: self.in_flight >= count // 2, what="a burst in flight")

    def seconds(self, status: int, share: float) -> float:
        """Within how many seconds ``share`` of the answers with this status came."""
        took = sorted(seconds for answered, seconds in self.took if answered == status)
        return took[min(len(took) - 1, int(share * len(took)))] if took else 0.0

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._arrivals())
        finally:
            self._loop.close()

    async def _arrivals(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=limits, trust_env=False) as self._client:
            self._number = 0
            due = self._loop.time()
            while not self._over.is_set():
                due += -math.log(1.0 - self._chance.random()) / self.rate
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if len(self._tasks) < WAITING_MAX:
                    self._begin()
            while self._tasks:
                await asyncio.wait(self._tasks)

    def _begin(self) -> None:
        self._number += 1
        key = f"{self.seed}-{self._number}"
        body, token = self._report()
        for _ in range(2 if self._chance.random() < TWICE else 1):
            task = self._loop.create_task(self._until_answered(key, body, token, random.Random(self._chance.random())))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _report(self) -> tuple[dict[str, Any], str]:
        chance = self._chance
        lon, lat = self._corner
        where = {"lon": lon + chance.random() / 50, "lat": lat + chance.random() / 100, "crs": "wgs84"}
        body = {"kind": "hazard", "location": where, "reporter": {"ref": f"rider-{chance.randrange(40)}"}}
        if chance.random() < LATE:
            since = PROMISED - timedelta(seconds=2 + chance.random() * BREACHES_WITHIN)
            when = (datetime.now(UTC) + self._shift - since).isoformat(timespec="milliseconds")
            return {**body, "description": f"lamp {self._number} is out", "received_at": when}, self._importer
        what = "a burst pipe" if chance.random() < DANGER else "a lamp is dark"
        return {**body, "description": f"{what} near post {self._number}"}, self._rider

    async def _until_answered(self, key: str, body: dict[str, Any], token: str, chance: random.Random) -> None:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
        ends, pause = self._loop.time() + GIVE_UP_SECONDS, 0.2
        while self._loop.time() < ends:
            if await self._once(key, body, headers):
                return
            await asyncio.sleep(pause * (0.5 + chance.random() / 2))
            pause = min(3.0, pause * 2)
        self.given_up.add(key)

    async def _once(self, key: str, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """Whether there is nothing left to ask."""
        answer = None
        self.in_flight += 1
        began = self._loop.time()
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._client.post(self._url, json=body, headers=headers)
        self.in_flight -= 1
        self.took.append((answer.status_code if answer is not None else 0, self._loop.time() - began))
        if answer is not None and answer.status_code == 202:
            self.replayed += "idempotent-replayed" in answer.headers
            report = answer.json()["id"]
            if self.accepted.setdefault(key, report) != report:
                self.contradictions.append(f"{key}: two ids, {self.accepted[key]} and {report}")
            return True
        status = answer.status_code if answer is not None else 0
        self.refused[status] += 1
        if answer is not None and status not in (429, 503):
            self.contradictions.append(f"{key}: {status} {answer.text[:200]}")
            return True
        return False
