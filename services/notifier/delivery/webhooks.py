"""Webhooks of apps, and the deliveries that follow from events of cases: one for each event and webhook.

Receivers are promised no order; the body carries the case's version.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from services.notifier.delivery.queue import DeliveryQueue
from services.notifier.delivery.webhook_payload import payload
from services.notifier.documents.delivery import WebhookDelivery
from services.notifier.documents.webhook import OWNER_FIELDS, Rotation, Webhook, WebhookOwner, from_doc, to_doc
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.errors import not_found
from shared.kernel.ids import Ids, delivery_id
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

KEYS_SECONDS = 2.0
"""How often it is looked which API keys were revoked."""
ACTIVE_MAX = 10_000
OF_AN_APP_MAX = 20

INDEXES = (
    IndexModel([("webhook", 1), ("state", 1), ("next_at", 1)], name="due"),
    IndexModel([("webhook", 1), ("made_at", -1)], name="newest"),
)
WEBHOOK_INDEXES = (
    IndexModel([("city", 1), ("app", 1)], name="app"),
    IndexModel([("state", 1)], name="state"),
)


class Webhooks:
    """The collections ``webhooks`` (who wants to hear) and ``deliveries`` (what each is sent)."""

    def __init__(self, database: Database, ids: Ids) -> None:
        self.webhooks: Collection = database.collection("webhooks")
        self.queue = DeliveryQueue(database.collection("deliveries"), WebhookDelivery, ids)
        self.ended: set[str] = set()
        """Webhooks that ended since this process began, or lately: nothing is sent to them any more."""
        self._active: set[str] = set()

    async def get(self, id_: str) -> Webhook | None:
        document = await self.webhooks.find_one({"_id": id_})
        return from_doc(document) if document is not None else None

    async def own(self, who: Principal, id_: str) -> Webhook:
        """A webhook of the caller's app; for operators one of their city. Raises ``Refusal`` 404."""
        where: Document = {"_id": id_}
        if who.kind != "ops":
            where |= {"city": who.city, "app": who.who}
        elif who.city != EVERY_CITY:
            where["city"] = who.city
        document = await self.webhooks.find_one(where)
        if document is None:
            raise not_found("webhook")
        return from_doc(document)

    async def of_app(self, city: str, app: str, state: str, limit: int) -> list[Webhook]:
        """Webhooks of an app, newest first."""
        where = {"city": city, "app": app, "state": state}
        return [from_doc(row) for row in await self.webhooks.find(where, sort=[("made_at", -1)], limit=limit)]

    async def of_city(self, city: str | None, limit: int) -> list[Webhook]:
        """Those of all apps of a city (None: of all cities) that are active or ended with their key, newest first."""
        where: Document = {"state": {"$in": ["active", "revoked"]}, **({} if city is None else {"city": city})}
        found = await self.webhooks.find(where, sort=[("made_at", -1)], limit=limit)
        return [from_doc(document) for document in found]

    async def count_active(self, city: str, app: str, limit: int) -> int:
        return await self.webhooks.count({"city": city, "app": app, "state": "active"}, limit=limit)

    async def add(self, webhook: Webhook) -> bool:
        """Store a webhook; False when its id exists already."""
        return await self.webhooks.insert(to_doc(webhook))

    async def remove(self, webhook: Webhook) -> None:
        """Take back a webhook that was added just now."""
        await self.webhooks.delete({"_id": webhook.id})

    async def rotate(self, webhook: Webhook, rotations: Sequence[Rotation]) -> bool:
        """Give it the secret of the next generation; False when it was rotated or ended since ``webhook`` was read."""
        where = {"_id": webhook.id, "state": "active", "generation": webhook.generation}
        fresh = msgspec.to_builtins(rotations, builtin_types=(datetime,))
        change = {"generation": webhook.generation + 1, "rotations": fresh}
        return bool(await self.webhooks.update(where, {"$set": change}))

    async def end(self, webhook: str, why: str) -> None:
        """End a webhook and what is still to be sent to it. ``why``: ``deleted`` or ``revoked``."""
        self.ended.add(webhook)
        before = ["active", "revoked"] if why == "deleted" else ["active"]
        change = {"state": why, "ended_at": real_now()}
        await self.webhooks.update({"_id": webhook, "state": {"$in": before}}, {"$set": change})
        await self.queue.end(webhook, why)

    async def end_revoked(self, directory: Directory) -> None:
        """End the webhooks whose API key is revoked; of version 0.1.0, which stored no key, those whose app has no key
        any more."""
        rows = await self.webhooks.find({"state": "active"}, OWNER_FIELDS, limit=ACTIVE_MAX)
        active = msgspec.convert(rows, list[WebhookOwner])
        now = {webhook.id for webhook in active}
        if len(self.ended) > ACTIVE_MAX:
            self.ended.clear()
        self.ended |= self._active - now
        self._active = now
        alive = await directory.live_keys(sorted({webhook.key for webhook in active if webhook.key is not None}))
        apps: dict[tuple[str, str], bool] = {}
        for webhook in active:
            if webhook.key is not None:
                lives = webhook.key in alive
            else:
                app = (webhook.city, webhook.app)
                lives = apps[app] if app in apps else await directory.has_key(*app)
                apps[app] = lives
            if not lives:
                log.info("webhook.revoked", webhook=webhook.id, app=webhook.app)
                await self.end(webhook.id, "revoked")

    async def watch_keys(self, directory: Directory) -> None:
        """Every two seconds until the service stops, so that webhooks end within five seconds of their key."""
        await every(KEYS_SECONDS, lambda: self.end_revoked(directory), "webhook-keys")

    async def handle(self, events: Sequence[Envelope], packs: Mapping[str, Pack] | None = None) -> None:
        """A batch of case events: deliveries for the apps whose reports are attached to the cases.

        ``packs``: city → its current pack, for the names and sentences in them.
        """
        found: dict[tuple[str, str], list[Webhook]] = {}
        deliveries: list[WebhookDelivery] = []
        for event in events:
            data = decode(event, CaseEvent)
            if data.case.historic:
                continue
            for app in sorted({*data.case.apps, *(report.app for report in (*data.case.reports, *data.attached))}):
                place = (event.city, app)
                if place not in found:
                    where = {"city": event.city, "app": app, "state": "active"}
                    found[place] = [from_doc(row) for row in await self.webhooks.find(where, limit=OF_AN_APP_MAX)]
                if data.attached and all(report.app != app for report in data.attached):
                    continue
                pack = (packs or {}).get(event.city)
                deliveries += [_delivery(event, data, hook, pack) for hook in found[place] if _wants(hook, event)]
        if deliveries:
            await self.queue.add(deliveries, "deliveries")


def _delivery(event: Envelope, data: CaseEvent, webhook: Webhook, pack: Pack | None) -> WebhookDelivery:
    now = real_now()
    return WebhookDelivery(
        id=delivery_id(event.id, webhook.id),
        city=event.city,
        receiver=webhook.id,
        event=event.id,
        type=event.type,
        case=data.case.id,
        body=payload(event, data, webhook.app, pack),
        state="pending",
        attempts=0,
        next_at=now,
        made_at=now,
    )


def _wants(webhook: Webhook, event: Envelope) -> bool:
    types = webhook.types
    return not types or event.type in types or event.type.removesuffix(".v1") in types
