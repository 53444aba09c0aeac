"""What running services tell of work that is left undone, as findings with what to do."""

import time
from collections.abc import Callable, Iterator

import httpx

from deploy.counting import counted
from deploy.local.finding import Finding
from shared.operations.undone import DUE, Undone, Values, clocks_stand, undone, values_of

_FAILING = {
    "webhooks": (
        "webhook of an app keeps failing and is left alone",
        "webhooks of apps keep failing and are left alone",
    ),
    "channels": (
        "robot, telephone or mailbox keeps failing and is left alone",
        "robots, telephones or mailboxes keep failing and are left alone",
    ),
}
LOOKS_AGAIN_AFTER = 16.0
"""Backlogs are counted every 15 s (``shared/runtime/health/checks.py``): cases that are due now may be done by then."""


def read_metrics(url: str) -> Values | None:
    """What a service counts; None when it does not answer."""
    try:
        return values_of(httpx.get(f"{url}/metrics", timeout=5.0, trust_env=False).text)
    except (httpx.HTTPError, ValueError):
        return None


def left_undone(service: str, url: str, wait: Callable[[float], None] = time.sleep) -> Iterator[Finding]:
    """Findings of one service, the wrong ones alone; ``wait`` passes the time between two looks at late clocks."""
    seen = read_metrics(url)
    if seen is None:
        yield Finding(f"{service} metrics", False, f"no answer from {url}/metrics", f"see the log of {service}")
        return
    for one in undone(seen):
        yield _finding(service, one)
    if seen.get(DUE):
        wait(LOOKS_AGAIN_AFTER)
        standing = clocks_stand(seen, read_metrics(url) or {})
        if standing is not None:
            yield _finding(service, standing)


def _finding(service: str, one: Undone) -> Finding:
    check, seen, do = _words(service, one)
    return Finding(f"{service} {check}", False, seen, do)


def _words(service: str, one: Undone) -> tuple[str, str, str]:
    """What was looked at, what was seen, what to do."""
    figure, log = one.figure, f"the log of {service}"
    match one.matter:
        case "parked":
            do = "`whistle dead list`; mend the cause, then `whistle dead replay ID` (or `drop`)"
            return "parked", f"{counted(round(figure), 'message')} could not be handled", do
        case "relay-fails" | "outbox-waits":
            what = "events do not leave" if one.matter == "relay-fails" else "events wait to leave"
            do = f"see to Kafka and to {log} (docs/operations.md#relaystopped); nothing is lost"
            return "outbox", f"{what}, the oldest for {figure:,.0f} s", do
        case "clock-off":
            do = "set the machine's clock (NTP); see docs/operations.md#clockoff"
            return "clock", f"this machine's clock is {figure:+.1f} s off", do
        case "clocks-stand":
            do = f"see {log}, then restart it (docs/operations.md#clocksstandstill)"
            return "clocks", f"{counted(round(figure), 'case is', 'cases are')} due and no clock fires", do
        case "webhooks" | "channels":
            failed = one.matter.removesuffix("s")
            do = f"`{failed}.failed` in {log} names them; what waits is sent once they answer again"
            return one.matter, counted(round(figure), *_FAILING[one.matter]), do
