"""Reports of the same hazard: what the search for it costs among ten thousand and a million open cases of equal
density, and ten thousand reports of one burst main in a minute.

The city has as many communities from the start as all cases need; with few cases only a hundred of them have any, each
as many as later every one: a hundred on a square kilometre, all of one category. No report of the first part is of an
open case. In it: one recipient a case, the street's desk; the inbox.
"""

import argparse
import asyncio
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from pymongo import MongoClient

from bench.city import Made
from bench.filling import fill
from bench.load import Outcome, request
from bench.pipeline import Bench
from bench.report import Row, show
from tests.kit.stack import RunningStack, running_stack, until

DENSITY = 100
"""Open cases in a community, which is a square kilometre."""
FEW = 10_000
LOAD_SECONDS = 15.0
BURST, BURST_SECONDS = 10_000, 60.0
ASKED = 200
"""Reporters of the burst who are asked for through the API."""
REACH = {
    "CPU at all against few": "≤ 1.2",
    "burst: cases": "1",
    "burst: alerts to one person at most": "≤ 1",
    "burst: reports told": "all",
    "burst: 5xx": "0",
}


def made(cases: int) -> Made:
    """The city in which so many cases lie."""
    return Made(communities=max(FEW, cases) // DENSITY, across=100, same=True)


class Searching:
    """The stack, and reports that are searched for."""

    def __init__(self, stack: RunningStack, folder: Path, city: Made) -> None:
        self.city = city
        self.bench = Bench(stack)
        self._folder = folder
        self._runs = 0
        self._uri: str = stack.dev["mongo"]
        self._client: MongoClient[dict[str, Any]] = MongoClient(self._uri, tz_aware=True)

    def few(self, count: int) -> Made:
        """The part of the city in which ``count`` cases lie."""
        return replace(self.city, communities=max(1, count // DENSITY))

    def rest(self, run: str, count: int) -> None:
        """Open cases of a moment ago, side by side."""
        fill(self._uri, self.few(count), self._folder, run, [self.bench.now()] * count, spread=True)

    def _make(self, run: str, where: Made) -> Any:
        """Each of another lamp, as ``bench.filling``'s are: the same lamp at the same spot is the same hazard."""
        self._runs += 1
        series = self._runs
        headers = {"authorization": f"Bearer {self.bench.token}"}

        def make(n: int) -> bytes:
            lon, lat = where.spot(n * 7919)
            body = {
                "kind": "hazard",
                "description": f"street light at lamp {series}-{n} is dark",
                "location": {"lon": lon, "lat": lat, "crs": "wgs84"},
            }
            return request("/v1/reports", msgspec.json.encode(body), {**headers, "idempotency-key": f"{run}-{n}"})

        return make

    def cost(self, run: str, where: Made, rate: float) -> float:
        """CPU microseconds per report in all processes."""
        bench = self.bench
        before = bench.store.count("notifier", "alerts")
        bench.meter.start()
        outcome = asyncio.run(bench.load(self._make(run, where), LOAD_SECONDS, 16, rate=rate))
        reports = len(outcome.latencies)
        until(lambda: bench.store.count("notifier", "alerts") >= before + reports, within=120, what="all alerts")
        return sum(bench.meter.used().values()) / reports * 1e6

    def burst(self, count: int, seconds: float) -> list[Row]:
        """``count`` reports of one hazard within ``seconds``."""
        lon, lat = self.city.centre(self.city.communities - 1)
        headers = {"authorization": f"Bearer {self.bench.token}"}

        def make(n: int) -> bytes:
            body = {
                "kind": "hazard",
                "description": "street light is dark, everybody sees it",
                "location": {"lon": lon + n % 10 / 1e5, "lat": lat + n % 7 / 1e5, "crs": "wgs84"},
                "reporter": {"ref": f"rider-{n}"},
            }
            return request("/v1/reports", msgspec.json.encode(body), {**headers, "idempotency-key": f"burst-{n}"})

        self.bench.meter.start()
        outcome = asyncio.run(self.bench.load(make, seconds, 32, rate=count / seconds, note_ids=True))
        told = self._told(outcome)
        used = sum(self.bench.meter.used().values())
        cases = Counter(told.values())
        alerts = Counter(
            alert["recipient"]
            for case in cases
            for alert in self._client["whistle_notifier"]["alerts"].find({"case": case})
        )
        case = self._client["whistle_router"]["cases"].find_one({"_id": next(iter(cases))}) or {}
        return [
            ("burst: reports", len(outcome.answered_at), ""),
            ("burst: cases", len(cases), ""),
            ("burst: counted on it", case.get("report_count", 0), ""),
            ("burst: size of its document", len(msgspec.json.encode(case)) / 1024, "KiB"),
            ("burst: alerts to one person at most", max(alerts.values(), default=0), ""),
            ("burst: reports told", len(told), ""),
            ("burst: 5xx", outcome.refused + outcome.failed, ""),
            ("burst: CPU per report", used / max(1, len(told)) * 1e6, "µs"),
        ]

    def _told(self, outcome: Outcome) -> dict[str, str]:
        """Report → the case that its reporter is shown; all from the store, some through the API."""
        ids = set(outcome.answered_at)
        progress = self._client["whistle_intake"]["progress"]
        found: dict[str, str] = {}

        def look() -> bool:
            for document in progress.find({"_id": {"$in": sorted(ids - found.keys())}}, {"on": 1, "case.id": 1}):
                found[document["_id"]] = document.get("on") or document["case"]["id"]
            return len(found) == len(ids)

        until(look, within=120, what="a case for every report of the burst")
        rider = self.bench.stack.rider("metropolis")
        for report in sorted(ids)[:: max(1, len(ids) // ASKED)]:
            shown = rider.get("intake", f"/v1/reports/{report}").json()
            assert shown["case"]["id"] == found[report], shown
        return found


def main() -> None:
    """Few, then all, then the burst among all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--burst", type=int, default=BURST)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        city = made(given.cases)
        folder = city.write(Path(temporary) / "city")
        with running_stack(Path(temporary) / "data", [folder]) as stack:
            searching = Searching(stack, folder, city)
            searching.cost("warm", searching.few(FEW), given.rate)
            searching.rest("few", FEW)
            at_few = searching.cost("few", searching.few(FEW), given.rate)
            searching.rest("all", given.cases - FEW)
            at_all = searching.cost("all", searching.few(given.cases), given.rate)
            burst = searching.burst(given.burst, BURST_SECONDS * given.burst / BURST)
    rows: list[Row] = [
        ("open cases", given.cases, ""),
        ("CPU per report at 10,000", at_few, "µs"),
        ("CPU per report at all", at_all, "µs"),
        ("CPU at all against few", at_all / at_few, ""),
        *burst,
    ]
    show("same_hazard", "reports of the same hazard", rows, REACH)


if __name__ == "__main__":
    main()
