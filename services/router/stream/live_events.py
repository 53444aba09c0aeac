"""Live queues: one tail of the ``cases`` topic per process, a ring of ten minutes, fan-out to the listeners concerned;
a service may follow the cases of all cities at once.

Every ``BEAT_SECONDS`` each stream says that it lives and what time the server has; a comment before it is for clients
that wait for one.

A cursor that the ring cannot serve, or that is of another cluster (a wiped broker), is answered ``reset``: the client
reads the queue again. The event loop is not blocked, however many listen and however far back they begin: a record is
matched by comparing text, is parsed and rendered once for all listeners, and reading the ring yields in between.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

import msgspec
from aiokafka import ConsumerRecord

from services.router.stream.cursors import Cursor, written
from services.router.stream.ring import RingRecord, Told, in_list, listed, raw
from services.router.stream.shapes import Beat
from shared.contracts.sight import Sight
from shared.kernel.clock import Clock
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(minutes=10)
RING_MAX = 20_000
BEHIND_MAX = 1000
BEAT_SECONDS = 15.0
AT_ONCE = 50
"""How many records are read, and listeners notified, before the event loop runs other tasks."""
FRAMES_AT_ONCE = 50
EVERYTHING = ("*", "*")
"""In place of city and unit: a listener to all cases."""


class RenderedRecord:
    """A record that is sent to listeners; each form of it is rendered once for all of them."""

    def __init__(self, record: RingRecord, position: Mapping[int, int]) -> None:
        self.record = record
        self.position = position
        """Partition → next offset, for a listener that was sent all records before this one."""
        self._data: dict[Told, bytes | None] = {}

    def data(self, kind: Told) -> bytes | None:
        if kind not in self._data:
            self._data[kind] = self.record.data(kind)
        return self._data[kind]


class Listener:
    """An open stream of the queue of ``unit``. ``sight``: which cases the reader may see (``Principal.sight``)."""

    def __init__(self, city: str, unit: str, *, subtree: bool, sight: Sight | None = None) -> None:
        self.city = city
        self.unit = unit
        self._subtree = subtree
        self._place = in_list(unit)
        self._sight = None if sight is None else listed(sight)
        self.position: dict[int, int] = {}
        """Partition → offset of the latest record that was sent."""
        self.cluster = "?"
        """The cluster of the records that it is sent; one that replaced it sends none before the stream ended."""
        self.waiting: asyncio.Queue[RenderedRecord | None] = asyncio.Queue(BEHIND_MAX)
        self.over = False

    def hears(self, record: RingRecord) -> Told | None:
        if record.city != self.city:
            return None
        return record.is_for(self._place, subtree=self._subtree, sight=self._sight)

    def offer(self, told: RenderedRecord | None) -> None:
        """Lets a record wait for sending. If too many wait, the stream ends and the client reads the queue again."""
        try:
            self.waiting.put_nowait(told)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Ends the stream at once; records that wait are not sent."""
        self.over = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)

    def frame(self, told: RenderedRecord) -> bytes | None:
        """The server-sent event for this listener; None if it does not concern the listener or was sent before."""
        kind, record = self.hears(told.record), told.record
        if kind is None or record.offset <= self.position.get(record.partition, 0):
            return None
        for partition, offset in told.position.items():
            self.position[partition] = max(offset, self.position.get(partition, 0))
        data = told.data(kind)
        return None if data is None else _frame(kind, data, written(self.cluster, self.position))


class ServiceListener(Listener):
    """An open stream of every case of every city, for a service that asks itself who may see what."""

    def __init__(self) -> None:
        super().__init__(*EVERYTHING, subtree=True)

    def hears(self, record: RingRecord) -> Told | None:
        return "change" if record.value else None


