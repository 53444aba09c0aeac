"""The clock of deadlines: real time; in development, real time plus a shift.

In development the shift is stored in one document of the ``identity`` database: where the clock started, and every move
since. Each service reads it once a second, and four times a second for ten minutes after a move. ``WHISTLE_TEST_AT``
sets the start: the first service that ever starts on a database stores the difference to real time, and all use it from
then on. A move is always forward. It takes effect at a moment later than every service's next read, so that all move
together, and it survives restarts. Leases, outboxes and tokens use real time.
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
    """A service without development tokens was started on data whose clock was moved."""


class MovableClock:
    """Real time plus the start's shift and all moves in effect; without development tokens there are none."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._ahead: tuple[tuple[float, timedelta], ...] = ()

    @property
    def shift(self) -> timedelta:
        """Clock minus real time, now; negative when the clock is behind."""
        if not self._ahead:
            return self._shift
        now = wall_clock.seconds()
        return sum((by for since, by in self._ahead if since <= now), self._shift)

    def move(self, moves: Iterable[tuple[float, timedelta]], start: timedelta = timedelta()) -> None:
        """Set the shift: that of the ``start``, and ``moves`` as (effective from, seconds since 1970; by how much)."""
        known, now = list(moves), wall_clock.seconds()
        self._shift = sum((by for since, by in known if since <= now), start)
        self._ahead = tuple((since, by) for since, by in known if since > now)

    def now(self) -> datetime:
        return whole_millis(datetime.fromtimestamp(wall_clock.seconds(), UTC) + self.shift)


class SharedShift:
    """Keeps a ``MovableClock`` in step with the shift that is stored in the database."""

    def __init__(self, database: Database, clock: MovableClock) -> None:
        self._collection = database.collection("clock")
        self._clock = clock
        self._moved = 0.0
        """When the last move takes effect, in seconds since 1970; 0.0: never moved."""

    async def begin(self, at: datetime | None) -> None:
        """Store the start, ``at`` or real time, unless one is stored already; then ``read``."""
        ahead = timedelta() if at is None else at - datetime.fromtimestamp(wall_clock.seconds(), UTC)
        start = {"start_millis": round(ahead / timedelta(milliseconds=1))}
        await self._collection.update({"_id": "shift"}, {"$setOnInsert": start}, upsert=True)
        await self.read()

    async def refuse_moved(self) -> None:
        """For services without development tokens: raises ``ClockMovedError`` when the stored clock was moved."""
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
        """Move the clock of every service forward. Returns the new shift, once all have moved."""
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
