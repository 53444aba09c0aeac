"""From an alert to the channels of its recipient: one delivery for each alert and receiver, however often it is made.

The alert is on record before; what happens to its deliveries changes nothing about it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notifier.delivery.queue import Deliveries, progress
from services.notifier.domain.preferences import NOW, Rules
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.kernel.ids import delivery_id
from shared.runtime.storage.mongo import Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

PAGE = 200
ORDER = (("lane", 1), ("next_at", 1))
INDEXES = (
    IndexModel([("receiver", 1), ("state", 1), ("lane", 1), ("next_at", 1)], name="due"),
    IndexModel([("alert", 1)], name="alert"),
)


def no_rules(_: Pack, __: str) -> Rules:
    """Everybody is told everything at once."""
    return Rules()


class AlertDeliveries:
    """The ``alert_deliveries`` of the notifier."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = real_now, rules: Callable[[Pack, str], Rules] = no_rules
    ) -> None:
        self._now = now
        self._rules = rules
        self.deliveries = Deliveries(database.collection("alert_deliveries"), "receiver", ORDER, PAGE)

    def of(self, pack: Pack, alerts: Iterable[Document]) -> dict[str, Document]:
        """By id, what follows from ``alerts``; nothing where the pack names no channel, nor for what is silenced."""
        if not pack.receivers:
            return {}
        made: dict[str, Document] = {}
        for alert in alerts:
            if "silenced" in alert:
                continue
            for receiver, own in _receivers(pack, alert):
                delivery = _delivery(alert, receiver, pack.version, self._now(), own=own)
                if own and self._mannered(delivery, alert, pack, receiver.kind):
                    continue
                made.setdefault(delivery["_id"], delivery)
        return made

    def _mannered(self, delivery: Document, alert: Document, pack: Pack, kind: str) -> bool:
        """Whether the person's rules leave this channel out; a delivery that they make wait is held."""
        if alert["priority"] == "danger" or alert.get("at_once"):
            return False
        rules = self._rules(pack, alert["recipient"])
        if not rules:
            return False
        delay = rules.delay(kind, alert["priority"])
        if delay is None:
            return True
        after = delay if alert["state"] == "sent" else NOW
        delivery |= {"state": "held", "release_at": alert["at"] + after}
        return False

    async def reached(self, alerts: Sequence[str]) -> list[Document]:
        """What of these alerts was delivered, oldest first."""
        if not alerts:
            return []
        where = {"alert": {"$in": list(alerts)}, "state": "delivered"}
        return await self.deliveries.rows.find(where, sort=[("made_at", 1)], limit=PAGE * 20)

    async def add(self, deliveries: Mapping[str, Document]) -> None:
        """On record, each once. Raises ``TimeoutError``."""
        if deliveries:
            await self.deliveries.add(list(deliveries.values()), "alert_deliveries")

    async def of_alerts(self, alerts: Sequence[Document]) -> dict[str, list[dict[str, Any]]]:
        """Alert → how far each of its deliveries is."""
        ids = [alert["_id"] for alert in alerts]
        shown: dict[str, list[dict[str, Any]]] = {}
        if ids:
            for delivery in await self.deliveries.rows.find(
                {"alert": {"$in": ids}}, sort=[("_id", 1)], limit=PAGE * 20
            ):
                view = {"id": delivery["_id"], "channel": delivery["channel"], "to": delivery["to"]}
                shown.setdefault(delivery["alert"], []).append({**view, **progress(delivery)})
        return shown


def _receivers(pack: Pack, alert: Document) -> Iterable[tuple[Receiver, bool]]:
    """The person's own and the unit's, and whether it is the person's own: only then may a link claim in his name."""
    named = [(receiver, True) for receiver in pack.receivers.of_person(alert["recipient"])]
    named += [(receiver, False) for receiver in pack.receivers.of_unit(alert["unit"])]
    return [(r, own) for r, own in named if not r.priorities or alert["priority"] in r.priorities]


def _delivery(alert: Document, receiver: Receiver, version: str, now: datetime, *, own: bool) -> Document:
    return {
        "_id": delivery_id(alert["_id"], receiver.id),
        "city": alert["city"],
        "receiver": receiver.id,
        "channel": receiver.kind,
        "to": "person" if own else "unit",
        "alert": alert["_id"],
        "because": alert["because"],
        "case": alert["case"],
        "lane": 0 if alert["priority"] == "danger" else 1,
        "pack_version": version,
        "state": "pending",
        "attempts": 0,
        "next_at": now,
        "made_at": now,
    }
