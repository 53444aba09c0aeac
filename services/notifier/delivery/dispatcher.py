"""Sends what is due, one worker for each receiver: none waits for another, and one that keeps failing is left alone."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from services.notifier.delivery.queue import Deliveries
from services.notifier.domain.retry import WAIT_SECONDS_MAX, Circuit, Outcome, next_attempt
from shared.runtime.storage.mongo import Document, MongoError
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""How late it may be seen what another process left behind."""
PART = 16
"""Messages that are leased, and recorded, in one write."""
FAULT_REST = timedelta(seconds=30)
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Parcel(Generic[Content]):
    """Deliveries that travel in one message."""

    deliveries: Sequence[Document]
    content: Content


class Carrier(Protocol[Content]):
    """What differs from one kind of receiver to another."""

    @property
    def schedule(self) -> Sequence[float]:
        """Seconds to wait after the first, second, … failed attempt; then it is given up."""

    @property
    def at_once(self) -> int:
        """Messages in flight to one receiver."""

    async def parcels(
        self, receiver: str, due: Sequence[Document], now: datetime
    ) -> Sequence[Parcel[Content]] | datetime:
        """What goes out now, most important first; or when to look again."""

    async def carry(self, receiver: str, parcel: Parcel[Content], now: datetime) -> Outcome:
        """One attempt."""


