"""Deliveries of alerts: for each alert one delivery to each receiver of its recipient and of the recipient's unit.

The alert is on record before; what happens to its deliveries changes nothing about it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from services.notifier.delivery.queue import DeliveryQueue
from services.notifier.delivery.unsigned_danger import call_at
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import (
    AlertDelivery,
    ChannelDelivery,
    DeliveryChange,
    channel_delivery,
    to_doc,
)
from services.notifier.domain.preferences import NOW, Preferences
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.kernel.ids import Ids, delivery_id
from shared.runtime.storage.mongo import Database, IndexModel, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

PAGE = 200
ORDER = (("lane", 1), ("next_at", 1))
INDEXES = (
    IndexModel([("receiver", 1), ("state", 1), ("lane", 1), ("next_at", 1)], name="due"),
    IndexModel([("alert", 1)], name="alert"),
    IndexModel([("call", 1)], name="call", sparse=True),
)


def no_preferences(_: Pack, __: str) -> Preferences:
    """Nobody has preferences: everything is sent at once."""
    return Preferences()


class AlertDeliveries:
    """The ``alert_deliveries`` collection. ``preferences``: those of a person in a city."""

    def __init__(
        self,
        database: Database,
        ids: Ids,
        now: Callable[[], datetime] = real_now,
        preferences: Callable[[Pack, str], Preferences] = no_preferences,
    ) -> None:
        self._now = now
        self._preferences = preferences
        self.queue = DeliveryQueue(database.collection("alert_deliveries"), AlertDelivery, ids, ORDER, PAGE)

    def plan(self, pack: Pack, alerts: Iterable[Alert]) -> dict[str, AlertDelivery]:
        """By id, the deliveries that follow from ``alerts``: none where the pack names no channel, nor for an alert
        that is silenced, nor that a danger was handled on the spot: that is for the desk to know."""
        if not pack.receivers:
            return {}
        planned: dict[str, AlertDelivery] = {}
        for alert in alerts:
            if alert.silenced is not None or (alert.kind == "found" and alert.event_type == "case.opened.v1"):
                continue
            for receiver, own in _receivers(pack, alert):
                delivery = _delivery(alert, receiver, pack.version, self._now(), own=own)
                if receiver.kind == "voice":
                    at = call_at(alert, receiver)
                    if at is not None and own:
                        held = msgspec.structs.replace(delivery, state="held", release_at=at)
                        planned.setdefault(held.id, held)
                    continue
                preferred = self._as_preferred(delivery, alert, pack) if own else delivery
                if preferred is not None:
                    planned.setdefault(preferred.id, _when_it_rings(preferred, alert))
        return planned

    def _as_preferred(self, delivery: AlertDelivery, alert: Alert, pack: Pack) -> AlertDelivery | None:
        """The delivery, held if the recipient's preferences delay it; None if they leave this channel out.

        Preferences hold neither for danger nor for an alert that is to be sent at once.
        """
        if alert.priority == "danger" or alert.at_once:
            return delivery
        preferences = self._preferences(pack, alert.recipient)
        if not preferences:
            return delivery
        delay = preferences.delay(delivery.channel, alert.priority)
        if delay is None:
            return None
        after = delay if alert.state == "sent" else NOW
        return msgspec.structs.replace(delivery, state="held", release_at=alert.at + after)

    async def delivered(self, alerts: Sequence[str]) -> list[AlertDelivery]:
        """The deliveries of these alerts that have arrived, oldest first."""
        if not alerts:
            return []
        where = {"alert": {"$in": list(alerts)}, "state": "delivered"}
        return await self.queue.find(where, sort=[("made_at", 1)], limit=PAGE * 20)

    async def of_call(self, city: str, call: str) -> AlertDelivery | None:
        """The delivery that became the call with the gateway's id ``call``."""
        return await self.queue.find_one({"call": call, "city": city})

    async def add(self, deliveries: Mapping[str, AlertDelivery]) -> None:
        """Store deliveries, each once. Raises ``TimeoutError``."""
        if deliveries:
            await self.queue.add(list(deliveries.values()), "alert_deliveries")

    async def readdress(self, changed: Sequence[tuple[AlertDelivery, AlertDelivery]]) -> None:
        """Store the new receivers of deliveries, each as it is and as it is to be, unless another process sends it."""
        writes = []
        for was, today in changed:
            fields = DeliveryChange(
                receiver=today.receiver,
                to=today.to,
                pack_version=today.pack_version,
                attempts=today.attempts,
                form=today.form,
            )
            where = {"_id": was.id, "state": "pending", "receiver": was.receiver, "next_at": was.next_at}
            writes.append(UpdateOne(where, {"$set": to_doc(fields)}))
        await self.queue.rows.write(writes)
        self.queue.nudge(today.receiver for _, today in changed)

    async def end(self, alerts: Sequence[str]) -> None:
        """End what is not sent yet of these alerts. What is being sent at this moment may still arrive."""
        if alerts:
            change = DeliveryChange(state="ended", last_outcome="recused", last_at=self._now())
            where = {"alert": {"$in": list(alerts)}, "state": {"$in": ["pending", "held"]}}
            await self.queue.rows.update_all(where, {"$set": to_doc(change)})

    async def views(self, alerts: Sequence[Alert]) -> dict[str, list[ChannelDelivery]]:
        """By alert, how far each of its deliveries is, as the API shows it."""
        shown: dict[str, list[ChannelDelivery]] = {}
        if alerts:
            where = {"alert": {"$in": [alert.id for alert in alerts]}}
            for delivery in await self.queue.find(where, sort=[("_id", 1)], limit=PAGE * 20):
                shown.setdefault(delivery.alert, []).append(channel_delivery(delivery))
        return shown


def _when_it_rings(delivery: AlertDelivery, alert: Alert) -> AlertDelivery:
    """The delivery, held until its alert rings, a group's too."""
    rings = alert.rings_at
    if rings is None or rings <= alert.at:
        return delivery
    return msgspec.structs.replace(delivery, state="held", release_at=max(rings, delivery.release_at or rings))


def _receivers(pack: Pack, alert: Alert) -> Iterable[tuple[Receiver, bool]]:
    """The person's own receivers and the unit's, and whether it is the person's own: only there may a link act in the
    person's name. One that a unit has too is a group's, wherever it stands."""
    receivers = pack.receivers
    named = [(receiver, not receivers.in_group(receiver)) for receiver in receivers.of_person(alert.recipient)]
    named += [(receiver, False) for receiver in pack.receivers.of_unit(alert.unit)]
    return [(r, own) for r, own in named if not r.priorities or alert.priority in r.priorities]


def _delivery(alert: Alert, receiver: Receiver, version: str, now: datetime, *, own: bool) -> AlertDelivery:
    return AlertDelivery(
        id=delivery_id(alert.id, receiver.id),
        city=alert.city,
        receiver=receiver.id,
        channel=receiver.kind,
        to="person" if own else "unit",
        alert=alert.id,
        because=alert.because,
        case=alert.case,
        lane=0 if alert.priority == "danger" else 1,
        pack_version=version,
        state="pending",
        attempts=0,
        next_at=now,
        made_at=now,
    )
