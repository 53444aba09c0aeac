"""When somebody is told beside the inbox: a person's own rules for channels, delays and quiet hours. Pure.

Danger, and whatever is to be told at once, keeps no rule: it goes over every channel, now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class ByChannel:
    """One kind of channel: so long after the alert, if it is not acknowledged by then; only for these priorities."""

    channel: str
    after: timedelta = NOW
    priorities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local hours; an end that is not after the start is on the next day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` messages in a time ``per``."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person wishes. A kind of channel without a rule tells everything at once."""

    channels: tuple[ByChannel, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    limit: Limit | None = None

    def __bool__(self) -> bool:
        return bool(self.channels or self.quiet or self.limit)

    def delay(self, channel: str, priority: str) -> timedelta | None:
        """How long that channel waits with an alert; None: it does not tell of it."""
        for rule in self.channels:
            if rule.channel == channel:
                return rule.after if not rule.priorities or priority in rule.priorities else None
        return NOW

    def quiet_until(self, local: datetime) -> datetime | None:
        """When the quiet hours end that hold at ``local`` (aware); None when there are none then."""
        ends = [end for hours in self.quiet if (end := _ends(hours, local)) is not None]
        return max(ends, default=None)


def _ends(hours: Quiet, local: datetime) -> datetime | None:
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        start = datetime.combine(day, hours.start, local.tzinfo)
        longer = timedelta(days=0 if hours.start < hours.end else 1)
        end = datetime.combine(day + longer, hours.end, local.tzinfo)
        if start <= local < end:
            return end
    return None


def next_page(limit: Limit, paged: Sequence[datetime], now: datetime) -> datetime | None:
    """When the next message may go out; None: now. ``paged``: the latest messages, oldest first."""
    recent = [at for at in paged if at > now - limit.per]
    return None if len(recent) < limit.most else recent[-limit.most] + limit.per