class LiveEvents:
    """The case events of the last ten minutes, and the listeners to which new ones are sent."""

    def __init__(self, clock: Clock, packs: Callable[[], Mapping[str, str]] = dict) -> None:
        """``packs``: the version of each city's pack that holds, which beats say to services."""
        self._clock = clock
        self._packs = packs
        self._ring: deque[RingRecord] = deque(maxlen=RING_MAX)
        self._next: dict[int, int] = {}
        self._oldest: dict[int, int] = {}
        self._listeners: dict[tuple[str, str], set[Listener]] = defaultdict(set)
        """By city and unit."""
        self.cluster = "?"

    def cursor(self) -> str:
        """The position reached. To be asked before the queue is read: the queue then contains all earlier events."""
        return written(self.cluster, self._next)

    def starts_at(self, offsets: dict[int, int], cluster: str) -> None:
        """The tail (re)starts at these offsets: empties the ring and ends all streams, so that clients read again."""
        self.cluster = cluster
        self._ring.clear()
        self._next = dict(offsets)
        self._oldest = dict(offsets)
        self.close()

    def close(self) -> None:
        """Ends every stream."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.offer(None)

    async def take(self, records: tuple[ConsumerRecord, ...]) -> None:
        """The FastStream handler of the tail."""
        now = real_now()
        for number, record in enumerate(records, 1):
            self._next[record.partition] = record.offset + 1
            kept = raw(now, record.partition, record.offset, record.headers, record.value)
            self._keep(kept)
            if self._listeners:
                await self._tell(kept)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        while self._ring and now - self._ring[0].at > KEPT:
            self._drop_oldest()

    async def _tell(self, record: RingRecord) -> None:
        """Sends to the listeners of this moment; a listener that is added meanwhile finds the record in the ring."""
        places = [EVERYTHING, *((record.city, name) for name in record.names())]
        concerned = [one for place in places for one in self._listeners.get(place, ())]
        told = RenderedRecord(record, dict(self._next)) if concerned else None
        for number, listener in enumerate(concerned, 1):
            if not listener.over and listener.hears(record) is not None:
                listener.offer(told)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _keep(self, record: RingRecord) -> None:
        if len(self._ring) == RING_MAX:
            self._drop_oldest()
        self._ring.append(record)

    def _drop_oldest(self) -> None:
        old = self._ring.popleft()
        self._oldest[old.partition] = old.offset

    def _serves(self, cursor: Cursor) -> bool:
        """Whether everything after ``cursor`` is in the ring."""
        at = cursor.o
        return cursor.c == self.cluster and all(at.get(p, 0) >= oldest for p, oldest in self._oldest.items())

    async def follow(self, listener: Listener, cursor: Cursor | None) -> AsyncIterator[bytes]:
        """Server-sent events of the listener's queue from ``cursor`` on (None: from now on)."""
        self._listeners[listener.city, listener.unit].add(listener)
        try:
            resumed = cursor is not None and self._serves(cursor)
            before = list(self._ring) if resumed else []
            listener.cluster = self.cluster
            listener.position = dict(cursor.o if resumed and cursor is not None else self._next)
            if cursor is not None and not resumed:
                yield _frame("reset", b"{}", self.cursor())
            else:
                yield b": listening\n\n"
            yield self._beat(listener)
            async for frame in self._replayed(listener, before):
                yield frame
            beat_at = _after(BEAT_SECONDS)
            while not listener.over:
                try:
                    async with asyncio.timeout_at(beat_at):
                        told = await listener.waiting.get()
                except TimeoutError:
                    beat_at = _after(BEAT_SECONDS)
                    yield self._beat(listener)
                    continue
                if told is None:
                    break
                if frames := self._gathered(listener, told):
                    yield frames
                    await asyncio.sleep(0)
            yield _frame("reset", b"{}", self.cursor())
        finally:
            self._leave(listener)

    def _beat(self, listener: Listener) -> bytes:
        packs = dict(self._packs()) if isinstance(listener, ServiceListener) else {}
        data = msgspec.json.encode(Beat(now=self._clock.now(), packs=packs))
        return b": still here\n\nevent: beat\ndata: %b\n\n" % data

    async def _replayed(self, listener: Listener, before: list[RingRecord]) -> AsyncIterator[bytes]:
        for number, record in enumerate(before, 1):
            if listener.over:
                return
            if record.offset > listener.position.get(record.partition, 0):
                kind = listener.hears(record)
                listener.position[record.partition] = record.offset
                if kind is not None and (data := record.data(kind)) is not None:
                    yield _frame(kind, data, written(listener.cluster, listener.position))
                    await asyncio.sleep(0)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _gathered(self, listener: Listener, told: RenderedRecord | None) -> bytes:
        """``told`` and further waiting records as one chunk, at most ``FRAMES_AT_ONCE``."""
        frames = []
        while told is not None:
            frames.append(listener.frame(told) or b"")
            if len(frames) == FRAMES_AT_ONCE or listener.waiting.empty():
                break
            told = listener.waiting.get_nowait()
        if told is None:
            listener.offer(None)
        return b"".join(frames)

    def _leave(self, listener: Listener) -> None:
        place = listener.city, listener.unit
        self._listeners[place].discard(listener)
        if not self._listeners[place]:
            del self._listeners[place]


def _after(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _frame(name: str, data: bytes, cursor: str) -> bytes:
    return b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), cursor.encode(), data)
