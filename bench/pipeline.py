"""Accepted → case in the queue → inbox alert recorded, in turns with the bare version, load generator on this machine.

One after the other, the same code had 0.39 to 0.66 of the bare version's throughput on different days: what is shown
are medians of rounds, and ratios within a round.

In it: a city of a hundred communities, one recipient a case, the inbox; no other channel, no webhook, no photo.
"""

import argparse
import asyncio
import contextlib
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from pymongo import MongoClient

from bench import bare
from bench.city import Made
from bench.load import Outcome, post_for, request
from bench.processes import Meter
from bench.report import Row, show
from tests.kit.stack import RunningStack, running_stack

CITY = Made(communities=100, across=10)
DRAIN_SECONDS = 120.0
ROUNDS = 3
BATCH = 100
"""Reports in one request of ``:batch``."""
BURST = 1000
REACH = {
    "of bare": "≥ 0.50",
    "CPU against bare": "≤ 2.3; aim 2.0",
    "accepted": "≥ 1,000",
    "answer p99": "≤ 80",
    "by :batch against single": "≥ 1.2",
    "by :batch: drained after": "≤ 3",
    "quarter load: visible p50": "≤ 40",
    "quarter load: visible p99": "≤ 100",
    "quarter load: first alert p99": "≤ 120",
    "quarter load: answer p99": "≤ 40",
    "burst: last community told": "≤ 2.5",
}


def report(n: int) -> dict[str, Any]:
    """A lamp in one community after the other."""
    lon, lat = CITY.centre(n)
    return {
        "kind": "hazard",
        "description": f"street light number {n} is dark",
        "location": {"lon": lon, "lat": lat, "crs": "wgs84"},
        "reporter": {"ref": f"rider-{n % 1000}"},
    }


def single(token: str, run: str) -> Callable[[int], bytes]:
    """POSTs of one report each."""

    def make(n: int) -> bytes:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": f"{run}-{n}"}
        return request("/v1/reports", msgspec.json.encode(report(n)), headers)

    return make


def batch(token: str, run: str) -> Callable[[int], bytes]:
    """POSTs of ``BATCH`` reports each."""

    def make(n: int) -> bytes:
        items = [{**report(m), "idempotency_key": f"{run}-{m}"} for m in range(n * BATCH, (n + 1) * BATCH)]
        return request("/v1/reports:batch", msgspec.json.encode(items), {"authorization": f"Bearer {token}"})

    return make


class Store:
    """Counts in the stack's own database, read from outside."""

    def __init__(self, uri: str) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(uri)

    def count(self, database: str, collection: str) -> int:
        return int(self._client[f"whistle_{database}"][collection].estimated_document_count())

    def drained(self) -> float:
        """Seconds until every report has a case and every case its alert."""
        began, reports = time.monotonic(), self.count("intake", "reports")
        while time.monotonic() - began < DRAIN_SECONDS:
            if self.count("router", "cases") >= reports and self.count("notifier", "alerts") >= reports:
                return time.monotonic() - began
            time.sleep(0.1)
        raise SystemExit("the backlog did not drain")

    def photos_waiting(self) -> int:
        return int(self._client["whistle_intake"]["photos"].count_documents({"state": "sent"}))

    def alert_lateness(self, since: datetime) -> list[float]:
        """Seconds from a report's arrival to its first alert on record, ascending."""
        found = self._client["whistle_notifier"]["alerts"].aggregate(
            [
                {"$match": {"event_type": "case.opened.v1", "event_at": {"$gte": since}}},
                {"$group": {"_id": "$case", "at": {"$min": "$at"}, "event_at": {"$first": "$event_at"}}},
            ]
        )
        return sorted((d["at"] - d["event_at"]).total_seconds() for d in found)


