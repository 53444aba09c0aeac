"""The pipeline's throughput and latencies while ten officers look, beside the same with the console stopped.

One officer is the county's, who hears of every case; nine are communities'. Each holds a stream, and every five seconds
reads the queue and a case of it. The console is stopped by SIGSTOP: the router then streams to nobody.
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import mean

import httpx

from bench.console.county import ROOT, Streams, sessions
from bench.pipeline import CITY, Bench, single
from bench.report import Row
from tests.kit.stack import running_stack, until

TURNS = ("without", "with", "with", "without")
"""What is stored grows from one to the next: both have it equally."""
CONNECTIONS = 64
LOOKS_EVERY = 5.0
BEGINS_WITHIN = 60.0
PEOPLE = ("root-desk", *(f"desk{n}" for n in range(9)))
LATENCIES = ("quarter load: answer p99", "quarter load: visible p50", "quarter load: first alert p99")
REACH = {
    "engine with ten officers: of its throughput without": "≥ 0.9",
    **{f"engine with ten officers: {name}": "≤ 1.1" for name in LATENCIES},
}


def engine(seconds: float) -> list[Row]:
    """``seconds``: of a minute; a round lasts a quarter of it."""
    rates: dict[str, list[float]] = {"without": [], "with": []}
    costs: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    latencies: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            bench = Bench(stack)
            console, url = stack.pid("console"), stack.urls["console"]
            ways: dict[str, Callable[[], contextlib.AbstractContextManager[None]]]
            ways = {"without": lambda: _asleep(console), "with": lambda: _looked_at(url, sessions(stack, PEOPLE))}
            asyncio.run(bench.load(single(bench.token, "warm"), 3, 8))
            bench.store.drained()
            for number, name in enumerate(TURNS):
                with ways[name]():
                    rate, cost = _rate(bench, f"{name}-{number}", seconds / 4)
                rates[name].append(rate)
                costs[name].append(cost)
            quarter = min(mean(of) for of in rates.values()) / 4
            for number, name in enumerate(TURNS):
                with ways[name]():
                    measured = asyncio.run(bench.quarter(quarter, f"quarter-{number}"))
                latencies[name].append({what: value for what, value, _ in measured})
    rows: list[Row] = [(f"engine {name} officers: accepted", mean(of), "1/s") for name, of in rates.items()]
    for part in costs["with"][0]:
        of = {name: mean(one[part] for one in found) for name, found in costs.items()}
        rows.append((f"engine with ten officers: CPU {part}", of["with"], f"µs/report; {of['without']:.0f} without"))
    ratio = mean(rates["with"]) / mean(rates["without"])
    rows.append(("engine with ten officers: of its throughput without", ratio, ""))
    for name in LATENCIES:
        shares = mean(of[name] for of in latencies["with"]) / mean(of[name] for of in latencies["without"])
        rows.append((f"engine with ten officers: {name}", shares, "of that without"))
    return rows


def _rate(bench: Bench, run: str, seconds: float) -> tuple[float, dict[str, float]]:
    """Reports accepted a second, as fast as it goes, and by part the µs of CPU for each until all are worked off."""
    bench.meter.start()
    outcome = asyncio.run(bench.load(single(bench.token, run), seconds, CONNECTIONS))
    bench.store.drained()
    reports = len(outcome.latencies)
    return reports / seconds, {part: used / reports * 1e6 for part, used in bench.meter.used().items()}


@contextlib.contextmanager
def _asleep(console: int) -> Iterator[None]:
    os.kill(console, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(console, signal.SIGCONT)


@contextlib.contextmanager
def _looked_at(url: str, tokens: Sequence[str]) -> Iterator[None]:
    """By people in a process of their own, from when their streams are open: what it costs that process to begin is not
    what they cost."""
    until(lambda: httpx.get(f"{url}/readyz").status_code == 200, what="the console awake again")
    spawn = multiprocessing.get_context("spawn")
    begun = spawn.Event()
    looking = spawn.Process(target=_look, args=(url, tokens, begun), daemon=True)
    looking.start()
    try:
        assert begun.wait(BEGINS_WITHIN), "nobody began to look"
        yield
    finally:
        assert looking.exitcode is None, "nobody looked any more"
        looking.terminate()
        looking.join()


def _look(url: str, tokens: Sequence[str], begun: Event) -> None:
    asyncio.run(_officers(url, tokens, begun))


async def _officers(url: str, tokens: Sequence[str], begun: Event) -> None:
    streams = Streams(url)  # held: tasks that nobody holds are swept away, and their streams with them
    await streams.add(tokens)
    begun.set()
    await asyncio.gather(*(_officer(url, token, number) for number, token in enumerate(tokens)))
    await streams.end()


async def _officer(url: str, token: str, number: int) -> None:
    """Reads again and again, not at the same moments as the others."""
    queue = f"/queues/{ROOT}?below=1" if number == 0 else f"/queues/c{number - 1}"
    async with httpx.AsyncClient(base_url=url, cookies={"whistle": token}, timeout=30) as client:
        await asyncio.sleep(LOOKS_EVERY * number / len(PEOPLE))
        while True:
            page = await client.get(queue)
            page.raise_for_status()
            if case := re.search(r'href="(/cases/[^"]+)"', page.text):
                (await client.get(case[1])).raise_for_status()
            await asyncio.sleep(LOOKS_EVERY)
