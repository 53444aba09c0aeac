"""Up to when groups have passed topics, as their offsets in Kafka say: who is behind will come to it, and lost nothing.

Asked from outside, also of another service's group. A sample of a topic's ends is kept until the group's offsets have
reached it; then everything that was published before the sample was handled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Standing(NamedTuple):
    """Of a group in some topics: (topic, partition) → where the partition ends, and the group's offset in it."""

    at: datetime
    """When the ends were asked for, in real time."""
    ends: Mapping[tuple[str, int], int]
    offsets: Mapping[tuple[str, int], int]

    def reached(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """An end that lies before the sample's shows that the log is another one: that sample says nothing more."""
        return all(min(end, self.ends.get(place, 0)) <= self.offsets.get(place, 0) for place, end in ends.items())


class Asked(Protocol):
    """The connection to Kafka."""

    async def standing(self, group: str, topic: str) -> Standing:
        """Raises ``KafkaError`` or ``TimeoutError`` when nobody answers."""


class Passed:
    """One group's way through one topic."""

    def __init__(self, asked: Asked, group: str, topic: str) -> None:
        self._asked = asked
        self._group = group
        self._topic = topic
        self._sample: Standing | None = None
        self._until = EPOCH

    async def until(self) -> datetime:
        """Everything published before this was handled. Raises ``KafkaError`` or ``TimeoutError``."""
        now = await self._asked.standing(self._group, self._topic)
        if now.reached(now.ends):
            self._until, self._sample = now.at, None
        elif self._sample is None:
            self._sample = now
        elif now.reached(self._sample.ends):
            self._until, self._sample = self._sample.at, now
        return self._until


@dataclass
class Answered:
    """What becomes of records of one lane: handled by ``first``, and what that published by ``then``."""

    first: Passed
    then: Sequence[Passed]
    _seen: tuple[datetime, datetime] | None = None
    """Until when the first had passed, and when that was seen."""
    _until: datetime = EPOCH

    async def until(self, now: datetime) -> datetime:
        """The answers to everything published before this have arrived. ``now``: real time, before asking.

        Raises ``KafkaError`` or ``TimeoutError``.
        """
        if self._seen is None:
            self._seen = await self.first.until(), now
        if min([await one.until() for one in self.then]) >= self._seen[1]:
            self._until, self._seen = self._seen[0], None
        return self._until
