"""Held deliveries: they wait for a preferred delay, for the end of quiet hours, for room in a limit of messages, or for
the hours in which what is neither danger nor urgent rings.

Calls about dangers wait for a signature (``unsigned_danger``).

At ``release_at`` (the city's time) a held delivery is dropped if its alert was settled meanwhile, held on, or released,
which makes it pending. Deliveries that exceeded a limit are released together, as a digest: one message lists them all.
Every step is a guarded update, so that two processes may do it at the same time.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from msgspec import UNSET, UnsetType

from services.notifier.delivery.preferences import PreferenceStore
from services.notifier.delivery.queue import DeliveryQueue
from services.notifier.delivery.unsigned_danger import is_unsigned, may_be_signed_before
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery, DeliveryChange, to_doc
from services.notifier.domain.preferences import Limit, next_page
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import IndexModel, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""Seconds between two looks. Deliveries are held for minutes or hours; danger is never held."""
PAGE = 200
AlertsById = Callable[[Sequence[str]], Awaitable[Mapping[str, Alert]]]
SignedCases = Callable[[Sequence[str]], Awaitable[Container[str]]]
SETTLED = DeliveryChange(state="dropped", last_outcome="settled")
INDEXES = (
    IndexModel([("release_at", 1)], name="held", partialFilterExpression={"state": "held"}),
    IndexModel([("receiver", 1), ("paged_at", 1)], name="paged", sparse=True),
)


class HeldDeliveries:
    """Releases or drops the held deliveries of people."""

    def __init__(
        self,
        deliveries: DeliveryQueue[AlertDelivery],
        alerts_by_id: AlertsById,
        signed_cases: SignedCases,
        preferences: PreferenceStore,
        packs: PackLibrary,
        clock: Clock,
        delivery_now: Callable[[], datetime] = real_now,
    ) -> None:
        self._deliveries = deliveries
        self._alerts_by_id = alerts_by_id
        self._signed_cases = signed_cases
        self._preferences = preferences
        self._packs = packs
        self._clock = clock
        self._delivery_now = delivery_now

    async def run(self) -> None:
        """Every five seconds until the service stops; at once while there are more."""
        await every(POLL_SECONDS, self.release_due, "held-deliveries")

    async def release_due(self) -> bool:
        """Decide a page of held deliveries whose time has come; whether there may be more."""
        now = self._clock.now()
        due = await self._deliveries.find(
            {"state": "held", "release_at": {"$lte": now}}, sort=[("release_at", 1)], limit=PAGE
        )
        if not due:
            return False
        alerts = await self._alerts_by_id(list({delivery.alert for delivery in due}))
        by_receiver: dict[str, list[AlertDelivery]] = defaultdict(list)
        for delivery in due:
            by_receiver[delivery.receiver].append(delivery)
        for receiver, held in by_receiver.items():
            await (self._call if held[0].channel == "voice" else self._decide)(receiver, held, alerts, now)
        return len(due) == PAGE

    async def _call(
        self, receiver: str, held: Sequence[AlertDelivery], alerts: Mapping[str, Alert], now: datetime
    ) -> None:
        """Release the calls about dangers that nobody has signed for, at any hour."""
        unsure = [a.case for d in held if (a := alerts.get(d.alert)) is not None and may_be_signed_before(a)]
        signed = await self._signed_cases(unsure)
        await self._deliveries.rows.write(
            [_changed(d, self._released(UNSET) if is_unsigned(alerts.get(d.alert), signed) else SETTLED) for d in held]
        )
        self._deliveries.nudge([receiver])

    async def _decide(
        self, receiver: str, held: Sequence[AlertDelivery], alerts: Mapping[str, Alert], now: datetime
    ) -> None:
        waits = [d for d in held if _waits(alerts.get(d.alert))]
        writes: list[Write] = [_changed(d, SETTLED) for d in held if d not in waits]
        if waits and waits[0].to == "unit":
            writes += [_changed(d, self._released(UNSET)) for d in waits]
        elif waits:
            pack = await self._pack(waits[0])
            preferred = self._preferences.of_person(pack, alerts[waits[0].alert].recipient)
            quiet = preferred.quiet_until(now.astimezone(ZoneInfo(pack.city.timezone)))
            if quiet is not None:
                writes += [_changed(d, DeliveryChange(release_at=quiet)) for d in waits]
            else:
                writes += await self._paged(receiver, waits, preferred.limit, now)
        await self._deliveries.rows.write(writes)
        self._deliveries.nudge([receiver])

    async def _paged(
        self, receiver: str, waits: Sequence[AlertDelivery], limit: Limit | None, now: datetime
    ) -> list[Write]:
        """Release as many as the limit has room for, each as a message; the others wait for a digest."""
        if limit is None:
            return [_changed(d, self._released(now)) for d in waits]
        lately = {"receiver": receiver, "paged_at": {"$gt": now - limit.per}}
        rows = await self._deliveries.rows.find(
            lately, {"paged_at": 1}, sort=[("paged_at", 1)], limit=limit.most + PAGE
        )
        paged = [row["paged_at"] for row in rows]
        gathered = [d for d in waits if d.digest]
        writes: list[Write] = []
        if gathered and next_page(limit, paged, now) is None:
            # The digest counts as one message, so only the first of its deliveries gets ``paged_at``.
            writes += [_changed(d, self._released(now if n == 0 else UNSET)) for n, d in enumerate(gathered)]
            paged.append(now)
            gathered = []
        for delivery in (*gathered, *(d for d in waits if not d.digest)):
            until = next_page(limit, paged, now)
            if until is None:
                writes.append(_changed(delivery, self._released(now)))
                paged.append(now)
            else:
                writes.append(_changed(delivery, DeliveryChange(release_at=until, digest=True)))
        return writes

    def _released(self, paged_at: datetime | UnsetType) -> DeliveryChange:
        """``paged_at``: when it counts as a message of the recipient's limit; unset for all but one of a digest."""
        return DeliveryChange(state="pending", next_at=self._delivery_now(), paged_at=paged_at)

    async def _pack(self, delivery: AlertDelivery) -> Pack:
        try:
            return self._packs.current(delivery.city)
        except Refusal:
            return await self._packs.get(delivery.city, delivery.pack_version)


def _waits(alert: Alert | None) -> bool:
    """Whether the alert is still to be sent: it is not settled, or it tells that its case is over."""
    return alert is not None and (alert.state == "sent" or alert.kind == "over")


def _changed(delivery: AlertDelivery, change: DeliveryChange) -> UpdateOne:
    where = {"_id": delivery.id, "state": "held", "release_at": delivery.release_at}
    return UpdateOne(where, {"$set": to_doc(change)})