class Bench:
    """The running stack under load."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.store = Store(stack.dev["mongo"])
        self.token = stack.rider("metropolis").token
        self.meter = Meter({row["part"]: row["pid"] for row in stack.status()})

    async def load(self, make: Callable[[int], bytes], seconds: float, connections: int, **more: Any) -> Outcome:
        port = self.stack.port_base + 1
        return await post_for("127.0.0.1", port, make, connections=connections, seconds=seconds, **more)

    def now(self) -> datetime:
        return msgspec.convert(self.stack.ops.get("router", "/v1/me").json()["now"], datetime)

    def full(self, plain: bare.Bare, seconds: float, connections: int) -> list[Row]:
        """As fast as it goes. ``plain``: what the bare version did just before."""
        before = self.store.count("intake", "reports")
        self.meter.start()
        outcome = asyncio.run(self.load(single(self.token, "full"), seconds, connections))
        backlog = self.store.count("intake", "reports") - self.store.count("router", "cases")
        drain, cpu = self.store.drained(), self.meter.used()
        reports = self.store.count("intake", "reports") - before
        rate = len(outcome.latencies) / seconds
        return [
            ("accepted", rate, "1/s"),
            ("of bare", rate / plain.rate, ""),
            ("CPU against bare", sum(cpu.values()) / reports / sum(plain.cpu.values()), ""),
            ("answer p50", outcome.quantile(0.5) * 1000, "ms"),
            ("answer p99", outcome.quantile(0.99) * 1000, "ms"),
            ("refused or failed", outcome.refused + outcome.failed, ""),
            ("backlog at the end", backlog, "reports"),
            ("drained after", drain, "s"),
            *((f"CPU {part}", used / reports * 1e6, "µs/report") for part, used in cpu.items()),
            ("CPU in all", sum(cpu.values()) / reports * 1e6, "µs/report"),
        ]

    def batches(self, seconds: float) -> list[Row]:
        """As fast as it goes, a hundred reports a request; counted until the last alert."""
        before, began = self.store.count("intake", "reports"), time.monotonic()
        asyncio.run(self.load(batch(self.token, "batch"), seconds, 4))
        drain = self.store.drained()
        reports = self.store.count("intake", "reports") - before
        return [
            ("by :batch", reports / (time.monotonic() - began), "1/s"),
            ("by :batch: drained after", drain, "s"),
        ]

    async def quarter(self, rate: float, run: str = "quarter") -> list[Row]:
        """Latencies of answers, of the live queue, and of first alerts at ``rate``. ``run``: another one each time on a
        stack, since its reports are told apart by their keys."""
        gc.collect()
        gc.freeze()  # looking through all that the load left stops this process for 0.1 s, which is not the system's
        seen: dict[str, float] = {}
        stop = asyncio.Event()
        watching = asyncio.create_task(self._watch_queue(seen, stop))
        await asyncio.sleep(1.0)
        since = await asyncio.to_thread(self.now)
        outcome = await self.load(single(self.token, run), 20, 16, rate=rate, note_ids=True)
        await asyncio.to_thread(self.store.drained)
        await asyncio.sleep(1.0)
        stop.set()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
            await watching
        shown = sorted(seen[f"c{r[1:]}"] - at for r, at in outcome.answered_at.items() if f"c{r[1:]}" in seen)
        alerts = await asyncio.to_thread(self.store.alert_lateness, since)
        return [
            ("quarter load", rate, "1/s"),
            ("quarter load: shown live", len(shown) / max(1, len(outcome.answered_at)), "of answered"),
            ("quarter load: visible p50", quantile(shown, 0.5) * 1000, "ms"),
            ("quarter load: visible p99", quantile(shown, 0.99) * 1000, "ms"),
            ("quarter load: first alert p99", quantile(alerts, 0.99) * 1000, "ms"),
            ("quarter load: answer p99", outcome.quantile(0.99) * 1000, "ms"),
        ]

    async def _watch_queue(self, seen: dict[str, float], stop: asyncio.Event) -> None:
        """When each case showed in the root's live queue."""
        headers = {"authorization": f"Bearer {self.stack.person('root-desk', 'metropolis').token}"}
        url = self.stack.urls["router"] + "/v1/queues/metropolis/stream?subtree=true"
        limits = httpx.Timeout(5.0, read=60.0)
        async with httpx.AsyncClient(timeout=limits) as client, client.stream("GET", url, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if stop.is_set():
                    return
                if line.startswith('data: {"id":"c'):
                    seen.setdefault(line[13:40], time.monotonic())

    def burst(self) -> list[Row]:
        """A thousand reports over a hundred communities at one moment."""
        since = self.now()
        items = [{**report(n), "idempotency_key": f"burst-{n}"} for n in range(BURST)]
        headers = {"authorization": f"Bearer {self.token}"}
        answer = httpx.post(self.stack.urls["intake"] + "/v1/reports:batch", json=items, headers=headers, timeout=30)
        answer.raise_for_status()
        self.store.drained()
        late = self.store.alert_lateness(since)
        assert len(late) == BURST, f"{len(late)} of {BURST} were told"
        return [("burst: last community told", late[-1], "s")]


def quantile(values: list[float], q: float) -> float:
    return values[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def _bare(plain: bare.Bare) -> list[Row]:
    return [
        ("bare: accepted", plain.rate, "1/s"),
        ("bare: answer p99", plain.outcome.quantile(0.99) * 1000, "ms"),
        *((f"bare: CPU {part}", used * 1e6, "µs/report") for part, used in plain.cpu.items()),
        ("bare: CPU in all", sum(plain.cpu.values()) * 1e6, "µs/report"),
    ]


@contextlib.contextmanager
def warm() -> Iterator[Bench]:
    """A stack of the city that has done a little work."""
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            bench = Bench(stack)
            asyncio.run(bench.load(single(bench.token, "warm"), 3, 8))
            bench.store.drained()
            yield bench


def one_round(bench: Bench, plain: bare.Bare, seconds: float, connections: int) -> list[Row]:
    """Full load, batches, a quarter of the load with the live queue watched, a burst."""
    full = bench.full(plain, seconds, connections)
    rate = float(full[0][1])
    by_batch = bench.batches(seconds / 2)
    ratio: Row = ("by :batch against single", by_batch[0][1] / rate, "")
    return [*_bare(plain), *full, *by_batch, ratio, *asyncio.run(bench.quarter(rate / 4)), *bench.burst()]


def medians(rounds: Sequence[list[Row]]) -> list[Row]:
    """Of each row the median over the rounds; of an even number the lower one."""
    return [
        (what, statistics.median_low([float(value) for _, value, _ in same]), unit)
        for same in zip(*rounds, strict=True)
        for what, _, unit in same[:1]
    ]


def main() -> None:
    """Bare and system take turns; what is shown are the medians of the rounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    rounds: list[list[Row]] = []
    for _ in range(given.rounds):
        plain = asyncio.run(bare.measured(given.seconds, given.connections))
        with warm() as bench:
            rounds.append(one_round(bench, plain, given.seconds, given.connections))
    show("pipeline", "accepted → case in the queue → one inbox alert", medians(rounds), REACH)


if __name__ == "__main__":
    main()
