"""What running services tell of work that is left undone: parked messages, outboxes, clocks, receivers."""

import time
from collections.abc import Callable, Iterator, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.finding import Finding

OUTBOX_LATE, CLOCK_OFF = 60.0, 0.5
"""Seconds, as in deploy/dashboards/alerts.yml."""
LOOKS_AGAIN_AFTER = 16.0
"""Backlogs are counted every 15 s (``shared/runtime/health/checks.py``): cases that are due now may be done by then."""
Values = Mapping[str, float]
"""Name of a metric → the sum over its labels."""


def read_metrics(url: str) -> Values | None:
    """What a service counts; None when it does not answer."""
    try:
        answer = httpx.get(f"{url}/metrics", timeout=5.0, trust_env=False)
        families = list(text_string_to_metric_families(answer.text))
    except (httpx.HTTPError, ValueError):
        return None
    values: dict[str, float] = {}
    for sample in (sample for family in families for sample in family.samples):
        values[sample.name] = values.get(sample.name, 0.0) + sample.value
    return values


def undone(service: str, url: str, wait: Callable[[float], None] = time.sleep) -> Iterator[Finding]:
    """Findings of one service, the wrong ones alone; ``wait`` passes the time between two looks at late clocks."""
    seen = read_metrics(url)
    if seen is None:
        yield Finding(f"{service} metrics", False, f"no answer from {url}/metrics", f"see the log of {service}")
        return
    yield from _parked(service, seen)
    yield from _outbox(service, seen)
    yield from _clocks(service, url, seen, wait)
    yield from _receivers(service, seen)


def _parked(service: str, seen: Values) -> Iterator[Finding]:
    parked = seen.get("whistle_parked_records", 0.0)
    if parked:
        advice = "`whistle dead list`; mend the cause, then `whistle dead replay ID` (or `drop`)"
        yield Finding(f"{service} parked", False, f"{parked:,.0f} messages could not be handled", advice)


def _outbox(service: str, seen: Values) -> Iterator[Finding]:
    age = seen.get("whistle_relay_backlog_age_seconds", 0.0)
    failing = seen.get("whistle_relay_failing", 0.0) > 0
    if failing or age > OUTBOX_LATE:
        what = "events do not leave" if failing else "events wait to leave"
        advice = f"see to Kafka and to the log of {service} (docs/operations.md#relaystopped); nothing is lost"
        yield Finding(f"{service} outbox", False, f"{what}, the oldest for {age:,.0f} s", advice)


def _clocks(service: str, url: str, seen: Values, wait: Callable[[float], None]) -> Iterator[Finding]:
    off = seen.get("whistle_clock_off_seconds", 0.0)
    if abs(off) > CLOCK_OFF:
        advice = "set the machine's clock (NTP); see docs/operations.md#clockoff"
        yield Finding(f"{service} clock", False, f"this machine's clock is {off:+.1f} s off", advice)
    if not seen.get("whistle_due_cases"):
        return
    wait(LOOKS_AGAIN_AFTER)
    again = read_metrics(url) or {}
    due, fired = (again.get(name, 0.0) for name in ("whistle_due_cases", "whistle_clock_events_total"))
    if due and fired <= seen.get("whistle_clock_events_total", 0.0):
        advice = f"see the log of {service}, then restart it (docs/operations.md#clocksstandstill)"
        yield Finding(f"{service} clocks", False, f"{due:,.0f} cases are due and no clock fires", advice)


def _receivers(service: str, seen: Values) -> Iterator[Finding]:
    for name, who in (("webhook", "webhooks of apps"), ("channel", "robots, telephones or mailboxes")):
        failing = seen.get(f"whistle_{name}_open_circuits", 0.0)
        if failing:
            advice = f"`{name}.failed` in the log of {service} names them; what waits is sent once they answer again"
            yield Finding(f"{service} {name}s", False, f"{failing:,.0f} {who} keep failing and are left alone", advice)
