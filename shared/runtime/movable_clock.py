"""The clock that promises are measured with: real time, and in development real time that was shifted.

Where the clock began and how it was moved since are one document of the ``identity`` database, read by every service
in development: once a second, and four times a second for ten minutes after a move. ``WHISTLE_TEST_AT`` says where it
begins; the first service that ever starts on a database writes down how far that is from real time, before or after,
and all go by it from then on. A move is always forward and holds from a moment that lies further ahead than services
read, so that the whole stack moves at once, and it stays moved over a restart. Leases, outboxes and tokens use real
time.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from shared.kernel.clock import whole_millis
from shared.runtime.storage.mongo import Database, MongoError
from shared.runtime.timekeeping import wall_clock

READ_SECONDS = 1.0
READ_SECONDS_MOVING = 0.25
MOVING_SECONDS = 600.0


class ClockMovedError(RuntimeError):
    """An installation that is not for development was given data whose clock was moved."""


class SystemClock:
    """Real time, shifted by its start and the moves that hold by then; only development ever makes any."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._ahead: tuple[tuple[float, timedelta], ...] = ()

    @property
    def shift(self) -> timedelta:
        """How far the clock is ahead of real time now; negative when it is behind."""
        if not self._ahead:
            return self._shift
        now = wall_clock.seconds()
        return sum((by for since, by in self._ahead if since <= now), self._shift)

    def move(self, moves: Iterable[tuple[float, timedelta]], start: timedelta = timedelta()) -> None:
        """How far ahead it began, and every move since: from when it holds (seconds of the epoch), and by how much."""
        known, now = list(moves), wall_clock.seconds()
        self._shift = sum((by for since, by in known if since <= now), start)
        self._ahead = tuple((since, by) for since, by in known if since > now)

    def now(self) -> datetime:
        return whole_millis(datetime.fromtimestamp(wall_clock.seconds(), UTC) + self.shift)


class SharedShift:
    """Keeps a ``SystemClock``'s moves as the database has them."""

    def __init__(self, database: Database, clock: SystemClock) -> None:
        self._collection = database.collection("clock")
        self._clock = clock
        self._moved = 0.0
        """Seconds of the epoch of the last move."""

    async def begin(self, at: datetime | None) -> None:
        """Where nobody has begun yet, the clock begins ``at``, or with real time; then as ``read``."""
        ahead = timedelta() if at is None else at - datetime.fromtimestamp(wall_clock.seconds(), UTC)
        start = {"start_millis": round(ahead / timedelta(milliseconds=1))}
        await self._collection.update({"_id": "shift"}, {"$setOnInsert": start}, upsert=True)
        await self.read()

    async def refuse_moved(self) -> None:
        """Without development tokens the clock is real time. Raises ``ClockMovedError`` where the data's is not."""
        await self.read()
        if self._clock.shift or self._moved:
            raise ClockMovedError(
                "the clock of this data was moved for development, and its promises were measured with it: start with "
                "WHISTLE_DEV_TOKENS=1, or begin on data of its own (--data, WHISTLE_NAMESPACE)"
            )

    async def read(self) -> None:
        found = await self._collection.find_one({"_id": "shift"}) or {}
        moves = found.get("moves", ())
        self._moved = max((move["from"] for move in moves), default=0.0)
        self._clock.move(
            [(move["from"], timedelta(milliseconds=move["millis"])) for move in moves],
            timedelta(milliseconds=found.get("start_millis", 0)),
        )

    def _pause(self, margin: float = 0.0) -> float:
        moving = wall_clock.seconds() < self._moved + MOVING_SECONDS - margin
        return READ_SECONDS_MOVING if moving else READ_SECONDS

    async def forward(self, by: timedelta) -> timedelta:
        """Move every service's clock; answers when all have moved."""
        await self.read()
        ahead = 2 * self._pause(margin=MOVING_SECONDS / 10)
        move = {"from": wall_clock.seconds() + ahead, "millis": int(by.total_seconds() * 1000)}
        await self._collection.update({"_id": "shift"}, {"$push": {"moves": move}}, upsert=True)
        await self.read()
        await asyncio.sleep(ahead)
        return self._clock.shift

    async def run(self) -> None:
        while True:
            try:
                await self.read()
            except MongoError:
                await asyncio.sleep(1.0)
            await asyncio.sleep(self._pause())
