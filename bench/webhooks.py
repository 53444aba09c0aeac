"""Webhooks: how many a second to one receiver that answers, beside one that never does."""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from bench.pipeline import CITY, Bench, quantile, single
from bench.report import Row, show
from tests.kit.stack import running_stack

RATE = 220
"""Cases a second: somewhat more than what is to be sustained, so that a backlog would show."""
SECONDS = 20
DRAIN_SECONDS = 120
REACH = {"with a dead receiver beside it": "≥ 200", "dead receiver costs the other, p99": "< 1,000"}


class Receiver:
    """Counts what arrives on a port of its own; ``silent``: takes the request and never answers."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self.url = ""
        self.arrived: dict[str, float] = {}
        """Event id → monotonic seconds."""

    async def serve(self) -> None:
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head[head.index(b"content-length:") + 15 :].split(b"\r", 1)[0])
                body = msgspec.json.decode(await reader.readexactly(length))
            except (asyncio.IncompleteReadError, OSError):
                return
            if self._silent:
                await asyncio.sleep(3600)
            self.arrived.setdefault(body["data"]["event"], time.monotonic())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def measured(bench: Bench, run: str, receiver: Receiver) -> tuple[float, list[float]]:
    """Deliveries a second from the first to the last, and seconds from the report's answer to each delivery."""
    outcome = await bench.load(single(bench.token, run), SECONDS, 16, rate=RATE, note_ids=True)
    wanted = {f"c{report[1:]}.1.0": at for report, at in outcome.answered_at.items()}
    ends = time.monotonic() + DRAIN_SECONDS
    while not wanted.keys() <= receiver.arrived.keys():
        if time.monotonic() > ends:
            raise SystemExit("the webhooks did not arrive")
        await asyncio.sleep(0.1)
    arrived = [receiver.arrived[event] for event in wanted]
    late = sorted(receiver.arrived[event] - at for event, at in wanted.items())
    return len(arrived) / (max(arrived) - min(arrived)), late


async def run(bench: Bench) -> list[Row]:
    """Alone, then beside a receiver that takes requests and never answers."""
    well, dead = Receiver(silent=False), Receiver(silent=True)
    await well.serve()
    await dead.serve()
    rider = bench.stack.rider("metropolis")

    def subscribe(receiver: Receiver) -> None:
        made = rider.post_to("notifier", "/v1/webhooks", {"url": receiver.url, "types": ["case.opened"]})
        made.raise_for_status()

    await asyncio.to_thread(subscribe, well)
    await bench.load(single(bench.token, "warm"), 3, 8, rate=100)
    alone, late = await measured(bench, "alone", well)
    await asyncio.to_thread(subscribe, dead)
    beside, later = await measured(bench, "beside", well)
    return [
        ("alone", alone, "1/s"),
        ("alone: answer → delivered p99", quantile(late, 0.99) * 1000, "ms"),
        ("with a dead receiver beside it", beside, "1/s"),
        ("with a dead receiver: answer → delivered p99", quantile(later, 0.99) * 1000, "ms"),
        ("dead receiver costs the other, p99", (quantile(later, 0.99) - quantile(late, 0.99)) * 1000, "ms"),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            rows = asyncio.run(run(Bench(stack)))
    show("webhooks", f"webhooks, {RATE} cases a second", rows, REACH)


if __name__ == "__main__":
    main()
