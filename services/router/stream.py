"""Live queues: one tail of the ``cases`` topic per process, a ring of ten minutes, fan-out by unit.

A cursor names the cluster and the offset reached in each partition. A cursor that the ring cannot serve, or that is of
another cluster (a wiped broker), gives ``reset``: read the queue again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from aiokafka import ConsumerRecord

from services.router.domain.case import ENDED
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Malformed, from_record
from shared.runtime import one_spelling
from shared.runtime.relay import real_now

log = structlog.get_logger()

KEPT = timedelta(minutes=10)
RING_MAX = 20_000
BEHIND_MAX = 1000
COMMENT_SECONDS = 15.0
_encoder = msgspec.json.Encoder()
_ENDED = frozenset(state.value for state in ENDED)


class Raw(msgspec.Struct, frozen=True, gc=False):
    """A record of the ring, with the position after it.

    In bytes and out of the collector's sight: twenty thousand records in objects made it stop the router for 0.2 s,
    since those that leave the ring are counted against those that come.
    """

    at: datetime
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: bytes

    def read(self) -> "Seen":
        with contextlib.suppress(Malformed, msgspec.MsgspecError):
            headers = msgspec.msgpack.decode(self.headers, type=list[tuple[str, bytes]])
            envelope = from_record("cases", self.key, self.value, headers)
            return Seen(self.partition, self.offset, envelope.city, decode(envelope, CaseEvent))
        return Seen(self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a record says, and the position after it; no event: it is none of ours."""

    partition: int
    offset: int
    city: str = ""
    event: CaseEvent | None = None


class Tail:
    """Everything that happened to cases in the last ten minutes, and who listens."""

    def __init__(self) -> None:
        self._ring: deque[Raw] = deque(maxlen=RING_MAX)
        self._next: dict[int, int] = {}
        self._oldest: dict[int, int] = {}
        self._listeners: set[asyncio.Queue[Seen | None]] = set()
        self.cluster = "?"

    def cursor(self) -> str:
        """The position reached: whatever was committed before is in the queue that is read after asking."""
        return _encode({"c": self.cluster, "o": {str(p): o for p, o in self._next.items()}})

    def starts_at(self, offsets: dict[int, int], cluster: str) -> None:
        """Where the tail begins, or begins anew; nothing before is in the ring, and whoever listens reads again."""
        self.cluster = cluster
        self._ring.clear()
        self._next = dict(offsets)
        self._oldest = dict(offsets)
        self.close()

    def close(self) -> None:
        """End every stream."""
        for listener in self._listeners:
            _offer(listener, None)

    async def take(self, records: tuple[ConsumerRecord, ...]) -> None:
        """The FastStream handler of the tail."""
        now = real_now()
        for record in records:
            self._next[record.partition] = record.offset + 1
            headers = msgspec.msgpack.encode(record.headers)
            raw = Raw(now, record.partition, record.offset + 1, record.key, record.value, headers)
            self._keep(raw)
            if self._listeners:
                seen = raw.read()
                for listener in self._listeners:
                    _offer(listener, seen)
        while self._ring and now - self._ring[0].at > KEPT:
            self._drop_oldest()

    def _keep(self, raw: Raw) -> None:
        if len(self._ring) == RING_MAX:
            self._drop_oldest()
        self._ring.append(raw)

    def _drop_oldest(self) -> None:
        old = self._ring.popleft()
        self._oldest[old.partition] = old.offset

    def _since(self, cursor: str | None) -> list[Raw] | None:
        """What came after ``cursor``; None when that cannot be said."""
        if cursor is None:
            return []
        position = _decode(cursor)
        if position is None or position["c"] != self.cluster:
            return None
        offsets: dict[str, int] = position["o"]
        if any(offsets.get(str(p), 0) < oldest for p, oldest in self._oldest.items()):
            return None
        return [raw for raw in self._ring if raw.offset > offsets.get(str(raw.partition), 0)]

    async def follow(
        self, city: str, path: Sequence[str], *, subtree: bool, cursor: str | None, reader: str | None = None
    ) -> AsyncIterator[bytes]:
        """Server-sent events of the queue of the last unit of ``path`` from ``cursor`` on."""
        listener: asyncio.Queue[Seen | None] = asyncio.Queue(BEHIND_MAX)
        self._listeners.add(listener)
        try:
            before = self._since(cursor)
            position = dict(self._next)
            yield _frame("reset", {}, self.cursor()) if before is None else b": listening\n\n"
            for raw in before or ():
                if frame := _told(raw.read(), city, path, subtree=subtree, cursor=self.cursor(), reader=reader):
                    yield frame
            while True:
                try:
                    async with asyncio.timeout(COMMENT_SECONDS):
                        item = await listener.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if item is None:
                    yield _frame("reset", {}, self.cursor())
                    return
                position[item.partition] = item.offset
                here = _encode({"c": self.cluster, "o": {str(p): o for p, o in position.items()}})
                if frame := _told(item, city, path, subtree=subtree, cursor=here, reader=reader):
                    yield frame
        finally:
            self._listeners.discard(listener)


