"""The live feed of a process: the last changes of all cases, and the browsers that listen.

A browser hears of what its person may see: the feed tests whether a name of the person's is in the access list that
every change carries, and nothing else. A cursor is the feed's own: an epoch, and the number of a change. What the feed
cannot continue is answered ``reset``: the page is read again.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.console.live.changes import Beat, CaseChange
from services.console.queue_client import Holder
from shared.contracts.sight import Sight, names_of
from shared.kernel.ids import Ids

KEPT = 2000
WAITING_MAX = 500
"""Changes that wait for one browser; with more it reads its page again."""
SPREAD_SECONDS = 5.0
"""Browsers come back within this time after the process has ended."""
SILENT_SECONDS = 35.0
"""The router beats every fifteen."""
Kind = Literal["row", "gone"]


@dataclass(frozen=True, eq=False, slots=True)
class Numbered:
    """A change, and what was made of it: by language and kind, once for all who hear of it."""

    number: int
    change: CaseChange
    made: dict[tuple[str, Kind], "asyncio.Future[bytes]"] = field(default_factory=dict)


@dataclass(eq=False)
class Listener:
    """An open stream. ``hashed``: of its session's token; ``behind``: more came than a browser draws, and nothing is
    kept for it until it is told to read its page; ``ending``: the last bytes, once it is to end."""

    hashed: str
    holder: Holder
    token: str
    waiting: deque[Numbered | bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    behind: bool = False
    ending: bytes | None = None

    @property
    def sight(self) -> Sight:
        return Sight(names_of(self.holder.unit, self.holder.person), frozenset(self.holder.on_duty_for))

    def hears(self, change: CaseChange) -> Kind | None:
        """What is told: the row, that it is gone, or nothing."""
        if change.city != self.holder.city:
            return None
        sight, closed = self.sight, change.closed_to_stand_ins
        if sight.sees(change.seen_by, closed_to_stand_ins=closed):
            return "row"
        return "gone" if sight.sees(change.was_seen_by, closed_to_stand_ins=closed) else None

    def offer(self, told: Numbered | bytes) -> None:
        if self.behind and isinstance(told, Numbered):
            return
        if len(self.waiting) >= WAITING_MAX:
            self.waiting.clear()
            self.behind = True
        else:
            self.waiting.append(told)
        self.wake.set()

    def catch_up(self) -> bytes:
        """What tells the browser to read its page: what comes from now on is kept for it again."""
        self.waiting.clear()
        self.behind = False
        return RESET

    def end(self, said: bytes) -> None:
        self.ending = said
        self.wake.set()


RESET = b"event: reset\ndata: {}\n\n"
ENDED = b"event: ended\ndata: {}\n\n"


class Feed:
    """``ids``: draws the epochs."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._epoch = ids(8)
        self._number = 0
        self._ring: deque[Numbered] = deque(maxlen=KEPT)
        self._last_of: dict[tuple[str, str], int] = {}
        self._by_name: dict[tuple[str, str], set[Listener]] = defaultdict(set)
        self._heard_at: float | None = None
        self._now: datetime | None = None
        self.listeners: set[Listener] = set()
        self.packs: Mapping[str, str] = {}
        self.packs_changed = asyncio.Event()

    @property
    def cursor(self) -> str:
        """To be asked before a page is read: the page then has all earlier changes."""
        return f"{self._epoch}-{self._number}"

    def told_of(self, city: str, unit: str) -> str:
        """The last change that concerned ``unit``, as a mark: the same while nothing of its cases has changed."""
        return f"{self._epoch}-{self._last_of.get((city, unit), 0)}"

    @property
    def is_live(self) -> bool:
        return self._heard_at is not None and time.monotonic() - self._heard_at < SILENT_SECONDS

    @property
    def now(self) -> datetime | None:
        """The installation's time, as it was told last and has run on since."""
        if self._now is None or self._heard_at is None:
            return None
        return self._now + timedelta(seconds=time.monotonic() - self._heard_at)

    def listen(self, listener: Listener, cursor: str) -> None:
        """From ``cursor`` on; empty: from now on."""
        self.listeners.add(listener)
        for name in _names(listener):
            self._by_name[listener.holder.city, name].add(listener)
        listener.offer(self._beat())
        if cursor and (missed := self._since(cursor)) is not None:
            heard = [one for one in missed if listener.hears(one.change) is not None]
            for one in heard if len(heard) < WAITING_MAX else (RESET,):
                listener.offer(one)
        elif cursor:
            listener.offer(RESET)

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        for name in _names(listener):
            place = listener.holder.city, name
            self._by_name[place].discard(listener)
            if not self._by_name[place]:
                del self._by_name[place]

    def take(self, change: CaseChange) -> None:
        """A change that the router has told."""
        self._number += 1
        told = Numbered(self._number, change)
        self._ring.append(told)
        for name in (*change.seen_by, *change.was_seen_by):
            if not name.startswith("@"):
                self._last_of[change.city, name] = self._number
        for listener in self._concerned(change):
            if listener.hears(change) is not None:
                listener.offer(told)

    def beat(self, beat: Beat) -> None:
        """The router lives; where a city has another pack, its pages are read again."""
        self._now, self._heard_at = beat.now, time.monotonic()
        switched = {city for city, version in beat.packs.items() if self.packs.get(city, version) != version}
        self.packs = beat.packs
        for listener in self.listeners:
            listener.offer(RESET if listener.holder.city in switched else self._beat())
        if switched:
            self.packs_changed.set()

    def lose(self) -> None:
        """The router has told that changes are missing: every page is read again."""
        self._epoch = self._ids(8)
        self._ring.clear()
        for listener in self.listeners:
            listener.offer(RESET)

    def close(self) -> None:
        """The process stops: every browser comes back, not all at once."""
        for listener in self.listeners:
            listener.end(b"retry: %d\n\n" % (int(self._ids(4), 16) % int(SPREAD_SECONDS * 1000)))

    def identified(self, told: Numbered, data: bytes) -> bytes:
        return b"event: case\nid: %b\ndata: %b\n\n" % (f"{self._epoch}-{told.number}".encode(), data)

    def _beat(self) -> bytes:
        now = self.now
        return b'event: beat\ndata: {"now": "%b"}\n\n' % (now.isoformat().encode() if now is not None else b"")

    def _since(self, cursor: str) -> list[Numbered] | None:
        """The changes after ``cursor``; None where they are not all there."""
        epoch, _, number = cursor.partition("-")
        if epoch != self._epoch or not number.isdigit() or int(number) > self._number:
            return None
        oldest = self._ring[0].number if self._ring else self._number + 1
        return [one for one in self._ring if one.number > int(number)] if int(number) + 1 >= oldest else None

    def _concerned(self, change: CaseChange) -> Iterator[Listener]:
        found: set[Listener] = set()
        for name in {*change.seen_by, *change.was_seen_by}:
            found |= self._by_name.get((change.city, name), set())
        yield from found


def _names(listener: Listener) -> frozenset[str]:
    return listener.sight.names | listener.sight.others
