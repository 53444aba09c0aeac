"""Sends what is due, with one worker for each receiver, so that no receiver waits for another.

A receiver that keeps failing gets an open circuit: nothing is sent to it for a while.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import structlog
from msgspec import UNSET
from msgspec.structs import replace

from services.notifier.delivery.queue import DeliveryQueue
from services.notifier.documents.delivery import D, Delivery, DeliveryChange
from services.notifier.domain.retry import WAIT_SECONDS_MAX, Circuit, Outcome, next_attempt
from shared.runtime.storage.mongo import MongoError
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""How often the store is asked for what other processes left pending."""
PART = 16
"""Messages that are leased, and whose outcomes are recorded, in one write each."""
FAULT_REST = timedelta(seconds=30)
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class OutgoingMessage(Generic[D, Content]):
    """Deliveries that are sent in one message."""

    deliveries: Sequence[D]
    content: Content


class Sender(Protocol[D, Content]):
    """What depends on the kind of receiver: which deliveries go into a message, and how a message is sent."""

    @property
    def schedule(self) -> Sequence[float]:
        """Seconds to wait after the first, second, … failed attempt; after the last one the delivery has failed."""

    @property
    def at_once(self) -> int:
        """Messages in flight to one receiver."""

    async def messages(
        self, receiver: str, due: Sequence[D], now: datetime
    ) -> Sequence[OutgoingMessage[D, Content]] | datetime:
        """The messages to send now, most important first; or when to ask again."""

    async def send(self, receiver: str, message: OutgoingMessage[D, Content], now: datetime) -> Outcome:
        """One attempt."""


