"""What a million open cases cost: clocks on time, idling, and a report among them beside a report among ten thousand.

The cases are made through the domain and written side by side; samples are read back through the API. Lateness is from
the clock's moment to the breach's event in the router's log, and to the desk's alert on record.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from pymongo import MongoClient

from bench import duty
from bench.city import Made
from bench.filling import case_of, claimed, fill
from bench.pipeline import Bench, quantile, single
from bench.report import Row, show
from tests.kit.stack import running_stack, until

CITY = Made(communities=100, across=10)
FEW = 10_000
ACKNOWLEDGE = timedelta(minutes=30)
RATE, RATE_SECONDS = 500, 20
AT_ONCE = 10_000
LEAD = timedelta(seconds=20)
"""Between asking for due cases and their moment: they are written meanwhile."""
IDLE_SECONDS = 20.0
COMMANDS = 200
LOAD_SECONDS = 15.0
REACH = {
    "500 fires/s: breach p99": "≤ 500",
    "10,000 at once: last event and alert": "≤ 10",
    "idle CPU": "≤ 4",
    "CPU at all against few": "≤ 1.2",
    "50 rows of the city's queue: p99": "≤ 20",
    "command → everybody's view: p99": "≤ 500",
}


class Million:
    """The stack with its cases."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self._folder = folder
        self._uri: str = bench.stack.dev["mongo"]
        self._client: MongoClient[dict[str, Any]] = MongoClient(self._uri, tz_aware=True)
        self._shift = bench.stack.shift()
        """Clocks go by the stack's time, what is on record of them by real time."""

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def rest(self, run: str, count: int) -> None:
        """Cases that owe nothing for half an hour."""
        fill(self._uri, CITY, self._folder, run, [self._now()] * count, some_claimed=True)

    def due(self, run: str, offsets: list[float]) -> datetime:
        """Cases whose acknowledge clock ends ``offsets`` seconds after the moment that is answered."""
        first = self._now() + LEAD
        fill(self._uri, CITY, self._folder, run, [first - ACKNOWLEDGE + timedelta(seconds=o) for o in offsets])
        if self._now() > first:
            raise SystemExit("writing the due cases took too long: a longer lead is needed")
        return first

    def late(self, run: str, count: int, database: str, name: str, key: str) -> list[float]:
        """Seconds from each moment to what is on record of it, ascending."""
        log = self._client[f"whistle_{database}"][name]
        type_ = {"type": "clock.breached.v1"} if key == "subject" else {"event_type": "clock.breached.v1"}
        ids = [case_of(run, n) for n in range(count)]
        until(lambda: log.count_documents({key: {"$in": ids}, **type_}) >= count, within=120, what=f"{name} of {run}")
        due = {c["_id"]: _breached(c) for c in self._client["whistle_router"]["cases"].find({"_id": {"$in": ids}})}
        found = log.find({key: {"$in": ids}, **type_}, {key: 1, "stored_at": 1})
        return sorted((f["stored_at"] + self._shift - due[f[key]]).total_seconds() for f in found)

    def fires(self, run: str, offsets: list[float]) -> tuple[list[float], list[float]]:
        """Lateness of events and of alerts."""
        self.due(run, offsets)
        count = len(offsets)
        events = self.late(run, count, "router", "events", "subject")
        return events, self.late(run, count, "notifier", "alerts", "case")

    def sampled(self, run: str, count: int) -> None:
        """Samples, through the API."""
        ops = self.bench.stack.ops
        for number in range(0, count, max(1, count // 20)):
            answer = ops.get("router", f"/v1/cases/{case_of(run, number)}", city="metropolis")
            answer.raise_for_status()
            assert answer.json()["unit"] == f"c{number % CITY.communities}"

    def unclaimed(self, run: str, count: int) -> list[str]:
        """Cases that nobody has signed for."""
        return [case_of(run, number) for number in range(2 * count) if not claimed(number)][:count]

    def idle(self) -> dict[str, float]:
        """Process → percent of a core that it uses while nothing happens."""
        self.bench.meter.start()
        time.sleep(IDLE_SECONDS)
        return {part: used / IDLE_SECONDS * 100 for part, used in self.bench.meter.used().items()}

    def report_cost(self, run: str, rate: float) -> float:
        """CPU microseconds per report, in all processes, at ``rate``."""
        bench = self.bench
        before = bench.store.count("notifier", "alerts")
        bench.meter.start()
        outcome = asyncio.run(bench.load(single(bench.token, run), LOAD_SECONDS, 16, rate=rate))
        reports = len(outcome.latencies)
        until(lambda: bench.store.count("notifier", "alerts") >= before + reports, within=120, what="all alerts")
        return sum(bench.meter.used().values()) / reports * 1e6


def _breached(case: dict[str, Any]) -> datetime:
    return msgspec.convert(next(c for c in case["clocks"] if c["kind"] == "acknowledge")["due_at"], datetime)


def main() -> None:
    """Few, then all; then the clocks among all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=300.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = CITY.write(Path(temporary) / "city")
        with running_stack(Path(temporary) / "data", [folder]) as stack:
            million = Million(Bench(stack), folder)
            asyncio.run(million.bench.load(single(million.bench.token, "warm"), LOAD_SECONDS, 16, rate=given.rate))
            million.rest("few", FEW)
            few = million.report_cost("few", given.rate)
            million.rest("all", given.cases - FEW)
            million.sampled("all", given.cases - FEW)
            all_ = million.report_cost("all", given.rate)
            idle = million.idle()
            reads = duty.queue_reads(stack)
            pressed = asyncio.run(duty.commands_shown(stack, million.unclaimed("all", COMMANDS)))
            steady, told = million.fires("steady", [n / RATE for n in range(RATE * RATE_SECONDS)])
            burst, burst_told = million.fires("burst", [n / AT_ONCE for n in range(AT_ONCE)])
    rows: list[Row] = [
        ("open cases", given.cases, ""),
        ("CPU per report at 10,000", few, "µs"),
        ("CPU per report at all", all_, "µs"),
        ("CPU at all against few", all_ / few, ""),
        ("idle CPU", sum(idle.values()), "% of a core"),
        *((f"idle CPU {part}", used, "% of a core") for part, used in idle.items()),
        *(
            (f"50 rows of the city's queue: p99{f'  {name}' if name else ''}", duty.p99(times), "ms")
            for name, times in reads.items()
        ),
        ("command → everybody's view: p99", duty.p99(pressed), "ms"),
        ("500 fires/s: breach p50", quantile(steady, 0.5) * 1000, "ms"),
        ("500 fires/s: breach p99", quantile(steady, 0.99) * 1000, "ms"),
        ("500 fires/s: alert p99", quantile(told, 0.99) * 1000, "ms"),
        ("10,000 at once: last event", burst[-1], "s"),
        ("10,000 at once: last event and alert", max(burst[-1], burst_told[-1]), "s"),
    ]
    show("million_cases", "a million open cases", rows, REACH)


if __name__ == "__main__":
    main()
