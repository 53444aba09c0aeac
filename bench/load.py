"""A load generator that costs little: keep-alive connections, prepared requests, one loop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What the connections saw. ``latencies``: seconds from sending to the whole answer, of 2xx answers."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    failed: int = 0
    answered_at: dict[str, float] = field(default_factory=dict)
    """Report id → monotonic seconds of its answer, where asked for."""

    def quantile(self, q: float) -> float:
        """Seconds; 0 when there was no answer."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


async def post_for(
    host: str,
    port: int,
    make: Callable[[int], bytes],
    *,
    connections: int,
    seconds: float,
    rate: float | None = None,
    note_ids: bool = False,
) -> Outcome:
    """POST ``make(n)`` (a whole request) over ``connections`` for ``seconds``; ``rate``: requests a second in all."""
    outcome = Outcome()
    ends = time.monotonic() + seconds
    numbers = iter(range(10**9))
    gap = connections / rate if rate else 0.0

    async def one(offset: float) -> None:
        await asyncio.sleep(offset)
        reader, writer = await asyncio.open_connection(host, port)
        due = time.monotonic()
        while time.monotonic() < ends:
            if gap:
                due += gap
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            writer.write(make(next(numbers)))
            try:
                status, body = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                outcome.failed += 1
                reader, writer = await asyncio.open_connection(host, port)
                continue
            if 200 <= status < 300:
                outcome.latencies.append(time.monotonic() - began)
                if note_ids:
                    outcome.answered_at[body[7:34].decode()] = time.monotonic()
            else:
                outcome.refused += 1
        writer.close()

    await asyncio.gather(*(one(gap * i / connections) for i in range(connections)))
    return outcome


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    at = head.lower().find(b"content-length:")
    length = int(head[at + 15 : head.index(b"\r", at)]) if at >= 0 else 0
    return status, await reader.readexactly(length) if length else b""


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
