"""How fast a receiver is sent messages: one for each alert while there are few, then messages that list many. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

WINDOW = timedelta(seconds=61)
"""A minute, and a second by which two messages may come closer together on the way."""
GATHER = timedelta(seconds=10)
GATHER_DANGER = timedelta(seconds=20)
KEPT_FOR_LISTS = 3
"""Of a minute's messages, kept for more danger after much danger: enough for a list every twenty seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many messages a receiver takes in a minute, and how many seconds apart."""

    per_minute: int
    apart: float = 0.0

    def most(self, *, danger: bool) -> int:
        """Messages in a minute; a fifth is kept for danger."""
        return self.per_minute if danger else max(1, self.per_minute - self.per_minute // 5)

    def single(self, *, danger: bool) -> int:
        """Messages in a minute that may be about one alert."""
        return max(1, self.per_minute - KEPT_FOR_LISTS if danger else self.per_minute // 2)


def next_message(
    pace: Pace, sent: Sequence[datetime], now: datetime, *, danger: bool, waiting: int, fills: bool
) -> Literal["one", "list"] | datetime:
    """What to send next, or when to look again.

    ``sent``: the latest messages, oldest first. ``waiting``: how many alerts of this urgency there are; ``fills``:
    whether they fill a message. Each has a message of its own while those of the last minute leave room for that; then
    they are gathered for a while, unless they fill a message before.
    """
    recent = [at for at in sent if at > now - WINDOW]
    if not recent:
        return "one" if waiting <= pace.single(danger=danger) else "list"
    most, room = pace.most(danger=danger), pace.single(danger=danger) - len(recent)
    gathered = recent[-1] + (GATHER_DANGER if danger else GATHER)
    if now < recent[-1] + timedelta(seconds=pace.apart):
        return recent[-1] + timedelta(seconds=pace.apart)
    if len(recent) >= most:
        return recent[-most] + WINDOW
    if waiting <= room:
        return "one"
    if room <= 0 and not fills and now < gathered:
        return gathered
    return "list" if waiting > 1 else "one"
