"""A running county with five thousand open cases, people who are signed in, and streams that are held open."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

from bench.city import Made
from bench.filling import case_of, fill
from shared.runtime.identity.sessions import LIFE, Session
from shared.runtime.identity.tokens import new_token, token_hash
from tests.kit.stack import RunningStack, running_stack

CITY = Made(communities=100, across=10)
ROOT = "metropolis"
RUN, OPEN = "county", 5000
WATCHERS = 200
"""Officers of the county itself, who see every case."""
_RETRY = re.compile(rb"retry: (\d+)")


@dataclass
class County:
    """``watchers``: tokens of sessions."""

    stack: RunningStack
    watchers: list[str]

    @property
    def url(self) -> str:
        return self.stack.urls["console"]

    def session(self, person: str) -> str:
        return sessions(self.stack, [person])[0]


def write_pack(folder: Path) -> Path:
    """Everything has one deadline, so that rows stay on their page; and the county has many officers."""
    CITY.write(folder)
    watching = [
        {"id": f"watch{n}", "name": f"Watcher {n}", "unit": ROOT, "role": "duty_officer"} for n in range(WATCHERS)
    ]
    posts = json.loads((folder / "posts.yaml").read_text())
    (folder / "posts.yaml").write_text(json.dumps({"people": [*posts["people"], *watching]}))
    promises = json.loads((folder / "commitments.yaml").read_text())
    for one in promises["commitments"]:
        one["acknowledge"] = one["resolve"]
    (folder / "commitments.yaml").write_text(json.dumps(promises))
    return folder


@contextlib.contextmanager
def county(folder: Path) -> Iterator[County]:
    pack = write_pack(folder / "city")
    with running_stack(folder / "data", [pack]) as stack:
        uri: str = stack.dev["mongo"]
        first = datetime.now(UTC) + stack.shift() - timedelta(hours=2)
        fill(uri, CITY, pack, RUN, [first + timedelta(seconds=n) for n in range(OPEN)])
        yield County(stack, sessions(stack, [f"watch{n}" for n in range(WATCHERS)]))


def number_of(cases: Sequence[str]) -> dict[str, int]:
    """Case → the number that it was filled in with."""
    numbers = {case_of(RUN, n): n for n in range(OPEN)}
    return {case: numbers[case] for case in cases}


def sessions(stack: RunningStack, people: Sequence[str]) -> list[str]:
    """A session of each, written as a sign-in writes it: two hundred passwords would take a minute."""
    client: MongoClient[dict[str, Any]] = MongoClient(stack.dev["mongo"])
    tokens, now = [new_token("session") for _ in people], stack.now()
    made = [
        Session(
            hashed=token_hash(token),
            city=ROOT,
            person=person,
            device="bench",
            opened_at=now,
            seen_at=now,
            expires_at=now + LIFE,
        )
        for token, person in zip(tokens, people, strict=True)
    ]
    client["whistle_identity"]["sessions"].insert_many([one.to_row() for one in made])
    return tokens


TAIL = 512
"""Bytes of a stream in which its last words stand, however they came in."""


@dataclass
class Streams:
    """Open streams of ``/live``, as browsers hold them. ``events``: changes that all have heard together; ``retries``:
    when the browsers of those that ended are to come back, in milliseconds."""

    url: str
    open: list[asyncio.Task[None]] = field(default_factory=list)
    events: int = 0
    retries: list[int] = field(default_factory=list)

    async def add(self, tokens: Sequence[str], at_once: int = 20) -> None:
        """One for each token."""
        turn = asyncio.Semaphore(at_once)

        async def one(token: str) -> None:
            async with turn:
                reader, writer = await _opened(self.url, token)
            self.open.append(asyncio.create_task(self._read(reader, writer)))

        await asyncio.gather(*(one(token) for token in tokens))

    async def end(self) -> None:
        for one in self.open:
            one.cancel()
        await asyncio.gather(*self.open, return_exceptions=True)
        self.open.clear()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last = b""
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(65_536):
                    self.events += data.count(b"event: case")
                    last = (last + data)[-TAIL:]
            self.retries += [int(found) for found in _RETRY.findall(last)[-1:]]
        finally:
            writer.close()


async def _opened(url: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """SystemExit where the console refuses it for half a minute."""
    host, ends = urlsplit(url), time.monotonic() + 30
    asked = f"GET /live HTTP/1.1\r\nhost: {host.netloc}\r\ncookie: whistle={token}\r\n\r\n".encode()
    while True:
        reader, writer = await asyncio.open_connection(host.hostname, host.port)
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 200"):
            return reader, writer
        writer.close()
        if time.monotonic() > ends:
            raise SystemExit(f"no stream: {head[:80]!r}")
        await asyncio.sleep(0.5)
