"""What a running service leaves undone, by what it counts: parked messages, outboxes, clocks, receivers, backlogs.

`whistle doctor` and the console's page of operations say the same by it.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec
from prometheus_client.parser import text_string_to_metric_families

OUTBOX_LATE, CLOCK_OFF = 60.0, 0.5
"""Seconds, as in deploy/dashboards/alerts.yml."""
MOMENT, LATE = 2.0, 60.0
"""Seconds of work that wait: so many always may; with more a live lane is late."""
DUE = "whistle_due_cases"
Values = Mapping[str, float]
"""Name of a metric → the sum over its labels."""
Matter = Literal["parked", "relay-fails", "outbox-waits", "clock-off", "clocks-stand", "webhooks", "channels"]


class Undone(NamedTuple):
    """``figure``: how many, or how many seconds."""

    matter: Matter
    figure: float


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a consumer, as `/readyz` says. ``seconds`` at its present pace; None while nothing is handled."""

    records: int
    seconds: float | None = None


def values_of(text: str) -> Values:
    """What a service's `/metrics` says. Raises ``ValueError``."""
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values[sample.name] = values.get(sample.name, 0.0) + sample.value
    return values


def undone(seen: Values) -> Iterator[Undone]:
    """What is wrong by one look."""
    if parked := seen.get("whistle_parked_records", 0.0):
        yield Undone("parked", parked)
    age = seen.get("whistle_relay_backlog_age_seconds", 0.0)
    if seen.get("whistle_relay_failing", 0.0) > 0:
        yield Undone("relay-fails", age)
    elif age > OUTBOX_LATE:
        yield Undone("outbox-waits", age)
    off = seen.get("whistle_clock_off_seconds", 0.0)
    if abs(off) > CLOCK_OFF:
        yield Undone("clock-off", off)
    if webhooks := seen.get("whistle_webhook_open_circuits", 0.0):
        yield Undone("webhooks", webhooks)
    if channels := seen.get("whistle_channel_open_circuits", 0.0):
        yield Undone("channels", channels)


def clocks_stand(before: Values, after: Values) -> Undone | None:
    """Whether cases are due and no clock fires, by two looks between which what was due is counted anew."""
    due, fired = after.get(DUE, 0.0), "whistle_clock_events_total"
    if due and before.get(DUE) and after.get(fired, 0.0) <= before.get(fired, 0.0):
        return Undone("clocks-stand", due)
    return None


def is_history(group: str) -> bool:
    """Whether a consumer group handles an import, which yields to everything live."""
    return group.endswith(".history")


def is_behind(waiting: Waiting) -> bool:
    """Whether more waits than is handled in a moment."""
    return waiting.seconds is None or waiting.seconds >= MOMENT


def is_late(group: str, waiting: Waiting) -> bool:
    """Whether somebody should look: nothing is handled at all, or what is live waits."""
    return waiting.seconds is None or (waiting.seconds > LATE and not is_history(group))