class Dispatcher(Generic[D, Content]):
    """The workers for one kind of deliveries.

    ``name`` is in the names of its log entries and tasks; ``chance`` draws from 0 to 1, for the jitter of retries.
    """

    def __init__(
        self,
        name: str,
        deliveries: DeliveryQueue[D],
        sender: Sender[D, Content],
        now: Callable[[], datetime] = real_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._name = name
        self._deliveries = deliveries
        self._sender = sender
        self._now = now
        self._chance = chance
        self._circuits: dict[str, Circuit] = {}
        self._rests: dict[str, datetime] = {}
        """By receiver, until when it asked not to be sent anything."""
        self._gathers: dict[str, datetime] = {}
        """By receiver, until when the sender waits for more deliveries; a new delivery ends the wait."""
        self._retry_at: datetime | None = None
        """The earliest time at which a failed delivery is due again."""
        self._workers: dict[str, asyncio.Task[None]] = {}

    @property
    def open_circuits(self) -> int:
        """How many receivers have an open circuit."""
        now = self._now()
        return sum(not circuit.closed(now) for circuit in list(self._circuits.values()))

    async def run(self) -> None:
        """Until the service stops: start workers, at once for new deliveries, for others when they are due."""
        try:
            while True:
                try:
                    await self.start_due()
                except MongoError as error:
                    log.warning(f"{self._name}.retry", error=str(error), kind=type(error).__name__)
                await self._pause()
        finally:
            for task in self._workers.values():
                task.cancel()

    async def _pause(self) -> None:
        """Wait until something may be due, at most ``POLL_SECONDS``; meanwhile start workers for new deliveries."""
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
        """The seconds until each moment after ``since`` at which a receiver may be sent to again."""
        now = self._now()
        opened = (circuit.until for circuit in self._circuits.values())
        for moment in (*opened, *self._rests.values(), *self._gathers.values(), self._retry_at):
            if moment is not None and moment > since:
                yield (moment - now).total_seconds()

    def _again_at(self, moment: datetime) -> None:
        """A failed delivery is due again at ``moment``."""
        if self._retry_at is None or not self._now() < self._retry_at < moment:
            self._retry_at = moment
        self._deliveries.wake.set()

    async def start_due(self) -> Sequence["asyncio.Task[None]"]:
        """Start a worker for each ready receiver with something due; answers all workers that are running."""
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
        """Send what is due for one receiver until nothing is, the receiver is to wait, or its circuit opens."""
        fresh = self._deliveries.fresh
        try:
            while self._ready(receiver):
                fresh.discard(receiver)
                if not await self._page(receiver) and receiver not in fresh:
                    return
        except MongoError as error:
            log.warning(f"{self._name}.retry", error=str(error), kind=type(error).__name__)
        except Exception:
            log.exception(f"{self._name}.failed", receiver=receiver)
            self._rests[receiver] = self._now() + FAULT_REST

    async def _page(self, receiver: str) -> bool:
        """Sends a page of due deliveries; whether to go on. After an open circuit, one message is sent as a trial."""
        due = await self._deliveries.due(receiver, self._now())
        if not due:
            return False
        messages = await self._sender.messages(receiver, due, self._now())
        if isinstance(messages, datetime):
            self._gathers[receiver] = messages
            self._deliveries.wake.set()
            return False
        if self._circuit(receiver).until is not None:
            messages = messages[:1]
        gate = asyncio.Semaphore(self._sender.at_once)
        parts = [messages[start : start + PART] for start in range(0, len(messages), PART)]
        await asyncio.gather(*(self._send(gate, receiver, part) for part in parts))
        return True

    async def _send(
        self, gate: asyncio.Semaphore, receiver: str, messages: Sequence[OutgoingMessage[D, Content]]
    ) -> None:
        """Send some messages: one write before leases them all, one afterwards records what became of them."""
        taken = await self._deliveries.lease([d for message in messages for d in message.deliveries], self._now())
        ours = [message for message in messages if all(d.id in taken for d in message.deliveries)]
        changes = await asyncio.gather(*(self._one(gate, receiver, message) for message in ours))
        await self._deliveries.settle({id_: change for each in changes for id_, change in each.items()})

    async def _one(
        self, gate: asyncio.Semaphore, receiver: str, message: OutgoingMessage[D, Content]
    ) -> dict[str, DeliveryChange]:
        """Attempt one message; answers what to record. If the receiver is not ready any more, gives back the lease."""
        async with gate:
            if not self._ready(receiver):
                return {d.id: DeliveryChange(next_at=d.next_at, attempts=d.attempts) for d in message.deliveries}
            outcome = await self._sender.send(receiver, message, self._now())
        self._learn(receiver, outcome)
        jitter = self._chance()  # the same for all, so that what was sent together is due together again
        return {d.id: self._after(d, outcome, jitter) for d in message.deliveries}

    def _learn(self, receiver: str, outcome: Outcome) -> None:
        """Open or close the receiver's circuit, and note how long it asked to be left alone."""
        now = self._now()
        if outcome.name == "delivered":
            self._circuits.pop(receiver, None)
        elif outcome.counts:
            self._circuits[receiver] = self._circuit(receiver).after_failure(now)
        if outcome.wait is not None and not outcome.counts:
            self._rests[receiver] = now + timedelta(seconds=min(outcome.wait, WAIT_SECONDS_MAX))

    def _after(self, delivery: Delivery, outcome: Outcome, jitter: float) -> DeliveryChange:
        """What is recorded of a delivery after an attempt."""
        now = self._now()
        tried = DeliveryChange(last_outcome=outcome.name, last_status=outcome.status, last_at=now)
        if outcome.name == "delivered":
            return replace(tried, state="delivered", call=UNSET if outcome.call is None else outcome.call)
        if outcome.ended:
            return replace(tried, state="ended")
        if outcome.final:
            return replace(tried, state="failed")
        if not outcome.counts:
            wait = timedelta(seconds=min(outcome.wait or 0.0, WAIT_SECONDS_MAX))
            again_as = UNSET if outcome.form is None else outcome.form
            return replace(tried, form=again_as, next_at=now + wait, attempts=delivery.attempts)
        again = next_attempt(delivery.attempts + 1, now, jitter, outcome.wait, self._sender.schedule)
        if again is None:
            return replace(tried, state="failed")
        self._again_at(again)
        return replace(tried, next_at=again)
