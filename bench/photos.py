"""Photos of 12 megapixels: how long a POST takes, and what waiting ones cost the reports."""

import asyncio
import io
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from bench.load import Outcome, request
from bench.pipeline import CITY, Bench, single
from bench.report import Row, show
from tests.kit.stack import running_stack, until

SIZE = (4000, 3000)
RATE, SECONDS = 2, 20
WAITING = 100
REPORTS_RATE = 100
REACH = {"POST p99": "≤ 1,500", "reports' p99 with them against without": "≤ 1.5"}


def picture() -> bytes:
    """A JPEG as telephones make it: smooth, with some noise; 3 to 4 MB."""
    chance = np.random.default_rng(20261124)
    small = chance.integers(0, 255, (SIZE[1] // 40, SIZE[0] // 40, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = np.clip(smooth + chance.integers(-9, 9, smooth.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=85)
    return out.getvalue()


def sending(token: str, run: str, content: bytes) -> "list[bytes]":
    """Prepared requests, each under a key of its own."""
    total = max(RATE * SECONDS * 2, WAITING)
    headers = {"authorization": f"Bearer {token}"}
    made = (request("/v1/photos", content, {**headers, "idempotency-key": f"{run}-{n}"}) for n in range(total))
    return [raw.replace(b"application/json", b"image/jpeg", 1) for raw in made]


async def reports(bench: Bench, run: str) -> Outcome:
    return await bench.load(single(bench.token, run), SECONDS, 8, rate=REPORTS_RATE)


async def run(bench: Bench, content: bytes) -> list[Row]:
    """Reports alone, photos alone, then a hundred photos at once while reports go on."""
    await bench.load(single(bench.token, "warm"), 5, 8)
    alone = await reports(bench, "alone")
    one_by_one = sending(bench.token, "one", content)
    photos = await bench.load(lambda n: one_by_one[n], SECONDS, 4, rate=RATE)
    await cleaned(bench)
    at_once = sending(bench.token, "many", content)
    began = time.monotonic()
    for start in range(0, WAITING, 10):
        await asyncio.gather(*(once(bench, raw) for raw in at_once[start : start + 10]))
    sent = time.monotonic() - began
    beside = await reports(bench, "beside")
    await cleaned(bench)
    return [
        ("bytes of the picture", len(content), ""),
        ("POST p50", photos.quantile(0.5) * 1000, "ms"),
        ("POST p99", photos.quantile(0.99) * 1000, "ms"),
        ("refused or failed", photos.refused + photos.failed, ""),
        (f"{WAITING} sent in", sent, "s"),
        ("all clean after", time.monotonic() - began, "s"),
        ("reports' p99 alone", alone.quantile(0.99) * 1000, "ms"),
        (f"reports' p99 with {WAITING} waiting", beside.quantile(0.99) * 1000, "ms"),
        ("reports' p99 with them against without", beside.quantile(0.99) / alone.quantile(0.99), ""),
    ]


async def once(bench: Bench, raw: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.stack.port_base + 1)
    writer.write(raw)
    line = await reader.readline()
    if b" 201 " not in line:
        raise SystemExit(f"a photo was answered {line!r}")
    writer.close()


async def cleaned(bench: Bench) -> None:
    """Returns when no photo waits to be decoded."""
    await asyncio.to_thread(until, lambda: not bench.store.photos_waiting(), within=300, what="all photos clean")


def main() -> None:
    content = picture()
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            rows = asyncio.run(run(Bench(stack), content))
    show("photos", f"photos of 12 megapixels, {RATE} a second; {REPORTS_RATE} reports a second beside", rows, REACH)


if __name__ == "__main__":
    main()
