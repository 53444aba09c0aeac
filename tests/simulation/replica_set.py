"""A MongoDB replica set in memory. A write is on the primary at once and committed when a majority has it, a moment
later; majority reads see what is committed. At a failover what is not committed may be rolled back.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from pymongo.errors import AutoReconnect, PyMongoError

from tests.simulation import documents
from tests.simulation.documents import Document, Unfit
from tests.simulation.processes import Process
from tests.simulation.weather import Weather

Watcher = Callable[[str, Any, Document | None, Document | None], None]
"""Called for each document that a majority gets: collection, id, before, after (None: there is none)."""


class Shelf:
    """A collection: as the primary has it, as a majority has it, and its indexes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.latest: dict[Any, Document] = {}
        self.committed: dict[Any, Document] = {}
        self.indexes: dict[str, Document] = {}

    def found(self, where: Mapping[str, Any], *, latest: bool) -> list[Document]:
        side = self.latest if latest else self.committed
        wanted = where.get("_id")
        if isinstance(wanted, str):
            candidates = [side[wanted]] if wanted in side else []
        elif isinstance(wanted, dict) and "$in" in wanted:
            candidates = [side[id_] for id_ in dict.fromkeys(wanted["$in"]) if id_ in side]
        else:
            candidates = list(side.values())
        return [document for document in candidates if documents.matches(document, where)]

    def taken(self, document: Document, other_than: Any = None) -> bool:
        """Whether a unique index has a value of ``document`` already."""
        for index in self.indexes.values():
            if index.get("unique"):
                values = [document.get(name) for name in index["key"]]
                for id_, other in self.latest.items():
                    if id_ != other_than and [other.get(name) for name in index["key"]] == values:
                        return True
        return False


class ReplicaSet:
    """The servers: what every process of the installation connects to."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.shelves: dict[str, Shelf] = {}
        self.files: dict[str, bytes] = {}
        self.watchers: list[Watcher] = []
        self._away_until = 0.0
        self._cut_off = False
        self._under_way: dict[Callable[[], None], None] = {}
        self._uncommitted: list[tuple[Shelf, Any, Document | None]] = []
        self._committed = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._committing = False

    def shelf(self, name: str) -> Shelf:
        return self.shelves.setdefault(name, Shelf(name))

    @property
    def written(self) -> int:
        """The position of the newest write."""
        return self._committed + len(self._uncommitted)

    def away_for(self, seconds: float) -> None:
        """Nobody is reached for so long."""
        self._away_until = asyncio.get_running_loop().time() + seconds

    def cut_off(self, seconds: float, *, lost: bool) -> None:
        """For so long the primary takes writes that no majority gets; then another is elected, or the link is back."""
        self._cut_off = True
        asyncio.get_running_loop().call_later(seconds, self._linked, lost)

    def _linked(self, lost: bool) -> None:
        was_cut_off, self._cut_off = self._cut_off, False
        if lost and was_cut_off:
            self.fail_over(self.weather.late() / 2, lost=True)

    def fail_over(self, seconds: float, *, lost: bool) -> None:
        """Another primary after ``seconds``; what no majority has is ``lost``, or just makes it."""
        if lost:
            for shelf, id_, _ in self._uncommitted:
                if id_ in shelf.committed:
                    shelf.latest[id_] = shelf.committed[id_]
                else:
                    shelf.latest.pop(id_, None)
            self._uncommitted.clear()
        else:
            self._commit(self.written)
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(AutoReconnect("simulated: the primary stepped down"))
        self.away_for(seconds)

    def later(self, act: Callable[[], object]) -> None:
        """A write under way whose caller gave up. What the primary refuses then, it refuses."""

        def arrives() -> None:
            if self._under_way.pop(arrives, None) is not None:
                with contextlib.suppress(Unfit, PyMongoError):
                    act()

        self._under_way[arrives] = None
        asyncio.get_running_loop().call_later(self.weather.late(), arrives)

    def settle(self) -> None:
        """What is under way arrives, and a majority gets it: nothing is on its way for hours."""
        self._cut_off = False
        for arrives in list(self._under_way):
            arrives()
        self._commit(self.written)

    async def reached(self, process: Process | None) -> None:
        """A message gets there. Raises ``AutoReconnect`` while no primary answers."""
        await asyncio.sleep(self.weather.delay())
        if process is not None:
            process.breathes()
        if asyncio.get_running_loop().time() < self._away_until:
            await asyncio.sleep(self.weather.delay())
            raise AutoReconnect("simulated: no primary")

    def put(self, shelf: Shelf, id_: Any, document: Document | None) -> None:
        """On the primary; committed a moment later."""
        if document is None:
            shelf.latest.pop(id_)
        else:
            shelf.latest[id_] = document
        self._uncommitted.append((shelf, id_, document))
        if not self._committing:
            self._committing = True
            asyncio.get_running_loop().call_later(self.weather.delay(), self._replicated, self.written)

    def _replicated(self, up_to: int) -> None:
        self._committing = False
        if not self._cut_off:
            self._commit(up_to)
        if self._uncommitted:
            self._committing = True
            asyncio.get_running_loop().call_later(self.weather.delay(), self._replicated, self.written)

    def _commit(self, up_to: int) -> None:
        count = max(0, min(up_to - self._committed, len(self._uncommitted)))
        for shelf, id_, document in self._uncommitted[:count]:
            before = shelf.committed.get(id_)
            if document is None:
                shelf.committed.pop(id_, None)
            else:
                shelf.committed[id_] = document
            for watcher in self.watchers:
                watcher(shelf.name, id_, before, document)
        del self._uncommitted[:count]
        self._committed += count
        for position, future in self._waiting:
            if position <= self._committed and not future.done():
                future.set_result(None)
        self._waiting = [pair for pair in self._waiting if not pair[1].done()]

    async def majority(self, position: int) -> None:
        """Returns when a majority has everything up to ``position``."""
        if position > self._committed:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((position, future))
            await future
