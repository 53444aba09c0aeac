"""A person's preferences for alerts over channels: delays, quiet hours and a limit of messages. Pure.

They do not apply to danger, nor to alerts that are to be sent at once: those go over every channel immediately.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class ChannelPreference:
    """For one kind of channel: how long to wait for an acknowledgement, and which priorities (all if empty)."""

    channel: str
    after: timedelta = NOW
    priorities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class QuietTime:
    """Local hours without messages; an end that is not after the start is on the next day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` messages within any ``per``."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person prefers. Over a kind of channel without an entry everything is sent at once."""

    channels: tuple[ChannelPreference, ...] = ()
    quiet: tuple[QuietTime, ...] = ()
    limit: Limit | None = None

    def __bool__(self) -> bool:
        return bool(self.channels or self.quiet or self.limit)

    def delay(self, channel: str, priority: str) -> timedelta | None:
        """How long an alert waits for that channel; None if it is not to be sent over it."""
        for rule in self.channels:
            if rule.channel == channel:
                return rule.after if not rule.priorities or priority in rule.priorities else None
        return NOW

    def quiet_until(self, local: datetime) -> datetime | None:
        """When the quiet hours end that cover ``local`` (aware); None if none do."""
        ends = [end for hours in self.quiet if (end := _ends(hours, local)) is not None]
        return max(ends, default=None)


def _ends(hours: QuietTime, local: datetime) -> datetime | None:
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        start = datetime.combine(day, hours.start, local.tzinfo)
        longer = timedelta(days=0 if hours.start < hours.end else 1)
        end = datetime.combine(day + longer, hours.end, local.tzinfo)
        if start <= local < end:
            return end
    return None


def next_page(limit: Limit, paged: Sequence[datetime], now: datetime) -> datetime | None:
    """When the next message may be sent; None for now. ``paged``: times of the latest messages, oldest first."""
    recent = [at for at in paged if at > now - limit.per]
    return None if len(recent) < limit.most else recent[-limit.most] + limit.per