def _offer(listener: "asyncio.Queue[Seen | None]", seen: Seen | None) -> None:
    """A listener that is too far behind reads its queue again."""
    try:
        listener.put_nowait(seen)
    except asyncio.QueueFull:
        while not listener.empty():
            listener.get_nowait()
        listener.put_nowait(None)


def _told(
    seen: Seen, city: str, path: Sequence[str], *, subtree: bool, cursor: str, reader: str | None
) -> bytes | None:
    event = seen.event
    if event is None or seen.city != city:
        return None
    case = event.case
    if case.confidential and reader is not None and reader not in _concerned(event):
        return None
    called = {part.unit for part in case.parts if part.state in ("called", "reported_in")}
    here = _in_queue(case.path, {case.offered_to, *called}, path, subtree=subtree, within=case.within)
    if here and case.state not in _ENDED:
        return _frame("case", _row(event), cursor)
    was_path = event.was_path or case.path
    was_guests = {event.was_offered_to or case.offered_to, *event.was_called, *called}
    if _in_queue(was_path, was_guests, path, subtree=subtree, within=case.within):
        return _frame("left", {"id": case.id, "version": case.version, "state": case.state}, cursor)
    return None


def _concerned(event: CaseEvent) -> set[str | None]:
    """The units that see a confidential case, and those that did before this event."""
    case = event.case
    called = {*(part.unit for part in case.parts), *event.was_called}
    return {case.unit, case.offered_to, case.assignee, event.was_offered_to, *event.was_path[-1:], *called}


def _in_queue(
    owners: Sequence[str], guests: AbstractSet[str | None], path: Sequence[str], *, subtree: bool, within: str | None
) -> bool:
    """As the queue itself has it: own cases, those that are offered to it (``guests``) and those that it is called in
    for; with ``subtree`` those below, and of the own ground."""
    unit = path[-1]
    if subtree:
        return unit in owners or unit in guests or (unit == within and owners[-1] in path)
    return owners[-1] == unit or unit in guests


def _row(event: CaseEvent) -> dict[str, Any]:
    case = event.case
    waiting = [
        c.due_at
        for c in case.clocks
        if c.superseded_at is None and (c.state == "running" or (c.state == "breached" and c.met_at is None))
    ]
    return {
        "id": case.id,
        "version": case.version,
        "state": case.state,
        "priority": case.priority,
        "category": case.category,
        "kind": case.kind,
        "unit": case.unit,
        "within": case.within,
        "offered_to": case.offered_to,
        "place": case.place,
        "summary": case.summary,
        "opened_at": case.opened_at,
        "due_at": min(waiting, default=None),
        "clocks": case.clocks,
        "report_count": case.report_count,
        "assignee": case.assignee,
        "confidential": case.confidential,
        "supervised_by": case.supervised_by,
    }


def _frame(name: str, data: object, cursor: str) -> bytes:
    return b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), cursor.encode(), _encoder.encode(data))


def _encode(position: dict[str, Any]) -> str:
    return one_spelling.encoded(msgspec.json.encode(position), padded=True)


def _decode(cursor: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(one_spelling.decoded(cursor, padded=True))
    except (ValueError, msgspec.MsgspecError):
        return None
    if isinstance(found, dict) and isinstance(found.get("c"), str) and isinstance(found.get("o"), dict):
        return found
    return None
