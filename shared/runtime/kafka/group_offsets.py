"""Up to which publishing time a consumer group has handled a topic, found from its committed offsets.

It works for groups of other services too, and tells a backlog from lost records. A sample of the topic's end offsets is
kept until the group's offsets have reached it; then everything that was published before the sample is handled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GroupPosition(NamedTuple):
    """(topic, partition) → the end offset, and the group's committed offset."""

    at: datetime
    """When the end offsets were read, in real time."""
    ends: Mapping[tuple[str, int], int]
    offsets: Mapping[tuple[str, int], int]

    def reached(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """Whether the group's offsets have reached ``ends``, an earlier sample. A lower end offset now means that the
        log was replaced; such a partition counts as reached at its present end."""
        return all(min(end, self.ends.get(place, 0)) <= self.offsets.get(place, 0) for place, end in ends.items())


class OffsetSource(Protocol):
    """Where offsets are read: ``KafkaConnection``."""

    async def group_position(self, group: str, topic: str) -> GroupPosition:
        """Raises ``KafkaError`` or ``TimeoutError`` when no broker answers."""


class GroupProgress:
    """How far one group has come in one topic."""

    def __init__(self, source: OffsetSource, group: str, topic: str) -> None:
        self._source = source
        self._group = group
        self._topic = topic
        self._sample: GroupPosition | None = None
        self._until = EPOCH

    async def handled_until(self) -> datetime:
        """Everything that was published before this time is handled. Raises ``KafkaError`` or ``TimeoutError``."""
        now = await self._source.group_position(self._group, self._topic)
        if now.reached(now.ends):
            self._until, self._sample = now.at, None
        elif self._sample is None:
            self._sample = now
        elif now.reached(self._sample.ends):
            self._until, self._sample = self._sample.at, now
        return self._until


@dataclass
class LaneProgress:
    """How far records of one lane are handled by the group ``first``, and what it published by the groups ``then``."""

    first: GroupProgress
    then: Sequence[GroupProgress]
    _seen: tuple[datetime, datetime] | None = None
    """Up to when ``first`` had handled records, and when that was read."""
    _until: datetime = EPOCH

    async def handled_until(self, now: datetime) -> datetime:
        """All groups have handled what was published before this time, and its consequences. ``now``: real time.

        Raises ``KafkaError`` or ``TimeoutError``.
        """
        if self._seen is None:
            self._seen = await self.first.handled_until(), now
        if min([await one.handled_until() for one in self.then]) >= self._seen[1]:
            self._until, self._seen = self._seen[0], None
        return self._until
