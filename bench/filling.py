"""Many open cases, made through the domain as the router's consumer makes them, written faster than it would."""

import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from rich.progress import track

from bench.city import KINDS, Made
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign_each
from services.router.cases.stored.case_document import to_doc
from services.router.cases.visibility import seen_by
from services.router.domain.apply import apply_all
from services.router.domain.events import Claimed
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.reports import Place, ReportSubmitted
from shared.kernel.ids import case_id, plain_id
from shared.runtime.kafka.outbox_relay import as_pending

CHUNK = 1000
CLAIMED_EACH = 25
TRACE = "00000000000000000000000000000000"


def fill(
    uri: str,
    city: Made,
    folder: Path,
    run: str,
    received: Sequence[datetime],
    *,
    spread: bool = False,
    some_claimed: bool = False,
) -> None:
    """A case for each moment of ``received`` (UTC), in the router's own database, side by side on two cores.

    ``spread``: all over a community and not in its middle, and all of the street light's category.
    """
    chunks = [(start, received[start : start + CHUNK]) for start in range(0, len(received), CHUNK)]
    with ProcessPoolExecutor(2) as pool:
        done = pool.map(partial(_write, uri, city, folder, run, spread, some_claimed), chunks)
        for _ in track(done, f"{len(received):,} open cases", total=len(chunks), transient=True):
            """Written."""


def case_of(run: str, number: int) -> str:
    """The id of a case that was filled in."""
    return case_id(_report_id(run, number))


def claimed(number: int) -> bool:
    """Whether the case of that number is claimed, where some are."""
    return number % CLAIMED_EACH == 1


def _report_id(run: str, number: int) -> str:
    return plain_id("r", run, str(number))


def _write(
    uri: str,
    city: Made,
    folder: Path,
    run: str,
    spread: bool,
    some_claimed: bool,
    chunk: tuple[int, Sequence[datetime]],
) -> None:
    start, received = chunk
    pack = _pack(folder)
    reports = [_report(city, pack, run, start + n, at, spread=spread) for n, at in enumerate(received)]
    now = datetime.now(UTC)
    documents = []
    for n, (case, opened) in enumerate(assign_each(reports, pack.city.id, pack)):
        seen = seen_by(case, pack)
        first = as_pending([to_envelopes(case, [opened], TRACE)[0]])[0]
        taken = (
            apply_all(case, [Claimed(at=received[n], by="root-desk", by_unit="metropolis")])
            if some_claimed and claimed(start + n)
            else case
        )
        documents.append({**to_doc(taken, seen), "first_event": first, "stored_at": now})
    _cases(uri).insert_many(documents, ordered=False)


def _series(run: str) -> int:
    """No lamp of one run is another's, nor one of a benchmark's reports."""
    return 10_000 + zlib.crc32(run.encode()) % 90_000


def _report(city: Made, pack: Pack, run: str, number: int, received_at: datetime, *, spread: bool) -> ReportSubmitted:
    lon, lat = city.spot(number) if spread else city.centre(number)
    return ReportSubmitted(
        report=_report_id(run, number),
        app="bench",
        kind="hazard",
        description=f"street light at lamp {_series(run)}-{number} is dark",
        category=None if spread else f"k{number % KINDS}",
        place=Place(lon=lon, lat=lat, crs="wgs84"),
        received_at=received_at,
        pack_version=pack.version,
        cell="u00000",
    )


@cache
def _pack(folder: Path) -> Pack:
    return read_pack(read_folder(folder))


@cache
def _cases(uri: str) -> Any:
    return MongoClient[dict[str, Any]](uri)["whistle_router"]["cases"]
