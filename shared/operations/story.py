"""The story of a report and its case: what the services keep about it, in order of time, with who delayed it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.operations.answers import Alerts, AlertTold, Deliveries, DeliveryTold, ServiceName, StoredEvent
from shared.operations.asking import Asking
from shared.operations.delays import Delays
from shared.operations.lookup import Found

DETAILS = ("by", "unit", "clock", "act", "score")
ALERTS_MAX = 200
Kind = Literal["event", "alert", "delivery"]


@dataclass(frozen=True)
class Happened:
    """One thing: when (the stack's clock), where it is kept, its id; ``took``: seconds by which ``service`` delayed it.

    ``what``: an event's type, the title of an alert, the event that a webhook is told. ``detail``: name → value, codes
    and ids as the services have them. ``mark``: it is what was asked for.
    """

    at: datetime
    service: ServiceName
    kind: Kind
    what: str
    id: str
    detail: Mapping[str, str]
    took: float | None = None
    mark: bool = False


@dataclass(frozen=True)
class Story:
    """In order of time. ``city``: None where nobody says."""

    items: list[Happened] = field(default_factory=list)
    city: str | None = None


async def story(asking: Asking, found: Found, asked: str, real_now: datetime) -> Story:
    """All that happened. Raises ``Refusal``."""
    told = await asking.events(*(about for about in (found.report, found.case) if about))
    events = {event.id: (name, event) for name, event in told}
    stored = {id_: event.stored_at for id_, (_, event) in events.items() if event.stored_at}
    delays = Delays(stored, await asking.shift(real_now))
    kept = [(name, event) for name, event in events.values() if not event.type.startswith("alert.")]
    happened = [_event(service, event, delays, asked) for service, event in kept]
    if found.case is not None:
        of_alerts = {event.subject: stored.get(id_) for id_, (_, event) in events.items()}
        alerts, deliveries = await asyncio.gather(
            asking.get("notifier", "/v1/alerts", Alerts, case=found.case, limit=str(ALERTS_MAX)),
            asking.get("notifier", "/v1/deliveries", Deliveries, case=found.case),
        )
        happened += [_alert(one, of_alerts, delays, asked) for one in (alerts or Alerts()).items]
        happened += [_delivery(one, events, delays, asked) for one in (deliveries or Deliveries()).items]
    city = next((event.city for _, event in events.values() if event.city is not None), None)
    return Story(sorted(happened, key=lambda one: one.at), city)


def _event(service: ServiceName, event: StoredEvent, delays: Delays, asked: str) -> Happened:
    data = event.data
    told = {name: str(data[name]) for name in DETAILS if data.get(name) is not None}
    if isinstance(tell := data.get("tell"), list) and tell:
        told["tell"] = ", ".join(map(str, tell))
    case = data.get("case")
    if isinstance(case, dict):
        told |= {name: str(case[name]) for name in ("unit", "state", "version") if name in case}
    at, took = delays.happened(event), delays.of_event(event)
    return Happened(at, service, "event", event.type, event.id, told, took, event.id == asked)


def _alert(alert: AlertTold, stored: Mapping[str, datetime | None], delays: Delays, asked: str) -> Happened:
    others = [f"{one.channel} ({one.state})" for one in alert.channels]
    detail = {
        "kind": alert.kind,
        "recipient": alert.recipient,
        "unit": alert.unit,
        "channels": ", ".join([alert.channel, *others]),
        "state": alert.state,
    }
    took = delays.since(alert.because, stored.get(alert.id))
    mark = asked in (alert.id, f"{alert.id}.1.0", *(one.id for one in alert.channels))
    return Happened(alert.at, "notifier", "alert", alert.title, alert.id, detail, took, mark)


def _delivery(
    delivery: DeliveryTold, events: Mapping[str, tuple[ServiceName, StoredEvent]], delays: Delays, asked: str
) -> Happened:
    """Webhook deliveries are timed in real time, which a moved clock leaves: shown as their event's time plus the real
    time that passed since it was stored."""
    last = delivery.last_at or delivery.made_at
    _, event = events.get(delivery.event, ("", None))
    passed = last - event.stored_at if event is not None and event.stored_at else timedelta()
    at = delays.happened(event) + max(passed, timedelta()) if event is not None else last
    outcome = " ".join(str(one) for one in (delivery.last_outcome, delivery.last_status) if one is not None)
    detail = {
        "state": delivery.state,
        "webhook": delivery.webhook or "",
        "outcome": outcome,
        "attempts": str(delivery.attempts),
    }
    took = delays.since(delivery.event, delivery.made_at)
    return Happened(at, "notifier", "delivery", delivery.type, delivery.id, detail, took, delivery.id == asked)
