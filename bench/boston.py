"""A city's half year handed in at once: 58,251 records by ``:batch`` as fast as it goes, then the books.

Made up in the shape of a real hotline's records (``bench.records``), or read with ``--file``. They come from an
importer and are historic: each becomes a case, nobody is told. In it: a city of a hundred communities; the records'
places are spread over it as they lie to each other.
"""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.city import KINDS, SIDE, SOUTH, WEST, Made
from bench.pipeline import Store
from bench.records import Record, from_file, half_year
from bench.report import Row, show
from tests.kit.stack import RunningStack, running_stack

RECORDS = 58_251
CITY = Made(communities=100, across=10)
BATCH, CONNECTIONS = 200, 8
TRIES_MAX = 200
"""Of one batch: what is refused for now (429, 503) is sent again under its keys."""
WITHIN_SECONDS = 1800.0
LOOKS, SAMPLES = 5, 200
REACH = {"lost": "0", "doubled": "0", "parked": "0"}


def report(record: Record, run: str) -> dict[str, Any]:
    """An item of ``:batch``."""
    east, north = 0.001 + record.east * 0.998, 0.001 + record.north * 0.998
    return {
        "idempotency_key": f"{run}-{record.number}",
        "kind": "hazard",
        "description": record.words[:1000],
        "category": f"k{record.kind(KINDS)}",
        "location": {"lon": WEST + east * 10 * SIDE, "lat": SOUTH + north * 10 * SIDE, "crs": "wgs84"},
        "received_at": record.created.isoformat(),
        "historic": True,
        "channel": "hotline",
    }


@dataclass
class Handed:
    """What became of the records. ``receipts``: key → report id."""

    receipts: dict[str, str] = field(default_factory=dict)
    again: int = 0
    """Items that were refused for now and sent again."""
    seconds: float = 0.0
    contradictions: list[str] = field(default_factory=list)


async def hand_in(stack: RunningStack, records: Sequence[Record], run: str, city: str = "metropolis") -> Handed:
    """Every record has its receipt when this returns. Raises ``SystemExit`` for one that is refused for good."""
    handed, began = Handed(), time.monotonic()
    headers = {"authorization": f"Bearer {stack.city(city)['importer_key']}"}
    batches = iter([records[start : start + BATCH] for start in range(0, len(records), BATCH)])

    async def one(client: httpx.AsyncClient) -> None:
        for batch in batches:
            await _batch(client, [report(record, run) for record in batch], handed)

    async with httpx.AsyncClient(
        base_url=stack.urls["intake"], headers=headers, timeout=60.0, trust_env=False
    ) as client:
        await asyncio.gather(*(one(client) for _ in range(CONNECTIONS)))
    handed.seconds = time.monotonic() - began
    return handed


async def _batch(client: httpx.AsyncClient, items: list[dict[str, Any]], handed: Handed) -> None:
    for _ in range(TRIES_MAX):
        answer = await client.post("/v1/reports:batch", json=items)
        if answer.status_code in (429, 503):
            left = items
        else:
            answer.raise_for_status()
            left = [items[row["index"]] for row in answer.json()["items"] if not _taken(items, row, handed)]
        if not left:
            return
        handed.again += len(left)
        items = left
        await asyncio.sleep(min(5.0, float(answer.headers.get("retry-after", 0.5))))
    raise SystemExit(f"{len(items)} records were refused {TRIES_MAX} times")


def _taken(items: list[dict[str, Any]], row: dict[str, Any], handed: Handed) -> bool:
    key = items[row["index"]]["idempotency_key"]
    if row["status"] in (429, 503):
        return False
    if row["status"] != 202:
        raise SystemExit(f"record {key} was refused: {row}")
    if handed.receipts.setdefault(key, row["id"]) != row["id"]:
        handed.contradictions.append(f"{key} has the receipts {handed.receipts[key]} and {row['id']}")
    return True


def routed(store: Store, count: int, within: float) -> float:
    """Seconds until every report has a case, and its reporter sees it. Raises ``SystemExit`` after ``within``."""
    began = time.monotonic()
    while True:
        cases, seen = store.count("router", "cases"), store.count("intake", "progress")
        if min(cases, seen) >= count:
            return time.monotonic() - began
        if time.monotonic() - began > within:
            raise SystemExit(f"after {within:.0f} s {cases:,} of {count:,} reports have a case, {seen:,} show it")
        time.sleep(0.2)


@dataclass
class Books:
    """What the APIs say: each number is to be 0."""

    lost: int
    doubled: int
    parked: int


def books(stack: RunningStack, handed: Handed, city: str = "metropolis") -> Books:
    """Compares the receipts with the whole city's queue, and some with what their sender reads."""
    wanted = {f"c{report[1:]}" for report in handed.receipts.values()}
    found: Counter[str] = Counter()
    for _ in range(LOOKS):  # clocks fire meanwhile and rows change their places: what was missed is seen again
        found = _queue(stack, city)
        if set(found) == wanted:
            break
    importer = stack.rider(city, "importer_key")
    reports = sorted(handed.receipts.values())
    for id_ in reports[:: max(1, len(reports) // SAMPLES)]:
        seen = importer.get("intake", f"/v1/reports/{id_}").json()
        assert seen["case"]["id"] == f"c{id_[1:]}", seen
    parked = sum(len(stack.ops.get(service, "/v1/dead-letters").json()["items"]) for service in stack.services)
    strangers = len(set(found) - wanted) + len(handed.receipts) - len(set(handed.receipts.values()))
    return Books(len(wanted - set(found)), strangers + len(handed.contradictions), parked)


def _queue(stack: RunningStack, city: str) -> Counter[str]:
    """Every open case of the city's history, and how often it came."""
    found: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        query = {
            "city": city,
            "subtree": "true",
            "historic": "true",
            "limit": 200,
            **({"cursor": cursor} if cursor else {}),
        }
        page = stack.ops.get("router", f"/v1/queues/{city}/cases", **query)
        page.raise_for_status()
        found.update(row["id"] for row in page.json()["items"])
        cursor = page.json()["next"]
        if cursor is None:
            return found


def measured(stack: RunningStack, records: Sequence[Record], within: float) -> list[Row]:
    """Hands everything in, waits, compares."""
    handed = asyncio.run(hand_in(stack, records, uuid.uuid4().hex))
    rest = routed(Store(stack.dev["mongo"]), len(records), within)
    said = books(stack, handed)
    whole = handed.seconds + rest
    return [
        ("records", len(records), ""),
        ("handed in", handed.seconds, "s"),
        ("handed in: speed", len(records) / handed.seconds, "1/s"),
        ("handed in: refused for now and sent again", handed.again, ""),
        ("every report has a case", whole, "s"),
        ("every report has a case: speed", len(records) / whole, "1/s"),
        ("lost", said.lost, ""),
        ("doubled", said.doubled, ""),
        ("parked", said.parked, ""),
    ]


def main() -> None:
    """Made-up records, or those of a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, help=f"how many; {RECORDS} or all of the file by default")
    parser.add_argument("--file", type=Path, help="a CSV with created, category, lon, lat and maybe address")
    parser.add_argument("--within", type=float, default=WITHIN_SECONDS, help="seconds until every report has a case")
    given = parser.parse_args()
    records = from_file(given.file, given.records) if given.file else half_year(given.records or RECORDS)
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            rows = measured(stack, records, given.within)
    show("boston", "a city's half year handed in at once", rows, REACH)
    if any(value for what, value, _ in rows if what in REACH):
        raise SystemExit("the books do not balance")


if __name__ == "__main__":
    main()