class Courier(Generic[Content]):
    """The workers of one kind of deliveries."""

    def __init__(
        self,
        name: str,
        deliveries: Deliveries,
        carrier: Carrier[Content],
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._name = name
        self._deliveries = deliveries
        self._carrier = carrier
        self._now = now
        self._circuits: dict[str, Circuit] = {}
        self._rests: dict[str, datetime] = {}
        """Receivers that asked to be left alone, and until when."""
        self._gathers: dict[str, datetime] = {}
        """Receivers for whom deliveries are being gathered; something new is a reason to look again."""
        self._retry_at: datetime | None = None
        """The earliest moment at which something that failed is due again."""
        self._workers: dict[str, asyncio.Task[None]] = {}

    @property
    def left_alone(self) -> int:
        """How many receivers keep failing."""
        now = self._now()
        return sum(not circuit.closed(now) for circuit in list(self._circuits.values()))

    async def run(self) -> None:
        """For ever: at once for receivers that got something new; for all others when something is due."""
        try:
            while True:
                try:
                    await self.look()
                except MongoError as error:
                    log.warning(f"{self._name}.store_away", error=str(error), kind=type(error).__name__)
                await self._pause()
        finally:
            for task in self._workers.values():
                task.cancel()

    async def _pause(self) -> None:
        """Until something may be due; meanwhile what is new is begun at once."""
        loop, began = asyncio.get_running_loop(), self._now()
        ends = loop.time() + POLL_SECONDS
        while (left := min([ends - loop.time(), *self._seconds_left(began)])) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._deliveries.wake.wait()
            self._deliveries.wake.clear()
            for receiver in list(self._deliveries.fresh):
                self._gathers.pop(receiver, None)
                self._start(receiver)

    def _seconds_left(self, since: datetime) -> Iterator[float]:
        """Until each moment after ``since`` at which a receiver is to be looked at again."""
        now = self._now()
        opened = (circuit.until for circuit in self._circuits.values())
        for moment in (*opened, *self._rests.values(), *self._gathers.values(), self._retry_at):
            if moment is not None and moment > since:
                yield (moment - now).total_seconds()

    def _again_at(self, moment: datetime) -> None:
        """An attempt failed and is due again then."""
        if self._retry_at is None or not self._now() < self._retry_at < moment:
            self._retry_at = moment
        self._deliveries.wake.set()

    async def look(self) -> Sequence["asyncio.Task[None]"]:
        """A worker for each receiver that something is due for and that is ready; all that are at work."""
        for receiver in self._deliveries.fresh:
            self._gathers.pop(receiver, None)
        receiver = ""
        while receiver := await self._deliveries.receiver_after(receiver, self._now()):
            self._start(receiver)
        return [task for task in self._workers.values() if not task.done()]

    def _start(self, receiver: str) -> None:
        running = self._workers.get(receiver)
        if (running is None or running.done()) and self._ready(receiver):
            self._workers[receiver] = asyncio.create_task(self.drain(receiver), name=f"{self._name} {receiver}")

    def _ready(self, receiver: str) -> bool:
        now = self._now()
        waits = (self._rests.get(receiver), self._gathers.get(receiver))
        return self._circuit(receiver).closed(now) and all(until is None or until <= now for until in waits)

    def _circuit(self, receiver: str) -> Circuit:
        return self._circuits.get(receiver, Circuit())

    async def drain(self, receiver: str) -> None:
        """What is due for one receiver, until nothing is, it is to wait, or its circuit opens."""
        fresh = self._deliveries.fresh
        try:
            while self._ready(receiver):
                fresh.discard(receiver)
                if not await self._page(receiver) and receiver not in fresh:
                    return
        except MongoError as error:
            log.warning(f"{self._name}.store_away", error=str(error), kind=type(error).__name__)
        except Exception:
            log.exception(f"{self._name}.failed", receiver=receiver)
            self._rests[receiver] = self._now() + FAULT_REST

    async def _page(self, receiver: str) -> bool:
        """A page of what is due; whether to go on. After a circuit was open, one message tries."""
        due = await self._deliveries.due(receiver, self._now())
        if not due:
            return False
        parcels = await self._carrier.parcels(receiver, due, self._now())
        if isinstance(parcels, datetime):
            self._gathers[receiver] = parcels
            self._deliveries.wake.set()
            return False
        if self._circuit(receiver).until is not None:
            parcels = parcels[:1]
        gate = asyncio.Semaphore(self._carrier.at_once)
        parts = [parcels[start : start + PART] for start in range(0, len(parcels), PART)]
        await asyncio.gather(*(self._send(gate, receiver, part) for part in parts))
        return True

    async def _send(self, gate: asyncio.Semaphore, receiver: str, parcels: Sequence[Parcel[Content]]) -> None:
        """One write before for all of them, and one after."""
        taken = await self._deliveries.lease([d for parcel in parcels for d in parcel.deliveries], self._now())
        ours = [parcel for parcel in parcels if all(d["_id"] in taken for d in parcel.deliveries)]
        changes = await asyncio.gather(*(self._one(gate, receiver, parcel) for parcel in ours))
        await self._deliveries.settle({id_: change for each in changes for id_, change in each.items()})

    async def _one(self, gate: asyncio.Semaphore, receiver: str, parcel: Parcel[Content]) -> dict[str, Document]:
        """An attempt, and what is to be recorded of it; a receiver that is no longer ready is spared it."""
        async with gate:
            if not self._ready(receiver):
                return {d["_id"]: {"next_at": d["next_at"], "attempts": d["attempts"]} for d in parcel.deliveries}
            outcome = await self._carrier.carry(receiver, parcel, self._now())
        self._learn(receiver, outcome)
        jitter = random.random()  # one for all: what travelled together is due together again
        return {d["_id"]: self._after(d, outcome, jitter) for d in parcel.deliveries}

    def _learn(self, receiver: str, outcome: Outcome) -> None:
        """The receiver's health."""
        now = self._now()
        if outcome.name == "delivered":
            self._circuits.pop(receiver, None)
        elif outcome.counts:
            self._circuits[receiver] = self._circuit(receiver).after_failure(now)
        if outcome.wait is not None and not outcome.counts:
            self._rests[receiver] = now + timedelta(seconds=min(outcome.wait, WAIT_SECONDS_MAX))

    def _after(self, delivery: Document, outcome: Outcome, jitter: float) -> Document:
        now = self._now()
        changed: Document = {"last_outcome": outcome.name, "last_status": outcome.status, "last_at": now}
        if outcome.name == "delivered":
            return {**changed, "state": "delivered"}
        if outcome.ended:
            return {**changed, "state": "ended"}
        if outcome.final:
            return {**changed, "state": "failed"}
        if not outcome.counts:
            wait = timedelta(seconds=min(outcome.wait or 0.0, WAIT_SECONDS_MAX))
            return {**changed, **outcome.marks, "next_at": now + wait, "attempts": delivery["attempts"]}
        again = next_attempt(delivery["attempts"] + 1, now, jitter, outcome.wait, self._carrier.schedule)
        if again is None:
            return {**changed, "state": "failed"}
        self._again_at(again)
        return {**changed, "next_at": again}
